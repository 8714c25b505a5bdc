"""The Handbook page: one section at a time, at an address that can be shared."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from chat.citations import plain
from errors import MentorError
from ingest.glossary import Term
from ingest.sections import Section
from ui import glossary, lookup, render, resources

STYLE = Path(__file__).parent / "components" / "read.css"
MOST_QUOTED = 2000
"""Characters of a quote in an address; the handbook's longest code block has 1,156."""


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
        arrive("glossary", False)
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
        on_this_page(section)
        terms |= explained_here(section)
        actions(section)
        asked_about(section)
        share(section, quote)
    glossary.cards(terms)
    arrive(section.number, bool(quote))
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
    if len(quote) > MOST_QUOTED:
        st.warning(f"The quote in this address has {len(quote):,} characters; no quote is that long.")
        return ""
    # Letters alone, as the marker compares them.
    if _letters(quote.replace("|", " ")) not in _letters(section.text):
        st.info("The words that this address quotes are not in the section; it may have changed since.")
        return ""
    return quote


def _letters(markdown: str) -> str:
    return "".join(character for character in plain(markdown).lower() if character.isalnum())


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


def arrive(place: str, quoted: bool) -> None:
    """Bring the top of a newly opened section into view, unless a quote in it is about to be."""
    render.mounted("arrive", {"place": place, "quoted": quoted}, "arrive")


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
            label=render.escaped(" ".join(asked.question.split())[:120]),
            query_params={"conversation": asked.conversation},
        )


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
