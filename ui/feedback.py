"""Grades and summaries of a mock interview drawn on a page."""

import streamlit as st

from interview.bank import Question
from interview.grading import GRADER, Verdict
from interview.session import Attempt, Interview, summarise
from ui import render, resources

MARKS = {"covered": ("✓", "covered"), "missed": ("○", "missed"), "contradicted": ("✗", "contradicted")}
WORDS = ((85, "excellent"), (65, "good"), (40, "fair"), (0, "thin"))


def draw(question: Question, attempt: Attempt, said: str) -> None:
    """Draw the feedback on one question, the score first."""
    grade = attempt.grade
    if grade is None:
        return
    score(attempt)
    with st.container(border=True):
        st.caption("Your answer: what earned a point is underlined")
        marks = [(v.evidence, v.verdict, v.key_point.text) for v in grade.verdicts if v.evidence]
        render.marked(said, marks, question.id)
    for verdict in grade.verdicts:
        point(verdict)
    for wrong in grade.misconceptions:
        st.warning(f"You said something like “{wrong.claim}” {wrong.correction} (section {wrong.section})")
    with st.expander("A strong answer"):
        st.markdown(question.model_answer)
    st.caption(f"Graded by {GRADER}. It reads no logic; trust the section over the verdict.")


def score(attempt: Attempt) -> None:
    """Draw the score as a number and a word, or why there is none."""
    if attempt.score is None:
        # The reason quotes the answer, which is anyone's text.
        st.info(render.escaped(attempt.grade.feedback) if attempt.grade else "Skipped.")
        return
    hints = f" · {attempt.hints} hint" if attempt.hints else ""
    st.markdown(f"### {attempt.score} of 100 · {word(attempt.score)}{hints}")


def word(number: int) -> str:
    """A score in a word."""
    return next(name for least, name in WORDS if number >= least)


def point(verdict: Verdict) -> None:
    """Draw one key point with its verdict and the way to its section."""
    mark, name = MARKS[verdict.verdict]
    section = verdict.key_point.section
    text, link = st.columns([4, 1], vertical_alignment="center")
    doubt = " (borderline)" if verdict.borderline else ""
    text.markdown(f"{mark} {verdict.key_point.text} :small[{name}{doubt}]")
    query = {"section": section} | ({"quote": verdict.citation.quote} if verdict.citation else {})
    with link:
        st.page_link("ui/read.py", label=f"Section {section}", query_params=query)


def report(interview: Interview, bank: dict[str, Question]) -> None:
    """Draw the summary of a finished interview."""
    summary = summarise(interview)
    st.title("How it went", anchor=False)
    if summary.score is None:
        st.markdown("No answer was graded.")
    else:
        st.markdown(f"### {summary.score} of 100 · {word(summary.score)}")
    skipped = f", {summary.skipped} skipped" if summary.skipped else ""
    st.caption(
        f"{summary.graded} of {len(interview.questions)} questions graded{skipped}. Graded by {GRADER}."
    )
    if summary.to_read:
        st.subheader("Read tonight", anchor=False)
        for section in summary.to_read[:3]:
            st.page_link(
                "ui/read.py",
                label=f"{section} {resources.title_of(section)}",
                query_params={"section": section},
            )
    for number, attempt in enumerate(interview.attempts, start=1):
        question = bank.get(attempt.question)
        if question is None:
            continue
        result = (
            "skipped" if attempt.skipped else "not graded" if attempt.score is None else str(attempt.score)
        )
        with st.expander(f"{number}. {question.question[:110]} · {result}"):
            if attempt.grade:
                draw(question, attempt, "\n".join(attempt.answers))
            else:
                st.markdown(question.model_answer)
