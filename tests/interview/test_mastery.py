from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from interview.graded import Point
from interview.mastery import (
    FAIR,
    KEPT,
    STRONG,
    Standing,
    course,
    days_running,
    readiness,
    shown_grader,
    standings,
)
from tests.interview.conftest import row


def test_nothing_graded_is_nothing_known():
    assert standings([]) == {}
    assert Standing().state == "untouched"
    assert readiness({}, ["1.1", "1.2"]) == 0


def test_one_answer_is_its_section_s_mastery():
    found = standings([row("1.1-a", 100)])
    assert found == {"1.1": Standing(1.0, 1.0, 1.0)}
    assert found["1.1"].state == "fair"  # one good answer may be luck


def test_newer_answers_weigh_more_whatever_the_order_they_are_read_in():
    rows = [row("1.1-a", 0, days=0), row("1.1-b", 100, days=1)]
    better, worse = standings(rows)["1.1"], standings([row("1.1-a", 100), row("1.1-b", 0, days=1)])["1.1"]
    assert better.mastery == pytest.approx(1 / (1 + KEPT))
    assert worse.mastery == pytest.approx(KEPT / (1 + KEPT))
    assert standings(rows[::-1]) == standings(rows)


@pytest.mark.parametrize(
    ("mastery", "answers", "state"),
    [
        (0.0, 1.0, "weak"),
        (FAIR - 0.01, 5.0, "weak"),
        (FAIR, 1.0, "fair"),
        (STRONG, 1.9, "fair"),
        (STRONG, 2.0, "strong"),
        (STRONG - 0.01, 9.0, "fair"),
        (0.0, 0.0, "untouched"),
    ],
)
def test_states(mastery, answers, state):
    assert Standing(mastery, answers, answers).state == state


def test_an_answer_counts_for_each_section_it_was_asked_about_by_its_share():
    verdicts = (
        Point("a", "1.1", 3, "covered"),
        Point("b", "1.2", 1, "missed"),
    )
    found = standings([row("1.1-a", 75, verdicts=verdicts)])
    assert found == {"1.1": Standing(1.0, 0.75, 0.75), "1.2": Standing(0.0, 0.25, 0.25)}
    assert found["1.2"].state == "weak"


def test_hints_and_contradictions_cost_as_they_do_in_the_score():
    verdicts = (Point("a", "1.1", 1, "covered"), Point("b", "1.1", 1, "contradicted"))
    assert standings([row(verdicts=verdicts, hints=1)])["1.1"].mastery == pytest.approx(0.25 - 0.10)


def test_a_row_without_points_counts_by_its_score():
    assert standings([row("1.1-a", 60, verdicts=())])["1.1"].mastery == pytest.approx(0.6)


def test_untouched_sections_count_as_nothing_in_readiness():
    found = standings([row("1.1-a", 100), row("1.2-a", 100)])
    assert readiness(found, ["1.1", "1.2", "1.3", "1.4"]) == pytest.approx(0.5)


def test_the_course_has_a_point_for_each_day_of_the_person_s_calendar():
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    rows = [row("1.1-a", 100), row("1.2-a", 100, graded_at=late), row("2.1-a", 100, days=3)]
    sections = ["1.1", "1.2"]
    assert course(rows, sections, UTC) == [(date(2026, 11, 20), 1.0)]
    assert course(rows, sections, ZoneInfo("Europe/Berlin")) == [
        (date(2026, 11, 20), 0.5),
        (date(2026, 11, 21), 1.0),
    ]
    assert course(rows, ["3.1"], UTC) == []


def test_the_grader_shown_is_the_current_one_once_it_has_graded():
    old, new = row(grader="old", days=1), row(grader="new")
    assert shown_grader([], "new") == "new"
    assert shown_grader([old], "new") == "old"
    assert shown_grader([old, new], "new") == "new"
    assert shown_grader([row(grader="older"), old], "new") == "old"


@pytest.mark.parametrize(
    ("days", "run"),
    [
        ([], 0),
        ([20], 1),
        ([19], 1),
        ([18], 0),
        ([18, 19, 20], 3),
        ([17, 19, 20], 2),
        ([18, 19], 2),
        ([21], 0),
    ],
)
def test_days_running_last_until_a_whole_day_was_left_out(days, run):
    assert days_running({date(2026, 11, day) for day in days}, date(2026, 11, 20)) == run
