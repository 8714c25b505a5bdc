"""Found sentences → the few that answer, the best one first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from chat.questions import Kind, kind_of
from ingest.chunks import Chunk, Sentence
from retriever.search import Findings, FoundSentence, Retriever, rank_sections

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
DEFINES_BONUS, DESCRIBES_BONUS = 0.3, 0.12
"""A sentence that says what the thing asked for is, and one that says what it does."""
VERDICT_BONUS = 0.10
"""A sentence that tells what to do, where the question asks what to do."""
ROW_PENALTY = -0.16
"""A table row answers a comparison; elsewhere prose reads better."""
SHORT_PENALTY = -0.2
"""A sentence of a few words announces more often than it answers."""
FEW_WORDS = 8
FIGURES_PENALTY = -0.08
"""Several figures in one sentence are a calculation, where none was asked for."""
WORTH_BIAS = -6.4
WORTH: Mapping[str, float] = {
    "similarity": 3.68,
    "behind": -0.84,
    "overlap": 3.08,
    "first": 0.80,
    "second": 0.12,
    "passage": 2.78,
    "row": -0.50,
    "correction": 0.26,
    "length": 0.68,
    "short": -0.24,
    "figures": -0.64,
}
WORTH_OF_BLOCK: Mapping[str, float] = {
    "In short": 0.11,
    "How it works": 0.46,
    "Trade-offs": 0.06,
    "Performance and cost": 0.35,
    "Best practices": 0.48,
    "Common mistakes": 0.26,
}
"""How likely a sentence says what a good answer must, once the first has answered: a logistic model fitted
on which sentences say the key points of the question bank, tuning half. Features as in `_worth`."""
LEAST_WORTH = -3.2
"""A sentence less likely than about one in twenty-five is left out."""
NEAR_COPY = 0.7
"""Share of words two sentences may have in common before the second says nothing new."""

# A scenario's or a worked example's facts are true of its own tables only.
LOCAL_BLOCKS = frozenset({"Scenario", "The brief", "Sizing and cost"})
LOCAL = re.compile(
    r"^(Situation|Reasoning|Decision)\b|\bexample\b|\bassumed\b"
    r"|\b(writer|job|table|file|team|row) [A-Z]\b|`[a-z]\d+`"
    r"|\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December)\b"
    r"|^(The|A|An) (retailer|bank|company|team|stream|order|job on \d)(?![\w-])"
    r"|^(Applied to|With) (about )?[\d,.]+ "
    r"|\bthe (same|failed|first|second|other|old|new|\d+) (UDF|job|table|rows?|files?|batch|stage|query)\b"
    r"|^The [\d,.]+ |\b\d\d:\d\d\b"
)
POINTS_ELSEWHERE = re.compile(
    r":\s*$|\?[\"”]?\*{0,2}$|^Sections? \d+\.\d+\b|^The (following|table|diagram|example|formula)\b"
)
"""A sentence that announces what follows it, asks, or sends the reader on, answers nothing alone."""
FIGURE = re.compile(r"(?<![\w.])\d[\d,.]*")
ARTICLE = re.compile(r"^(an?|the)\s+", re.IGNORECASE)
SUBJECT_WORDS = 9
"""Of a sentence, within which its subject ends."""
ASKS_FOR_VERDICT = re.compile(
    r"\b(should|when to|which|better|recommend\w*|best|prefer|choose|do i do)\b", re.IGNORECASE
)
VERDICT = re.compile(
    r"^(Use|Keep|Prefer|Choose|Treat|Set|Leave|Avoid|Do not|Never|Always|Start|Pick|Move|Run|Enable|Put)\b"
)


REMEMBERED = 30_000
"""Sentences whose traits are kept: every question meets the same ones again."""


@dataclass(frozen=True)
class Traits:
    """What the form of a sentence shows, whatever is asked."""

    words: int
    figures: int
    local: bool
    """True of its own example only."""
    leads_on: bool
    """Says nothing itself."""
    advises: bool


@lru_cache(maxsize=REMEMBERED)
def traits_of(text: str) -> Traits:
    """The traits of a sentence."""
    return Traits(
        words=len(text.split()),
        figures=len(FIGURE.findall(text)),
        local=bool(LOCAL.search(text)),
        leads_on=bool(POINTS_ELSEWHERE.search(text)),
        advises=bool(VERDICT.match(text)),
    )


@dataclass(frozen=True)
class Candidate:
    """A sentence that may be quoted."""

    sentence: Sentence
    chunk: Chunk
    score: float
    """How well it answers as the first sentence."""
    worth: float
    """How much it adds to an answer: the log-odds of saying what must be said."""
    terms: frozenset[str]
    facet: str = ""
    """Which of several requirements it is nearest to."""


def compose(
    candidates: Sequence[Candidate],
    most_statements: int,
    most_words: int,
    said: Sequence[Candidate] = (),
    sooner: Sequence[Candidate] = (),
) -> list[Candidate]:
    """Choose at most so many statements and words: the one that answers, then what else is worth saying.

    Nothing that repeats `said`, or another choice, is chosen. The first stays first, the rest comes in
    reading order.

    Args:
        candidates: best first.
        most_statements: at most so many are chosen.
        most_words: of all together; the first may have more.
        said: what was chosen already.
        sooner: what is chosen after the first, whatever else is worth saying.
    """
    prose = [candidate for candidate in candidates if candidate.sentence.kind not in ("row", "code")]
    chosen: list[Candidate] = []
    words = 0
    led = [*(prose or candidates)[:1], *sooner]
    worthy = [candidate for candidate in candidates if candidate.worth >= LEAST_WORTH]
    for candidate in (*led, *sorted(worthy, key=lambda candidate: -candidate.worth)):
        if len(chosen) == most_statements:
            break
        length = len(candidate.sentence.text.split())
        fits = not chosen or words + length <= most_words
        if fits and all(alike(candidate, other) <= NEAR_COPY for other in (*said, *chosen)):
            chosen.append(candidate)
            words += length
    return _in_reading_order(chosen)


def candidates_of(findings: Findings, retriever: Retriever) -> list[Candidate]:
    """What may be quoted, best first."""
    sections = rank_sections(findings.passages)
    best = max(sections.values(), default=0.0) or 1.0
    kind = kind_of(findings.question)
    advice = bool(ASKS_FOR_VERDICT.search(findings.question))
    asked = {term: retriever.rarity(term) for term in findings.terms}
    total = sum(asked.values()) or 1.0
    places = list(sections)
    passages = {passage.chunk.id: passage.score for passage in findings.passages}
    nearest = max((found.similarity for found in findings.sentences), default=0.0)
    candidates = []
    for found in findings.sentences:
        if found.sentence.kind == "code" and kind != "how-to":
            continue
        traits = traits_of(found.sentence.text)
        if found.chunk.heading in LOCAL_BLOCKS or traits.local:
            continue
        if found.sentence.kind != "code" and traits.leads_on:
            continue
        terms = frozenset(retriever.terms(found.sentence.text))
        shared = sum(weight for term, weight in asked.items() if term in terms) / total
        score = (
            found.similarity
            + OVERLAP * shared
            + STANDING * sections.get(found.chunk.section, 0.0) / best
            + _bonus(found, kind, traits, advice)
        )
        if kind == "definition" and asked and terms.issuperset(asked):
            score += _says_what_it_is(found.sentence.text, frozenset(asked), retriever)
        worth = _worth(found, traits, shared, nearest, places, passages.get(found.chunk.id, 0.0))
        candidates.append(Candidate(found.sentence, found.chunk, score, worth, terms, found.facet))
    return sorted(candidates, key=lambda candidate: -candidate.score)


def _worth(
    found: FoundSentence, traits: Traits, shared: float, nearest: float, places: Sequence[str], passage: float
) -> float:
    """The log-odds that a sentence says one of the points of a good answer."""
    section = found.chunk.section
    features = {
        "similarity": found.similarity,
        "behind": nearest - found.similarity,
        "overlap": shared,
        "first": float(places[:1] == [section]),
        "second": float(places[1:2] == [section]),
        "passage": passage,
        "row": float(found.sentence.kind == "row"),
        "correction": float(found.sentence.kind == "correction"),
        "length": min(traits.words, 40) / 40,
        "short": float(traits.words < FEW_WORDS),
        "figures": min(traits.figures, 5) / 5,
    }
    known = sum(weight * features[name] for name, weight in WORTH.items())
    return WORTH_BIAS + known + WORTH_OF_BLOCK.get(found.chunk.heading, 0.0)


def _bonus(found: FoundSentence, kind: Kind, traits: Traits, advice: bool) -> float:
    """What a sentence's place and form add to its score, or take from it."""
    sentence, chunk = found.sentence, found.chunk
    bonus = BLOCKS[kind].get(chunk.heading, 0.0)
    if sentence.kind == "lead" and chunk.sentences[0] == sentence:
        bonus += LEAD_BONUS
    if sentence.kind == "row" and kind != "comparison":
        bonus += ROW_PENALTY
    if sentence.kind not in ("row", "code") and traits.words < FEW_WORDS:
        bonus += SHORT_PENALTY
    if kind != "number" and traits.figures >= 3 and sentence.kind != "code":
        bonus += FIGURES_PENALTY
    if advice and traits.advises:
        bonus += VERDICT_BONUS
    return bonus


def _says_what_it_is(text: str, asked: frozenset[str], retriever: Retriever) -> float:
    """What a sentence's score gains where its subject is just what was asked for, or its acronym."""
    words = ARTICLE.sub("", text).split()[: SUBJECT_WORDS + 2]
    for length, verb in enumerate(words[1 : SUBJECT_WORDS + 1], start=1):
        name, _, acronym = " ".join(words[:length]).partition("(")
        if acronym and ")" not in acronym:
            continue
        if asked in (frozenset(retriever.terms(name)), frozenset(retriever.terms(acronym))):
            after = "".join(words[length + 1 : length + 2])
            if verb in ("is", "are", "means"):
                # "Are checked" says what is done with it.
                return 0.0 if after == "not" or after.endswith("ed") else DEFINES_BONUS
            if verb.isalpha() and verb.endswith("s"):
                return DESCRIBES_BONUS
    return 0.0


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


def alike(one: Candidate, other: Candidate) -> float:
    """Overlap coefficient of two sentences' stems, 0 to 1."""
    smaller = min(len(one.terms), len(other.terms))
    return len(one.terms & other.terms) / smaller if smaller else 1.0
