import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.citations import Citation
from database import open_database
from errors import StorageError
from interview import session
from interview.bank import KeyPoint, Misconception, Question
from interview.graded import Graded, Point
from interview.grading import Grade, Verdict
from interview.progress import Progress
from interview.review import schedule
from interview.session import Attempt, Interview

WEIRD = "größe 表 🙂 \0 \u2028 <b>“quotes”</b> \\ ' \" \r\n"
CITATION = Citation(1, "1.1", "Log", "In short", "A log names the files.", "a.md", "11-log")
POINT = KeyPoint("A log names the files.", "1.1", 3, ("The log knows.",))
GRADE = Grade(
    35,
    (
        Verdict(POINT, "covered", WEIRD, borderline=True),
        Verdict(POINT, "contradicted", "no", citation=CITATION),
        Verdict(POINT, "missed", citation=CITATION),
    ),
    (Misconception("wrong", "right", "1.2"),),
    "1 of 3 points covered.",
    "some grader",
)
INTERVIEW = Interview(
    ("1.1-a", "1.1-b", "1.1-c"),
    "exam",
    (Attempt("1.1-a"), Attempt("1.1-b", (WEIRD, "more"), GRADE, 2)),
    Attempt("1.1-c", ("?",), Grade(None, (Verdict(POINT, "missed"),), feedback="Could not grade this.")),
)


@pytest.fixture
def progress(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'mentor.db'}")
    yield Progress(engine)
    engine.dispose()


def test_an_interview_comes_back_as_it_was(progress):
    identity = progress.save("", INTERVIEW)
    assert progress.load(identity) == INTERVIEW


def test_a_step_replaces_what_was_kept_and_the_id_stays(progress):
    begun = session.begin([Question("1.1-a", "1.1", "?", (POINT,))])
    identity = progress.save("", begun)
    other = progress.save("", INTERVIEW)
    for step in (session.hint(begun), session.answer(begun, "words", GRADE), session.move_on(begun)):
        assert progress.save(identity, step) == identity
        assert progress.load(identity) == step
    assert other != identity
    assert progress.load(other) == INTERVIEW


def test_an_unknown_id_has_no_interview(progress):
    assert progress.load("nobody") is None


def test_a_restart_loses_nothing(tmp_path):
    url = f"sqlite:///{tmp_path / 'mentor.db'}"
    first = open_database(url)
    identity = Progress(first).save("", INTERVIEW)
    first.dispose()
    again = open_database(url)
    assert Progress(again).load(identity) == INTERVIEW
    again.dispose()


