"""The Ask page: a conversation with the handbook."""

from dataclasses import dataclass, field

import streamlit as st

from chat.citations import Answer
from chat.extractive import Turn
from errors import MentorError
from ui import render, resources

FIRST_QUESTIONS = (
    "What is a Delta table on disk?",
    "Should I Z-order or use liquid clustering on a 3 TB table?",
    "Two MERGE jobs fail with ConcurrentAppendException. Why?",
    "How far back can time travel go by default?",
    "Does mergeSchema change column types?",
    "When does OPTIMIZE free storage?",
)


@dataclass
class AskState:
    """What the page remembers."""

    answers: list[Answer] = field(default_factory=list)
    opened: tuple[int, int] | None = None
    """Which citation of which answer fills the source panel."""


state: AskState = st.session_state.setdefault("ask", AskState())


def ask(question: str) -> None:
    """Answer, and keep the answer; a question that cannot be searched says so and is kept too."""
    turns = [Turn(answer.question, answer.searched_for) for answer in state.answers if answer.searched_for]
    with st.chat_message("user"):
        st.text(question[:400])
    try:
        with st.spinner("Reading the handbook …"):
            *_, answer = resources.answerer().stream(
                question, turns[-1:], st.session_state.get("chapters") or ()
            )
    except MentorError as error:
        answer = Answer(question[:400], "", note=str(error), mode="small-talk")
    except Exception:
        answer = Answer(question[:400], "", note=resources.apology(), mode="small-talk")
    state.answers.append(answer)
    state.opened = None


@st.fragment(run_every=0.5)
def wait() -> None:
    """The progress of the first index, until it is there."""
    preparation = resources.preparation()
    if preparation.ready or preparation.fault:
        st.rerun()
    progress = preparation.progress
    st.progress(min(1.0, progress.done / max(1, progress.total)), text=progress.stage)
    st.caption("This happens once. The Handbook page is readable already.")


def page() -> None:
    """Draw the page."""
    preparation = resources.preparation()
    if not preparation.wait(seconds=3):
        st.title("Lakehouse Mentor", anchor=False)
        if preparation.fault:
            st.error(preparation.fault)
            st.button("Try again", key="again", on_click=preparation.start)
        else:
            wait()
        return
    with st.sidebar:
        chapters = {document.front["chapter"]: document.title for document in resources.handbook()}
        st.multiselect(
            "Search in",
            list(chapters),
            format_func=chapters.__getitem__,
            key="chapters",
            placeholder="All chapters",
        )
        if state.answers and st.button("New conversation", key="new", width="stretch"):
            state.answers, state.opened = [], None
            st.rerun()
    question = st.chat_input("Ask about Databricks architecture", key="question")
    conversation, panel = st.columns([3, 2], gap="large") if state.opened else (st.container(), None)
    with conversation:
        if not state.answers and not question:
            st.title("Lakehouse Mentor", anchor=False)
            st.markdown("Ask the handbook: every sentence of the answer names the section that says it.")
            question = render.questions(FIRST_QUESTIONS, "first")
        draw_conversation()
        if question:
            ask(question)
            st.rerun()
    if panel and state.opened:
        position, number = state.opened
        citation = state.answers[position].citations[number - 1]
        with panel:
            render.source(resources.sections()[citation.section], citation)


def draw_conversation() -> None:
    """Draw the questions and answers so far, and note a click on a citation."""
    for position, answer in enumerate(state.answers):
        with st.chat_message("user"):
            st.text(answer.question)
        with st.chat_message("assistant"):
            here = state.opened[1] if state.opened and state.opened[0] == position else None
            clicked = render.answer(answer, f"answer {position}", here)
            if clicked and state.opened != (position, clicked):
                state.opened = (position, clicked)
                st.rerun()


page()
