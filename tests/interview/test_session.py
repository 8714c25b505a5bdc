from copy import deepcopy
from dataclasses import FrozenInstanceError, replace

import pytest

from interview import session
from interview.bank import KeyPoint, Question, Stage
from interview.grading import Grade, Verdict
from interview.session import Attempt, Interview, Probe

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


def probed(*points: KeyPoint, grade: Grade = OPEN) -> Attempt:
    return replace(answered("a", grade=grade), probes=tuple(Probe("?", point.text) for point in points))


CONTRADICTED = Grade(
    0,
    (
        Verdict(OTHER, "missed"),
        Verdict(LIGHT, "missed"),
        Verdict(KeyPoint("as heavy", "1.2", 2), "contradicted", "no"),
    ),
)


@pytest.mark.parametrize(
    ("attempt", "point"),
    [
        pytest.param(Attempt(ONE.id), None, id="no-answer-yet"),
        pytest.param(answered("a"), "heavy", id="heaviest-open"),
        pytest.param(answered("a", grade=FULL), None, id="all-covered"),
        pytest.param(answered("a", grade=UNGRADED), None, id="not-graded"),
        pytest.param(answered("a", grade=CONTRADICTED), "as heavy", id="contradicted-before-missed"),
        pytest.param(probed(HEAVY), None, id="no-point-twice"),
        pytest.param(probed(OTHER, grade=CONTRADICTED), "as heavy", id="second"),
        pytest.param(probed(OTHER, HEAVY, grade=CONTRADICTED), None, id="no-third"),
    ],
)
def test_probes_are_at_most_two_and_each_is_after_the_heaviest_point_open(attempt, point):
    aimed = session.target(attempt)
    assert (aimed.key_point.text if aimed else None) == point


def test_a_probe_is_answered_with_what_was_said_before():
    interview = session.answer(session.begin([ONE, TWO]), "first", OPEN)
    assert interview.current.feedback
    asked = session.follow_up(interview, Probe("Which?", "heavy"))
    assert (asked.current.feedback, asked.current.probing) == (False, True)
    assert session.said(asked, "second") == "first\nsecond"
    done = session.answer(asked, "second", FULL)
    assert done.current == Attempt(ONE.id, ("first", "second"), FULL, probes=(Probe("Which?", "heavy"),))
    assert done.current.feedback


@pytest.mark.parametrize("mode", ["practice", "exam"])
def test_leaving_a_probe_keeps_the_answer(mode):
    interview = session.answer(session.begin([ONE, TWO], mode), "first", OPEN)
    left = session.skip(session.follow_up(interview, Probe("Which?", "heavy")), ONE)
    attempt = left.current if mode == "practice" else left.attempts[0]
    assert (attempt.score, attempt.skipped, attempt.feedback) == (25, False, True)
    assert left.number == (1 if mode == "practice" else 2)


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


STAGES = tuple(
    Stage(name, f"About {name}?")
    for name in ("clarify", "high-level design", "deep dive", "failure and cost")
)
POINTS = tuple(KeyPoint(f"{step.name} {at}", "15.1", 1, stage=step.name) for step in STAGES for at in (1, 2))
DESIGN = Question("15.1-design", "15.1", "Design it.", POINTS, kind="design", stages=STAGES)


def graded(*covered: str) -> Grade:
    """A grade of the design in which the stages named are covered."""
    verdicts = tuple(Verdict(p, "covered" if p.stage in covered else "missed") for p in POINTS)
    return Grade(round(100 * sum(v.verdict == "covered" for v in verdicts) / len(verdicts)), verdicts)


def test_a_design_unfolds_in_its_stages():
    interview = session.begin([DESIGN, TWO])
    asked = []
    for at, step in enumerate(STAGES):
        current = interview.current
        asked.append(session.stage(DESIGN, current))
        interview = session.answer(interview, f"answer {at}", graded("clarify"), STAGES)
        if at < 3:
            assert session.stage_answered(DESIGN, interview.current) == step
            assert interview.current.feedback
            interview = session.go_on(interview)
            assert not interview.current.feedback
    assert tuple(asked) == STAGES
    assert session.stage(DESIGN, interview.current) is None
    assert session.stage_answered(DESIGN, interview.current) is None
    assert session.said(interview) == "answer 0\nanswer 1\nanswer 2\nanswer 3"
    assert interview.current.feedback
    assert session.of_stage(interview.current.grade.verdicts, STAGES[0]) == graded("clarify").verdicts[:2]
    assert session.of_stage(interview.current.grade.verdicts, None) == graded("clarify").verdicts


