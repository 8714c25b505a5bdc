"""`python -m evals.training`: fit the offline grader's classifier and write `interview/weights.json`.

It learns from the tuning half only: our own answers graded independently, and, with a small weight,
answers put together from the bank's other ways to say a point, misconceptions and sentences of other
questions. Each is read twice: with the bank's entry, and with the key points alone.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from command_line import run
from evals.graded_answers import GradedAnswer, read_answers, with_entry
from evals.questions import half_of
from ingest.embedder import Vectors
from interview.bank import Question, read_bank
from interview.classifier import HEADS, WEIGHTS, Classifier, written
from interview.features import NAMES, features
from interview.grading import OfflineGrader
from interview.reading import read, ungradable
from retriever.search import Retriever
from settings import Settings, load_settings

MADE = 0.01
"""Weight of a point of an answer put together from the bank, beside 1 for one graded independently."""
MADE_PER_QUESTION = 4
STRENGTH = 0.03
"""scikit-learn's C: small, since the two hands that wrote our answers must serve for all others."""
BELONGS = 0.55
"""Least similarity of a misconception to a point for its claim to count as contradicting it."""


@dataclass(frozen=True)
class Lesson:
    """An answer to a question, and what became of each point; None where nobody knows."""

    question: Question
    text: str
    verdicts: tuple[str | None, ...]
    weight: float = 1.0


def lessons(
    settings: Settings, grader: OfflineGrader, answers: Sequence[GradedAnswer], seed: int = 5
) -> Iterator[Lesson]:
    """All that is learnt from, in an order that never changes."""
    bank = read_bank(settings.corpus)
    for answer in answers:
        if answer.half == "tuning" and not ungradable(answer.text):
            entry = with_entry(answer.question, bank)
            for question in (entry, answer.question) if entry else (answer.question,):
                yield Lesson(question, answer.text, answer.verdicts)
    chance = random.Random(seed)  # noqa: S311 - a draw of sentences, not a secret
    known = [question for question in bank.values() if half_of(question.section) == "tuning"]
    filler = [way for question in known for point in question.key_points for way in point.says]
    for question in known:
        for _ in range(MADE_PER_QUESTION):
            lesson = _made(question, grader, chance, filler)
            if lesson:
                yield lesson
                yield replace(lesson, question=_bare(question))


class _Remembering(Retriever):
    """Encodes every text once: the same sentences stand in many lessons."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._known: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, super().encode(new), strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else super().encode(texts)


def train(settings: Settings, answers: Sequence[GradedAnswer]) -> Classifier:
    """Fit the two regressions; the same bank, answers and index give the same weights."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    retriever = _Remembering(settings)
    retriever.open()
    grader = OfflineGrader(retriever)
    rows, labels, weights = [], [], []
    for lesson in lessons(settings, grader, answers):
        found = features(
            grader.material(lesson.question), read(lesson.text, retriever.encode), retriever.pairs.stances
        )
        for values, verdict in zip(found.values, lesson.verdicts, strict=True):
            if verdict:
                rows.append(values)
                labels.append(verdict)
                weights.append(lesson.weight)
    scaler = StandardScaler().fit(np.array(rows, np.float64))
    scaled = scaler.transform(np.array(rows, np.float64))
    fitted = [
        LogisticRegression(C=STRENGTH, max_iter=5000).fit(
            scaled, [label == head for label in labels], sample_weight=weights
        )
        for head in HEADS
    ]
    return Classifier(
        NAMES,
        scaler.mean_,
        scaler.scale_,
        np.stack([head.coef_[0] for head in fitted]),
        np.array([head.intercept_[0] for head in fitted]),
    )


def main() -> int:
    """Train and write the weights."""
    table = written(train(load_settings(), read_answers()))
    WEIGHTS.write_text(json.dumps(table, indent=1) + "\n", "utf-8")
    return 0


def _bare(question: Question) -> Question:
    """The question as somebody from outside would bring it: section and key points only."""
    points = tuple(replace(point, says=(), weight=1) for point in question.key_points)
    return Question("", question.section, question.question, points)


def _made(
    question: Question, grader: OfflineGrader, chance: random.Random, filler: Sequence[str]
) -> Lesson | None:
    """An answer of sentences of the bank: some points, some misconceptions, some of other questions.

    What it says of a point is taken out of the ways the grader knows to say it.
    """
    verdicts: list[str | None] = ["missed"] * len(question.key_points)
    points, sentences = list(question.key_points), []
    share, wrongness = chance.choice((0.15, 0.3, 0.5, 0.8)), chance.choice((0.0, 0.0, 0.4, 1.0))
    belongs = grader.material(question).belongs
    for near, wrong in zip(belongs, question.misconceptions, strict=True):
        if chance.random() < wrongness and near.max() >= BELONGS:
            sentences.append(wrong.claim)
            contradicted = int(near.argmax())
            for p in np.flatnonzero(near >= BELONGS).tolist():
                # Nobody knows what the claim means for the other points that it touches.
                if verdicts[p] != "contradicted":
                    verdicts[p] = None
            verdicts[contradicted] = "contradicted"
    for p, point in enumerate(question.key_points):
        if verdicts[p] == "missed" and point.says and chance.random() < share:
            said = chance.choice(point.says)
            sentences.append(said)
            verdicts[p] = "covered"
            points[p] = replace(point, says=tuple(way for way in point.says if way != said))
    sentences += [chance.choice(filler) for _ in range(chance.choice((0, 0, 1, 3, 5)))]
    chance.shuffle(sentences)
    text = " ".join(sentences)
    if ungradable(text):
        return None
    return Lesson(replace(question, key_points=tuple(points)), text, tuple(verdicts), MADE)


if __name__ == "__main__":
    run(main)
