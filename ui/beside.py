"""What stands beside a section of the handbook: places on the page, terms, what to do with it."""

import streamlit as st

from errors import MentorError
from ingest.glossary import Term
from ingest.sections import Section
from ui import glossary, render, resources

MOST_CHARACTERS = 120
"""Of a person's question in the list of those that cited the section."""


def draw(section: Section, quote: str) -> dict[str, Term]:
    """Draw it all; returns the terms that the section explains, by the keys of their links."""
    on_this_page(section)
    terms = explained_here(section)
    actions(section)
    asked_about(section)
    share(section, quote)
    return terms


def on_this_page(section: Section) -> None:
    """Draw the section's blocks as a list of places."""
    st.caption("On this page")
    blocks = [block.heading for block in section.blocks if block.heading not in ("", "In short")]
    st.markdown("\n".join(f"- [{heading}](#{render.anchor(heading)})" for heading in blocks))


def explained_here(section: Section) -> dict[str, Term]:
    """Draw the glossary's terms that the section explains; returns them by the keys of their links."""
    try:
        found = [term for term in resources.glossary() if term.section == section.number]
    except MentorError:
        # Said above the section.
        return {}
    if found:
        st.caption("Terms explained here")
        st.markdown(" · ".join(map(glossary.link, found)))
    return {glossary.key(term): term for term in found}


def actions(section: Section) -> None:
    """Draw what can be done with the section."""
    st.page_link("ui/ask.py", label="Ask about this section", query_params={"about": section.number})
    st.page_link("ui/practice.py", label="Practise this section", query_params={"section": section.number})
    st.page_link(resources.report_address(section.number), label="Report an error")


def asked_about(section: Section) -> None:
    """Draw the person's own questions whose answers cited the section."""
    try:
        found = resources.history().asked_about(section.number)
    except MentorError as error:
        st.caption(render.escaped(str(error)))
        return
    if found:
        st.caption("You asked about this section")
    for asked in found:
        st.page_link(
            "ui/ask.py",
            label=render.escaped(" ".join(asked.question.split())[:MOST_CHARACTERS]),
            query_params={"conversation": asked.conversation},
        )


def share(section: Section, quote: str) -> None:
    """Draw the address of what is on the page, ready to copy."""
    st.caption("Address of this section")
    st.code(f"{resources.origin()}{render.address(section.number, quote)}", language=None, wrap_lines=True)
