"""The Progress page: what is known, how that went, what is due, and what to do next."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from textwrap import shorten

import streamlit as st

from errors import MentorError
from interview.graded import Graded
from interview.mastery import (
    ENOUGH,
    FAIR,
    STRONG,
    UNTOUCHED,
    Standing,
    course,
    days_running,
    readiness,
    shown_grader,
)
from interview.plan import Today
from ui import charts, own_data, render, resources, today

ALL = "All chapters"
MEANING = (
    f"A section is weak below {FAIR:.0%}, fair from there, and strong from {STRONG:.0%} once it was asked "
    f"about in {ENOUGH:.0f} answers. Newer answers weigh more. Each question comes back when you would be "
    "about to forget it: a thin answer tomorrow, an excellent one after a week, and later ever longer."
)
SHOWN_DUE = 5
RECENT = 14
"""Days that are looked back on."""


def page() -> None:
    """Draw the page; whatever is wrong with the database is said with what to do about it."""
    st.title("Progress", anchor=False)
    try:
        rows = resources.graded()
        draw(rows)
        own_data.draw(rows)
    except MentorError as error:
        st.error(render.escaped(str(error)))


def draw(rows: Sequence[Graded]) -> None:
    """Draw everything but the export."""
    if rows:
        st.markdown(practised(rows))
    else:
        st.markdown(
            "Every graded answer colours its section here. Nothing is coloured yet: "
            "today's questions, spread over the chapters, are a good first look."
        )
    questions = today.draw()
    left, right = st.columns([3, 2], gap="large")
    with right:
        # Right below the map on a phone, where a cell was tapped.
        picked = st.container()
        grader = choose_grader(rows)
        found = resources.standing(grader)
        with picked:
            section(found)
        if rows:
            over_time(rows, found)
            due(questions)
        else:
            st.caption(MEANING)
    with left:
        heat_map(found)


def practised(rows: Sequence[Graded]) -> str:
    """How often it was practised lately, without a word about the days on which it was not."""
    now = resources.day().date
    days = {row.graded_at.astimezone(resources.zone()).date() for row in rows}
    lately = sum(now - timedelta(days=RECENT) < day <= now for day in days)
    run = days_running(days, now)
    parts = [f"{len(rows)} answer{'' if len(rows) == 1 else 's'} graded"]
    if lately:
        parts.append(f"practised on {lately} of the last {RECENT} days")
    if run > 1:
        parts.append(f"{run} days running")
    return " · ".join(parts)


def choose_grader(rows: Sequence[Graded]) -> str:
    """Whose grades to show; a choice is drawn where there are several, since they are never mixed."""
    graders = list(dict.fromkeys(row.grader for row in reversed(rows)))
    shown = shown_grader(rows, resources.grader().name)
    if len(graders) < 2:
        return shown
    chosen = st.selectbox("Graded by", graders, index=graders.index(shown), key="grader")
    st.caption("Each grader has its own scale, so grades of two are never put together.")
    return chosen


def heat_map(found: Mapping[str, Standing]) -> None:
    """Draw the sections of all chapters; a click picks one."""
    cells, chapters = [], []
    for document in resources.handbook():
        chapter = f"{document.front['chapter']}. {document.front['title']}"
        chapters.append(chapter)
        for place, one in enumerate(document.sections, start=1):
            standing = found.get(one.number, UNTOUCHED)
            cells.append(
                charts.Cell(chapter, place, one.number, one.title, standing.state, in_words(standing))
            )
    picked = st.session_state.get("progress section") or ""
    st.altair_chart(
        charts.heat_map(cells, chapters, picked),
        width="stretch",
        key="map",
        on_select=pick,
        selection_mode=charts.PICKED,
        alt="How well each section is known; the list of sections beside it says the same.",
    )
    if found:
        st.caption(MEANING)


def pick() -> None:
    """Take over the section that was clicked."""
    clicked = st.session_state["map"].selection.get(charts.PICKED) or []
    if clicked:
        st.session_state["progress section"] = clicked[0]["section"]


def in_words(standing: Standing) -> str:
    """How well a section is known, in words."""
    if standing.state == "untouched":
        return "not practised yet"
    answers = max(1, round(standing.answers))
    return f"{standing.state}, {standing.mastery:.0%} after {answers} answer{'' if answers == 1 else 's'}"


def section(found: Mapping[str, Standing]) -> None:
    """Draw the choice of a section, and what can be done with the chosen one."""
    sections = resources.sections()
    if st.session_state.get("progress section") not in sections:
        st.session_state["progress section"] = None
    number = st.selectbox(
        "Section",
        list(sections),
        format_func=lambda one: f"{one} {sections[one].title}",
        key="progress section",
        index=None,
        placeholder="Click a cell, or choose here",
    )
    if number is None:
        return
    with st.container(border=True, key="picked"):
        st.markdown(f"**{number} {render.escaped(sections[number].title)}**")
        st.caption(in_words(found.get(number, UNTOUCHED)))
        read, practise = st.columns(2)
        with read:
            st.page_link("ui/read.py", label="Read it", query_params={"section": number})
        if any(question.section == number for question in resources.bank().values()):
            with practise:
                st.page_link("ui/practice.py", label="Practise it", query_params={"section": number})


def over_time(rows: Sequence[Graded], found: Mapping[str, Standing]) -> None:
    """Draw readiness day by day, of all chapters or of one."""
    st.subheader("Readiness", anchor=False)
    members = {ALL: list(resources.sections())} | {
        f"{document.front['chapter']}. {document.front['title']}": [one.number for one in document.sections]
        for document in resources.handbook()
    }
    chosen = st.selectbox("Of", list(members), key="ready", label_visibility="collapsed")
    sections = members[chosen]
    share = f"{readiness(found, sections):.0%}"
    st.markdown(f"**{share}** :small[mean over {len(sections)} sections, untouched ones as 0]")
    graders = dict.fromkeys(row.grader for row in rows)
    courses = {
        grader: points
        for grader in graders
        if (points := course((r for r in rows if r.grader == grader), sections, resources.zone()))
    }
    if courses:
        st.altair_chart(
            charts.readiness(courses),
            width="stretch",
            key="course",
            alt=f"Readiness over time, {chosen}: {share} now.",
        )
    else:
        st.caption("Nothing of this chapter has been practised yet.")


def due(questions: Today) -> None:
    """Draw what is due for review today, and how much is within a week."""
    st.subheader("Due for review", anchor=False)
    waiting, bank, day = questions.due, resources.bank(), resources.day()
    reviews = resources.progress().reviews()
    for identity in waiting[:SHOWN_DUE]:
        question = bank[identity]
        asked = shorten(question.question, 110, placeholder=" …")
        st.markdown(f"- {render.escaped(asked)} :small[{question.section}]")
    if len(waiting) > SHOWN_DUE:
        st.caption(f"and {len(waiting) - SHOWN_DUE} more")
    week = day.end + timedelta(days=6)
    soon = sum(day.end <= review.due < week for one, review in reviews.items() if one in bank)
    words = "Nothing today. " if not waiting else ""
    st.caption(f"{words}{soon} more within a week." if soon else f"{words}Nothing more within a week.")


page()
