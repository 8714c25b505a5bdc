"""A question left behind → the row that is kept of it, from which all progress is drawn."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from interview.bank import Question
from interview.grading import VerdictName
from interview.session import Attempt

_SECTION = re.compile(r"(\d+)\.\d+(?=-)")


@dataclass(frozen=True)
class Point:
    """What became of one key point."""

    text: str
    section: str
    weight: int
    verdict: VerdictName


@dataclass(frozen=True)
class Graded:
    """One graded answer. There is one for each place of each interview at most."""

    interview: str
    position: int
    """Place of the question in its interview, from 0."""
    question_id: str
    section: str
    chapter: int
    """0 where the question is of no section."""
    kind: str
    """Of the bank's question; empty where it was not known when this was kept."""
    level: str
    score: int
    """0 to 100, less what the hints cost."""
    grader: str
    """Who graded; grades of two graders share no trend and no mean."""
    hints: int
    verdicts: tuple[Point, ...]
    graded_at: datetime
    """In UTC."""


def graded(
    interview: str, position: int, attempt: Attempt, bank: Mapping[str, Question], at: datetime
) -> Graded | None:
    """The row of an attempt; None if it was skipped or could not be graded."""
    if attempt.grade is None or attempt.score is None:
        return None
    question = bank.get(attempt.question)
    # A question that left the bank still names its section.
    named = _SECTION.match(attempt.question)
    section = question.section if question else named[0] if named else ""
    return Graded(
        interview=interview,
        position=position,
        question_id=attempt.question,
        section=section,
        chapter=int(section.split(".")[0]) if section else 0,
        kind=question.kind if question else "",
        level=question.level if question else "",
        score=attempt.score,
        grader=attempt.grade.grader,
        hints=attempt.hints,
        verdicts=tuple(
            Point(v.key_point.text, v.key_point.section, v.key_point.weight, v.verdict)
            for v in attempt.grade.verdicts
        ),
        graded_at=at,
    )
