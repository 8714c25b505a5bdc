"""An answer → a verdict for each key point. The offline grader: features of each point, two regressions.

Binary verdicts per point agree better with people than one similarity for the whole answer, and are
harder to flatter. What a verdict rests on is always a unit of the answer that can be shown.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np

from chat.citations import Citation, citation
from ingest.chunks import Chunk, Sentence, split_sentences
from ingest.embedder import Vectors
from interview import cues
from interview.bank import KeyPoint, Misconception, Question
from interview.classifier import HEADS, WEIGHTS, shipped
from interview.features import NAMES, Features, Material, Words, features
from interview.feedback import Notes, feedback, noticed, plain, quoted_sentences
from interview.reading import MOST_CHARACTERS, Reading, read, ungradable
from retriever.search import Retriever

VerdictName = Literal["covered", "missed", "contradicted"]

VERSION = "offline-3"
"""To be raised when the code around the classifier changes verdicts."""


def name_of(weights: Mapping[str, Any]) -> str:
    """The offline grader's name: another one for other weights, the same however often it is measured."""
    content = json.dumps(weights, sort_keys=True).encode()
    return f"{VERSION}-{hashlib.sha256(content).hexdigest()[:6]}"


GRADER = name_of(json.loads(WEIGHTS.read_text("utf-8")))
COVERED = 0.45
"""Least probability for `covered`."""
STEEP = 2.5
"""Credit per probability around that threshold: between none and all of it a verdict is borderline."""
CONTRADICTED = 0.55
"""Least probability for `contradicted`: to call a right answer wrong is worse than to miss a wrong one."""
NEAR = 0.35
"""Least similarity of a unit to the point, or to the claim, for it to be evidence of anything."""
CLAIMED = 0.62
"""Least similarity of a unit to a misconception's claim for the misconception to be named."""
CLAIMED_MARGIN = 0.05
"""How much nearer than to the correction, and to the point, it must be."""
VERBATIM = 0.75
"""Similarity from which a stated claim alone contradicts a point that is not covered otherwise."""
SHOWN = 0.3
"""Least probability that a unit, read alone, contradicts a point: what rests on how the answer sounds as
a whole proves nothing."""
OPPOSED = 0.80
"""A sentence this near to a point that negates where the point does not contradicts it."""
SAME_WORDS = 0.8
"""Share of a point's words that a sentence keeps when it states the point, or plainly denies it."""
FEWEST_SHARED = 3
"""Words that carry meaning, of which a point must have so many to be said in its own words."""
CONTRADICTION_COSTS = 0.5
"""Share of its weight that a contradicted point takes from the score."""
REMEMBERED = 64
"""Questions, and sections, whose vectors are kept: a second answer costs its own sentences only."""


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
    credit: float | None = None
    """The share of its weight that a borderline point earns, 0 to 1; None: all or nothing."""

    @property
    def earned(self) -> float:
        """The share of its weight that counts for the score, negative for a contradiction."""
        if self.credit is not None:
            return self.credit
        return {"covered": 1.0, "missed": 0.0, "contradicted": -CONTRADICTION_COSTS}[self.verdict]


