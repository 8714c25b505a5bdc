from copy import deepcopy
from dataclasses import FrozenInstanceError, replace

import pytest

from interview import session
from interview.bank import KeyPoint, Question
from interview.grading import Grade, Verdict
from interview.session import Attempt, Interview, Summary

LIGHT, HEAVY, OTHER = (
    KeyPoint("light", "1.1", 1),
    KeyPoint("heavy", "1.2", 3),
    KeyPoint("other", "2.1", 2),
)
ONE = Question("1.1-one", "1.1", "One?", (LIGHT, HEAVY), probes=("Which?", "Why?", "When?"))
TWO = Question("2.1-two", "2.1", "Two?", (OTHER,))
OPEN = Grade(25, (Verdict(LIGHT, "covered", "light"), Verdict(HEAVY, "missed")))
FULL = Grade(100, (Verdict(LIGHT, "covered", "light"), Verdict(HEAVY, "covered", "heavy")))
UNGRADED = Grade(None, (Verdict(LIGHT, "missed"), Verdict(HEAVY, "missed")), feedback="Could not grade this.")


def answered(*answers: str, grade: Grade = OPEN) -> Attempt:
    return Attempt(ONE.id, answers, grade)


def test_an_interview_begins_with_its_first_question():
    begun = session.begin([ONE, TWO], "exam")
    assert begun == Interview(("1.1-one", "2.1-two"), "exam", (), Attempt("1.1-one"))
    assert (begun.number, begun.over) == (1, False)


def test_an_interview_without_questions_is_over_at_once():
    begun = session.begin([])
    assert (begun.over, begun.number) == (True, 0)
    assert session.summarise(begun) == Summary(None, 0, 0, {}, ())


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(session.hint, id="hint"),
        pytest.param(lambda interview: session.answer(interview, "words", OPEN), id="answer"),
        pytest.param(session.move_on, id="move-on"),
    ],
)
def test_each_step_returns_a_new_interview_and_leaves_the_old(step):
    before = session.answer(session.begin([ONE, TWO]), "first", OPEN)
    kept = deepcopy(before)
    after = step(before)
    assert before == kept
    assert after != before
    assert step(before) == after
    with pytest.raises(FrozenInstanceError):
        after.current = None


def test_each_hint_costs_its_points_and_never_more_than_there_are():
    scores = []
    interview = session.answer(session.begin([ONE]), "words", OPEN)
    for _ in range(4):
        assert interview.current is not None
        scores.append(interview.current.score)
        interview = session.hint(interview)
    assert scores == [25, 25 - session.HINT_COST, 25 - 2 * session.HINT_COST, 0]


def test_a_hint_before_the_answer_counts():
    interview = session.answer(session.hint(session.begin([ONE])), "words", FULL)
    assert interview.current == Attempt(ONE.id, ("words",), FULL, hints=1)
    assert interview.current.score == 90


def test_the_second_answer_counts_with_the_first():
    begun = session.begin([ONE, TWO])
    assert session.said(begun) == ""
    assert session.said(begun, "first") == "first"
    once = session.answer(begun, "first", OPEN)
    assert session.said(once, "second") == "first\nsecond"
    twice = session.answer(once, "second", FULL)
    assert twice.current == Attempt(ONE.id, ("first", "second"), FULL)
    assert session.said(twice) == "first\nsecond"
    assert session.move_on(twice).attempts == (Attempt(ONE.id, ("first", "second"), FULL),)


@pytest.mark.parametrize(
    ("question", "attempt", "probe"),
    [
        pytest.param(ONE, Attempt(ONE.id), "", id="no-answer-yet"),
        pytest.param(ONE, answered("a"), "Which?", id="first"),
        pytest.param(ONE, answered("a", "b"), "Why?", id="second"),
        pytest.param(ONE, answered("a", "b", "c"), "", id="no-third"),
        pytest.param(ONE, answered("a", grade=FULL), "", id="all-covered"),
        pytest.param(ONE, answered("a", grade=UNGRADED), "", id="not-graded"),
        pytest.param(
            ONE,
            answered("a", grade=Grade(0, (Verdict(LIGHT, "covered"), Verdict(HEAVY, "contradicted")))),
            "Which?",
            id="contradicted-is-open",
        ),
        pytest.param(
            replace(ONE, probes=("Which?",)),
            answered("a", "b"),
            "You have not said everything that matters here. What else would you weigh?",
            id="bank-has-one-only",
        ),
    ],
)
def test_probes_are_at_most_two_and_only_while_a_point_is_open(question, attempt, probe):
    assert session.probe(question, attempt) == probe


def test_a_question_skipped_has_no_score_and_the_next_one_comes():
    interview = session.move_on(session.begin([ONE, TWO]))
    assert interview == Interview(
        ("1.1-one", "2.1-two"), "practice", (Attempt("1.1-one"),), Attempt("2.1-two")
    )
    assert interview.attempts[0].skipped
    assert interview.attempts[0].score is None
    assert interview.number == 2


def test_after_the_last_question_it_is_over():
    over = session.move_on(session.move_on(session.begin([ONE, TWO])))
    assert (over.over, over.current, over.number) == (True, None, 2)
    for step in (
        session.hint,
        session.move_on,
        session.said,
        lambda interview: session.answer(interview, "words", OPEN),
    ):
        with pytest.raises(ValueError, match="the interview is over; begin another"):
            step(over)


def test_the_mode_stays_through_an_exam():
    interview = session.begin([ONE, TWO], "exam")
    for question in (ONE, TWO):
        assert interview.mode == "exam"
        interview = session.move_on(session.answer(interview, f"about {question.id}", FULL))
    assert (interview.mode, interview.over, len(interview.attempts)) == ("exam", True, 2)


def test_the_summary_counts_what_was_graded_skipped_and_missed():
    third = Question("1.1-three", "1.1", "Three?", (LIGHT,))
    fourth = Question("2.1-four", "2.1", "Four?", (OTHER,))
    fifth = Question("2.1-five", "2.1", "Five?", (OTHER,))
    interview = session.begin([ONE, TWO, third, fourth, fifth])
    interview = session.move_on(session.answer(session.hint(interview), "a", OPEN))  # 25 less 10
    interview = session.move_on(
        session.answer(interview, "b", Grade(0, (Verdict(OTHER, "contradicted", "b"),)))
    )
    interview = session.move_on(session.answer(interview, "c", Grade(100, (Verdict(LIGHT, "covered", "c"),))))
    interview = session.move_on(interview)
    interview = session.move_on(session.answer(interview, "?", Grade(None, (Verdict(OTHER, "missed"),))))
    assert session.summarise(interview) == Summary(
        score=38,  # the mean of 15, 0 and 100
        graded=3,
        skipped=1,
        by_section={"1.1": 58, "2.1": 0},
        to_read=("1.2", "2.1"),
        strong=(LIGHT, LIGHT),
        missed=(HEAVY, OTHER),
    )


def test_sections_to_read_go_by_the_weight_missed_in_them_altogether():
    weights = (("2.1", 1), ("1.1", 2), ("1.2", 3), ("1.1", 2), ("2.1", 1))
    grade = Grade(0, tuple(Verdict(KeyPoint("a", section, w), "missed") for section, w in weights))
    interview = session.move_on(session.answer(session.begin([ONE]), "a", grade))
    assert session.summarise(interview).to_read == ("1.1", "1.2", "2.1")


def test_a_summary_of_skipped_questions_has_no_score():
    interview = session.move_on(session.move_on(session.begin([ONE, TWO])))
    assert session.summarise(interview) == Summary(None, 0, 2, {}, ())
