"""The Ask page: a conversation with the handbook."""

from contextlib import closing, nullcontext, suppress
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chat.citations import Answer, Citation
from chat.conversation import EVERYWHERE, Turn, Where
from errors import MentorError
from ingest.chunks import CLOUDS
from ui import render, reply, resources, sidebar, talk, today
from ui.talk import Due, Talk

FIRST_QUESTIONS = (
    "What files make up a Delta table?",
    "Should I Z-order or use liquid clustering on a 3 TB table?",
    "Two MERGE jobs fail with ConcurrentAppendException. Why?",
    "How far back can time travel go by default?",
    "Does mergeSchema change column types?",
    "Lakehouse or a Hadoop cluster: what changes?",
)
ABOUT_A_SECTION = ("What is", "What are the trade-offs of", "What do people get wrong about", "How do I use")
QUESTION_SHOWN = 400
"""Characters of a question that could not be searched and is shown all the same."""


def page() -> None:
    """Draw the page."""
    if not resources.preparation().wait(seconds=3):
        render.title()
        resources.draw_preparation()
        return
    now = talk.current()
    talk.take_up(now)
    try:
        talk.restore(now)
    except MentorError as error:
        st.error(str(error))
    sidebar.draw(now)
    # Not at the bottom of Streamlit's own page: that one follows its end, and an answer is read from its top.
    body, foot = st.container(key="talk"), st.container(key="composer")
    with foot:
        # Not in the conversation, of which the newest question alone is in view.
        draw_notices(now)
        st.chat_input("Ask about Databricks architecture", key="question", on_submit=asked, args=(now,))
    # Always two: the page would jump if opening a source laid the conversation out anew.
    conversation, panel = body.columns([3, 2], gap="large")
    with conversation:
        begin = st.empty()
        if not now.exchanges:
            with begin.container():
                first_visit(now)
        due = now.due
        answering = draw_conversation(now, due)
    with foot:
        render.arrive(f"{now.conversation} {len(now.exchanges)}" if now.exchanges else "", ".st-key-latest")
    if now.opened:
        position, number = now.opened
        with panel.container(key="panel"):
            draw_source(now, shown(now, position).citations[number - 1])
    if due and answering:
        with answering:
            answer(now, due)


def asked(now: Talk) -> None:
    """Ask what was typed."""
    talk.ask(now, st.session_state["question"] or "")


def first_visit(now: Talk) -> None:
    """Draw what this is and where to begin."""
    render.title()
    st.markdown("Ask the handbook: every sentence of the answer names the section that says it.")
    render.questions(suggestions(), "first", lambda question: talk.ask(now, question))
    with st.container(horizontal=True, key="begin", vertical_alignment="center"):
        # The Progress page says what is wrong.
        with suppress(MentorError):
            if resources.graded():
                today.draw()
        if st.button("Start a mock interview", key="interview", icon=":material/record_voice_over:"):
            st.switch_page("ui/practice.py")


def suggestions() -> tuple[str, ...]:
    """What to ask first: about the section that the address names, or anything."""
    title = resources.title_of(st.query_params.get("about", ""))
    if not title:
        return FIRST_QUESTIONS
    return tuple(f"{opening} {title}?" for opening in ABOUT_A_SECTION)


def draw_conversation(now: Talk, due: Due | None) -> DeltaGenerator | None:
    """Draw the newest questions and answers, and what may be asked next.

    Args:
        now: the conversation.
        due: what is to be answered now.

    Returns:
        Where it is to be answered.
    """
    exchanges = now.exchanges
    begin = max(0, min(len(exchanges) - now.shown, due.position if due else len(exchanges)))
    if begin:
        st.button(
            f"Show earlier ({begin})", key="earlier", type="tertiary", on_click=show_earlier, args=(now,)
        )
    answering = None
    for position, exchange in enumerate(exchanges[begin:], start=begin):
        is_last = position == len(exchanges) - 1
        with st.container(key="latest") if is_last else nullcontext():
            question = exchange.answer.question
            with st.chat_message("user", avatar=render.PERSON):
                st.text(question[:QUESTION_SHOWN] if exchange.pending else question)
            if due and due.position == position:
                answering = st.container()
            elif not exchange.pending:
                with st.chat_message("assistant", avatar=render.MENTOR):
                    reply.draw(now, position, exchange, f"{now.conversation} {position}")
            if is_last and not due:
                next_questions(now)
    return answering


def show_earlier(now: Talk) -> None:
    """Draw more of the conversation."""
    now.shown += talk.SHOWN


