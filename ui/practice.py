"""The Mock interview page: set-up, one question at a time, feedback, report."""

from dataclasses import dataclass

import streamlit as st

from errors import MentorError
from interview import probes, session
from interview.bank import Question
from interview.session import Interview
from ui import feedback, render, report, resources, set_up

GRACE = 5.0
"""Seconds past the end of the clock in which the browser's own call may still arrive."""


@dataclass
class PracticeState:
    """What the page remembers."""

    id: str = ""
    interview: Interview | None = None
    fault: str = ""
    """Why the address has no interview to show."""


state: PracticeState = st.session_state.setdefault("practice", PracticeState())


def page() -> None:
    """Draw the page."""
    if not resources.preparation().wait(seconds=3):
        resources.draw_preparation()
        return
    try:
        bank = resources.bank()
        restore()
        draw(bank)
    except MentorError as error:
        st.error(str(error))


def draw(bank: dict[str, Question]) -> None:
    """Draw the set-up, the question on the table, or the report."""
    interview = state.interview
    if interview is None:
        if state.fault:
            st.warning(state.fault)
        begun = set_up.draw(bank)
        if begun:
            keep(begun)
            st.rerun()
    elif interview.current is None:
        report.draw(interview, bank)
        st.button("Another interview", key="another", type="primary", on_click=leave)
    elif interview.paused:
        paused(interview)
    elif interview.current.question not in bank:
        st.info("This question is no longer in the bank. Your interview goes on with the next one.")
        st.button("Next question", key="next", type="primary", on_click=next_question)
    else:
        on_the_table(interview, bank[interview.current.question])


def restore() -> None:
    """Take up the interview that the address names."""
    wanted = st.query_params.get("interview", "")
    if not wanted and state.id and "section" not in st.query_params:
        # Another page was shown in between, and its address names no interview.
        st.query_params.from_dict({"interview": state.id})
    elif wanted != state.id:
        state.id, state.interview, state.fault = wanted, None, ""
        try:
            state.interview = resources.progress().load(wanted) if wanted else None
        except MentorError as error:
            state.fault = str(error)
        if wanted and not state.interview:
            state.fault = state.fault or (
                f"There is no interview at this address, {render.escaped(wanted[:40])}. It may have been "
                "begun on another computer, or the address was cut short. You can set up a new one here."
            )


def keep(interview: Interview) -> None:
    """Remember an interview, here and in the database."""
    before, state.interview = state.interview, interview
    if before is None:
        state.id, state.fault = "", ""
    try:
        state.id = resources.progress().save(state.id, interview, before)
        st.query_params.from_dict({"interview": state.id})
    except MentorError as error:
        st.toast(f"The interview is on this page only: {error}")


def on_the_table(interview: Interview, question: Question) -> None:
    """Draw the question on the table, or the feedback on its answer."""
    current = interview.current
    if current is None:
        return
    head = st.container(horizontal=True, vertical_alignment="center")
    head.caption(
        f"Question {interview.number} of {len(interview.questions)} · {question.kind} · {question.level}"
    )
    clock = head.container(width=90)
    head.button("End interview", key="end", type="tertiary", on_click=end)
    st.subheader(question.question, anchor=False)
    if current.feedback:
        after_answer(interview, question)
        return
    left = session.seconds_left(interview, question, resources.now())
    turn = turn_of(interview)
    if left is not None and left < -GRACE:
        time_out(question, st.session_state.get(turn) or current.draft)
    what_is_asked(interview, question)
    with st.container(key="answer-box"):
        # Set only once: the box is its own master while it is on the page.
        st.session_state.setdefault(turn, current.draft)
        text = st.text_area(
            "Your answer",
            key=turn,
            height=220,
            placeholder="Say it in your own words.",
            on_change=catch_up,
        )
    # Never disabled: the box hands over its text when it is left, which the press of the button does.
    if st.button("Submit", key="submit", type="primary"):
        give(question, text)
    with clock:
        listen(question, turn, left)
    quiet_actions(interview, question)


def turn_of(interview: Interview) -> str:
    """The name of the answer being written; every answer has another."""
    current = interview.current
    given = (len(current.answers), len(current.probes)) if current else ()
    return f"answer {state.id} {interview.number} {given}"


def catch_up() -> None:
    """Note what the box holds, which a button's callback may find ahead of the draft."""
    interview = state.interview
    typed = st.session_state.get(turn_of(interview)) if interview and interview.current else None
    if interview and interview.current and typed is not None and typed != interview.current.draft:
        keep(session.type_in(interview, typed))


def what_is_asked(interview: Interview, question: Question) -> None:
    """Draw the probe, or the stage of a design problem, that the box is for."""
    current = interview.current
    if current is None:
        return
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
    interview = state.interview
    if out is not None:
        time_out(question, out)
    elif typed is not None and interview and interview.current and typed != interview.current.draft:
        keep(session.type_in(interview, typed))


