"""Passages → an answer of the handbook's own sentences, or a useful refusal. No model needed."""

import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chat.citations import Answer, Place, cite
from chat.questions import Courtesy, Kind, courtesy_of, kind_of, leans_on_history, parts_of
from ingest.chunks import Chunk, Sentence
from retriever.search import Findings, FoundSentence, Retriever, clean_question

MOST_STATEMENTS = 6
MOST_WORDS = 190
"""An answer fits on one screen."""
ANSWERED = 0.5
"""Least confidence to answer."""
CONFIDENCE = {"bias": -7.0, "similarity": 9.0, "coverage": 5.0}
"""Weights of the logistic model of `confidence`."""
NEAR_COPY = 0.6
"""Share of words two sentences may have in common before the second says nothing new."""

BLOCKS: Mapping[Kind, Mapping[str, float]] = {
    "definition": {"In short": 0.16, "How it works": 0.06},
    "comparison": {"In short": 0.10, "Trade-offs": 0.10, "How it works": 0.02},
    "how-to": {"Best practices": 0.08, "How it works": 0.05, "In short": 0.06},
    "troubleshooting": {"How it works": 0.05, "Common mistakes": 0.06, "Best practices": 0.04},
    "number": {"Performance and cost": 0.05, "How it works": 0.05, "In short": 0.04},
    "open": {"In short": 0.10, "How it works": 0.05, "Best practices": 0.02},
}
"""Where each kind of question tends to be answered, added to a sentence's score."""
LEAD_BONUS = 0.06
"""The first sentence of "In short" is written to answer on its own."""
VERDICT_BONUS = 0.10
"""A sentence that tells what to do, where the question asks what to do."""
ROW_PENALTY = -0.10
"""A table row answers a comparison; elsewhere prose reads better."""
LOCAL_PENALTY = -0.20
"""A scenario's or a worked example's facts are true of its own tables only."""
SHORT_PENALTY = -0.12
"""A sentence of a few words announces more often than it answers."""
FEW_WORDS = 8
LEAST_SHARE = 0.66
"""A sentence that scores less than this share of the best one is left out."""
LOCAL = re.compile(
    r"^(Situation|Reasoning|Decision)\b|\bexample\b|\b(writer|job|table|file|team|row) [A-Z]\b|`[a-z]\d+`"
    r"|\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December)\b"
    r"|^(The|A|An) (retailer|bank|company|team|stream) "
)
ASKS_FOR_VERDICT = re.compile(
    r"\b(should|when to|which|better|recommend\w*|best|prefer|choose|do i do)\b", re.IGNORECASE
)
VERDICT = re.compile(
    r"^(Use|Keep|Prefer|Choose|Treat|Set|Leave|Avoid|Do not|Never|Always|Start|Pick|Move|Run|Enable|Put)\b"
)

_COURTESIES: Mapping[Courtesy, str] = {
    "greeting": "Hello. Ask me about Databricks architecture: I answer with quotes from the handbook.",
    "thanks": "You are welcome. Good luck with the interview.",
    "abilities": (
        "I answer questions about Databricks architecture with sentences quoted from the handbook, each with "
        "its section, and I say so when the handbook does not cover something. Ask what something is, how "
        "two options compare, or why something fails."
    ),
    "instructions": (
        "I can only quote the handbook, whatever a message asks of me. Ask me about Databricks architecture."
    ),
}


@dataclass(frozen=True)
class Turn:
    """One earlier exchange of a conversation."""

    question: str
    searched_for: str


@dataclass(frozen=True)
class _Candidate:
    sentence: Sentence
    chunk: Chunk
    score: float
    terms: frozenset[str]


