"""Found sentences → the few that answer, the best one first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chat.questions import Kind, kind_of
from ingest.chunks import Chunk, Sentence
from retriever.search import Findings, FoundSentence, Retriever

BLOCKS: Mapping[Kind, Mapping[str, float]] = {
    "definition": {"In short": 0.18, "How it works": 0.06},
    "comparison": {"In short": 0.10, "Trade-offs": 0.10, "How it works": 0.02},
    "how-to": {"Best practices": 0.08, "How it works": 0.05, "In short": 0.06},
    "troubleshooting": {"How it works": 0.05, "Common mistakes": 0.06, "Best practices": 0.04},
    "number": {"Performance and cost": 0.05, "How it works": 0.05, "In short": 0.04},
    "open": {"In short": 0.10, "How it works": 0.05, "Best practices": 0.02},
}
"""Where each kind of question tends to be answered, added to a sentence's score."""
OVERLAP, STANDING = 0.25, 0.20
"""Weights of the question's words in the sentence, and of its section's rank."""
LEAD_BONUS = 0.06
"""The first sentence of "In short" is written to answer on its own."""
DEFINITION_BONUS = 0.08
"""A sentence that says what its subject is, where the question asks what something is."""
VERDICT_BONUS = 0.10
"""A sentence that tells what to do, where the question asks what to do."""
ROW_PENALTY = -0.16
"""A table row answers a comparison; elsewhere prose reads better."""
SHORT_PENALTY = -0.2
"""A sentence of a few words announces more often than it answers."""
FEW_WORDS = 8
FIGURES_PENALTY = -0.08
"""Several figures in one sentence are a calculation, where none was asked for."""
LEAST_SHARE = 0.66
"""A sentence that scores less than this share of the best one is left out."""
NEAR_COPY = 0.6
"""Share of words two sentences may have in common before the second says nothing new."""

# A scenario's or a worked example's facts are true of its own tables only.
LOCAL_BLOCKS = frozenset({"Scenario", "The brief", "Sizing and cost"})
LOCAL = re.compile(
    r"^(Situation|Reasoning|Decision)\b|\bexample\b|\bassumed\b"
    r"|\b(writer|job|table|file|team|row) [A-Z]\b|`[a-z]\d+`"
    r"|\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December)\b"
    r"|^(The|A|An) (retailer|bank|company|team|stream|order|job on \d)\b"
    r"|^(Applied to|With) (about )?[\d,.]+ "
    r"|\bthe (same|failed|first|second|other|old|new|\d+) (UDF|job|table|rows?|files?|batch|stage|query)\b"
    r"|^The [\d,.]+ |\b\d\d:\d\d\b"
)
FIGURE = re.compile(r"(?<![\w.])\d[\d,.]*")
DEFINES = re.compile(
    r"^(?:\S+ ){1,6}?(is|are|means|keeps|holds|groups|splits|maps|records|deletes)\b(?! not\b)"
)
ASKS_FOR_VERDICT = re.compile(
    r"\b(should|when to|which|better|recommend\w*|best|prefer|choose|do i do)\b", re.IGNORECASE
)
VERDICT = re.compile(
    r"^(Use|Keep|Prefer|Choose|Treat|Set|Leave|Avoid|Do not|Never|Always|Start|Pick|Move|Run|Enable|Put)\b"
)


@dataclass(frozen=True)
class Candidate:
    """A sentence that may be quoted."""

    sentence: Sentence
    chunk: Chunk
    score: float
    terms: frozenset[str]


def compose(
    findings: Findings,
    retriever: Retriever,
    most_statements: int,
    most_words: int,
    said: Sequence[Candidate] = (),
) -> list[Candidate]:
    """Choose at most so many statements and words: the best first, the rest in reading order.

    Nothing that repeats `said`, or another choice, is chosen.
    """
    chosen: list[Candidate] = []
    words = 0
    for candidate in _candidates(findings, retriever):
        if len(chosen) == most_statements or (chosen and candidate.score < LEAST_SHARE * chosen[0].score):
            break
        length = len(candidate.sentence.text.split())
        fits = not chosen or words + length <= most_words
        if fits and all(_alike(candidate, other) <= NEAR_COPY for other in (*said, *chosen)):
            chosen.append(candidate)
            words += length
    return _in_reading_order(chosen)


