"""The sidebar of the Ask page: the conversations, and where to search."""

import streamlit as st

from chat.history import TITLE_CHARACTERS, Conversation
from errors import MentorError
from ingest.chunks import CLOUDS
from ui import keepsake, render, resources
from ui.talk import Talk, open_conversation

LISTED = 12
"""Conversations listed at first, and how many more each time."""
RENAME, KEEP, DELETE = "Rename", "Save a copy", "Delete"


def draw(talk: Talk) -> None:
    """Draw the sidebar; no fault of it is worth losing the page for."""
    with st.sidebar:
        st.button(
            "New conversation",
            key="new",
            icon=":material/add:",
            width="stretch",
            on_click=open_conversation,
            args=(talk, ""),
        )
        for part in (conversations, where):
            try:
                part(talk)
            except MentorError as error:
                st.caption(render.escaped(str(error)))


def conversations(talk: Talk) -> None:
    """Draw the conversations that were added to last, or those that hold some words."""
    words = st.session_state.get("words", "")
    listed = st.session_state.get("listed", LISTED)
    found = resources.history().recent(listed + 1, words)
    if found or words:
        st.text_input(
            "Search conversations",
            type="search",
            key="words",
            placeholder="Search conversations",
            label_visibility="collapsed",
            live=True,
        )
    with st.container(key="conversations", gap=None):
        for conversation in found[:listed]:
            row(talk, conversation)
    if words and not found:
        st.caption("No conversation has these words.")
    if len(found) > listed:
        st.button("Show more", key="more", type="tertiary", on_click=show_more)


def show_more() -> None:
    """List more conversations."""
    st.session_state["listed"] = st.session_state.get("listed", LISTED) + LISTED


def row(talk: Talk, conversation: Conversation) -> None:
    """Draw a conversation with its menu."""
    is_open = conversation.id == talk.conversation
    name = f"{'open' if is_open else 'row'} {conversation.id}"
    with st.container(horizontal=True, wrap=False, gap=None, vertical_alignment="center", key=name):
        st.button(
            render.escaped(conversation.title),
            key=f"conversation {conversation.id}",
            type="tertiary",
            width="stretch",
            on_click=open_conversation,
            args=(talk, conversation.id),
        )
        chosen = st.menu_button(
            f"More: {render.escaped(conversation.title)}",
            [RENAME, KEEP, DELETE],
            key=f"menu {conversation.id}",
            type="tertiary",
            icon=":material/more_horiz:",
        )
    if chosen == RENAME:
        rename(conversation)
    elif chosen == KEEP:
        keepsake.offer(conversation)
    elif chosen == DELETE:
        delete(talk, conversation)


@st.dialog("Rename this conversation")
def rename(conversation: Conversation) -> None:
    """Ask for another title, and again if it is too long."""
    key = f"title {conversation.id}"
    with st.form("rename", border=False):
        # No `max_chars`: with it the browser drops a longer text that is pasted, and says nothing.
        title = st.text_input("Title", conversation.title, key=key)
        if st.form_submit_button(
            "Rename", type="primary", key="rename it", on_click=renamed, args=(conversation.id, key)
        ):
            if len(title) <= TITLE_CHARACTERS:
                st.rerun()
            st.error(f"A title has at most {TITLE_CHARACTERS} characters, and this one has {len(title)}.")


def renamed(conversation: str, key: str) -> None:
    """Give a conversation the title that was typed, unless it is too long."""
    title = st.session_state[key]
    if len(title) > TITLE_CHARACTERS:
        return
    try:
        resources.history().rename(conversation, title)
    except MentorError as error:
        st.toast(render.escaped(f"Not renamed: {error}"))


@st.dialog("Delete this conversation?")
def delete(talk: Talk, conversation: Conversation) -> None:
    """Ask whether it is meant: there is no way back."""
    st.markdown(f"“{render.escaped(conversation.title)}” and its answers are deleted for good.")
    with st.container(horizontal=True):
        meant = st.button(
            "Delete", key="delete it", type="primary", on_click=deleted, args=(talk, conversation.id)
        )
        if st.button("Keep it", key="keep it") or meant:
            st.rerun()


def deleted(talk: Talk, conversation: str) -> None:
    """Delete a conversation, and leave it if it is open."""
    try:
        resources.history().remove(conversation)
    except MentorError as error:
        st.toast(render.escaped(f"Not deleted: {error}"))
        return
    if conversation == talk.conversation:
        open_conversation(talk, "")


def where(_: Talk) -> None:
    """Draw the choice of chapters to search in, and of the reader's cloud."""
    chapters = resources.chapters()
    st.multiselect(
        "Search in",
        list(chapters),
        format_func=lambda number: f"{number}. {chapters[number]}",
        key="chapters",
        placeholder="All chapters",
    )
    st.segmented_control("Your cloud", list(CLOUDS), key="cloud", help="Answers prefer what holds for it.")
