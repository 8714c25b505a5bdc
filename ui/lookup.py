"""Search as you type over the handbook: titles and terms in the browser, sentences here."""

from typing import Any

import streamlit as st

from chat.citations import plain
from errors import MentorError
from ingest.glossary import Term
from retriever.typed import Hit
from ui import glossary, render, resources

MOST_CHARACTERS = 200
"""Of what is typed."""
MOST_QUOTED = 2000
"""Characters of a quote in an address; the handbook's longest code block has 1,156."""
PASSAGES = 6
ENOUGH = 3
"""With fewer sentences that hold the words, those that mean something like it are added."""
FEWEST_LETTERS = 4
"""Before so many are typed there is no meaning to go by."""
NEAR = 0.35
"""Least similarity, -1 to 1, of a sentence that shares no words with what is typed."""


@st.fragment
def search() -> None:
    """Draw the search; while somebody types, this part of the page is all that runs."""
    try:
        data = _data(_typed()[:MOST_CHARACTERS])
    except MentorError as error:
        st.caption(render.escaped(str(error)))
        return
    heard = render.mounted(
        "search", data, "search", on_typed_change=lambda: None, on_chosen_change=lambda: None
    )
    if heard.chosen:
        st.query_params.from_dict({name: value for name, value in heard.chosen.items() if value})
        st.rerun()


def _typed() -> str:
    heard = st.session_state.get("search")
    return str((heard or {}).get("typed") or "")


def _data(typed: str) -> dict[str, Any]:
    sections = resources.sections()
    try:
        terms = resources.glossary()
    except MentorError:
        # The page says what is wrong with the glossary; titles and text are searched without it.
        terms = ()
    hits = passages(typed) if typed else []
    return {
        # Tells the browser when titles and terms have to be made ready anew.
        "version": hash((tuple(section.title for section in sections.values()), terms)),
        "sections": [[section.number, section.title] for section in sections.values()],
        "terms": [_entry(term) for term in terms],
        "typed": typed,
        "passages": [
            {
                "section": hit.section,
                "place": " › ".join((f"{hit.section} {sections[hit.section].title}", hit.heading)),
                "quote": hit.quote,
                "text": plain(hit.quote.strip("| ").replace("|", "·")),
            }
            for hit in hits
            if hit.section in sections
        ],
    }


def _entry(term: Term) -> list[Any]:
    return [term.term, term.section, term.means, term.also, term.was, glossary.renamed(term)]


def passages(typed: str) -> list[Hit]:
    """The sentences that hold the words typed, and where these are few, those nearest in meaning."""
    hits = resources.text_index().hits(typed, PASSAGES)
    if len(hits) >= ENOUGH or len(typed) < FEWEST_LETTERS or not resources.preparation().ready:
        return hits
    try:
        found = resources.retriever().find(typed).sentences
    except MentorError:
        # Nothing that can be searched for, or no index: the words alone have to do.
        return hits
    near = [
        Hit(hit.chunk.section, hit.chunk.heading, hit.sentence.text)
        for hit in found[:PASSAGES]
        if hit.similarity >= NEAR
    ]
    return list(dict.fromkeys((*hits, *near)))[:PASSAGES]
