"""Spaced review: one card per question of the bank, scheduled by FSRS. The only importer of `fsrs`.

A card is what the scheduler makes of its question's graded answers, in their order and whoever
graded them; it can be made again from them at any time, which is how two people's files merge.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from interview.graded import Graded

if TYPE_CHECKING:
    from fsrs import Rating, Scheduler

# The words of the feedback page: an answer that it calls thin is asked again tomorrow.
HARD = 40
"""Score from which an answer was recalled, with trouble; below, it was not recalled."""
GOOD = 65
"""Score from which an answer was recalled."""
EASY = 85
"""Score from which an answer was recalled with ease."""
MOST_DAYS = 60
"""Longest time until a question comes back: people prepare for weeks, not for years."""


@dataclass(frozen=True)
class Review:
    """When a question is worth asking again."""

    question_id: str
    due: datetime
    """In UTC; at least a day after the answer."""
    card: str
    """The scheduler's card, as its JSON."""


def rating(score: int) -> "Rating":
    """A score as the scheduler's rating: again, hard, good or easy."""
    from fsrs import Rating

    if score < HARD:
        return Rating.Again
    if score < GOOD:
        return Rating.Hard
    return Rating.Good if score < EASY else Rating.Easy


def schedule(rows: Iterable[Graded]) -> Review | None:
    """The card of one question after its graded answers, in any order; None if there are none."""
    from fsrs import Card

    ordered = sorted(rows, key=lambda row: (row.graded_at, row.interview, row.position))
    if not ordered:
        return None
    # Without an id and a date of its own the card would carry the clock's, and differ each time.
    card = Card(card_id=0, due=ordered[0].graded_at)
    for row in ordered:
        card, _ = _scheduler().review_card(card, rating(row.score), row.graded_at)
    return Review(ordered[0].question_id, card.due.astimezone(UTC), card.to_json())


@cache
def _scheduler() -> "Scheduler":
    from fsrs import Scheduler

    # Whole days only: an interview question is not drilled again after ten minutes. No fuzzing: the
    # same answers give the same dates.
    return Scheduler(learning_steps=(), relearning_steps=(), maximum_interval=MOST_DAYS, enable_fuzzing=False)
