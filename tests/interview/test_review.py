import json
from datetime import timedelta
from pathlib import Path

import pytest

from interview.review import EASY, GOOD, HARD, MOST_DAYS, rating, schedule
from settings import PROJECT
from tests.interview.conftest import NOON, row


@pytest.mark.parametrize(
    ("score", "name"),
    [
        (0, "Again"),
        (HARD - 1, "Again"),
        (HARD, "Hard"),
        (GOOD - 1, "Hard"),
        (GOOD, "Good"),
        (EASY - 1, "Good"),
        (EASY, "Easy"),
        (100, "Easy"),
    ],
)
def test_a_score_is_a_rating(score, name):
    assert rating(score).name == name


def days(score: int, times: int) -> list[int]:
    """The intervals of a question that is always answered like this, on the day it is due."""
    rows = [row(score=score)]
    found = []
    for position in range(1, times + 1):
        due = schedule(rows).due
        found.append((due - rows[-1].graded_at).days)
        rows.append(row(score=score, position=position, graded_at=due))
    return found


def test_intervals_grow_with_the_score_and_with_each_success():
    thin, fair, good, excellent = (days(score, 4) for score in (20, 50, 70, 90))
    assert thin == [1, 1, 1, 1]
    assert fair == sorted(fair)
    assert fair[-1] < good[-1] <= MOST_DAYS
    assert thin[0] <= fair[0] < good[0] < excellent[0]
    assert excellent[-1] == MOST_DAYS


def test_a_lapse_brings_a_question_back_tomorrow():
    rows = [row(score=90), row(score=90, days=8, position=1), row(score=10, days=40, position=2)]
    assert schedule(rows[:2]).due - rows[1].graded_at > timedelta(days=20)
    assert schedule(rows).due - rows[2].graded_at < timedelta(days=4)


def test_the_same_answers_give_the_same_card_in_any_order():
    rows = [row(score=score, days=at, position=at) for at, score in enumerate((90, 10, 70, 50))]
    first = schedule(rows)
    assert schedule(rows[::-1]) == first
    assert first.question_id == "1.1-a"
    assert json.loads(first.card)["due"] == first.due.isoformat()
    assert first.due > NOON + timedelta(days=3)


def test_no_answer_has_no_card():
    assert schedule([]) is None


def test_fsrs_is_imported_in_one_file():
    packages = ("chat", "ingest", "interview", "retriever", "ui", "evals")
    files = [path for package in packages for path in Path(PROJECT / package).rglob("*.py")]
    assert [path.name for path in files if "from fsrs" in path.read_text("utf-8")] == ["review.py"]
