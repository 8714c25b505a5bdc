"""An answer drawn on a page, with what can be done about it."""

import re

import streamlit as st

from chat import export
from chat.citations import Answer, Place, plain
from chat.history import Exchange, Feedback, Kept
from errors import MentorError
from ingest.sections import LEAD
from ui import render, resources
from ui.talk import Due, Talk, refresh

REASONS = (
    "Not what I asked",
    "Something important is missing",
    "It is wrong",
    "It is out of date",
    "Hard to follow",
)
SEARCHED_SHOWN = 70
"""Characters of what was searched for that stand in the line; its box has them all."""


def draw(talk: Talk, position: int, exchange: Exchange, key: str) -> None:
    """Draw the version of an answer that is looked at, and the line and the buttons under it."""

    def open_source(number: int) -> None:
        talk.opened = (position, number)

    version = talk.turned_to.get(position, len(exchange.versions) - 1)
    kept = exchange.versions[version]
    answer, key = kept.answer, f"{key} {version}"
    opened = talk.opened[1] if talk.opened and talk.opened[0] == position else None
    if answer.statements:
        render.answer(answer, f"answer {key}", opened, open_source)
        if answer.missing:
            st.caption(f"Not covered by the handbook: {render.escaped('; '.join(answer.missing))}")
        if answer.note and answer.mode != "model":
            st.caption(render.escaped(answer.note))
    elif answer.refused:
        refusal(answer, key)
    else:
        st.text(answer.note)
    if answer.mode == "small-talk":
        return
    with st.container(key=f"under {key}", gap="xsmall"):
        if answer.searched_for:
            searched(talk, position, answer, key)
        buttons(talk, position, exchange, version, key)
        if kept.feedback and not kept.feedback.useful:
            reason(talk, kept)


def refusal(answer: Answer, key: str) -> None:
    """Draw what is not covered, what is near it and how to ask instead."""
    with st.container(key=f"refusal {key}", gap="small"):
        st.text(answer.note)
        if len(answer.missing) > 1:
            st.caption("Not covered: " + render.escaped("; ".join(answer.missing)))
        if answer.nearest:
            st.caption("What it has nearby")
        for nearby in answer.nearest:
            with st.container(border=True, gap=None, key=f"nearby {key} {nearby.section}"):
                st.page_link(
                    "ui/read.py",
                    label=f"{nearby.section} {nearby.title}",
                    query_params={"section": nearby.section},
                )
                about = gist(nearby)
                if about:
                    st.caption(render.escaped(about))
        if answer.advice:
            st.caption(answer.advice)


def gist(nearby: Place) -> str:
    """A section's first sentence; empty if it cannot be read."""
    try:
        section = resources.sections().get(nearby.section)
    except MentorError:
        return ""
    lead = next((block for block in section.blocks if block.heading == "In short"), None) if section else None
    if lead is None or not lead.elements:
        return ""
    words = plain(LEAD.sub("", lead.elements[0].text).lstrip("> "))
    return re.split(r"(?<=[.!?])\s", words)[0]


def searched(talk: Talk, position: int, answer: Answer, key: str) -> None:
    """Draw the line: what was searched for, to be changed, what was found, and how the answer was made."""
    words = answer.searched_for
    short = words if len(words) <= SEARCHED_SHOWN else f"{words[:SEARCHED_SHOWN].rstrip()}…"
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"line {key}"):
        with (
            st.popover(
                f"Searched for: {render.escaped(short)}",
                type="tertiary",
                icon=":material/edit:",
                key=f"edit {key}",
            ),
            st.form(f"words {key}", border=False),
        ):
            st.text_area("Search for exactly these words", words, key=f"reworded {key}", height=90)
            st.form_submit_button(
                "Ask again",
                key=f"ask again {key}",
                on_click=ask_again,
                args=(talk, position, f"reworded {key}"),
            )
        st.caption(made(answer), width="content")


