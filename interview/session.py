"""An interview from its first question to its summary. Pure: each step returns a new interview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from interview.bank import KeyPoint, Question
from interview.grading import Grade

Mode = Literal["practice", "exam"]
MOST_PROBES = 2
HINT_COST = 10
"""Points, of 100, that each hint takes from its question's score."""


@dataclass(frozen=True)
class Attempt:
    """What became of one question: the answer, the answers to its probes, and the grade of them all."""

    question: str
    answers: tuple[str, ...] = ()
    grade: Grade | None = None
    hints: int = 0

    @property
    def skipped(self) -> bool:
        """Whether the question was left without an answer."""
        return not self.answers

    @property
    def score(self) -> int | None:
        """The grade's score less what the hints cost; None if skipped or not gradable."""
        if self.grade is None or self.grade.score is None:
            return None
        return max(0, self.grade.score - HINT_COST * self.hints)


@dataclass(frozen=True)
class Interview:
    """The questions drawn, what became of those behind, and where the candidate stands."""

    questions: tuple[str, ...]
    """Ids, in the order asked."""
    mode: Mode = "practice"
    attempts: tuple[Attempt, ...] = ()
    current: Attempt | None = None
    """The question on the table; None when it is over."""

    @property
    def over(self) -> bool:
        """Whether every question has been answered or skipped."""
        return self.current is None

    @property
    def number(self) -> int:
        """Which question is on the table, from 1."""
        return min(len(self.attempts) + 1, len(self.questions))


@dataclass(frozen=True)
class Summary:
    """How it went."""

    score: int | None
    """Mean over the graded questions; None if none was graded."""
    graded: int
    skipped: int
    by_section: Mapping[str, int]
    to_read: tuple[str, ...]
    """Sections in the order of the weight missed in them, heaviest first."""
    strong: tuple[KeyPoint, ...] = field(default=())
    missed: tuple[KeyPoint, ...] = field(default=())


def begin(questions: Sequence[Question], mode: Mode = "practice") -> Interview:
    """Put the first question on the table."""
    ids = tuple(question.id for question in questions)
    return Interview(ids, mode, current=Attempt(ids[0]) if ids else None)


def hint(interview: Interview) -> Interview:
    """Count a hint against the question on the table."""
    current = _on_the_table(interview)
    return replace(interview, current=replace(current, hints=current.hints + 1))


def answer(interview: Interview, text: str, grade: Grade) -> Interview:
    """Record an answer, or the answer to a probe, with the grade of everything said so far."""
    current = _on_the_table(interview)
    return replace(interview, current=replace(current, answers=(*current.answers, text), grade=grade))


def said(interview: Interview, more: str = "") -> str:
    """Everything said to the question on the table, with `more` at the end: what a grade is of."""
    return "\n".join((*_on_the_table(interview).answers, *((more,) if more else ())))


def move_on(interview: Interview) -> Interview:
    """Leave the question on the table, answered or not, and take the next."""
    attempts = (*interview.attempts, _on_the_table(interview))
    rest = interview.questions[len(attempts) :]
    return replace(interview, attempts=attempts, current=Attempt(rest[0]) if rest else None)


def probe(question: Question, attempt: Attempt) -> str:
    """The follow-up for the heaviest point still open; empty when there is none, or two were asked."""
    if attempt.grade is None or attempt.grade.score is None or len(attempt.answers) > MOST_PROBES:
        return ""
    unsettled = [verdict for verdict in attempt.grade.verdicts if verdict.verdict != "covered"]
    if not unsettled:
        return ""
    asked = len(attempt.answers) - 1
    if asked < len(question.probes):
        return question.probes[asked]
    return "You have not said everything that matters here. What else would you weigh?"


def summarise(interview: Interview) -> Summary:
    """Sum up the questions that are behind."""
    scores: dict[str, list[int]] = {}
    weights: dict[str, int] = {}
    strong: list[KeyPoint] = []
    missed: list[KeyPoint] = []
    for attempt in interview.attempts:
        if attempt.grade is None or attempt.score is None:
            continue
        scores.setdefault(attempt.question.split("-")[0], []).append(attempt.score)
        for verdict in attempt.grade.verdicts:
            point = verdict.key_point
            if verdict.verdict == "covered":
                strong.append(point)
            else:
                missed.append(point)
                weights[point.section] = weights.get(point.section, 0) + point.weight
    every = [score for section in scores.values() for score in section]
    return Summary(
        score=round(sum(every) / len(every)) if every else None,
        graded=len(every),
        skipped=sum(attempt.skipped for attempt in interview.attempts),
        by_section={section: round(sum(found) / len(found)) for section, found in scores.items()},
        to_read=tuple(sorted(weights, key=lambda section: -weights[section])),
        strong=tuple(sorted(strong, key=lambda point: -point.weight)),
        missed=tuple(sorted(missed, key=lambda point: -point.weight)),
    )


def _on_the_table(interview: Interview) -> Attempt:
    if interview.current is None:
        raise ValueError("the interview is over; begin another")
    return interview.current
