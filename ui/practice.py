"""The Mock interview page: set-up, questions, feedback, summary."""

import random
from dataclasses import dataclass

import streamlit as st

from errors import MentorError
from interview import session
from interview.bank import Question, choose
from interview.session import Interview
from ui import feedback, render, resources

LENGTHS = (3, 5, 10)


@dataclass
class PracticeState:
    """What the page remembers."""

    id: str = ""
    interview: Interview | None = None
    probing: bool = False
    """Whether the answer box is for the probe rather than the question."""


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
        set_up(bank)
    elif interview.over:
        feedback.report(interview, bank)
        st.button("Another interview", key="another", type="primary", on_click=leave)
    elif interview.current and interview.current.question not in bank:
        st.info("This question is no longer in the bank. Your interview goes on with the next one.")
        st.button("Next question", key="next", type="primary", on_click=go_on)
    else:
        on_the_table(interview, bank)


def restore() -> None:
    """Take up the interview that the address names."""
    wanted = st.query_params.get("interview", "")
    if not wanted and state.id and "section" not in st.query_params:
        # Another page was shown in between, and its address names no interview.
        st.query_params.from_dict({"interview": state.id})
    elif wanted != state.id:
        state.id, state.probing = wanted, False
        state.interview = resources.progress().load(wanted) if wanted else None


def keep(interview: Interview) -> None:
    """Remember an interview, here and in the database."""
    before, state.interview = state.interview, interview
    try:
        state.id = resources.progress().save(state.id, interview, before)
        st.query_params.from_dict({"interview": state.id})
    except MentorError as error:
        st.toast(f"The interview is on this page only: {error}")


def set_up(bank: dict[str, Question]) -> None:
    """Draw the choice of chapters and length."""
    st.title("Mock interview", anchor=False)
    st.markdown(
        "Answer as you would aloud. Each point of a good answer is checked by itself, with its section."
    )
    titles = {document.front["chapter"]: document.front["title"] for document in resources.handbook()}
    asked_section = st.query_params.get("section", "")
    about = [question for question in bank.values() if question.section == asked_section]
    if about:
        st.caption(f"Questions about section {asked_section}")
        chapters: list[int] = []
    else:
        about = list(bank.values())
        chapters = st.multiselect(
            "Chapters",
            list(titles),
            format_func=lambda number: f"{number}. {titles[number]}",
            placeholder="All chapters",
            key="practice chapters",
        )
    length = st.segmented_control("Questions", LENGTHS, default=LENGTHS[0], key="length") or LENGTHS[0]
    exam = st.toggle("Exam: feedback only at the end", key="exam")
    if st.button("Start", key="start", type="primary"):
        drawn = choose(about, chapters, length, random.randrange(2**32))  # noqa: S311
        keep(session.begin(drawn, "exam" if exam else "practice"))
        st.rerun()


def on_the_table(interview: Interview, bank: dict[str, Question]) -> None:
    """Draw the question on the table, or the feedback on its answer."""
    current = interview.current
    if current is None:
        return
    question = bank[current.question]
    st.caption(
        f"Question {interview.number} of {len(interview.questions)} · {question.kind} · {question.level}"
    )
    st.subheader(question.question, anchor=False)
    if current.answers and not state.probing:
        feedback.draw(question, current, session.said(interview))
        probe = session.probe(question, current)
        if probe and st.button("Answer a follow-up", key="probe", type="primary"):
            state.probing = True
            st.rerun()
        last = interview.number == len(interview.questions)
        st.button("Finish" if last else "Next question", key="next", on_click=go_on)
        return
    if state.probing:
        st.markdown(f"**Follow-up.** {render.escaped(session.probe(question, current))}")
    box = f"answer {state.id} {interview.number} {len(current.answers)}"
    text = st.text_area("Your answer", key=box, height=220, placeholder="Say it in your own words.")
    submit, hint, skip = st.columns([2, 1, 1])
    # Never disabled: the box hands over its text when it is left, which the press of the button does.
    if submit.button("Submit", key="submit", type="primary"):
        give(interview, question, text)
    if current.hints:
        hinted = sorted(question.key_points, key=lambda point: -point.weight)[: current.hints]
        for point in hinted:
            st.info(f"Think about what section {point.section} says: {resources.title_of(point.section)}.")
    elif hint.button(f"Hint (costs {session.HINT_COST} points)", key="hint"):
        keep(session.hint(interview))
        st.rerun()
    skip.button("Skip", key="skip", on_click=go_on)


def give(interview: Interview, question: Question, text: str) -> None:
    """Grade what has been said so far and note it."""
    if not text.strip():
        st.warning("There is nothing to grade yet. Write an answer, or skip the question.")
        return
    try:
        with st.spinner("Reading your answer …"):
            grade = resources.grader().grade(question, session.said(interview, text))
    except MentorError as error:
        st.error(str(error))
        return
    after = session.answer(interview, text, grade)
    state.probing = False
    keep(session.move_on(after) if interview.mode == "exam" else after)
    st.rerun()


def go_on() -> None:
    """Take the next question."""
    state.probing = False
    if state.interview:
        keep(session.move_on(state.interview))


def leave() -> None:
    """Go back to the set-up; the interview stays at its address."""
    state.id, state.interview, state.probing = "", None, False
    st.query_params.clear()


page()
