"""The glossary on the Handbook page: what a term means where it stands, and all terms in a list."""

from collections.abc import Mapping
from itertools import groupby

import streamlit as st

from errors import MentorError
from ingest.glossary import Term
from ingest.sections import slug
from ui import render, resources


def renamed(term: Term) -> str:
    """What a term was called before; empty if it never had another name."""
    return f"Formerly {', '.join(term.was)} (until {term.since})." if term.was else ""


def key(term: Term) -> str:
    """What names a term in a link."""
    return slug(term.term)


def link(term: Term) -> str:
    """A term as Markdown that shows what it means."""
    return f"[{render.escaped(term.term)}](#term-{key(term)})"


def cards(terms: Mapping[str, Term]) -> None:
    """Let the links to `#term-KEY` on the page show what the terms mean."""
    data = {
        name: {
            "term": term.term,
            "means": term.means,
            "renamed": renamed(term),
            "section": term.section,
            "href": render.address(term.section).removeprefix("/"),
        }
        for name, term in terms.items()
    }
    heard = render.mounted("terms", {"terms": data}, "terms", on_opened_change=lambda: None)
    _follow(heard.opened)


def view(wanted: str) -> None:
    """Draw all terms; `wanted` is what they are narrowed to."""
    titles = {number: section.title for number, section in resources.sections().items()}
    st.header("Glossary", anchor=False)
    st.caption("What the handbook's terms mean, what they were called before, and where they are explained.")
    try:
        terms = sorted(resources.glossary(), key=lambda term: term.term.casefold())
    except MentorError as error:
        st.error(render.escaped(str(error)))
        return
    letters = [
        [letter, [vars(term) | _place(term, titles) for term in group]]
        for letter, group in groupby(terms, key=lambda term: term.term[0].upper())
    ]
    heard = render.mounted(
        "glossary",
        {"letters": letters, "wanted": wanted},
        "glossary",
        on_opened_change=lambda: None,
        on_wanted_change=lambda: None,
    )
    if heard.wanted:
        st.query_params.from_dict({"glossary": heard.wanted})
        st.rerun()
    _follow(heard.opened)


def _place(term: Term, titles: Mapping[str, str]) -> dict[str, str]:
    return {"renamed": renamed(term), "title": titles.get(term.section, "")}


def _follow(section: str | None) -> None:
    if section:
        st.query_params.from_dict({"section": section})
        st.rerun()
