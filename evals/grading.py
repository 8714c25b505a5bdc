"""How well the graders agree with independent grades: scores, order of levels, verdicts point by point."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

from errors import MentorError
from evals.graded_answers import GradedAnswer, with_entry
from evals.metrics import bootstrap, f1, kappa, mean, pearson, share
from interview.agreement import MEASURED, MIDDLE
from interview.bank import Question, read_bank
from interview.grading import GRADER, Grade, Grader
from interview.model_grading import grader_of
from retriever.search import Retriever
from settings import Settings

LEVELS = ("excellent", "good", "partial", "wrong", "off-topic", "stuffed")
RANK = {"excellent": 3, "good": 2, "partial": 1}
"""Levels that should differ; those without a rank belong at the bottom together."""
RELATED = 0.5
"""Least similarity of a correction to the point that its misconception belongs to."""
UNGRADED = -1.0
"""Where an answer without a score stands in an order, and 0 where numbers are compared."""


@dataclass(frozen=True)
class Outcome:
    """One answer as graded by a person and by us."""

    answer: GradedAnswer
    grade: Grade
    listed: tuple[bool, ...]
    """Per key point, whether the bank lists a misconception that belongs to it."""
    seconds: float

    @property
    def ours(self) -> tuple[str, ...]:
        """Our verdicts."""
        return tuple(verdict.verdict for verdict in self.grade.verdicts)

    @property
    def score(self) -> float:
        """Our score; 0 where there is none."""
        return float(self.grade.score or 0)


Questions = Sequence[Sequence[Outcome]]
"""The outcomes of a question together: what a bootstrap draws."""


def measure(settings: Settings, answers: Sequence[GradedAnswer]) -> dict[str, Any]:
    """Every metric with its 95% interval over questions, per way of asking and half.

    "With the bank's entry" is how the interview grades; "key points only" how a question from
    outside is graded.
    """
    retriever = Retriever(settings)
    retriever.open()
    grader = grader_of(settings, retriever)
    bank = read_bank(settings.corpus)

    def listed(question: Question) -> tuple[bool, ...]:
        return listed_points(retriever, with_entry(question, bank))

    ways: dict[str, Callable[[Question], Question | None]] = {
        "with the bank's entry": lambda question: with_entry(question, bank),
        "key points only": lambda question: question,
    }
    return {
        way: {
            half: summary([[o for o in found if o.answer.half == half] for found in outcomes])
            for half in ("reported", "tuning")
        }
        for way, asked in ways.items()
        if (outcomes := outcomes_of(grader, answers, asked, listed))
    }


def listed_points(retriever: Retriever, entry: Question | None) -> tuple[bool, ...]:
    """Whether a misconception of the bank belongs to each point: its correction is nearest to that one."""
    if entry is None or not entry.misconceptions:
        return ()
    points = retriever.encode([point.text for point in entry.key_points])
    near = retriever.encode([wrong.correction for wrong in entry.misconceptions]) @ points.T
    belongs = (near == near.max(axis=1, keepdims=True)) & (near >= RELATED)
    return tuple(map(bool, belongs.any(axis=0)))


def outcomes_of(
    grader: Grader,
    answers: Sequence[GradedAnswer],
    asked: Callable[[Question], Question | None],
    listed: Callable[[Question], tuple[bool, ...]] = lambda question: (),
) -> list[list[Outcome]]:
    """Grade every answer, those to one question together; questions not asked are left out."""
    outcomes = []
    for question, group in groupby(answers, key=lambda answer: answer.question):
        put = asked(question)
        if put is None:
            continue
        grader.grade(put, question.question)  # Warm: the question's own texts are encoded once.
        known = listed(question) or (False,) * len(question.key_points)
        found = []
        for answer in group:
            began = time.perf_counter()
            grade = grader.grade(put, answer.text)
            found.append(Outcome(answer, grade, known, time.perf_counter() - began))
        outcomes.append(found)
    return outcomes


def summary(questions: Questions) -> dict[str, Any]:
    """The metrics of some questions."""
    questions = [outcomes for outcomes in questions if outcomes]
    everything = list(_flat(questions))
    middle = [[o for o in found if MIDDLE[0] <= o.answer.score <= MIDDLE[1]] for found in questions]
    metrics: dict[str, Callable[[Questions], float]] = {
        "Pearson": _pearson,
        "pairs of levels ordered right": _ordered,
        "covered: precision": lambda some: _rates(some, "covered")[0],
        "covered: recall": lambda some: _rates(some, "covered")[1],
        "covered: F1": lambda some: f1(*_rates(some, "covered")),
        "contradicted, misconception listed: precision": lambda some: _rates(some, "contradicted", True)[0],
        "contradicted, misconception listed: recall": lambda some: _rates(some, "contradicted", True)[1],
        "contradicted, not listed: precision": lambda some: _rates(some, "contradicted", False)[0],
        "contradicted, not listed: recall": lambda some: _rates(some, "contradicted", False)[1],
        "contradicted, all: precision": lambda some: _rates(some, "contradicted")[0],
        "contradicted, all: recall": lambda some: _rates(some, "contradicted")[1],
        "kappa of verdicts": _kappa,
    }
    return {
        "questions": len(questions),
        "answers": len(everything),
        "graders": dict(Counter(outcome.grade.grader for outcome in everything)),
        "metrics": {
            **{name: bootstrap(questions, of) for name, of in metrics.items()},
            "labelled 30–70: Pearson": bootstrap(middle, _pearson),
            "labelled 30–70: mean distance": bootstrap(middle, _distance),
        },
        "levels": {
            level: {
                "mean score": mean([o.score for o in everything if o.answer.level == level]),
                "labelled": mean([o.answer.score for o in everything if o.answer.level == level]),
                "no score": mean(
                    [float(o.grade.score is None) for o in everything if o.answer.level == level]
                ),
            }
            for level in dict.fromkeys((*LEVELS, *(o.answer.level for o in everything)))
            if any(o.answer.level == level for o in everything)
        },
        "seconds per answer": mean([o.seconds for o in everything]),
        "slowest answer, seconds": max((o.seconds for o in everything), default=0.0),
    }


def record(measured: Mapping[str, Any]) -> None:
    """Keep what the pages show beside each grade: the reported half, with the bank's entry.

    Raises:
        MentorError: a model graded some of the answers; what is kept is said of the offline grader.
    """
    found = measured["with the bank's entry"]["reported"]
    if set(found["graders"]) != {GRADER}:
        graders = ", ".join(found["graders"])
        raise MentorError(f"graded by {graders}; unset MENTOR_MODEL to record what the offline grader does")
    kept = {name: round(value["mean"], 3) for name, value in found["metrics"].items()}
    MEASURED.write_text(json.dumps({"answers": found["answers"], **kept}, indent=1) + "\n", "utf-8")


def as_table(measured: Mapping[str, Any]) -> str:
    """The measurements as Markdown tables."""
    lines: list[str] = []
    for way, halves in measured.items():
        counts = ", ".join(
            f"{half} half: {part['answers']} answers to {part['questions']} questions"
            for half, part in halves.items()
        )
        graders = sum((Counter(part["graders"]) for part in halves.values()), Counter[str]())
        by = ", ".join(f"{count} by {grader}" for grader, count in graders.items())
        lines += [f"{way} ({counts}; graded {by})", "", "| Metric | " + " | ".join(halves) + " |"]
        lines.append("|---|" + "---|" * len(halves))
        for metric in next(iter(halves.values()))["metrics"]:
            found = [part["metrics"][metric] for part in halves.values()]
            cells = (f"{m['mean']:.3f} ({m['low']:.2f}–{m['high']:.2f})" for m in found)
            lines.append(f"| {metric} | " + " | ".join(cells) + " |")
        for level in next(iter(halves.values()))["levels"]:
            levels = [part["levels"].get(level) for part in halves.values()]
            cells = (
                f"{e['mean score']:.0f} of {e['labelled']:.0f}, {e['no score']:.0%} not graded" if e else ""
                for e in levels
            )
            lines.append(f"| mean score, {level} | " + " | ".join(cells) + " |")
        cells = (f"{part['seconds per answer']:.3f}" for part in halves.values())
        lines += ["| seconds per answer | " + " | ".join(cells) + " |", ""]
    return "\n".join(lines)


def _flat(questions: Questions) -> Iterator[Outcome]:
    return (outcome for outcomes in questions for outcome in outcomes)


def _pearson(questions: Questions) -> float:
    outcomes = list(_flat(questions))
    return pearson([o.score for o in outcomes], [o.answer.score for o in outcomes])


def _distance(questions: Questions) -> float:
    return mean([abs(o.score - o.answer.score) for o in _flat(questions)])


def _ordered(questions: Questions) -> float:
    """The share of pairs of answers to one question, of levels that should differ, in the right order."""
    right = []
    for outcomes in questions:
        for one, two in combinations(outcomes, 2):
            ranks = RANK.get(one.answer.level, 0) - RANK.get(two.answer.level, 0)
            if ranks:
                high, low = (one, two) if ranks > 0 else (two, one)
                right.append(float(_place(high) > _place(low)))
    return mean(right)


def _place(outcome: Outcome) -> float:
    return UNGRADED if outcome.grade.score is None else outcome.score


def _rates(questions: Questions, name: str, listed: bool | None = None) -> tuple[float, float]:
    """Precision and recall of a verdict, over the points whose misconception is listed, or is not."""
    called = labelled = both = 0
    for outcome in _flat(questions):
        points = zip(outcome.ours, outcome.answer.verdicts, outcome.listed, strict=True)
        for ours, theirs, known in points:
            if listed in (None, known):
                called += ours == name
                labelled += theirs == name
                both += ours == theirs == name
    return share(both, called), share(both, labelled)


def _kappa(questions: Questions) -> float:
    outcomes = list(_flat(questions))
    return kappa(
        [verdict for outcome in outcomes for verdict in outcome.ours],
        [verdict for outcome in outcomes for verdict in outcome.answer.verdicts],
    )
