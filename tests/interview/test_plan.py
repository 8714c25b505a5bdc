from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from interview.bank import KeyPoint, Question, Stage
from interview.graded import Point
from interview.plan import TEN, Day, day_of, today
from interview.review import Review, schedule
from tests.interview.conftest import NOON, row

DAY = day_of(NOON, UTC)
POINT = (KeyPoint("A point.", "1.1"),)


def questions(chapters: int = 4, sections: int = 4, each: int = 2, stages=()) -> list[Question]:
    return [
        Question(f"{chapter}.{section}-{letter}", f"{chapter}.{section}", "?", POINT, stages=stages)
        for chapter in range(1, chapters + 1)
        for section in range(1, sections + 1)
        for letter in "abcdef"[:each]
    ]


def cards(rows) -> dict[str, Review]:
    asked = {one.question_id for one in rows}
    return {one: schedule(row for row in rows if row.question_id == one) for one in asked}


def plan(rows=(), bank=None, day=DAY, grader="offline"):
    return today(bank or questions(), list(rows), cards(rows), day, grader)


def sections(ids) -> list[str]:
    return [identity.split("-")[0] for identity in ids]


def test_a_day_is_the_person_s():
    assert day_of(NOON, UTC) == Day(
        NOON.date(), datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
    )
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    tomorrow = day_of(late, ZoneInfo("Europe/Berlin"))
    assert tomorrow.date.day == 21
    assert tomorrow.begin == datetime(2026, 11, 20, 23, tzinfo=UTC)
    change = day_of(datetime(2026, 10, 25, 12, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
    assert change.end - change.begin == timedelta(hours=25)


def test_a_new_person_is_asked_over_the_chapters():
    found = plan()
    assert len(found.ten) == TEN
    assert found.left == found.ten
    assert found.due == ()
    assert not found.done
    for turn in (found.ten[:4], found.ten[4:8]):
        assert sorted(one.split(".")[0] for one in turn) == ["1", "2", "3", "4"]
    assert len(set(sections(found.ten))) == TEN


def test_a_day_s_plan_is_the_same_all_day_and_another_tomorrow():
    assert plan() == plan()
    assert plan(day=day_of(NOON + timedelta(hours=5), UTC)) == plan()
    assert plan(day=day_of(NOON + timedelta(days=1), UTC)).ten != plan().ten


def test_what_is_due_comes_first_then_the_weakest_sections_then_new_ground():
    rows = [
        row("1.1-a", 100, days=-1, position=1),  # not due, fair
        row("2.1-a", 0, days=-3, position=2),  # overdue, weak
        row("3.1-a", 0, days=-5, position=3),  # longest overdue, weak
        row("4.1-a", 50, days=-4, position=4),
    ]
    found = plan(rows)
    assert found.ten[:3] == found.due == ("3.1-a", "4.1-a", "2.1-a")
    weakest = found.ten[3:7]
    assert weakest == ("2.1-b", "3.1-b", "1.1-b", "4.1-b")
    assert not set(sections(found.ten[7:])) & {"1.1", "2.1", "3.1", "4.1"}


def test_answers_of_today_tick_off_and_do_not_change_the_plan():
    rows = [row("2.1-a", 0, days=-3), row("3.1-a", 0, days=-5)]
    before = plan(rows)
    now = [row(one, 90, position=at + 5) for at, one in enumerate(before.ten[:4])]
    after = plan([*rows, *now])
    assert after.ten == before.ten
    assert after.left == before.ten[4:]
    assert after.due == ()
    assert not after.done


def test_when_the_ten_are_done_ten_more_follow():
    first = plan()
    done = [row(one, 90, position=at) for at, one in enumerate(first.ten)]
    after = plan(done)
    assert after.done
    assert after.ten == first.ten
    assert len(after.left) == TEN
    assert not set(after.left) & set(first.ten)


def test_a_bank_smaller_than_ten_runs_out():
    bank = questions(chapters=1, sections=2)
    assert len(plan(bank=bank).ten) == 4
    done = plan([row(one.id, 90, position=at) for at, one in enumerate(bank)], bank)
    assert done.left == ()
    assert done.done


def test_at_most_one_design_problem_in_stages_among_the_ten():
    long = [
        Question(f"9.{at}-x", f"9.{at}", "?", POINT, stages=(Stage("clarify", "?"),)) for at in range(1, 9)
    ]
    found = plan(bank=[*questions(), *long])
    assert len(set(found.ten) & {one.id for one in long}) == 1
    only = plan(bank=long)
    assert len(only.ten) == len(long)


def test_weakness_is_told_by_one_grader_only():
    half = (Point("a", "2.1", 1, "covered"), Point("b", "2.1", 1, "missed"))
    rows = [
        row("1.1-a", 100, days=-1.1),
        row("2.1-a", 60, days=-1, position=1, verdicts=half),
        row("1.1-b", 0, days=-1, position=2, grader="other"),
    ]
    bank = questions(each=3)
    new = [one for one in plan(rows, bank).ten if one not in plan(rows, bank).due]
    assert sections(new)[:2] == ["2.1", "1.1"]
    theirs = plan(rows, bank, grader="other")
    assert sections(one for one in theirs.ten if one not in theirs.due)[0] == "1.1"


def test_questions_that_left_the_bank_are_not_asked():
    assert "8.8-gone" not in plan([row("8.8-gone", 0, days=-5)]).ten