def rank_sections(findings: Findings) -> dict[str, float]:
    """Sections by the sum of their three best passages, each counting half the one before; best first."""
    scores: dict[str, list[float]] = {}
    for passage in findings.passages:
        scores.setdefault(passage.chunk.section, []).append(passage.score)
    totals = {
        section: sum(score / 2**rank for rank, score in enumerate(found[:3]))
        for section, found in scores.items()
    }
    return dict(sorted(totals.items(), key=lambda entry: -entry[1]))


def _candidates(findings: Findings, retriever: Retriever) -> list[Candidate]:
    """What may be quoted, best first."""
    sections = rank_sections(findings)
    best = max(sections.values(), default=0.0) or 1.0
    kind = kind_of(findings.question)
    asked = {term: retriever.rarity(term) for term in findings.terms}
    total = sum(asked.values()) or 1.0
    candidates = []
    for found in findings.sentences:
        if found.sentence.kind == "code" and kind != "how-to":
            continue
        if found.chunk.heading in LOCAL_BLOCKS or LOCAL.search(found.sentence.text):
            continue
        terms = frozenset(retriever.terms(found.sentence.text))
        score = (
            found.similarity
            + OVERLAP * sum(weight for term, weight in asked.items() if term in terms) / total
            + STANDING * sections.get(found.chunk.section, 0.0) / best
            + _bonus(found, kind, findings.question)
        )
        candidates.append(Candidate(found.sentence, found.chunk, score, terms))
    return sorted(candidates, key=lambda candidate: -candidate.score)


def _bonus(found: FoundSentence, kind: Kind, question: str) -> float:
    """What a sentence's place and form add to its score, or take from it."""
    sentence, chunk = found.sentence, found.chunk
    bonus = BLOCKS[kind].get(chunk.heading, 0.0)
    if sentence.kind == "lead" and chunk.sentences[0] == sentence:
        bonus += LEAD_BONUS
    if sentence.kind == "row" and kind != "comparison":
        bonus += ROW_PENALTY
    if sentence.kind not in ("row", "code") and len(sentence.text.split()) < FEW_WORDS:
        bonus += SHORT_PENALTY
    if kind != "number" and len(FIGURE.findall(sentence.text)) >= 3 and sentence.kind != "code":
        bonus += FIGURES_PENALTY
    if kind == "definition" and DEFINES.match(sentence.text):
        bonus += DEFINITION_BONUS
    if ASKS_FOR_VERDICT.search(question) and VERDICT.match(sentence.text):
        bonus += VERDICT_BONUS
    return bonus


def _in_reading_order(chosen: Sequence[Candidate]) -> list[Candidate]:
    """The best prose first; then by section, the best section first, and by place in it."""
    if not chosen:
        return []
    prose = [candidate for candidate in chosen if candidate.sentence.kind not in ("row", "code")]
    first = (prose or chosen)[0]
    rank: dict[str, int] = {}
    for candidate in (first, *chosen):
        rank.setdefault(candidate.chunk.section, len(rank))
    rest = sorted(
        (candidate for candidate in chosen if candidate is not first),
        key=lambda candidate: (
            rank[candidate.chunk.section],
            candidate.chunk.line,
            candidate.chunk.sentences.index(candidate.sentence),
        ),
    )
    return [first, *rest]


def _alike(one: Candidate, other: Candidate) -> float:
    """Overlap coefficient of two sentences' stems, 0 to 1."""
    smaller = min(len(one.terms), len(other.terms))
    return len(one.terms & other.terms) / smaller if smaller else 1.0