def test_a_database_that_refuses_is_a_storage_error(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'mentor.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE interview")
    with pytest.raises(StorageError, match="the database refused"):
        Progress(engine).save("", INTERVIEW)
    with pytest.raises(StorageError, match="the database refused"):
        Progress(engine).load("x")
    engine.dispose()


words = st.text(max_size=20)
points = st.builds(KeyPoint, words, words, st.integers(1, 3), st.lists(words, max_size=2).map(tuple))
verdicts = st.builds(
    Verdict,
    points,
    st.sampled_from(("covered", "missed", "contradicted")),
    words,
    st.booleans(),
    st.none() | st.builds(Citation, st.integers(1, 9), words, words, words, words, words, words),
)
grades = st.builds(
    Grade,
    st.none() | st.integers(0, 100),
    st.lists(verdicts, max_size=3).map(tuple),
    st.lists(st.builds(Misconception, words, words, words), max_size=2).map(tuple),
    words,
    words,
)
attempts = st.builds(
    Attempt, words, st.lists(words, max_size=3).map(tuple), st.none() | grades, st.integers(0, 3)
)
interviews = st.builds(
    Interview,
    st.lists(words, max_size=3).map(tuple),
    st.sampled_from(("practice", "exam")),
    st.lists(attempts, max_size=2).map(tuple),
    st.none() | attempts,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(interview=interviews)
def test_any_interview_comes_back_as_it_was(progress, interview):
    assert progress.load(progress.save("", interview)) == interview


def test_a_step_from_a_tab_left_behind_does_not_undo_the_other_tab(progress):
    begun = session.begin([Question("1.1-a", "1.1", "?", (POINT,)), Question("1.1-b", "1.1", "?", (POINT,))])
    identity = progress.save("", begun)
    ahead = session.move_on(session.answer(begun, "words", GRADE))
    progress.save(identity, ahead, begun)
    with pytest.raises(StorageError, match="in another tab"):
        progress.save(identity, session.move_on(begun), begun)
    assert progress.load(identity) == ahead


def test_a_row_of_another_version_is_said_to_be_one(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'mentor.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO interview VALUES ('x', '2026-01-01 00:00:00', '{\"bad\":')")
    with pytest.raises(StorageError, match="another version"):
        Progress(engine).load("x")
    engine.dispose()


BANK = {"1.1-b": Question("1.1-b", "1.2", "?", (POINT,), kind="design", level="architect")}


def said(interview, words, grade=GRADE):
    """The interview after an answer, however many steps the session makes of one."""
    current = interview.current
    return replace(interview, current=replace(current, answers=(*current.answers, words), grade=grade))


def test_a_graded_question_that_is_behind_is_recorded_with_what_was_asked(new_engine):
    kept = Progress(new_engine(), BANK)
    identity = kept.save("", INTERVIEW)
    [one] = kept.graded()
    assert one == Graded(
        interview=identity,
        position=1,
        question_id="1.1-b",
        section="1.2",
        chapter=1,
        kind="design",
        level="architect",
        score=15,
        grader="some grader",
        hints=2,
        verdicts=tuple(
            Point(POINT.text, "1.1", 3, verdict) for verdict in ("covered", "contradicted", "missed")
        ),
        graded_at=one.graded_at,
    )
    assert abs((datetime.now(UTC) - one.graded_at).total_seconds()) < 60
    assert kept.reviews() == {"1.1-b": schedule([one])}


def test_each_question_is_recorded_once_and_only_when_it_is_behind(progress):
    asked = [Question("1.1-a", "1.1", "?", (POINT,)), Question("1.2-b", "1.2", "?", (POINT,))]
    step = session.begin(asked)
    identity = progress.save("", step)
    recorded = []
    for take in (
        lambda now: said(now, "words", GRADE),
        session.move_on,
        session.hint,
        lambda now: said(now, "more words", replace(GRADE, score=60)),
        session.move_on,
    ):
        before, step = step, take(step)
        progress.save(identity, step, before)
        progress.save(identity, step, step)
        recorded.append([(one.question_id, one.score) for one in progress.graded()])
    first, second = ("1.1-a", 35), ("1.2-b", 50)
    assert recorded == [[], [first], [first], [first], [first, second]]


def test_a_question_outside_the_bank_is_of_the_section_that_its_id_names(progress):
    progress.save("", Interview(("7.3-gone", "x"), "exam", (Attempt("7.3-gone", ("a",), GRADE),)))
    progress.save("", Interview(("odd",), "exam", (Attempt("odd", ("a",), GRADE),)))
    assert [(one.section, one.chapter, one.kind) for one in progress.graded()] == [
        ("7.3", 7, ""),
        ("", 0, ""),
    ]


def test_the_interview_and_its_grades_are_kept_together_or_not_at_all(new_engine):
    engine = new_engine()
    kept = Progress(engine)
    begun = session.begin([Question("1.1-a", "1.1", "?", (POINT,))])
    identity = kept.save("", begun)
    answered = said(begun, "words", GRADE)
    kept.save(identity, answered, begun)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE graded RENAME TO away")
    over = session.move_on(answered)
    with pytest.raises(StorageError, match="no such table"):
        kept.save(identity, over, answered)
    assert kept.load(identity) == answered
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO graded")
    assert kept.save(identity, over, answered) == identity
    assert [one.question_id for one in kept.graded()] == ["1.1-a"]


def test_a_step_that_could_not_be_kept_is_made_up_for_by_the_next(new_engine, monkeypatch):
    """A locked database once left the interview on the page: every later step was another tab's."""
    kept = Progress(new_engine())
    begun = session.begin([Question(one, "1.1", "?", (POINT,)) for one in ("1.1-a", "1.1-b")])
    identity = kept.save("", begun)
    first = session.move_on(said(begun, "words", GRADE))
    second = session.move_on(said(first, "words", GRADE))

    def refuse(*_arguments):
        raise StorageError("locked")

    with monkeypatch.context() as locked:
        locked.setattr("interview.progress.write_interview", refuse)
        for step, before in ((first, begun), (second, first)):
            with pytest.raises(StorageError, match="locked"):
                kept.save(identity, step, before)
    kept.save(identity, second, second)
    assert kept.load(identity) == second
    assert [one.question_id for one in kept.graded()] == ["1.1-a", "1.1-b"]
    with pytest.raises(StorageError, match="in another tab"):
        kept.save(identity, begun, first)


def test_the_stamp_tells_whether_anything_changed(progress):
    empty = progress.stamp()
    progress.save("", INTERVIEW)
    one = progress.stamp()
    progress.forget()
    assert progress.graded() == []
    assert progress.reviews() == {}
    assert progress.stamp() == empty
    progress.save("", INTERVIEW)
    assert len({empty, one, progress.stamp()}) == 3


def test_twenty_people_at_once_lose_nothing(tmp_path):
    """Each has an interview of their own in one file; steps are taken as fast as they can be."""
    url = f"sqlite:///{tmp_path / 'mentor.db'}"
    asked = [Question(f"1.{at}-q", f"1.{at}", "?", (POINT,)) for at in range(1, 6)]
    barrier = threading.Barrier(20)
    engines = [open_database(url), open_database(url)]

    def interviewed(person: int) -> str:
        kept = Progress(engines[person % 2], {one.id: one for one in asked})
        barrier.wait(30)
        step = session.begin(asked)
        identity = kept.save("", step)
        while not step.over:
            for take in (lambda now: said(now, f"said by {person}", GRADE), session.move_on):
                before, step = step, take(step)
                kept.save(identity, step, before)
                kept.save(identity, step, step)  # a press that was counted twice
        return identity

    with ThreadPoolExecutor(20) as people:
        identities = list(people.map(interviewed, range(20)))
    kept = Progress(engines[0])
    assert sorted((one.interview, one.question_id) for one in kept.graded()) == sorted(
        (identity, one.id) for identity in identities for one in asked
    )
    for person, identity in enumerate(identities):
        found = kept.load(identity)
        assert found.over
        assert {text for attempt in found.attempts for text in attempt.answers} == {f"said by {person}"}
    assert set(kept.reviews()) == {one.id for one in asked}
    assert kept.reviews()["1.1-q"] == schedule(one for one in kept.graded() if one.question_id == "1.1-q")
    for engine in engines:
        engine.dispose()


def test_two_tabs_that_take_a_step_at_the_same_moment_do_not_both_win(new_engine):
    engine = new_engine()
    begun = session.begin([Question("1.1-a", "1.1", "?", (POINT,))])
    barrier = threading.Barrier(8)
    identity = Progress(engine).save("", begun)

    def step(tab: int) -> bool:
        barrier.wait(30)
        try:
            Progress(engine).save(identity, session.move_on(said(begun, f"tab {tab}", GRADE)), begun)
        except StorageError as error:
            assert "another tab" in str(error)
            return False
        return True

    with ThreadPoolExecutor(8) as tabs:
        assert sum(tabs.map(step, range(8))) == 1
    assert len(Progress(engine).graded()) == 1
