"""The set-up of a mock interview: one screen, defaults that will do, one button."""

import random
from collections.abc import Mapping
from typing import TypeVar, get_args

import streamlit as st

from errors import MentorError, StorageError
from interview import session
from interview.bank import Kind, Level, Question, choose
from interview.session import Interview, Mode
from interview.topics import MOST_CHARACTERS, Topic, topics
from ui import render, resources

Choice = TypeVar("Choice")
ROLES: dict[Level, str] = {"senior": "Senior Data Engineer", "architect": "Architect"}
ABOUT = {"all": "Everything", "weakest": "Weakest first", "chapters": "Chapters", "job": "Job description"}
DEEP = 0
LENGTHS = {5: "5 questions", 10: "10", 15: "15", DEEP: "One deep design"}
MODES: dict[Mode, str] = {"practice": "After each answer", "exam": "At the end, as in an exam"}


def draw(bank: dict[str, Question]) -> Interview | None:
    """Draw the choices; returns an interview when it is started."""
    st.title("Mock interview", anchor=False)
    st.markdown(
        "Answer as you would aloud. Each point of a good answer is checked by itself, with its section."
    )
    section = st.query_params.get("section", "")
    about = [question for question in bank.values() if question.section == section]
    left, right = st.columns(2, gap="large")
    with right:
        mode: Mode = _one("Feedback", MODES, "mode", "practice")
        clock = st.toggle("With a clock", key="clock", help="The time for each answer depends on its kind.")
    with left:
        if about:
            st.caption(f"Questions about section {section}")
            length = _one("Length", {key: LENGTHS[key] for key in (5, 10, 15)}, "length", 5)
            drawn = choose(about, (), length, _seed(), sections=(section,))
        else:
            drawn = _drawn(list(bank.values()))
    if not drawn:
        st.info("No question fits these choices. Choose more chapters, topics or kinds, or the other role.")
    else:
        st.caption(_size(drawn, clock))
    if st.button("Start", key="start", type="primary", disabled=not drawn):
        st.session_state.pop("seed", None)
        return session.begin(drawn, mode, clock, resources.now())
    return None


def _known() -> Mapping[str, float]:
    """How well each section is known; nothing where the database refuses: an interview needs none."""
    try:
        return resources.mastery()
    except StorageError:
        return {}


def _drawn(questions: list[Question]) -> tuple[Question, ...]:
    role: Level = _one("Role", ROLES, "role", "senior")
    about = _one("About", ABOUT, "about", "weakest" if _known() else "all")
    chapters: list[int] = []
    sections: list[str] = []
    if about == "chapters":
        titles = resources.chapters()
        chapters = st.multiselect(
            "Chapters",
            list(titles),
            format_func=lambda number: f"{number}. {titles[number]}",
            placeholder="All chapters",
            key="practice chapters",
        )
    elif about == "job":
        sections = _from_job()
        if not sections:
            return ()
    elif about == "weakest" and not _known():
        st.caption("Nothing has been practised yet, so every section counts the same.")
    length = _one("Length", LENGTHS, "length", 5)
    kinds: list[Kind] = []
    if length != DEEP:
        kinds = st.pills(
            "Kinds of question (all if none is chosen)",
            list(get_args(Kind)),
            selection_mode="multi",
            wrap=True,
            key="kinds",
        )
    return choose(
        questions,
        chapters,
        length or 1,
        _seed(),
        role=role,
        kinds=kinds,
        sections=sections,
        deep=length == DEEP,
        mastery=_known() if about == "weakest" else {},
    )


def _from_job() -> list[str]:
    """The sections that a pasted job description is about, as the person left them."""
    st.text_area(
        "Job description",
        key="job",
        height=160,
        max_chars=MOST_CHARACTERS,
        placeholder="Paste it here. Its topics appear when you leave the box.",
        on_change=_match,
    )
    fault = st.session_state.get("job fault", "")
    if fault:
        st.error(fault)
    if "job found" not in st.session_state:
        return []
    found: tuple[Topic, ...] = st.session_state["job found"]
    if not found:
        st.info("Nothing in this description is in the handbook. Name the topics yourself.")
    chosen: list[str] = st.multiselect(
        "Topics to be asked about",
        list(resources.sections()),
        format_func=lambda section: f"{section} {resources.title_of(section)}",
        key="job topics",
    )
    said = {topic.section: "; ".join(f"“{words}”" for words in topic.words) for topic in found}
    named = [
        f"{section} {resources.title_of(section)}: {said[section][:160]}"
        for section in chosen
        if section in said
    ]
    if named:
        st.caption("Found in the description  \n" + "  \n".join(map(render.escaped, named)))
    return chosen


def _match() -> None:
    """Look up the topics of what was pasted."""
    st.session_state["job fault"] = ""
    try:
        found = topics(st.session_state["job"], resources.retriever().find)
    except MentorError as error:
        st.session_state["job fault"] = str(error)
        return
    st.session_state["job found"] = found
    st.session_state["job topics"] = [topic.section for topic in found]


def _one(label: str, options: dict[Choice, str], key: str, default: Choice) -> Choice:
    """One of some options."""
    return st.segmented_control(
        label,
        list(options),
        format_func=lambda option: options[option],
        default=default,
        required=True,
        wrap=True,
        key=key,
    )


def _seed() -> int:
    """The seed of the draw, which stays until the start so that the total shown is that of the draw."""
    return int(st.session_state.setdefault("seed", random.randrange(2**32)))  # noqa: S311


def _size(drawn: tuple[Question, ...], clock: bool) -> str:
    total = sum(map(session.minutes, drawn))
    count = "1 question" if len(drawn) == 1 else f"{len(drawn)} questions"
    if not clock:
        return f"{count}, about {total} minutes"
    kinds = {question.kind: session.MINUTES[question.kind] for question in drawn}
    each = ", ".join(f"{kind} {minutes}" for kind, minutes in kinds.items())
    staged = " a stage" if drawn[0].stages else ""
    return (
        f"{count}, {total} minutes by the clock (minutes: {each}{staged}), "
        f"and {session.PROBE_MINUTES} for each follow-up"
    )
