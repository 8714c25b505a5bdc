"""The Handbook page: one section at a time, at an address that can be shared."""

import streamlit as st

from errors import MentorError
from ingest.sections import Section
from ui import render, resources


def page() -> None:
    """Draw the page."""
    try:
        sections = resources.sections()
    except MentorError as error:
        st.error(str(error).replace("\n", "  \n"))
        return
    wanted = st.query_params.get("section", "")
    section = sections.get(wanted, next(iter(sections.values())))
    if wanted and wanted != section.number:
        missing = render.escaped(wanted[:20])
        st.warning(f"The handbook has no section “{missing}”. Section {section.number} is shown instead.")
    quote = st.query_params.get("quote", "")
    contents(section)
    middle, side = st.columns([5, 2], gap="large")
    with middle:
        st.caption(f"Section {section.number} · verified {resources.verified(section.chapter)}")
        with st.container(key="section"):
            render.body(section)
        turn(section, list(sections.values()))
    with side:
        on_this_page(section)
        terms(section)
        actions(section)
        share(section, quote)
    if quote:
        render.highlight(quote, ".st-key-section")


def contents(current: Section) -> None:
    """Draw the chapters and sections in the sidebar, with a dot for how well each is known."""
    try:
        known = resources.standing()
    except MentorError:
        # The Progress page says what is wrong; reading goes on without.
        known = {}
    with st.sidebar:
        if known:
            st.caption(" · ".join(f"{dot} {state}" for state, dot in render.DOTS.items()))
        for document in resources.handbook():
            chapter = document.front["chapter"]
            label = f"{chapter}. {document.front['title']}"
            with st.expander(label, expanded=chapter == current.chapter):
                for section in document.sections:
                    dot = render.DOTS.get(known[section.number].state, "") if section.number in known else ""
                    st.button(
                        f"{section.number} {section.title} {dot}".strip(),
                        key=f"section {section.number}",
                        type="secondary" if section.number == current.number else "tertiary",
                        on_click=open_section,
                        args=(section.number,),
                    )


def open_section(number: str) -> None:
    """Go to a section."""
    st.query_params.from_dict({"section": number})


def on_this_page(section: Section) -> None:
    """Draw the section's blocks as a list of places."""
    st.caption("On this page")
    blocks = [block.heading for block in section.blocks if block.heading not in ("", "In short")]
    st.markdown("\n".join(f"- [{heading}](#{render.anchor(heading)})" for heading in blocks))


def terms(section: Section) -> None:
    """Draw the glossary's terms that the section explains, with what they were called before."""
    try:
        found = resources.terms_of(section.number)
    except MentorError as error:
        st.caption(render.escaped(str(error)))
        return
    if not found:
        return
    st.caption("Terms")
    for term in found:
        renamed = f" Formerly {', '.join(term.was)} (until {term.since})." if term.was else ""
        with st.popover(term.term, type="tertiary"):
            st.text(term.means + renamed)


def actions(section: Section) -> None:
    """Draw what can be done with the section."""
    st.page_link("ui/ask.py", label="Ask about this section", query_params={"about": section.number})
    st.page_link("ui/practice.py", label="Practise this section", query_params={"section": section.number})
    st.page_link(resources.report_address(section.number), label="Report an error")


def share(section: Section, quote: str) -> None:
    """Draw the address of what is on the page, ready to copy."""
    st.caption("Address of this section")
    st.code(f"{resources.origin()}{render.address(section.number, quote)}", language=None, wrap_lines=True)


def turn(section: Section, sections: list[Section]) -> None:
    """Draw the way to the section before and the one after."""
    at = sections.index(section)
    back, forth = st.columns(2)
    if at:
        before = sections[at - 1]
        back.button(
            f"← {before.number} {before.title}", key="before", on_click=open_section, args=(before.number,)
        )
    if at + 1 < len(sections):
        after = sections[at + 1]
        forth.button(
            f"{after.number} {after.title} →", key="after", on_click=open_section, args=(after.number,)
        )


page()
