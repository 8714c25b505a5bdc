"""Answers, refusals and sections drawn on a page."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from chat import export
from chat.citations import Answer, Citation, plain
from ingest.sections import LEAD, Section, slug

PERSON, MENTOR = ":material/person:", ":material/school:"
DOTS = {"weak": ":red[◔]", "fair": ":orange[◑]", "strong": ":green[●]"}
"""How well a section is known, in a letter: told by its shape as well as by its colour."""
_COMPONENTS = Path(__file__).parent / "components"
_IN_THE_PAGE = ("highlight", "terms", "search", "glossary")
"""Components that style what is outside them, or hold a box to type in: Streamlit takes the keys that
are pressed in another root for its shortcuts."""
_IMAGE = re.compile(r"!(?=\[)")


def style() -> None:
    """Add what the theme cannot say to the page's style."""
    st.html(_COMPONENTS / "page.css")


def title() -> None:
    """Draw the product's name."""
    st.title("Lakehouse Mentor", anchor=False)


def answer(result: Answer, key: str, opened: int | None, open_source: Callable[[int], None]) -> None:
    """Draw an answer's statements.

    Args:
        result: the answer.
        key: of the component.
        opened: the number of the citation whose source is open, if one is.
        open_source: called with the number of a citation that is clicked.
    """
    data = {
        "answer": key,
        "opened": opened,
        "statements": [
            {
                "kind": statement.kind,
                "text": statement.text,
                "number": statement.citation.number,
                "place": export.place(statement.citation),
                "quote": plain(statement.citation.quote),
                "replaces": statement.replaces,
                "label": label,
            }
            for label, statement in zip(result.labels, result.statements, strict=True)
        ],
    }

    def clicked() -> None:
        number = st.session_state[key].opened
        if number is not None:
            open_source(int(number))

    _component("answer")(data=data, key=key, on_opened_change=clicked)


def copy(text: str, key: str) -> None:
    """Draw a button that copies a text and says so."""
    _component("copy")(data={"text": text}, key=key, width="content")


def growing(result: Answer) -> str:
    """An answer that is still being written, as Markdown that draws nothing but its words."""
    return " ".join(f"{escaped(plain(s.text))} [{s.citation.number}]" for s in result.statements)


def source(section: Section, citation: Citation) -> None:
    """Draw the section that a citation points to, scrolled to its highlighted quote."""
    with st.container(key="source", height=620, border=True):
        st.caption(f"{section.number} · Chapter {section.chapter} · {escaped(citation.heading)}")
        body(section)
    highlight(citation.quote, ".st-key-source")
    st.page_link(
        "ui/read.py",
        label="Open in the handbook",
        query_params={"section": section.number, "quote": citation.quote},
    )


def body(section: Section, text: str = "") -> None:
    """Draw a section's title and blocks; from `text`, if its Markdown was marked up."""
    st.header(section.title, anchor=False)
    lines = (text or section.text).split("\n")[1:]
    text = "\n".join(LEAD.sub("> **In short.** ", line) for line in lines)
    st.markdown(_IMAGE.sub("", text))


def highlight(quote: str, scope: str) -> None:
    """Mark a quote inside the element that the CSS selector `scope` names, and scroll to it."""
    _component("highlight")(
        data={"quote": plain(quote.replace("|", " ")), "scope": scope}, key=f"mark {scope}"
    )


def anchor(heading: str) -> str:
    """The anchor that Streamlit gives a heading in Markdown."""
    return slug(heading)


def address(section: str, quote: str = "") -> str:
    """A section's shareable address, from the app's root."""
    query = {"section": section} | ({"quote": quote} if quote else {})
    return f"/handbook?{urlencode(query)}"


def escaped(untrusted: str) -> str:
    """Text as Markdown that means nothing but itself; labels are Markdown too, and load images."""
    # Streamlit makes icons of `:material` and dashes of `--`, escaped or not: a word joiner parts them.
    untrusted = untrusted.replace(":material", ":\u2060material").replace("--", "-\u2060-")
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~:$])", r"\\\1", untrusted)


@st.cache_resource
def _component(name: str) -> Any:
    def asset(suffix: str) -> str:
        return (_COMPONENTS / f"{name}{suffix}").read_text("utf-8")

    return st.components.v2.component(
        f"mentor_{name}",
        html=f'<div class="{name}"></div>',
        css=asset(".css"),
        js=asset(".js"),
        isolate_styles=name not in _IN_THE_PAGE,
    )


def mounted(name: str, data: dict[str, Any], key: str, **heard: Any) -> Any:
    """Draw one of the components; returns what it has to say."""
    return _component(name)(data=data, key=key, **heard)


def arrive(place: str, block: str = "", quoted: bool = False) -> None:
    """Scroll once to what was just opened.

    Args:
        place: names what is open; the page is scrolled when it changes.
        block: a CSS selector of what to bring to the top; the top of the page where it is empty.
        quoted: whether a quote is about to be brought into view instead.
    """
    _component("arrive")(data={"place": place, "block": block, "quoted": quoted}, key="arrive")


def marked(words: str, marks: Sequence[tuple[str, str, str]], key: str) -> None:
    """Draw a person's own words; `marks` are the parts that decided a verdict: words, verdict, why."""
    pieces: list[dict[str, str]] = []
    at = 0
    for begin, end, verdict, why in _spans(words, marks):
        if begin > at:
            pieces.append({"text": words[at:begin], "verdict": "", "title": ""})
        pieces.append({"text": words[begin:end], "verdict": verdict, "title": why})
        at = end
    pieces.append({"text": words[at:], "verdict": "", "title": ""})
    _component("marked")(data={"pieces": pieces}, key=f"marked {key}")


def keeper(scope: str, turn: str, left: float | None) -> tuple[str | None, str | None]:
    """Draw the clock, and listen to what is typed into the box that the CSS selector `scope` holds.

    Args:
        scope: where the box is.
        turn: names the answer being written; what was typed to another is not returned.
        left: seconds on the clock; None for none.

    Returns:
        What is typed so far, and what was typed when the time ran out; None where there is no news.
    """
    heard = _component("keeper")(
        data={"scope": scope, "turn": turn, "left": left},
        key="keeper",
        on_typed_change=lambda: None,
        on_out_change=lambda: None,
    )
    typed, out = (news if news and news["turn"] == turn else {} for news in (heard.typed, heard.out))
    return typed.get("text"), out.get("text")


def _spans(words: str, marks: Sequence[tuple[str, str, str]]) -> list[tuple[int, int, str, str]]:
    """Where the marks stand, in order, none overlapping another; of two that do, the shorter stays."""
    found = [(words.find(part), len(part), verdict, why) for part, verdict, why in marks if part in words]
    spans: list[tuple[int, int, str, str]] = []
    for begin, length, verdict, why in sorted(found, key=lambda mark: mark[1]):
        end = begin + length
        if all(end <= other[0] or begin >= other[1] for other in spans):
            spans.append((begin, end, verdict, why))
    return sorted(spans)


def questions(suggestions: Sequence[str], key: str, ask: Callable[[str], None]) -> None:
    """Draw questions as buttons; `ask` is called with the one that is pressed."""
    # A row of columns at a time, so that a phone stacks them in their order.
    for row in range(0, len(suggestions), 2):
        pair = range(row, min(row + 2, len(suggestions)))
        for column, position in zip(st.columns(2), pair, strict=False):
            column.button(
                suggestions[position],
                key=f"{key} {position}",
                width="stretch",
                wrap=True,
                on_click=ask,
                args=(suggestions[position],),
            )