def made(answer: Answer) -> str:
    """What an answer rests on, how it was made and how long that took, as Markdown."""
    within = f"only in {answer.within}" if answer.within else ""
    if answer.refused:
        found = f"{answer.confidence:.0%} sure that the handbook covers it"
    elif answer.mode == "model":
        found = answer.note
    else:
        sections = _count("section", len({citation.section for citation in answer.citations}))
        found = f"{_count('quote', len(answer.citations))} from {sections} of the handbook, nothing else"
    understood = f"understood as {', '.join(answer.understood)}" if answer.understood else ""
    took = f"{answer.seconds * 1000:.0f} ms" if answer.seconds < 2 else f"{answer.seconds:.0f} s"
    return " · ".join(
        part for part in (render.escaped(within), understood, render.escaped(found), took) if part
    )


def ask_again(talk: Talk, position: int, box: str = "") -> None:
    """Have a question answered anew, with the words of a box if one is named."""
    words = " ".join(st.session_state[box].split()) if box else ""
    answer = talk.exchanges[position].answer
    # Words that a person chose once are kept until others are chosen.
    talk.again = Due(position, words or (answer.searched_for if answer.reworded else ""))
    talk.opened = None


def buttons(talk: Talk, position: int, exchange: Exchange, version: int, key: str) -> None:
    """Draw thumbs, copy, again, and the way to earlier versions."""
    kept = exchange.versions[version]
    with st.container(
        horizontal=True, wrap=False, gap="xsmall", vertical_alignment="center", key=f"buttons {key}"
    ):
        if kept.answer.mode != "fault":
            st.feedback(
                "thumbs",
                key=f"thumbs {key}",
                default=int(kept.feedback.useful) if kept.feedback else None,
                disabled=not kept.id,
                on_change=rate,
                args=(talk, kept, f"thumbs {key}"),
            )
            render.copy(export.text(kept.answer), f"copy {key}")
        st.button(
            "Answer again" if kept.answer.mode != "fault" else "Try again",
            key=f"again {key}",
            type="tertiary",
            icon=":material/refresh:",
            help="Answer this question again, with the chapters and the cloud chosen now.",
            on_click=ask_again,
            args=(talk, position),
        )
        if len(exchange.versions) > 1:
            versions(talk, position, version, len(exchange.versions), key)


def versions(talk: Talk, position: int, version: int, count: int, key: str) -> None:
    """Draw the way from one version of an answer to the others."""

    def turn(to: int) -> None:
        talk.turned_to[position] = to
        talk.opened = None

    st.button(
        "Earlier answer",
        key=f"earlier {key}",
        type="tertiary",
        icon=":material/chevron_left:",
        disabled=version == 0,
        on_click=turn,
        args=(version - 1,),
    )
    st.caption(f"{version + 1} of {count}", width="content")
    st.button(
        "Later answer",
        key=f"later {key}",
        type="tertiary",
        icon=":material/chevron_right:",
        disabled=version == count - 1,
        on_click=turn,
        args=(version + 1,),
    )


def rate(talk: Talk, kept: Kept, widget: str) -> None:
    """Keep a thumb, or its being taken back."""
    thumb = st.session_state[widget]
    _keep_feedback(talk, kept, None if thumb is None else Feedback(bool(thumb)))


def reason(talk: Talk, kept: Kept) -> None:
    """Draw the question why an answer was no good, until it is answered."""
    given = kept.feedback
    if given and (given.reason or given.words):
        st.caption("Thank you. What you said is kept with this answer, on this machine.")
        return
    with st.form(f"reason {kept.id}", border=True):
        chosen = st.pills("What was wrong with it?", REASONS, key=f"why {kept.id}")
        words = st.text_input(
            "In your own words", key=f"remark {kept.id}", max_chars=1000, placeholder="Optional"
        )
        if st.form_submit_button("Send", key=f"send {kept.id}") and (chosen or words.strip()):
            _keep_feedback(talk, kept, Feedback(False, chosen or "", words.strip()))
            st.rerun()


def _keep_feedback(talk: Talk, kept: Kept, feedback: Feedback | None) -> None:
    try:
        resources.history().rate(kept, feedback)
        refresh(talk, anyway=True)
    except MentorError as error:
        st.toast(render.escaped(f"Not kept: {error}"))


def _count(noun: str, number: int) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
