"""The grade of one question drawn on a page, from the score down."""

import streamlit as st

from chat.export import spoken
from interview import session
from interview.agreement import agreement, give_or_take
from interview.bank import Misconception, Question, Stage
from interview.grading import Grade, Verdict
from interview.report import MARKS, stage_score, word
from interview.session import Attempt
from ui import render, resources

COLOURS = {"covered": "green", "missed": "gray", "contradicted": "red"}


def draw(question: Question, attempt: Attempt, stage: Stage | None = None) -> None:
    """Draw the feedback on a question, or on one stage of it."""
    grade = attempt.grade
    if grade is None:
        return
    score(attempt, grade, stage.name if stage else "")
    own_words(question, attempt, grade)
    if attempt.score is not None:
        points(question, grade, stage)
    if stage is None and question.model_answer:
        with st.expander("A strong answer"):
            st.markdown(question.model_answer)
            to_section(question.section)
    if attempt.score is not None:
        st.caption(made(grade))


def own_words(question: Question, attempt: Attempt, grade: Grade) -> None:
    """Draw what was said, with the words that decided a verdict or state a misconception underlined."""
    marks = [(v.evidence, v.verdict, v.key_point.text) for v in grade.verdicts if v.evidence]
    wrong = zip(grade.stated, grade.misconceptions, strict=False)
    marks += [(words, "contradicted", misconception.claim) for words, misconception in wrong]
    with st.container(border=True):
        kinds = {verdict for _, verdict, _ in marks}
        legend = ["what earned a point is underlined in green"] if "covered" in kinds else []
        legend += ["what is not so in red"] if "contradicted" in kinds else []
        st.caption(f"Your answer{': ' if legend else ''}{', '.join(legend)}")
        said = "\n".join(text for text in attempt.answers if text)
        render.marked(said, marks, f"{question.id} {len(attempt.answers)}")


def points(question: Question, grade: Grade, stage: Stage | None) -> None:
    """Draw the key points, all or those of a stage, and the misconceptions."""
    verdicts = session.of_stage(grade.verdicts, stage)
    if stage:
        early = sum(v.verdict == "covered" for v in grade.verdicts if v not in verdicts)
        if early:
            st.caption(f"Said early and counted: {early} of the points of other stages.")
    checklist(question if stage is None else None, verdicts)
    for wrong in grade.misconceptions:
        misconception(wrong)


def score(attempt: Attempt, grade: Grade, stage: str = "") -> None:
    """Draw the score as a number and a word, or why there is none, and what was noticed."""
    if attempt.score is None:
        # The reason quotes the answer, which is anyone's text.
        st.markdown(f"### Not graded\n{render.escaped(grade.feedback)}")
        return
    of_stage = stage_score(grade, stage) if stage else None
    if of_stage is not None:
        st.markdown(f"### {of_stage} of 100 · {word(of_stage)} :small[for this stage]")
    else:
        cost = session.HINT_COST * attempt.hints
        asides = [f"{cost} points taken off for hints"] if cost else []
        asides += [doubtful] if (doubtful := doubt(grade)) else []
        aside = f" :small[{', '.join(asides)}]" if asides else ""
        st.markdown(f"### {attempt.score} of 100 · {word(attempt.score)}{aside}")
    for note in grade.notes:
        st.markdown(render.escaped(note))


def doubt(grade: Grade) -> str:
    """That a score is borderline, in a few words; empty where it is not."""
    points = give_or_take(grade.score, grade.grader)
    return f"borderline, give or take {points} points" if points else ""


def checklist(question: Question | None, verdicts: tuple[Verdict, ...]) -> None:
    """Draw the key points, under their stages where the whole of a design problem is shown."""
    stages = dict.fromkeys(verdict.key_point.stage for verdict in verdicts)
    for stage in stages:
        here = [verdict for verdict in verdicts if verdict.key_point.stage == stage]
        if question and question.stages and stage:
            covered = sum(verdict.verdict == "covered" for verdict in here)
            st.markdown(f"**{stage.capitalize()}** :small[{covered} of {len(here)} points]")
        for verdict in here:
            point(verdict)


def point(verdict: Verdict) -> None:
    """Draw one key point with its verdict, the handbook's sentence, and the way to its section."""
    quote = verdict.citation.quote if verdict.citation else ""
    with st.container(horizontal=True, gap="small"):
        text = st.container(width="stretch", gap="xxsmall")
        with st.container(width="content"):
            to_section(verdict.key_point.section, quote)
    doubt = ", borderline" if verdict.borderline else ""
    mark = f":{COLOURS[verdict.verdict]}[{MARKS[verdict.verdict]}]"
    text.markdown(f"{mark} {verdict.key_point.text} :small[{verdict.verdict}{doubt}]")
    if quote:
        text.caption(f"The handbook: “{render.escaped(spoken(quote))}”")


def misconception(wrong: Misconception) -> None:
    """Draw what is wrong, what is right, and where the handbook says so."""
    quote = resources.sentence_for(wrong.section, wrong.correction)
    with st.container(border=True):
        st.markdown(f"**Not so:** you said something like “{wrong.claim}” {wrong.correction}")
        if quote:
            st.caption(f"The handbook: “{render.escaped(spoken(quote))}”")
        to_section(wrong.section, quote)


def to_section(section: str, quote: str = "") -> None:
    """Draw the way to a section, and to a quote in it."""
    query = {"section": section} | ({"quote": quote} if quote else {})
    st.page_link("ui/read.py", label=f"Section {section}", query_params=query)


def made(grade: Grade) -> str:
    """Who made the grade, and how far that is to be trusted."""
    return f"Graded by {render.escaped(grade.grader)}. {agreement(grade.grader)}"