def next_questions(now: Talk) -> None:
    """Draw what may be asked next."""
    answers = now.answers
    last = answers[-1]
    places = {source.section: source.title for source in last.citations or last.nearest}
    if not places:
        return
    before = tuple(answer.question for answer in answers)
    with st.container(key="next", gap=None):
        st.caption("The handbook does answer" if last.refused else "Ask next")
        for at, question in enumerate(resources.next_questions(tuple(places), before, where().chapters)):
            st.button(
                render.escaped(question),
                key=f"next {at}",
                type="tertiary",
                icon=":material/arrow_forward:",
                on_click=talk.ask,
                args=(now, question),
            )
        section, title = next(iter(places.items()))
        st.page_link(
            "ui/practice.py", label=f"Practise this topic: {title}", query_params={"section": section}
        )


def answer(now: Talk, due: Due) -> None:
    """Answer what is due, and keep the answer; a question that cannot be searched is kept with the reason."""
    question, words = now.exchanges[due.position].answer.question, due.words
    talk.begin(now, due)
    try:
        found = grow(now, words or question, [] if words else talk.turns(now, due.position), due)
    except MentorError as error:
        found = Answer(question[:QUESTION_SHOWN], "", note=str(error), mode="fault")
    except Exception:
        found = Answer(question[:QUESTION_SHOWN], "", note=resources.apology(), mode="fault")
    if words:
        found = replace(found, question=question, reworded=True)
    if not talk.keep(now, found, due):
        st.toast("The answer is the same as before.")
    st.rerun()


def grow(now: Talk, question: str, turns: list[Turn], due: Due) -> Answer:
    """Draw the answer as it grows, with a button that stops it; returns the last of it."""
    found = Answer(question, "")
    with (
        st.chat_message("assistant", avatar=render.MENTOR),
        closing(resources.answerer().stream(question, turns, where())) as stream,
    ):
        place, waiting, stop = st.empty(), st.container(), st.empty()
        with waiting, st.spinner("Reading the handbook …"):
            for found in stream:
                found = replace(found, within=within())
                if found.mode == "model":
                    if now.growing is None:
                        # Any click ends this script; what is to be done with the answer, `take_up` does.
                        stop.button("Stop", key="stop", icon=":material/stop_circle:")
                    talk.grow(now, found, due)
                place.markdown(render.growing(found))
    return found


def where() -> Where:
    """Where to look, as chosen in the sidebar."""
    chapters, cloud = st.session_state.get("chapters") or (), st.session_state.get("cloud") or ""
    return Where(tuple(chapters), CLOUDS.get(cloud, ""))


def within() -> str:
    """Where to look, in words; empty for everywhere."""
    here = where()
    if here == EVERYWHERE:
        return ""
    numbers = ", ".join(map(str, sorted(here.chapters)))
    chapters = f"chapter{'s' if len(here.chapters) > 1 else ''} {numbers}" if numbers else ""
    cloud = f"all chapters, {st.session_state['cloud']} preferred" if here.cloud and not chapters else ""
    return chapters + (f", {st.session_state['cloud']} preferred" if here.cloud and chapters else cloud)


def shown(now: Talk, position: int) -> Answer:
    """The version of an answer that is looked at."""
    versions = now.exchanges[position].versions
    return versions[now.turned_to.get(position, len(versions) - 1)].answer


def draw_notices(now: Talk) -> None:
    """Draw what became of the conversation that was open before, and that answers are on this page only."""
    if now.notice:
        st.warning(now.notice)
    count = sum(unsaved.answer.mode != "pending" for unsaved in now.unsaved)
    if not count:
        return
    what = "The last answer is" if count == 1 else f"{count} answers are"
    with st.container(
        border=True, horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="unsaved"
    ):
        with st.container(gap=None):
            st.markdown(f"**{what} on this page only**, and a reload would lose what is not kept.")
            st.caption(render.escaped(now.fault))
        st.button("Keep now", key="save", width="content", on_click=talk.save, args=(now,))


def draw_source(now: Talk, citation: Citation) -> None:
    """Draw the section behind a citation; the handbook may have changed since it was quoted."""
    try:
        section = resources.sections().get(citation.section)
    except MentorError as error:
        st.error(render.escaped(str(error)))
        return
    if section is None:
        st.warning(f"Section {citation.section} is no longer in the handbook.")
        return
    render.source(section, citation)
    st.button("Close", key="close", on_click=close, args=(now,))


def close(now: Talk) -> None:
    """Close the source panel."""
    now.opened = None


page()
