"""The Handbook page: one section at a time, at an address that can be shared."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from chat.citations import says
from errors import MentorError
from ingest.glossary import Term
from ingest.sections import Section
from ui import beside, glossary, lookup, render, resources

STYLE = Path(__file__).parent / "components" / "read.css"


def page() -> None:
    """Draw the page."""
    st.html(STYLE)
    try:
        sections = resources.sections()
    except MentorError as error:
        broken(error)
        return
    wanted = st.query_params.get("section", "")
    section = sections.get(wanted, next(iter(sections.values())))
    listed = "glossary" in st.query_params
    contents(section, listed)
    lookup.search()
    if listed:
        glossary.view(st.query_params["glossary"][: lookup.MOST_CHARACTERS])
        render.arrive("glossary")
        return
    if wanted and wanted != section.number:
        missing = render.escaped(wanted[:20])
        st.warning(f"The handbook has no section “{missing}”. Section {section.number} is shown instead.")
    quote = asked_quote(section) if wanted == section.number else ""
    middle, side = st.columns([3, 1], gap="large")
    with middle:
        chapter = resources.chapters()[section.chapter]
        st.caption(
            f"Chapter {section.chapter}, {render.escaped(chapter)} · Section {section.number} · "
            f"verified {resources.verified(section.chapter)}"
        )
        terms = read(section)
        turn(section, list(sections.values()))
    with side, st.container(key="beside"):
        terms |= beside.draw(section, quote)
    glossary.cards(terms)
    render.arrive(section.number, quoted=bool(quote))
    if quote:
        render.highlight(quote, ".st-key-section")


def broken(error: MentorError) -> None:
    """Say what is wrong with the handbook's files, and that it is mended by mending them."""
    st.error(render.escaped(str(error)).replace("\n", "  \n"))
    st.caption("The handbook cannot be read as its files are now. Correct the file, then try again.")
    st.button("Try again", key="again")


def asked_quote(section: Section) -> str:
    """The quote that the address carries, if the section says it; if not, a line says so."""
    quote = st.query_params.get("quote", "")
    if not quote:
        return ""
    if len(quote) > lookup.MOST_QUOTED:
        st.warning(f"The quote in this address has {len(quote):,} characters; no quote is that long.")
        return ""
    if not says(section.text, quote):
        st.info("The words that this address quotes are not in the section; it may have changed since.")
        return ""
    return quote


def read(section: Section) -> dict[str, Term]:
    """Draw the section; returns the terms that are underlined in it, by the keys of their links."""
    text: str = section.text
    terms: Mapping[str, Term] = {}
    try:
        text, terms = resources.underliner().underlined(section, section.text)
    except MentorError as error:
        st.caption(render.escaped(str(error)))
    with st.container(key="section"):
        render.body(section, text)
    return dict(terms)


def contents(current: Section, listed: bool) -> None:
    """Draw the chapters and sections in the sidebar, with a dot for how well each is known."""
    try:
        known = resources.standing()
    except MentorError:
        # The Progress page says what is wrong; reading goes on without.
        known = {}
    with st.sidebar:
        st.button(
            "Glossary",
            key="glossary list",
            icon=":material/dictionary:",
            type="secondary" if listed else "tertiary",
            on_click=open_glossary,
        )
        if known:
            st.caption(" · ".join(f"{dot} {state}" for state, dot in render.DOTS.items()))
        for document in resources.handbook():
            chapter = document.front["chapter"]
            label = f"{chapter}. {document.front['title']}"
            with st.expander(label, expanded=chapter == current.chapter and not listed):
                for section in document.sections:
                    dot = render.DOTS.get(known[section.number].state, "") if section.number in known else ""
                    here = section.number == current.number and not listed
                    st.button(
                        f"{section.number} {section.title} {dot}".strip(),
                        key=f"section {section.number}",
                        type="secondary" if here else "tertiary",
                        on_click=open_section,
                        args=(section.number,),
                    )


def open_section(number: str) -> None:
    """Go to a section."""
    st.query_params.from_dict({"section": number})


def open_glossary() -> None:
    """Go to the list of all terms."""
    st.query_params.from_dict({"glossary": ""})


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
