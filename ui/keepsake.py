"""A conversation as a file to keep."""

import streamlit as st

from chat import export
from chat.history import Conversation
from errors import MentorError
from ui import render, resources


@st.dialog("Save a copy")
def offer(conversation: Conversation) -> None:
    """Draw the two files that a conversation can be saved as."""
    try:
        exchanges = resources.history().exchanges(conversation.id)
    except MentorError as error:
        st.error(render.escaped(str(error)))
        return
    answers = [exchange.answer for exchange in exchanges]
    st.markdown(
        f"“{render.escaped(conversation.title)}” with every answer, its sections and its exact quotes, "
        "in one file that needs nothing else."
    )

    def address(section: str) -> str:
        return resources.origin() + render.address(section)

    name = export.file_name(conversation.title)
    with st.container(horizontal=True):
        st.download_button(
            "Web page",
            export.page(conversation.title, answers, address),
            f"{name}.html",
            "text/html",
            key="save page",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Markdown",
            export.markdown(conversation.title, answers, address),
            f"{name}.md",
            "text/markdown",
            key="save markdown",
            icon=":material/download:",
            on_click="ignore",
        )
