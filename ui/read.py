"""The Handbook page: one section at a time, at an address that can be shared."""

import streamlit as st

from errors import MentorError
from ingest.sections import Section
from ui import render, resources


def contents(current: Section) -> None:
    """Draw the chapters and sections in the sidebar."""
    with st.sidebar:
        for document in resources.handbook():
            number = document.front["chapter"]
            with st.expander(f"{number}. {document.title}", expanded=number == current.chapter):
                for section in document.sections:
                    st.button(
                        f"{section.number} {section.title}",
                        key=f"section {section.number}",
                        type="secondary" if section.number == current.number else "tertiary",
                        on_click=open_section,
                        args=(section.number,),
                    )


def open_section(number: str) -> None:
    """Go to a section."""
    st.query_params.from_dict({"section": number})


def page() -> None:
    """Draw the page."""
    try:
        sections = resources.sections()
    except MentorError as error:
        st.error(str(error))
        return
    wanted = st.query_params.get("section", next(iter(sections)))
    quote = st.query_params.get("quote", "")
    section = sections.get(wanted)
    if section is None:
        st.warning("There is no such section in the handbook; the first one is shown.", icon=None)
        section = next(iter(sections.values()))
    contents(section)
    with st.container(key="section"):
        st.caption(f"Section {section.number}")
        render.body(section)
    if quote:
        render.highlight(quote, ".st-key-section")
    turn(section, list(sections.values()))
    st.caption("The address of this section")
    st.code(
        f"{st.context.url or ''}{render.address(section.number, quote).removeprefix('/handbook')}",
        language=None,
    )


def turn(section: Section, sections: list[Section]) -> None:
    """Draw the way to the section before and the one after."""
    at = sections.index(section)
    back, forth = st.columns(2)
    if at:
        before = sections[at - 1]
        back.button(
            f"← {before.number} {before.title}",
            key="before",
            on_click=open_section,
            args=(before.number,),
        )
    if at + 1 < len(sections):
        after = sections[at + 1]
        forth.button(
            f"{after.number} {after.title} →",
            key="after",
            on_click=open_section,
            args=(after.number,),
        )


page()
