"""Graded answers → how well each section is known, and how that went. Pure.

Each answer counts for every section whose points it was asked about, by their share of its weight;
most questions ask about one section only. What was known before fades as new answers come, not
with the days: what has been forgotten is the business of `interview/review.py`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Literal

from interview.graded import Graded
from interview.session import HINT_COST

State = Literal["untouched", "weak", "fair", "strong"]

KEPT = 0.6
"""How much of its weight an answer keeps when the next one about the same section comes."""
FAIR = 0.40
"""Mastery from which a section is fair; the score from which a page calls an answer fair."""
STRONG = 0.75
"""Mastery from which a section is strong, given enough answers."""
ENOUGH = 2.0
"""Answers, in whole ones, below which no section is called strong: one may have been luck."""


@dataclass(frozen=True)
class Standing:
    """How well one section is known."""

    mastery: float = 0.0
    """0 to 1."""
    answers: float = 0.0
    """How many answers it rests on; one that asked about it in part counts in part."""
    weight: float = 0.0
    """What the mean rests on once older answers have faded."""

    @property
    def state(self) -> State:
        """Mastery in a word."""
        if not self.answers:
            return "untouched"
        if self.mastery < FAIR:
            return "weak"
        # The tolerance is for parts that add up to a whole.
        return "strong" if self.mastery >= STRONG and self.answers > ENOUGH - 1e-6 else "fair"


UNTOUCHED = Standing()


def standings(rows: Iterable[Graded]) -> dict[str, Standing]:
    """How well each section that was asked about is known; rows of one grader, in any order."""
    found: dict[str, Standing] = {}
    for row in sorted(rows, key=_when):
        _count(found, row)
    return found


def readiness(found: Mapping[str, Standing], sections: Collection[str]) -> float:
    """Mean mastery of the sections, 0 to 1; one that was never asked about counts as 0."""
    return sum(found.get(section, UNTOUCHED).mastery for section in sections) / max(1, len(sections))


def course(rows: Iterable[Graded], sections: Collection[str], zone: tzinfo) -> list[tuple[date, float]]:
    """Readiness at the end of each day on which it was practised; rows of one grader, in any order."""
    found: dict[str, Standing] = {}
    days: dict[date, float] = {}
    for row in sorted(rows, key=_when):
        _count(found, row)
        if any(section in sections for section in (row.section, *(p.section for p in row.verdicts))):
            days[row.graded_at.astimezone(zone).date()] = readiness(found, sections)
    return list(days.items())


def shown_grader(rows: Sequence[Graded], current: str) -> str:
    """Whose grades to show where one grader must be chosen: the current one's, else the last one's.

    After a change of grader nothing is lost from sight until the new one has graded something.
    """
    if not rows or any(row.grader == current for row in rows):
        return current
    return max(rows, key=_when).grader


def days_running(days: Collection[date], today: date) -> int:
    """How many days in a row were practised, up to today or yesterday."""
    last = max((day for day in days if day <= today), default=None)
    if last is None or (today - last).days > 1:
        return 0
    run = 0
    while date.fromordinal(last.toordinal() - run) in days:
        run += 1
    return run


def _when(row: Graded) -> tuple[object, ...]:
    return (row.graded_at, row.interview, row.position)


def _count(found: dict[str, Standing], row: Graded) -> None:
    """Let one more answer count for each section it was asked about."""
    total = sum(point.weight for point in row.verdicts)
    if not total:
        _add(found, row.section, 1.0, row.score / 100)
        return
    for section in dict.fromkeys(point.section for point in row.verdicts):
        here = [point for point in row.verdicts if point.section == section]
        weight = sum(point.weight for point in here)
        # As in `interview/grading.py`: a contradicted point costs half its weight again.
        earned = sum(
            {"covered": 1.0, "missed": 0.0, "contradicted": -0.5}[point.verdict] * point.weight
            for point in here
        )
        value = max(0.0, earned / weight - HINT_COST * row.hints / 100)
        _add(found, section, weight / total, value)


def _add(found: dict[str, Standing], section: str, share: float, value: float) -> None:
    before = found.get(section, UNTOUCHED)
    faded = before.weight * (1 - (1 - KEPT) * share)
    weight = faded + share
    mastery = (before.mastery * faded + value * share) / weight
    found[section] = Standing(mastery, before.answers + share, weight)
