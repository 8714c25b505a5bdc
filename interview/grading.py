"""An answer → a verdict for each key point. The offline grader: embeddings and shared words.

Binary verdicts per point agree better with people than one similarity for the whole answer, and are
harder to flatter. This grader reads no logic: it is weak where an answer denies what it names.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from chat.citations import Citation, citation
from ingest.chunks import split_sentences
from ingest.embedder import Vectors
from interview.bank import KeyPoint, Misconception, Question
from retriever.lexical import STOP_WORDS
from retriever.search import Retriever

VerdictName = Literal["covered", "missed", "contradicted"]

GRADER = "offline-1 (embeddings and shared words)"
MOST_CHARACTERS = 20_000
"""About 3,000 words; what is beyond is not graded, and the feedback says so."""
FEWEST_WORDS = 4
COVERED = 0.54
"""Least evidence for `covered`."""
BORDERLINE = 0.06
"""Evidence so close to the threshold could fall either way."""
SIMILARITY, OVERLAP = 0.75, 0.25
"""Weights of nearness in meaning and of shared words in the evidence."""
WRONG = 0.62
"""Least similarity of a sentence to a misconception's claim to be taken for it."""
WRONG_MARGIN = 0.05
"""How much nearer than to every key point it must be."""
RELATED = 0.5
"""Least similarity of a correction to the key point that the misconception contradicts."""
OPPOSED = 0.80
"""A sentence this near to a key point that negates where the point does not contradicts it."""
REMEMBERED = 64
"""Questions whose vectors are kept, so that a second answer costs its own sentences only."""
REPEATED = 0.9
"""Similarity from which a sentence of the answer is the question given back."""
SAME_WORDS = 0.8
"""Share of a point's words that a sentence keeps when it is its plain denial."""
LEAST_GLUE = 0.15
"""Least share of function words; a pile of terms states nothing."""

_NEGATION = re.compile(
    r"\b(not|no|never|none|neither|nor|cannot|without|nothing|nobody)\b|n['’]t\b|\b(untrue|false|wrong)\b",
    re.IGNORECASE,
)
_ENGLISH = frozenset(
    re.findall(r"\w+", "the a an and or to of in is are it that for on with as by be not you so if this can")
)


@dataclass(frozen=True)
class Verdict:
    """What became of one key point."""

    key_point: KeyPoint
    verdict: VerdictName
    evidence: str = ""
    """The words of the answer that decided it, to the letter; empty where nothing came near."""
    borderline: bool = False
    citation: Citation | None = None
    """For a point not covered, the sentence of the handbook that says it, where one is found."""