@dataclass(frozen=True)
class Grade:
    """Verdicts, score, and which grader made them. A score of None means: could not be graded."""

    score: int | None
    verdicts: tuple[Verdict, ...]
    misconceptions: tuple[Misconception, ...] = ()
    """Those that the answer states."""
    feedback: str = ""
    grader: str = GRADER
    quoted: tuple[str, ...] = ()
    """The sentences of the answer that are the handbook's, to the letter of the answer."""
    notes: tuple[str, ...] = ()
    """What was noticed besides the verdicts, a sentence each; `feedback` ends in them."""
    stated: tuple[str, ...] = ()
    """For each of the misconceptions, the words of the answer that state it."""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations of the points not covered, in order of their numbers."""
        return tuple(verdict.citation for verdict in self.verdicts if verdict.citation)


class Grader(Protocol):
    """Grades an answer; `OfflineGrader` and `ModelGrader` share it, so that nothing asks which it is."""

    @property
    def name(self) -> str:
        """Who grades, as in `Grade.grader`; a grade may name another grader that stood in."""
        ...

    def grade(self, question: Question, answer: str) -> Grade:
        """Grade an answer; one that cannot be graded has no score."""
        ...


class OfflineGrader:
    """Grades without a model. Safe to share between threads."""

    name = GRADER

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever
        self._materials: dict[Question, Material] = {}
        self._sections: dict[str, tuple[list[tuple[Sentence, Chunk]], Vectors]] = {}
        self._chunks: tuple[Chunk, ...] = ()
        self._handbook = ""

    def grade(self, question: Question, answer: str) -> Grade:
        """Grade an answer; a blank, one-word, foreign or code-only one gets no score.

        Raises:
            StaleIndex: there is no sound index to cite from.
        """
        text = answer[:MOST_CHARACTERS]
        reason = ungradable(text)
        if reason:
            missed = tuple(Verdict(point, "missed") for point in question.key_points)
            return Grade(None, missed, feedback=f"Could not grade this: {reason}")
        self._follow()
        reading, material = read(text, self._retriever.encode), self.material(question)
        found = features(material, reading, self._retriever.pairs.stances)
        stated = _stated(material, reading, found)
        verdicts = self._verdicts(material, reading, found, stated)
        quoted = quoted_sentences(reading.units[: reading.sentences], self._handbook)
        notes = Notes(
            cut=len(answer) > MOST_CHARACTERS,
            quoted=len(quoted),
            piled=not any(cues.glue(unit) >= cues.LEAST_GLUE for unit in reading.units),
            repeated=found.repeated > 0.5,
        )
        return Grade(
            score=score(verdicts),
            verdicts=self.cited(question, verdicts),
            misconceptions=tuple(material.wrong[j] for j in stated),
            feedback=feedback([(v.key_point, v.verdict) for v in verdicts], notes),
            quoted=quoted,
            notes=tuple(noticed(notes)),
            stated=tuple(reading.units[unit] for unit in stated.values()),
        )

    def _follow(self) -> None:
        """Forget what belongs to an index that has been replaced."""
        chunks = self._retriever.chunks
        if chunks != self._chunks:
            self._materials.clear()
            self._sections.clear()
            self._handbook = plain("\n".join(chunk.text for chunk in chunks))
            self._chunks = chunks

    def material(self, question: Question) -> Material:
        """The question with the vectors of its texts, and the misconceptions that go with it.

        A question from outside has none of its own; the mistakes that its section warns of stand in.
        """
        known = self._materials.get(question)
        if known is None:
            wrong = question.misconceptions or mistakes(self._chunks, question.section)
            texts = [question.question]
            texts += [way for point in question.key_points for way in (point.text, *point.says)]
            texts += [
                text for misconception in wrong for text in (misconception.claim, misconception.correction)
            ]
            texts = list(dict.fromkeys(texts))
            vectors = dict(zip(texts, self._retriever.encode(texts), strict=True))
            known = Material(question, wrong, vectors, Words(self._retriever.terms, self._retriever.rarity))
            self._materials[question] = known
            while len(self._materials) > REMEMBERED:
                self._materials.pop(next(iter(self._materials)), None)
        return known

    def _verdicts(
        self, material: Material, reading: Reading, found: Features, stated: Mapping[int, int]
    ) -> tuple[Verdict, ...]:
        """The verdicts; `stated` maps the misconceptions that the answer states to their units."""
        against = {
            int(material.belongs[j].argmax()): reading.units[unit]
            for j, unit in stated.items()
            if material.belongs[j].any() and reading.vectors[unit] @ material.claims[j] >= VERBATIM
        }
        likely = shipped(NAMES).judge(found.values)
        best = [reading.units[row] for row in found.best]
        plain = [self._says_plainly(unit, point) for unit, point in zip(best, material.points, strict=True)]
        # What states one point in its own words contradicts no other.
        right = {unit for unit, is_plain in zip(best, plain, strict=True) if is_plain}
        verdicts = []
        for p, point in enumerate(material.points):
            covered, contradicted = (float(likely[p, HEADS.index(head)]) for head in HEADS)
            unit = best[p]
            near = float(found.values[p, NAMES.index("way at best")])
            words = reading.units[found.against[p]]
            if plain[p]:
                verdicts.append(Verdict(point, "covered", unit, credit=1.0))
            elif near >= OPPOSED and self._denies(unit, point):
                verdicts.append(Verdict(point, "contradicted", unit, borderline=True))
            elif p in against and covered < COVERED:
                verdicts.append(Verdict(point, "contradicted", against[p], borderline=True))
            elif (
                contradicted >= max(CONTRADICTED, covered)
                and found.contradicts[p] >= SHOWN
                and not any(said in words for said in right)
            ):
                verdicts.append(Verdict(point, "contradicted", words, borderline=contradicted < 0.7))
            else:
                credit = float(np.clip(0.5 + STEEP * (covered - COVERED), 0.0, 1.0))
                credit = credit if near >= NEAR else 0.0
                name: VerdictName = "covered" if credit >= 0.5 else "missed"
                verdicts.append(
                    Verdict(point, name, unit if credit >= 0.5 else "", 0.0 < credit < 1.0, credit=credit)
                )
        return tuple(verdicts)

    def _says_plainly(self, unit: str, point: KeyPoint) -> bool:
        """Whether a sentence says a point in nearly its own words, with its figures and names, undenied.

        The classifier weighs the whole answer, and a short right one looks thin to it.
        """
        way = "" if cues.is_hedged(unit) else self._own_words(unit, point)
        if len(set(self._retriever.terms(way))) < FEWEST_SHARED:
            return False
        exact = cues.numbers(way) <= cues.numbers(unit) and cues.names(way) <= cues.names(unit)
        return exact and cues.negates(unit) == cues.negates(way) and not cues.opposed(unit, way)

    def _denies(self, unit: str, point: KeyPoint) -> bool:
        """Whether a sentence says a point's own words with a negation too many, or too few.

        Other words may turn a negation around (“fails unless” for “works only if”), so only a
        sentence that keeps nearly all of them is taken at its word.
        """
        way = self._own_words(unit, point)
        return bool(way) and cues.negates(unit) != cues.negates(way)

    def _own_words(self, unit: str, point: KeyPoint) -> str:
        """The first way of putting a point that one sentence keeps nearly all words of; empty if none."""
        if len(split_sentences(unit)) > 1 or cues.is_reported(unit):
            return ""
        said = set(self._retriever.terms(unit))
        for way in (point.text, *point.says):
            words = set(self._retriever.terms(way))
            if words and len(words & said) >= SAME_WORDS * len(words):
                return way
        return ""

    def is_about(self, question: Question, point: KeyPoint, words: Sequence[str]) -> bool:
        """Whether any of some words of an answer is near to a point, or to a misconception it may state."""
        material = self.material(question)
        known = [point.text, *point.says, *(wrong.claim for wrong in material.wrong)]
        near = self._retriever.encode(list(words)) @ np.stack([material.vectors[text] for text in known]).T
        return bool(near.max() >= NEAR)

    def cited(self, question: Question, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
        """The verdicts, with the nearest sentence of its section for each point not covered."""
        material = self.material(question)
        cited: list[Verdict] = []
        number = 0
        for verdict in verdicts:
            if verdict.verdict != "covered":
                sentences, vectors = self._section(verdict.key_point.section)
                if sentences:
                    number += 1
                    nearest = int((vectors @ material.vectors[verdict.key_point.text]).argmax())
                    verdict = replace(verdict, citation=citation(number, *sentences[nearest]))
            cited.append(verdict)
        return tuple(cited)

    def _section(self, number: str) -> tuple[list[tuple[Sentence, Chunk]], Vectors]:
        """The sentences of a section that can be cited, with their vectors."""
        known = self._sections.get(number)
        if known is None:
            known = self._sections[number] = self._retriever.sentences_of(number)
            while len(self._sections) > REMEMBERED:
                self._sections.pop(next(iter(self._sections)), None)
        return known


def mistakes(chunks: Sequence[Chunk], section: str) -> tuple[Misconception, ...]:
    """The mistakes that a section warns of, each with its correction."""
    corrections: dict[str, list[str]] = {}
    for chunk in chunks:
        if chunk.section == section:
            for sentence in chunk.sentences:
                if sentence.kind == "correction":
                    corrections.setdefault(sentence.context, []).append(sentence.text)
    return tuple(Misconception(claim, " ".join(said), section) for claim, said in corrections.items())


def score(verdicts: Sequence[Verdict]) -> int:
    """Weighted share of the points covered, 0 to 100; a contradicted point costs half its weight again."""
    total = sum(verdict.key_point.weight for verdict in verdicts)
    earned = sum(verdict.earned * verdict.key_point.weight for verdict in verdicts)
    return round(100 * max(0.0, earned) / total) if total else 0


def _stated(material: Material, reading: Reading, found: Features) -> dict[int, int]:
    """The misconceptions that the answer states, by their position, each with the unit that states it."""
    stated = {}
    reported = [cues.is_reported(unit) for unit in reading.units]
    for j, wrong in enumerate(material.wrong):
        claim = reading.vectors @ material.claims[j]
        claim[reported] = 0.0
        right = np.maximum(reading.vectors @ material.corrections[j], found.right)
        row = int((claim - right).argmax())
        near = claim[row] >= max(CLAIMED, right[row] + CLAIMED_MARGIN)
        if near and cues.negates(reading.units[row]) == cues.negates(wrong.claim):
            stated[j] = row
    return stated
