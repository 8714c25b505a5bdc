"""The question on the table: asked, being answered, being graded, and with its feedback."""

import streamlit as st

from errors import MentorError
from interview import probes, session
from interview.bank import Question
from interview.session import Attempt, Interview
from ui import feedback, render, resources, sitting
from ui.gradings import Grading

GRACE = 5.0
"""Seconds past the end of the clock in which the browser's own call may still arrive."""


def draw(interview: Interview, question: Question) -> None:
    """Draw the question in whichever state it is."""
    current = interview.current
    if current is None:
        return
    under_way = sitting.grading()
    clock = head(interview, question, under_way is not None)
    if under_way:
        wait(interview, question, current, under_way)
    elif not current.feedback:
        answer(interview, question, current, clock)
    elif interview.mode == "exam":
        sitting.exam_goes_on(question)
        st.rerun()
    else:
        after_answer(interview, question, current)


def head(interview: Interview, question: Question, busy: bool) -> "st.delta_generator.DeltaGenerator":
    """Draw where in the interview this is, and the question; returns the place of the clock."""
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.caption(
        f"Question {interview.number} of {len(interview.questions)} · {question.kind} · {question.level}"
    )
    clock = row.container(width=70)
    if not busy:
        row.button("End interview", key="end", type="tertiary", on_click=sitting.end)
    with st.container(key="asked"):
        st.subheader(question.question, anchor=False)
    return clock


def wait(interview: Interview, question: Question, current: Attempt, under_way: Grading) -> None:
    """Draw the answer that is being graded, and go on when it is."""
    what_is_asked(interview, question, current)
    with st.container(border=True, key="submitted"):
        st.text(under_way.text)
    try:
        with st.spinner("Reading your answer …", show_time=True):
            sitting.take_over(under_way)
    except MentorError as error:
        sitting.state().notice = str(error)
    except Exception:
        sitting.state().notice = resources.apology()
    st.rerun()


def answer(
    interview: Interview,
    question: Question,
    current: Attempt,
    clock: "st.delta_generator.DeltaGenerator",
) -> None:
    """Draw the box for an answer, and what can be done instead."""
    left = session.seconds_left(interview, question, resources.now())
    turn = sitting.turn()
    if left is not None and left < -GRACE:
        sitting.time_out(question, st.session_state.get(turn) or current.draft)
        st.rerun()
    what_is_asked(interview, question, current)
    with st.container(key="answer-box"):
        # Set only once: the box is its own master while it is on the page.
        st.session_state.setdefault(turn, current.draft)
        st.text_area(
            "Your answer",
            key=turn,
            height=220,
            placeholder="Say it in your own words.",
            on_change=sitting.catch_up,
        )
    remembered = sitting.state()
    if remembered.notice:
        st.warning(render.escaped(remembered.notice))
        remembered.notice = ""
    # Never disabled: the box hands over its text when it is left, which the press of the button does.
    st.button("Submit", key="submit", type="primary", on_click=sitting.submit, args=(question,))
    with clock:
        listen(question, turn, left)
    quiet_actions(question, current)


def what_is_asked(interview: Interview, question: Question, current: Attempt) -> None:
    """Draw the probe, or the stage of a design problem, that the box is for."""
    if current.probing:
        st.markdown(f"**Follow-up.** {render.escaped(current.probes[-1].text)}")
        return
    step = session.stage(question, current)
    if step is None:
        return
    place = f"stage {len(current.answers) + 1} of {len(question.stages)}"
    st.markdown(f"**{step.name.capitalize()}** ({place}). {step.ask}")
    early = session.of_stage(current.grade.verdicts, step) if current.grade else ()
    covered = sum(verdict.verdict == "covered" for verdict in early)
    if covered and interview.mode == "practice":
        st.caption(f"{covered} of the {len(early)} points of this stage were said early and count already.")


@st.fragment
def listen(question: Question, turn: str, left: float | None) -> None:
    """Keep what is typed as it is typed, and submit it when the time is up."""
    typed, out = render.keeper(".st-key-answer-box", turn, left)
    if turn != sitting.turn():
        return
    if out is not None:
        sitting.time_out(question, out)
        st.rerun()
    sitting.typed(typed)
    if sitting.state().interview is None:
        st.rerun()


def quiet_actions(question: Question, current: Attempt) -> None:
    """Draw hint, skip and pause, and the hints already given."""
    step = session.stage(question, current)
    if current.grade is None:
        points = [p for p in question.key_points if step is None or p.stage == step.name]
    else:
        points = [
            v.key_point for v in session.of_stage(current.grade.verdicts, step) if v.verdict != "covered"
        ]
    if current.probing:
        points = [p for p in points if p.text == current.probes[-1].point]
    points = sorted(points, key=lambda point: -point.weight)
    with st.container(horizontal=True, gap="medium"):
        if points and current.hints < session.MOST_HINTS:
            label = "Another hint" if current.hinted else "Hint"
            cost = f"{label} (costs {session.HINT_COST} points)"
            st.button(cost, key="hint", type="tertiary", on_click=sitting.take_hint)
        leave_it = "Leave it there" if current.probing else "Skip"
        st.button(leave_it, key="skip", type="tertiary", on_click=sitting.pass_over, args=(question,))
        st.button("Pause", key="pause", type="tertiary", on_click=sitting.pause)
    for level in range(1, current.hinted + 1 if points else 0):
        words = probes.hint(question, points, level, resources.title_of(points[0].section))
        st.markdown(f"**Hint.** {words}")


def after_answer(interview: Interview, question: Question, current: Attempt) -> None:
    """Draw the feedback and the ways on."""
    feedback.draw(question, current, session.stage_answered(question, current))
    # The first answer only: a later one is graded with those before it.
    ungraded = current.score is None and len(current.answers) == 1
    if session.stage(question, current) and not ungraded:
        st.button("Next stage", key="stage", type="primary", on_click=sitting.next_stage)
        return
    probe = probes.next_probe(question, current, resources.retriever().encode, resources.title_of)
    if probe:
        st.markdown(f"**Follow-up.** {render.escaped(probe.text)}")
    with st.container(horizontal=True):
        if ungraded:
            st.button("Write it again", key="again", type="primary", on_click=sitting.write_again)
        if probe:
            st.button(
                "Answer the probe", key="probe", type="primary", on_click=sitting.ask_probe, args=(probe,)
            )
        last = interview.number == len(interview.questions)
        st.button(
            "Finish" if last else "Next question",
            key="next",
            type="secondary" if probe or ungraded else "primary",
            on_click=sitting.next_question,
        )