@dataclass(frozen=True)
class Grade:
    """Verdicts, score, and which grader made them. A score of None means: could not be graded."""

    score: int | None
    verdicts: tuple[Verdict, ...]
    misconceptions: tuple[Misconception, ...] = ()
    feedback: str = ""
    grader: str = GRADER

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations of the points not covered, in order of their numbers."""
        return tuple(verdict.citation for verdict in self.verdicts if verdict.citation)


class OfflineGrader:
    """Grades without a model. Safe to share between threads."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever
        self._vectors: dict[Question, dict[str, Vectors]] = {}

    def grade(self, question: Question, answer: str) -> Grade:
        """Grade an answer; a blank, one-word or foreign one gets no score.

        Raises:
            StaleIndex: there is no sound index to cite from.
        """
        text = answer[:MOST_CHARACTERS]
        ungradable = _ungradable(text)
        if ungradable:
            missed = tuple(Verdict(point, "missed") for point in question.key_points)
            return Grade(None, missed, feedback=f"Could not grade this: {ungradable}")
        units = _units(text)
        vectors = self._retriever.encode(units)
        known = self._known(question)
        repeats = vectors @ known[question.question] >= REPEATED
        vectors[repeats] = 0.0
        wrong = self._misconceptions(question, known, units, vectors)
        verdicts = tuple(
            self._verdict(question, known, point, units, vectors, wrong) for point in question.key_points
        )
        return Grade(
            score=_score(verdicts),
            verdicts=self._cited(verdicts),
            misconceptions=tuple(misconception for misconception, _ in wrong),
            feedback=_feedback(verdicts, len(answer) > MOST_CHARACTERS),
        )

    def _known(self, question: Question) -> dict[str, Vectors]:
        """The vector of every text that belongs to the question."""
        known = self._vectors.get(question)
        if known is None:
            texts = [question.question]
            texts += [way for point in question.key_points for way in (point.text, *point.says)]
            texts += [text for wrong in question.misconceptions for text in (wrong.claim, wrong.correction)]
            known = dict(zip(texts, self._retriever.encode(texts), strict=True))
            self._vectors[question] = known
            while len(self._vectors) > REMEMBERED:
                self._vectors.pop(next(iter(self._vectors)), None)
        return known

    def _misconceptions(
        self, question: Question, known: dict[str, Vectors], units: Sequence[str], vectors: Vectors
    ) -> list[tuple[Misconception, str]]:
        """The misconceptions that the answer states, each with the words that state it."""
        points = np.stack([known[way] for point in question.key_points for way in (point.text, *point.says)])
        right = (vectors @ points.T).max(axis=1)
        found = []
        for wrong in question.misconceptions:
            near = vectors @ known[wrong.claim]
            row = int((near - right).argmax())
            if near[row] < WRONG or near[row] < right[row] + WRONG_MARGIN:
                continue
            if near[row] > vectors[row] @ known[wrong.correction] and _negates(units[row]) == _negates(
                wrong.claim
            ):
                found.append((wrong, units[row]))
        return found

    def _verdict(
        self,
        question: Question,
        known: dict[str, Vectors],
        point: KeyPoint,
        units: Sequence[str],
        vectors: Vectors,
        wrong: Sequence[tuple[Misconception, str]],
    ) -> Verdict:
        ways = (point.text, *point.says)
        near = vectors @ np.stack([known[way] for way in ways]).T
        evidence = SIMILARITY * near.max(axis=1) + OVERLAP * self._overlap(question, point, units)
        evidence[[not _states(unit) for unit in units]] = 0.0
        row = int(evidence.argmax())
        for misconception, words in wrong:
            near_points = [
                float(known[misconception.correction] @ known[p.text]) for p in question.key_points
            ]
            corrected = question.key_points[int(np.argmax(near_points))]
            if corrected == point and max(near_points) >= RELATED and evidence[row] < COVERED + BORDERLINE:
                return Verdict(point, "contradicted", words)
        if evidence[row] < COVERED:
            return Verdict(point, "missed", borderline=bool(evidence[row] > COVERED - BORDERLINE))
        best = ways[int(near[row].argmax())]
        if near[row].max() >= OPPOSED and self._opposes(units[row], best):
            return Verdict(point, "contradicted", units[row], borderline=True)
        return Verdict(point, "covered", units[row], borderline=bool(evidence[row] < COVERED + BORDERLINE))

    def _opposes(self, unit: str, way: str) -> bool:
        """Whether a sentence says a point's own words with a negation too many, or too few.

        Other words may turn a negation around (“fails unless” for “works only if”), so only a
        sentence that keeps nearly all of them is taken at its word.
        """
        if len(split_sentences(unit)) > 1 or _negates(unit) == _negates(way):
            return False
        words = set(self._retriever.terms(way))
        return len(words & set(self._retriever.terms(unit))) >= SAME_WORDS * len(words)

    def _overlap(self, question: Question, point: KeyPoint, units: Sequence[str]) -> np.ndarray:
        """The share of the point's own words, weighed by rarity, in each unit.

        Words that the question gave away earn nothing.
        """
        given = set(self._retriever.terms(question.question))
        weights = {
            term: self._retriever.rarity(term)
            for term in self._retriever.terms(point.text)
            if term not in given
        }
        total = sum(weights.values()) or 1.0
        shares = []
        for unit in units:
            said = set(self._retriever.terms(unit))
            shares.append(sum(weight for term, weight in weights.items() if term in said) / total)
        return np.array(shares)

    def _cited(self, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
        """The verdicts, with the nearest sentence of its section for each point not covered."""
        cited: list[Verdict] = []
        number = 0
        for verdict in verdicts:
            point = verdict.key_point
            hit = None
            if verdict.verdict != "covered":
                found = self._retriever.find(point.text).sentences
                here = (
                    hit for hit in found if hit.chunk.section == point.section and hit.sentence.kind != "code"
                )
                hit = next(here, None)
            if hit:
                number += 1
                verdict = replace(verdict, citation=citation(number, hit.sentence, hit.chunk))
            cited.append(verdict)
        return tuple(cited)


def _ungradable(answer: str) -> str:
    """Why an answer cannot be graded; empty if it can."""
    words = re.findall(r"\w+", answer)
    if not words:
        return "the answer is empty. Write what you would say, in a few sentences."
    letters = [character for character in answer if character.isalpha()]
    latin = sum(character.isascii() for character in letters)
    common = sum(word.lower() in _ENGLISH for word in words)
    # Before the words are counted: Chinese puts no space between them.
    if not letters or latin < 0.7 * len(letters) or (len(words) >= 12 and common < 0.04 * len(words)):
        return "the answer does not read as English sentences, and this grader reads only those."
    if len(words) < FEWEST_WORDS:
        return f"“{answer.strip()[:40]}” is too short to state anything. Say it in a sentence."
    return ""


def _units(answer: str) -> list[str]:
    """Sentences, and neighbouring pairs of them, each as it stands in the answer."""
    lines = [line for line in answer.split("\n") if line.strip()]
    sentences = [sentence for line in lines for sentence in split_sentences(line)]
    pairs = []
    end = 0
    for one, two in pairwise(sentences):
        begin = answer.find(one, end)
        close = answer.find(two, begin + len(one)) + len(two)
        pairs.append(answer[begin:close])
        end = begin
    return [*sentences, *pairs]


def _states(unit: str) -> bool:
    """Whether words are joined into a statement rather than piled up."""
    words = [word.lower() for word in re.findall(r"[\w']+", unit)]
    return bool(words) and sum(word in STOP_WORDS for word in words) >= LEAST_GLUE * len(words)


def _negates(text: str) -> bool:
    return bool(_NEGATION.search(text))


def _score(verdicts: Sequence[Verdict]) -> int:
    """Weighted share of the points covered, 0 to 100; a contradicted point costs half its weight again."""
    total = sum(verdict.key_point.weight for verdict in verdicts)
    earned = sum(
        {"covered": 1.0, "missed": 0.0, "contradicted": -0.5}[verdict.verdict] * verdict.key_point.weight
        for verdict in verdicts
    )
    return round(100 * max(0.0, earned) / total) if total else 0


def _feedback(verdicts: Sequence[Verdict], cut: bool) -> str:
    counts = {
        name: sum(v.verdict == name for v in verdicts) for name in ("covered", "missed", "contradicted")
    }
    missed = max(
        (v for v in verdicts if v.verdict != "covered"), key=lambda v: v.key_point.weight, default=None
    )
    parts = [f"{counts['covered']} of {len(verdicts)} points covered."]
    if counts["contradicted"]:
        parts.append(f"{counts['contradicted']} contradicted.")
    if missed:
        parts.append(f"The heaviest one open: {missed.key_point.text}")
    if cut:
        parts.append(f"Only the first {MOST_CHARACTERS:,} characters were graded.")
    return " ".join(parts)