class ExtractiveAnswerer:
    """Composes answers from the handbook's sentences. Safe to share between threads."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    def stream(
        self, question: str, history: Sequence[Turn] = (), chapters: Sequence[int] = ()
    ) -> Iterator[Answer]:
        """Yield the answer, whole; a model-backed answerer yields it as it grows.

        Raises:
            QuestionError: the question cannot be searched.
            StaleIndex: there is no sound index.
        """
        started = time.perf_counter()
        question = clean_question(question)
        courtesy = courtesy_of(question)
        if courtesy:
            answer = Answer(question, "", note=_COURTESIES[courtesy], mode="small-talk", confidence=0.0)
        else:
            answer = self._answer(question, self._standalone(question, history), chapters)
        yield replace(answer, seconds=time.perf_counter() - started)

    def _standalone(self, question: str, history: Sequence[Turn]) -> str:
        """The question with what it leans on from the turn before."""
        if not history or not leans_on_history(question, self._retriever.terms(question)):
            return question
        return f"{history[-1].searched_for} {question}"

    def _answer(self, question: str, searched_for: str, chapters: Sequence[int]) -> Answer:
        parts = parts_of(searched_for)
        found: dict[str, Findings] = {}
        whole = ""
        for part in parts:
            leans = bool(whole) and leans_on_history(part, self._retriever.terms(part))
            whole = f"{whole} {part}" if leans else part
            found[part] = self._retriever.find(whole, chapters)
        sure = {part: self.confidence(findings) for part, findings in found.items()}
        answered = [part for part in parts if sure[part] >= ANSWERED]
        nearest = _nearest(found[part] for part in (answered or parts))
        if not answered:
            return Answer(
                question,
                searched_for,
                note=_refusal(nearest),
                refused=True,
                missing=tuple(parts),
                confidence=max(sure.values()),
                nearest=nearest,
            )
        share = len(answered)
        chosen: list[_Candidate] = []
        for part in answered:
            chosen += self._compose(found[part], MOST_STATEMENTS // share, MOST_WORDS // share, chosen)
        return Answer(
            question,
            searched_for,
            statements=cite((candidate.sentence, candidate.chunk) for candidate in chosen),
            missing=tuple(part for part in parts if part not in answered),
            confidence=min(sure[part] for part in answered),
            nearest=nearest,
        )

    def confidence(self, findings: Findings) -> float:
        """How surely the handbook answers, 0 to 1: nearness in meaning, and words accounted for."""
        if not findings.passages:
            return 0.0
        similarity = max(passage.similarity for passage in findings.passages[:5])
        weights = CONFIDENCE
        score = (
            weights["bias"]
            + weights["similarity"] * similarity
            + weights["coverage"] * self._coverage(findings)
        )
        return 1 / (1 + math.exp(-score))

    def _coverage(self, findings: Findings) -> float:
        """The share of the question's words, weighed by rarity, that the best passages use."""
        said: set[str] = set()
        for passage in findings.passages[:5]:
            said.update(self._retriever.terms(passage.chunk.embedding_text()))
        weights = {term: self._retriever.rarity(term) for term in findings.terms}
        total = sum(weights.values())
        return sum(weight for term, weight in weights.items() if term in said) / total if total else 0.0

    def _compose(
        self, findings: Findings, most_statements: int, most_words: int, said: Sequence[_Candidate]
    ) -> list[_Candidate]:
        """The best sentence first, then the best of the rest in reading order."""
        candidates = self._candidates(findings)
        chosen: list[_Candidate] = []
        words = 0
        for candidate in sorted(candidates, key=lambda candidate: -candidate.score):
            length = len(candidate.sentence.text.split())
            if len(chosen) == most_statements:
                break
            if chosen and candidate.score < LEAST_SHARE * chosen[0].score:
                break
            repeats = any(_alike(candidate, other) > NEAR_COPY for other in (*said, *chosen))
            if not repeats and (words + length <= most_words or not chosen):
                chosen.append(candidate)
                words += length
        prose = [candidate for candidate in chosen if candidate.sentence.kind not in ("row", "code")]
        first = (prose or chosen)[0]
        rest = [candidate for candidate in chosen if candidate is not first]
        order = {candidate.chunk.section: -position for position, candidate in enumerate(reversed(chosen))}
        rest.sort(
            key=lambda candidate: (
                order[candidate.chunk.section],
                candidate.chunk.line,
                candidate.sentence.id,
            )
        )
        return [first, *rest]

    def _candidates(self, findings: Findings) -> list[_Candidate]:
        sections = _sections(findings)
        best = next(iter(sections.values()))
        kind = kind_of(findings.question)
        asked = {term: self._retriever.rarity(term) for term in findings.terms}
        total = sum(asked.values()) or 1.0
        candidates = []
        for found in findings.sentences:
            if found.sentence.kind == "code" and kind != "how-to":
                continue
            standing = sections.get(found.chunk.section, 0.0) / best
            terms = frozenset(self._retriever.terms(found.sentence.text))
            overlap = sum(weight for term, weight in asked.items() if term in terms) / total
            score = (
                found.similarity + 0.25 * overlap + 0.2 * standing + _bonus(found, kind, findings.question)
            )
            candidates.append(_Candidate(found.sentence, found.chunk, score, terms))
        return candidates


def _bonus(found: FoundSentence, kind: Kind, question: str) -> float:
    """What a sentence's place and form add to its score, or take from it."""
    sentence, chunk = found.sentence, found.chunk
    bonus = BLOCKS[kind].get(chunk.heading, 0.0)
    if sentence.kind == "lead" and chunk.sentences[0] == sentence:
        bonus += LEAD_BONUS
    if sentence.kind == "row" and kind != "comparison":
        bonus += ROW_PENALTY
    if chunk.heading == "Scenario" or LOCAL.search(sentence.text):
        bonus += LOCAL_PENALTY
    if sentence.kind not in ("row", "code") and len(sentence.text.split()) < FEW_WORDS:
        bonus += SHORT_PENALTY
    if ASKS_FOR_VERDICT.search(question) and VERDICT.match(sentence.text):
        bonus += VERDICT_BONUS
    return bonus


def _sections(findings: Findings) -> dict[str, float]:
    """Sections by the sum of their three best passages, each counting less; best first."""
    scores: dict[str, list[float]] = {}
    for passage in findings.passages:
        scores.setdefault(passage.chunk.section, []).append(passage.score)
    totals = {
        section: sum(score / 2**rank for rank, score in enumerate(found[:3]))
        for section, found in scores.items()
    }
    return dict(sorted(totals.items(), key=lambda entry: -entry[1]))


def _nearest(found: Iterator[Findings]) -> tuple[Place, ...]:
    """The three sections nearest to what was asked."""
    places: dict[str, Place] = {}
    for findings in found:
        titles = {passage.chunk.section: passage.chunk.title for passage in findings.passages}
        for section in list(_sections(findings))[:3]:
            places[section] = Place(section, titles[section])
    return tuple(places.values())[:3]


def _refusal(nearest: Sequence[Place]) -> str:
    if not nearest:
        return "The handbook does not cover this."
    names = "; ".join(f"{place.section} {place.title}" for place in nearest)
    return (
        "The handbook does not answer this. The nearest it has: "
        f"{names}. Ask with the name of a feature, a setting or an error message, or open one of them."
    )


def _alike(one: _Candidate, other: _Candidate) -> float:
    """Overlap coefficient of two sentences' stems, 0 to 1."""
    smaller = min(len(one.terms), len(other.terms))
    return len(one.terms & other.terms) / smaller if smaller else 1.0
