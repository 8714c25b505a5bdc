import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.citations import Citation
from database import open_database
from errors import StorageError
from interview import session
from interview.bank import KeyPoint, Misconception, Question
from interview.grading import Grade, Verdict
from interview.progress import Progress
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
