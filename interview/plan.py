"""What to ask today: reviews that are due, then the weakest sections, then new ground. Pure.

A day's plan rests on what was known as the day began, so that it does not change under the person
who works through it.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import zip_longest

from interview.bank import Question
from interview.graded import Graded
from interview.mastery import standings
from interview.review import Review, schedule

TEN = 10
MOST_DESIGNS = 1
"""Design problems in stages among the ten: each takes as long as several other questions."""


@dataclass(frozen=True)
class Day:
    """A day of the person's calendar, with its bounds in UTC."""

    date: date
    begin: datetime
    end: datetime


@dataclass(frozen=True)
class Today:
    """Today's questions, by id."""

    due: tuple[str, ...]
    """Reviews of the day that were not graded today."""
    ten: tuple[str, ...]
    left: tuple[str, ...]
    """What to ask next: of the ten, those not graded today; when there are none, ten more."""

    @property
    def done(self) -> bool:
        """Whether the ten are behind, so that `left` goes beyond them."""
        return not set(self.left) & set(self.ten)


def day_of(now: datetime, zone: tzinfo) -> Day:
    """The day of the calendar in `zone` in which a moment falls."""
    local = now.astimezone(zone).date()
    begin, end = (
        datetime.combine(day, time(), zone).astimezone(UTC) for day in (local, local + timedelta(days=1))
    )
    return Day(local, begin, end)


def today(
    questions: Sequence[Question],
    rows: Sequence[Graded],
    reviews: Mapping[str, Review],
    day: Day,
    grader: str,
) -> Today:
    """Choose the day's ten questions, and what is left of them.

    Args:
        questions: the bank.
        rows: every graded answer.
        reviews: the cards by question, as they stand now.
        day: the day to plan.
        grader: whose grades say which sections are weak.
    """
    before = [row for row in rows if row.graded_at < day.begin]
    done = {row.question_id for row in rows if row.graded_at >= day.begin}
    due = _due(questions, before, reviews, done, day)
    order = [*due, *_new(questions, before, day, grader), *_answered(questions, before, due)]
    ten = _pick(order)
    left = tuple(q.id for q in ten if q.id not in done)
    if not left:
        left = tuple(q.id for q in _pick([q for q in order if q.id not in done]))
    return Today(tuple(q.id for q in due if q.id not in done), tuple(q.id for q in ten), left)


def _due(
    questions: Sequence[Question],
    before: Sequence[Graded],
    reviews: Mapping[str, Review],
    done: set[str],
    day: Day,
) -> list[Question]:
    """The questions whose review fell due by the end of the day, the longest overdue first."""
    dates: dict[str, datetime] = {}
    for question in questions:
        review = reviews.get(question.id)
        if question.id in done:
            # Its card has moved on today; as the day began it stood as the earlier answers left it.
            review = schedule(row for row in before if row.question_id == question.id)
        if review and review.due < day.end:
            dates[question.id] = review.due
    return sorted(
        (question for question in questions if question.id in dates),
        key=lambda question: (dates[question.id], question.id),
    )


def _new(questions: Sequence[Question], before: Sequence[Graded], day: Day, grader: str) -> list[Question]:
    """The questions never graded: of weak and fair sections, of untouched ones, then the others.

    One that was graded comes back by its card, and sooner would spoil the spacing.
    """
    shuffle = random.Random(day.date.isoformat())  # noqa: S311 - a draw of questions, not a secret
    seen = {row.question_id for row in before}
    piles: dict[str, list[Question]] = {}
    for question in questions:
        if question.id not in seen:
            piles.setdefault(question.section, []).append(question)
    piles = {section: shuffle.sample(pile, len(pile)) for section, pile in piles.items()}
    found = standings(row for row in before if row.grader == grader)
    touched = [section for section in piles if section in found and found[section].state != "strong"]
    touched.sort(key=lambda section: (found[section].mastery, section))
    first = [piles[section].pop() for section in touched]
    untouched = [section for section in piles if section not in found]
    spread = [piles[section].pop() for section in _over_chapters(untouched, shuffle)]
    rest = [question for pile in piles.values() for question in pile]
    return first + spread + shuffle.sample(rest, len(rest))


def _over_chapters(sections: Iterable[str], shuffle: random.Random) -> list[str]:
    """Sections in turns, one of each chapter."""
    chapters: dict[str, list[str]] = {}
    for section in sections:
        chapters.setdefault(section.split(".")[0], []).append(section)
    piles = [shuffle.sample(pile, len(pile)) for pile in chapters.values()]
    shuffle.shuffle(piles)
    return [section for turn in zip_longest(*piles) for section in turn if section]


def _answered(
    questions: Sequence[Question], before: Sequence[Graded], due: Sequence[Question]
) -> list[Question]:
    """The questions graded before and not due, the longest ago first: when all else is done."""
    last = {row.question_id: row.graded_at for row in sorted(before, key=lambda row: row.graded_at)}
    waiting = {question.id for question in due}
    return sorted(
        (question for question in questions if question.id in last and question.id not in waiting),
        key=lambda question: (last[question.id], question.id),
    )


def _pick(order: Sequence[Question]) -> list[Question]:
    """The first ten, with no more design problems in stages than are bearable, if there are others."""
    designs = [question for question in order if question.stages]
    late = set(designs[MOST_DESIGNS:])
    return [*(q for q in order if q not in late), *designs[MOST_DESIGNS:]][:TEN]