def quiet_actions(interview: Interview, question: Question) -> None:
    """Draw hint, skip and pause, and the hints already given."""
    current = interview.current
    if current is None:
        return
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
            st.button(cost, key="hint", type="tertiary", on_click=take_hint)
        leave_it = "Leave it there" if current.probing else "Skip"
        st.button(leave_it, key="skip", type="tertiary", on_click=pass_over)
        st.button("Pause", key="pause", type="tertiary", on_click=pause_it)
    for level in range(1, current.hinted + 1 if points else 0):
        words = probes.hint(question, points, level, resources.title_of(points[0].section))
        st.markdown(f"**Hint.** {words}")


def after_answer(interview: Interview, question: Question) -> None:
    """Draw the feedback and the ways on."""
    current = interview.current
    if current is None:
        return
    feedback.draw(question, current, session.stage_answered(question, current))
    if session.stage(question, current):
        st.button("Next stage", key="stage", type="primary", on_click=next_stage)
        return
    probe = probes.next_probe(question, current, resources.retriever().encode, resources.title_of)
    if probe:
        st.markdown(f"**Follow-up.** {render.escaped(probe.text)}")
        st.button("Answer the probe", key="probe", type="primary", on_click=ask_probe, args=(probe,))
    last = interview.number == len(interview.questions)
    st.button(
        "Finish" if last else "Next question",
        key="next",
        type="secondary" if probe else "primary",
        on_click=next_question,
    )


def paused(interview: Interview) -> None:
    """Draw that the interview waits."""
    st.title("Paused", anchor=False)
    st.markdown(
        f"Question {interview.number} of {len(interview.questions)} waits, with what you have typed. "
        "You can close this page and come back to its address."
    )
    st.button("Resume", key="resume", type="primary", on_click=resume)
    st.button("End interview", key="end", type="tertiary", on_click=end)


def give(question: Question, text: str) -> None:
    """Grade what has been said so far and note it."""
    interview = state.interview
    if interview is None:
        return
    if not text.strip():
        st.warning("There is nothing to grade yet. Write an answer, or skip the question.")
        return
    try:
        with st.spinner("Reading your answer …"):
            grade = resources.grader().grade(question, session.said(interview, text))
            after = session.answer(interview, text, grade, question.stages)
            if interview.mode == "exam":
                after = exam_goes_on(after, question)
    except MentorError as error:
        st.error(str(error))
        return
    keep(after)
    st.rerun()


def exam_goes_on(interview: Interview, question: Question) -> Interview:
    """The next stage, a probe, or the next question, without a word on the answer."""
    current = interview.current
    if current and session.stage(question, current):
        return session.go_on(interview, resources.now())
    encode, title_of = resources.retriever().encode, resources.title_of
    probe = probes.next_probe(question, current, encode, title_of) if current else None
    if probe:
        return session.follow_up(interview, probe, resources.now())
    return session.move_on(interview, resources.now())


def time_out(question: Question, text: str) -> None:
    """Submit what is there when the clock has run out."""
    interview = state.interview
    if text.strip():
        st.toast("Time is up. What you had written was submitted.")
        give(question, text)
    elif interview and interview.current:
        st.toast("Time is up, and nothing was written.")
        keep(session.skip(interview, question, resources.now()))
        st.rerun()


def ask_probe(probe: session.Probe) -> None:
    """Open the box for a probe."""
    if state.interview:
        keep(session.follow_up(state.interview, probe, resources.now()))


def next_stage() -> None:
    """Open the box for the next stage."""
    if state.interview:
        keep(session.go_on(state.interview, resources.now()))


def next_question() -> None:
    """Take the next question."""
    if state.interview:
        keep(session.move_on(state.interview, resources.now()))


def pass_over() -> None:
    """Leave what is asked without an answer."""
    interview = state.interview
    if interview and interview.current:
        question = resources.bank()[interview.current.question]
        keep(session.skip(interview, question, resources.now()))


def take_hint() -> None:
    """Count a hint, which the page then draws."""
    if state.interview:
        keep(session.hint(state.interview))


def pause_it() -> None:
    """Put the question away and stop the clock."""
    catch_up()
    if state.interview:
        keep(session.pause(state.interview, resources.now()))


def resume() -> None:
    """Take the question up again."""
    if state.interview:
        keep(session.resume(state.interview, resources.now()))


def end() -> None:
    """Go to the report of what was answered."""
    catch_up()
    if state.interview:
        keep(session.end(state.interview))


def leave() -> None:
    """Go back to the set-up; the interview stays at its address."""
    state.id, state.interview, state.fault = "", None, ""
    st.query_params.clear()


page()
