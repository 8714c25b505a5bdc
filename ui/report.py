"""The report of an interview drawn on a page, and offered as files to keep."""

from collections.abc import Sequence
from textwrap import shorten
from typing import Any

import streamlit as st

from interview import report, report_files
from interview.agreement import agreement
from interview.bank import Question
from interview.grading import Verdict
from interview.report import Report, Scores
from interview.session import Attempt, Interview
from ui import feedback, render, resources

# A phone has room for a chapter's number only.
SHORT = "windowSize()[0] < 640 ? split(datum.label, '. ')[0] : datum.label"


def draw(interview: Interview, bank: dict[str, Question]) -> None:
    """Draw the report of an interview that is over."""
    made = report.build(interview, bank, resources.title_of, resources.chapters())
    st.title("How it went", anchor=False)
    st.caption(" · ".join(part for part in (made.when, report.headline(made)) if part))
    if not made.by_grader:
        st.markdown("No answer was graded.")
    if len(made.by_grader) > 1:
        st.info(report.APART)
    for at, scores in enumerate(made.by_grader):
        results(scores, at)
    summary(made)
    files(made)
    for asked, attempt in zip(made.asked, interview.attempts, strict=True):
        opening = shorten(asked.question, 90, placeholder=" …")
        with st.expander(f"{asked.number}. {render.escaped(opening)} · {asked.result}"):
            one(attempt, bank.get(attempt.question), asked)


def results(scores: Scores, at: int) -> None:
    """Draw one grader's score, with a bar for each chapter and each kind."""
    st.markdown(f"### {scores.score} of 100 · {report.word(scores.score)}")
    st.caption(f"Graded by {render.escaped(scores.grader)}. {agreement(scores.grader)}")
    for title, rows in (("By chapter", scores.by_chapter), ("By kind of question", scores.by_kind)):
        st.markdown(f"**{title}**")
        bars(rows, f"{title} {at}")


def bars(rows: Sequence[tuple[str, int]], key: str) -> None:
    """Draw a bar for each row, 0 to 100, with its number."""
    import altair as alt

    values: list[dict[str, Any]] = [{"name": name, "score": score} for name, score in rows]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=alt.Y(
            "name:N",
            sort=None,
            title=None,
            axis=alt.Axis(labelLimit=300, labelExpr=SHORT, domain=False, ticks=False),
        ),
        x=alt.X("score:Q", scale=alt.Scale(domain=[0, 100]), title=None, axis=None),
        tooltip=["name:N", "score:Q"],
    )
    bar = base.mark_bar(size=14, cornerRadiusEnd=3, color=_color("primaryColor"))
    number = base.mark_text(align="left", dx=4, color=_color("textColor")).encode(text="score:Q")
    st.altair_chart((bar + number).properties(height=30 * len(rows) + 10), key=key)


def summary(made: Report) -> None:
    """Draw what to read, what was strong and what was missed."""
    if made.reading:
        st.subheader("Read tonight", anchor=False)
    for read in made.reading[: report.TONIGHT]:
        st.page_link(
            "ui/read.py",
            label=f"{read.section} {read.title} ({report.points_open(read.points)})",
            query_params={"section": read.section},
        )
    points("Strong points", made.strong)
    points("Missed", made.missed)


def points(title: str, verdicts: Sequence[Verdict]) -> None:
    """Draw the heaviest of some points, each with the way to its section."""
    if not verdicts:
        return
    st.subheader(title, anchor=False)
    for verdict in verdicts[: report.MOST_POINTS]:
        feedback.point(verdict)
    rest = len(verdicts) - report.MOST_POINTS
    if rest > 0:
        st.caption(f"And {rest} more, under the questions below.")


def files(made: Report) -> None:
    """Offer the report as files."""

    def address(section: str) -> str:
        return f"{resources.origin()}{render.address(section)}"

    name = "mock-interview" + (f"-{made.when.replace(' ', '-').lower()}" if made.when else "")
    row = st.container(horizontal=True)
    row.download_button(
        "Download as HTML",
        report_files.page(made, address),
        f"{name}.html",
        "text/html",
        key="html",
        on_click="ignore",
    )
    row.download_button(
        "Download as Markdown",
        report_files.markdown(made, address),
        f"{name}.md",
        "text/markdown",
        key="markdown",
        on_click="ignore",
    )


def one(attempt: Attempt, question: Question | None, asked: report.Asked) -> None:
    """Draw one question: what was said and how it was graded, or a strong answer where it was skipped."""
    st.markdown(render.escaped(asked.question))
    for ask, text in asked.said:
        if ask and text == attempt.draft:
            st.caption(ask)
            st.text(text)
    if attempt.grade:
        shown = question or Question(attempt.question, asked.section, asked.question, ())
        feedback.draw(shown, attempt)
    elif question:
        st.markdown(f"**A strong answer.** {question.model_answer}")
        feedback.to_section(question.section)


def _color(name: str) -> str:
    return str(st.get_option(f"theme.{st.context.theme.type or 'light'}.{name}"))
