"""The charts of the Progress page. The only importer of Altair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from interview.mastery import State

if TYPE_CHECKING:
    import altair

PICKED = "picked"
"""The heat map's selection, by which a page learns which cell was clicked."""
STATES = get_args(State)
# Fill and letters by state. The letters keep a contrast of 4.5 on their fill, so that a cell can be
# read in the moment in which the browser's theme and what the server knows of it differ.
_LIGHT = {
    "untouched": ("#EFE7D9", "#5F564B"),
    "weak": ("#E39B7B", "#2B1208"),
    "fair": ("#EBCB76", "#33270A"),
    "strong": ("#8CBF92", "#10260F"),
}
_DARK = {
    "untouched": ("#332C28", "#B9AEA1"),
    "weak": ("#C9714B", "#1C0A03"),
    "fair": ("#D3AC4C", "#231A04"),
    "strong": ("#6CA878", "#08190A"),
}
_LINES = ("#B9582C", "#4F8A8B", "#8A6FB0", "#7C8C3C")
"""Of the graders; each keeps a contrast of 3 on either ground."""
_ROW, _LEGEND = 26, 56
"""Heights of a chapter and of the legend, in pixels: fifteen chapters fit one screen."""
FEW = 20
"""Days up to which each is a dot rather than a knot in a line."""


@dataclass(frozen=True)
class Cell:
    """One section of the heat map."""

    chapter: str
    """Number and title."""
    place: int
    """Of the section in its chapter, from 1."""
    section: str
    title: str
    state: State
    known: str
    """Mastery in words."""


def heat_map(cells: Sequence[Cell], chapters: Sequence[str], picked: str) -> "altair.LayerChart":
    """A row for each chapter and a cell for each of its sections; a click selects one."""
    import altair as alt

    colours = _LIGHT if st.context.theme.type != "dark" else _DARK
    selection = alt.selection_point(name=PICKED, fields=["section"], on="click", empty=False, toggle=False)
    base = alt.Chart(alt.InlineData(values=[_row(cell, picked) for cell in cells])).encode(
        x=alt.X("place:O", axis=None, scale=alt.Scale(paddingInner=0.06)),
        y=alt.Y(
            "chapter:N",
            sort=list(chapters),
            title=None,
            axis=_chapters(alt),
            scale=alt.Scale(paddingInner=0.1),
        ),
        tooltip=[
            alt.Tooltip("name:N", title="Section"),
            alt.Tooltip("known:N", title="Known"),
        ],
    )
    fills, letters = (
        alt.Scale(domain=list(STATES), range=[colours[state][part] for state in STATES]) for part in (0, 1)
    )
    boxes = base.mark_rect(cornerRadius=4, cursor="pointer", strokeWidth=2).encode(
        color=alt.Color(
            "state:N", scale=fills, legend=alt.Legend(orient="top", title=None, symbolStrokeWidth=0)
        ),
        stroke=alt.condition("datum.picked", alt.value("#B9582C"), alt.value("transparent")),
    )
    numbers = base.mark_text(fontSize=11, cursor="pointer").encode(
        text="section:N", color=alt.Color("state:N", scale=letters, legend=None)
    )
    chart: altair.LayerChart = (
        alt.layer(boxes.add_params(selection), numbers)
        .resolve_scale(color="independent")
        .properties(height=_LEGEND + _ROW * len(chapters))
        .configure_view(strokeWidth=0)
    )
    return chart


def readiness(courses: Mapping[str, Sequence[tuple[date, float]]]) -> "altair.LayerChart":
    """Readiness at the end of each day, 0 to 1: a line for each grader, never joined."""
    import altair as alt

    graders = list(courses)
    values = [
        {"day": day.isoformat(), "ready": value, "grader": grader}
        for grader, points in courses.items()
        for day, value in points
    ]
    many = len({value["day"] for value in values}) > 1
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("yearmonthdate(day):T", title=None, axis=alt.Axis(format="%-d %b", tickCount=4, grid=False)),
        y=alt.Y(
            "ready:Q",
            title=None,
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
        ),
        color=alt.Color(
            "grader:N",
            scale=alt.Scale(domain=graders, range=[_LINES[at % len(_LINES)] for at in range(len(graders))]),
            legend=alt.Legend(orient="bottom", title="Graded by", columns=1, labelLimit=320),
        ),
        tooltip=[
            alt.Tooltip("yearmonthdate(day):T", title="Day", format="%-d %B %Y"),
            alt.Tooltip("ready:Q", title="Ready", format=".0%"),
            alt.Tooltip("grader:N", title="Graded by"),
        ],
    )
    points = base.mark_point(filled=True, size=50 if len(values) <= FEW else 12, opacity=1)
    # A line through one day would be nothing, and Vega draws it so.
    layers = [base.mark_line(strokeWidth=2), points] if many else [points]
    chart: altair.LayerChart = alt.layer(*layers).properties(height=230).configure_view(strokeWidth=0)
    return chart


def _row(cell: Cell, picked: str) -> dict[str, Any]:
    return {
        "chapter": cell.chapter,
        "place": cell.place,
        "section": cell.section,
        "name": f"{cell.section} {cell.title}",
        "state": cell.state,
        "known": cell.known,
        "picked": cell.section == picked,
    }


def _chapters(alt: Any) -> Any:
    # A phone has room for the number only.
    label = "windowSize()[0] < 640 ? split(datum.label, '. ')[0] : datum.label"
    return alt.Axis(
        domain=False,
        ticks=False,
        grid=False,
        labelLimit=250,
        labelFontSize=12,
        labelPadding=8,
        labelFlush=False,
        labelExpr=label,
    )