def test_a_stage_whose_points_were_all_said_early_is_not_asked():
    interview = session.answer(
        session.begin([DESIGN]), "much", graded("clarify", "high-level design"), STAGES
    )
    assert interview.current.answers == ("much", "")
    assert session.stage(DESIGN, interview.current) == STAGES[2]
    assert session.stage_answered(DESIGN, interview.current) == STAGES[0]
    everything = session.answer(session.begin([DESIGN]), "all", graded(*(s.name for s in STAGES)), STAGES)
    assert session.stage(DESIGN, everything.current) is None


def test_skipping_a_stage_brings_the_next_and_skipping_all_skips_the_question():
    interview = session.begin([DESIGN, TWO])
    for step in STAGES:
        assert session.stage(DESIGN, interview.current) == step
        interview = session.skip(interview, DESIGN)
    assert interview.attempts[0].skipped
    assert interview.current == Attempt(TWO.id)


def test_skipping_the_last_stage_shows_what_the_others_came_to():
    interview = session.answer(session.begin([DESIGN]), "one", graded("clarify"), STAGES)
    for _ in STAGES[1:]:
        interview = (
            session.skip(session.go_on(interview), DESIGN)
            if interview.current.feedback
            else session.skip(interview, DESIGN)
        )
    assert interview.current.feedback
    assert interview.current.score == 25


def test_a_design_whose_stages_left_the_bank_goes_on():
    interview = session.go_on(session.answer(session.begin([DESIGN, TWO]), "one", graded("clarify"), STAGES))
    changed = replace(DESIGN, stages=())
    assert session.stage(changed, interview.current) is None
    done = session.answer(interview, "two", graded("clarify"))
    assert done.current.answers == ("one", "two")
    assert session.move_on(done).current == Attempt(TWO.id)


@pytest.mark.parametrize(
    ("question", "minutes"),
    [(ONE, 3), (replace(ONE, kind="scenario"), 6), (replace(ONE, kind="design"), 10), (DESIGN, 40)],
    ids=["concept", "scenario", "design", "in-stages"],
)
def test_the_clock_gives_minutes_by_kind(question, minutes):
    assert session.minutes(question) == minutes


def test_without_a_clock_no_time_runs():
    begun = session.begin([ONE], now=100.0)
    assert begun.since is None
    assert session.seconds_left(begun, ONE, 10_000.0) is None


def test_the_clock_runs_while_an_answer_is_written_and_stands_meanwhile():
    begun = session.begin([ONE, TWO], clock=True, now=100.0)
    assert [session.seconds_left(begun, ONE, now) for now in (100.0, 160.0, 290.0)] == [180.0, 120.0, -10.0]
    read = session.answer(begun, "a", OPEN)
    assert session.seconds_left(read, ONE, 150.0) is None
    asked = session.follow_up(read, Probe("Which?", "heavy"), now=500.0)
    assert session.seconds_left(asked, ONE, 530.0) == 60.0 * session.PROBE_MINUTES - 30
    following = session.move_on(session.answer(asked, "b", OPEN), now=900.0)
    assert session.seconds_left(following, TWO, 901.0) == 179.0


def test_a_pause_stops_the_clock_and_keeps_what_was_typed():
    typed = session.type_in(session.begin([ONE], clock=True, now=100.0), "half an ans")
    paused = session.pause(typed, now=130.0)
    assert (paused.paused, paused.current.draft) == (True, "half an ans")
    assert session.seconds_left(paused, ONE, 9_999.0) == 150.0
    again = session.resume(paused, now=10_000.0)
    assert (again.paused, again.current.draft) == (False, "half an ans")
    assert session.seconds_left(again, ONE, 10_010.0) == 140.0


def test_a_draft_is_of_one_answer_only():
    typed = session.type_in(session.begin([ONE, TWO]), "half")
    assert session.answer(typed, "whole", OPEN).current.draft == ""
    assert session.skip(typed, ONE).current.draft == ""


def test_hints_are_counted_for_the_question_and_shown_for_one_answer():
    interview = session.go_on(session.answer(session.hint(session.begin([DESIGN])), "a", graded(), STAGES))
    assert (interview.current.hints, interview.current.hinted) == (1, 0)
    assert (session.hint(interview).current.hints, session.hint(interview).current.hinted) == (2, 1)


@pytest.mark.parametrize(
    ("interview", "kept"),
    [
        pytest.param(session.begin([ONE, TWO]), (), id="nothing-said"),
        pytest.param(session.type_in(session.begin([ONE]), "half"), ("half",), id="typed"),
        pytest.param(session.answer(session.begin([ONE]), "a", OPEN), ("",), id="answered"),
        pytest.param(
            session.follow_up(session.answer(session.begin([ONE]), "a", OPEN), Probe("?", "heavy")),
            ("",),
            id="probed",
        ),
    ],
)
def test_an_interview_ended_early_keeps_what_was_said(interview, kept):
    ended = session.end(interview)
    assert ended.over
    assert tuple(attempt.draft for attempt in ended.attempts) == kept
    assert not any(attempt.writing for attempt in ended.attempts)
