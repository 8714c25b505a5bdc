"""The Ask page: a conversation with the handbook."""

from contextlib import closing
from dataclasses import dataclass, field, replace

import streamlit as st

from chat.citations import Answer, Citation
from chat.extractive import Turn, Where
from errors import MentorError
from ingest.chunks import CLOUDS
from ui import render, resources

FIRST_QUESTIONS = (
    "What is a Delta table on disk?",
    "Should I Z-order or use liquid clustering on a 3 TB table?",
    "Two MERGE jobs fail with ConcurrentAppendException. Why?",
    "How far back can time travel go by default?",
    "Does mergeSchema change column types?",
    "Lakehouse or a Hadoop cluster: what changes?",
)
ABOUT_A_SECTION = ("What is", "What are the trade-offs of", "What do people get wrong about", "How do I use")
SHOWN = 400
"""Characters of a question that could not be searched and is shown all the same."""


@dataclass
class AskState:
    """What the page remembers."""

    conversation: str = ""
    answers: list[Answer] = field(default_factory=list)
    opened: tuple[int, int] | None = None
    """Which citation of which answer fills the source panel."""
    growing: Answer | None = None
    """The answer that is being written."""


state: AskState = st.session_state.setdefault("ask", AskState())


def page() -> None:
    """Draw the page."""
    if not resources.preparation().wait(seconds=3):
        render.title()
        resources.draw_preparation()
        return
    take_up()
    restore()
    sidebar()
    asked = st.chat_input("Ask about Databricks architecture", key="question")
    conversation, panel = st.columns([3, 2], gap="large") if state.opened else (st.container(), None)
    with conversation:
        if not state.answers and not asked:
            render.title()
            st.markdown("Ask the handbook: every sentence of the answer names the section that says it.")
            asked = render.questions(suggestions(), "first")
        draw_conversation()
        if asked:
            ask(asked)
            st.rerun()
    if panel and state.opened:
        position, number = state.opened
        with panel:
            draw_source(state.answers[position].citations[number - 1])


def suggestions() -> tuple[str, ...]:
    """What to ask first: about the section that the address names, or anything."""
    title = resources.title_of(st.query_params.get("about", ""))
    if not title:
        return FIRST_QUESTIONS
    return tuple(f"{opening} {title}?" for opening in ABOUT_A_SECTION)


def restore() -> None:
    """Take up the conversation that the address names, after a reload or from the list."""
    wanted = st.query_params.get("conversation", "")
    if wanted == state.conversation:
        return
    # Another page was shown in between, and its address names no conversation.
    if not wanted and "question" not in st.session_state:
        go_to(state.conversation)
        return
    state.conversation, state.answers, state.opened = wanted, [], None
    if not wanted:
        return
    try:
        state.answers = resources.history().answers(wanted)
    except MentorError as error:
        st.error(str(error))
        return
    if not state.answers:
        st.warning("There is no conversation at this address. A new one begins.")
        state.conversation = ""
        go_to("")


def sidebar() -> None:
    """Draw the conversations and the chapter filter; neither is worth losing the page for."""
    with st.sidebar:
        st.button("New conversation", key="new", width="stretch", on_click=go_to, args=("",))
        for draw in (draw_conversations, draw_filter):
            try:
                draw()
            except MentorError as error:
                st.caption(render.escaped(str(error)))


def draw_conversations() -> None:
    """Draw the conversations that were added to last."""
    for conversation in resources.history().recent():
        st.button(
            render.escaped(conversation.title),
            key=f"conversation {conversation.id}",
            type="secondary" if conversation.id == state.conversation else "tertiary",
            on_click=go_to,
            args=(conversation.id,),
        )


def draw_filter() -> None:
    """Draw the choice of chapters to search in, and of the reader's cloud."""
    chapters = {document.front["chapter"]: document.front["title"] for document in resources.handbook()}
    st.multiselect(
        "Search in",
        list(chapters),
        format_func=lambda number: f"{number}. {chapters[number]}",
        key="chapters",
        placeholder="All chapters",
    )
    st.segmented_control("Your cloud", list(CLOUDS), key="cloud", help="Answers prefer what holds for it.")


def go_to(conversation: str) -> None:
    """Open a conversation; the empty one is new."""
    st.query_params.from_dict({"conversation": conversation} if conversation else {})


def ask(question: str) -> None:
    """Answer, and keep the answer; a question that cannot be searched is kept with the reason."""
    with st.chat_message("user", avatar=render.PERSON):
        st.text(question[:SHOWN])
    turns = [Turn(answer.question, answer.searched_for) for answer in state.answers if answer.searched_for]
    try:
        with st.spinner("Reading the handbook …"):
            answer = grow(question, turns)
    except MentorError as error:
        answer = Answer(question[:SHOWN], "", note=str(error), mode="small-talk")
    except Exception:
        answer = Answer(question[:SHOWN], "", note=resources.apology(), mode="small-talk")
    keep(answer)


def grow(question: str, turns: list[Turn]) -> Answer:
    """Draw the answer as it grows, with a button that stops it; returns the last of it."""
    answer = Answer(question, "")
    with (
        st.chat_message("assistant", avatar=render.MENTOR),
        closing(resources.answerer().stream(question, turns, where())) as stream,
    ):
        place, stop = st.empty(), st.empty()
        for answer in stream:
            if answer.mode == "model" and state.growing is None:
                # Any click ends this script; what is to be done with the answer, `take_up` does.
                stop.button("Stop", key="stop", icon=":material/stop_circle:")
            state.growing = answer
            place.markdown(render.growing(answer))
    return answer


def take_up() -> None:
    """Keep what is checked of an answer that a click cut short: on Stop, or on anything else."""
    if not state.growing:
        return
    answer = state.growing
    end = "stopped before the end" if answer.statements else "Stopped before a sentence was written."
    keep(replace(answer, note=f"{answer.note}; {end}" if answer.statements else end))


def keep(answer: Answer) -> None:
    """Add an answer to the conversation, and go to it unless the reader has gone elsewhere."""
    state.answers.append(answer)
    state.opened = state.growing = None
    stayed = st.query_params.get("conversation", "") == state.conversation
    try:
        state.conversation = resources.history().add(state.conversation, answer)
    except MentorError as error:
        st.toast(f"The conversation is on this page only: {error}")
        return
    if stayed:
        go_to(state.conversation)


def where() -> Where:
    """Where to look, as chosen in the sidebar."""
    chapters, cloud = st.session_state.get("chapters") or (), st.session_state.get("cloud") or ""
    return Where(tuple(chapters), CLOUDS.get(cloud, ""))


def draw_conversation() -> None:
    """Draw the questions and answers so far, and note a click on a citation."""
    for position, answer in enumerate(state.answers):
        with st.chat_message("user", avatar=render.PERSON):
            st.text(answer.question)
        with st.chat_message("assistant", avatar=render.MENTOR):
            here = state.opened[1] if state.opened and state.opened[0] == position else None
            clicked = render.answer(answer, f"answer {state.conversation} {position}", here)
            if clicked and state.opened != (position, clicked):
                state.opened = (position, clicked)
                st.rerun()


def draw_source(citation: Citation) -> None:
    """Draw the section behind a citation; the handbook may have changed since it was quoted."""
    try:
        section = resources.sections().get(citation.section)
    except MentorError as error:
        st.error(render.escaped(str(error)))
        return
    if section is None:
        st.warning(f"Section {citation.section} is no longer in the handbook.")
        return
    render.source(section, citation)
    st.button("Close", key="close", on_click=close)


def close() -> None:
    """Close the source panel."""
    state.opened = None


page()
