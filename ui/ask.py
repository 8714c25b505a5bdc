"""The Ask page: a conversation with the handbook."""

from contextlib import closing, nullcontext, suppress
from dataclasses import replace

import streamlit as st

from chat.citations import Answer, Citation
from chat.conversation import EVERYWHERE, Turn, Where
from chat.history import Exchange
from errors import MentorError
from ingest.chunks import CLOUDS
from ui import render, reply, resources, sidebar, talk, today
from ui.talk import Again, Talk

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
    talk.restore(now)
    sidebar.draw(now)
    # Not at the bottom of Streamlit's own page: that one follows its end, and an answer is read from its top.
    body, foot = st.container(key="talk"), st.container(key="composer")
    asked = (foot.chat_input("Ask about Databricks architecture", key="question") or "").strip() or None
    conversation, panel = body.columns([3, 2], gap="large") if now.opened else (body.container(), None)
    with conversation:
        begin = st.empty()
        if not now.exchanges and not asked:
            with begin.container():
                asked = first_visit()
            if asked:
                begin.empty()
        asked = draw_conversation(now, offer=not asked) or asked
        if asked:
            with st.container(key="answering"):
                with st.chat_message("user", avatar=render.PERSON):
                    st.text(asked[:QUESTION_SHOWN])
                with foot:
                    arrive(now, len(now.exchanges) + 1, ".st-key-answering")
                answer(now, asked, "", len(now.exchanges))
        draw_unsaved(now)
    with foot:
        arrive(now, len(now.exchanges), ".st-key-latest")
    if panel and now.opened:
        position, number = now.opened
        with panel:
            draw_source(now, shown(now, position).citations[number - 1])


def arrive(now: Talk, count: int, block: str) -> None:
    """Bring the newest of so many questions to the top, when it is asked or its conversation is opened."""
    render.arrive(f"{now.conversation} {count}" if count else "", block)


def first_visit() -> str | None:
    """Draw what this is and where to begin; returns the question that was pressed."""
    render.title()
    st.markdown("Ask the handbook: every sentence of the answer names the section that says it.")
    pressed = render.questions(suggestions(), "first")
    with st.container(horizontal=True, key="begin", vertical_alignment="center"):
        # The Progress page says what is wrong.
        with suppress(MentorError):
            if resources.graded():
                today.draw()
        if st.button("Start a mock interview", key="interview", icon=":material/record_voice_over:"):
            st.switch_page("ui/practice.py")
    return pressed


def suggestions() -> tuple[str, ...]:
    """What to ask first: about the section that the address names, or anything."""
    title = resources.title_of(st.query_params.get("about", ""))
    if not title:
        return FIRST_QUESTIONS
    return tuple(f"{opening} {title}?" for opening in ABOUT_A_SECTION)


def draw_conversation(now: Talk, offer: bool) -> str | None:
    """Draw the newest questions and answers.

    Args:
        now: the conversation.
        offer: whether to offer questions to ask next.

    Returns:
        The question that was pressed, if one was.
    """
    exchanges = now.exchanges
    begin = max(0, len(exchanges) - now.shown)
    if begin:
        st.button(
            f"Show earlier ({begin})", key="earlier", type="tertiary", on_click=show_earlier, args=(now,)
        )
    pressed = None
    for position, exchange in enumerate(exchanges[begin:], start=begin):
        is_last = offer and position == len(exchanges) - 1
        with st.container(key="latest") if is_last else nullcontext():
            with st.chat_message("user", avatar=render.PERSON):
                st.text(exchange.answer.question)
            if now.again and now.again.position == position:
                answer(now, exchange.answer.question, now.again.words, position)
            with st.chat_message("assistant", avatar=render.MENTOR):
                reply.draw(now, position, exchange, f"{now.conversation} {position}")
            if is_last:
                pressed = next_questions(exchanges)
    return pressed


def show_earlier(now: Talk) -> None:
    """Draw more of the conversation."""
    now.shown += talk.SHOWN


def next_questions(exchanges: tuple[Exchange, ...]) -> str | None:
    """Draw what may be asked next; returns the question that was pressed."""
    last = exchanges[-1].answer
    places = {source.section: source.title for source in last.citations or last.nearest}
    if not places:
        return None
    asked = tuple(exchange.answer.question for exchange in exchanges)
    pressed = None
    with st.container(key="next", gap=None):
        st.caption("The handbook does answer" if last.refused else "Ask next")
        for at, question in enumerate(resources.next_questions(tuple(places), asked, where().chapters)):
            if st.button(
                render.escaped(question), key=f"next {at}", type="tertiary", icon=":material/arrow_forward:"
            ):
                pressed = question
        section, title = next(iter(places.items()))
        st.page_link(
            "ui/practice.py", label=f"Practise this topic: {title}", query_params={"section": section}
        )
    return pressed


def answer(now: Talk, question: str, words: str, position: int) -> None:
    """Answer, and keep the answer; a question that cannot be searched is kept with the reason.

    Args:
        now: the conversation.
        question: what was asked.
        words: to search for exactly these; empty to search for the question.
        position: where in the conversation it stands.
    """
    now.again = Again(position, words) if position < len(now.exchanges) else None
    try:
        found = grow(now, words or question, [] if words else talk.turns(now, position))
    except MentorError as error:
        found = Answer(question[:QUESTION_SHOWN], "", note=str(error), mode="fault")
    except Exception:
        found = Answer(question[:QUESTION_SHOWN], "", note=resources.apology(), mode="fault")
    if words:
        found = replace(found, question=question, reworded=True)
    before = now.exchanges[position].answer if now.again else None
    if before and replace(before, seconds=0) == replace(found, seconds=0):
        now.again = now.growing = None
        st.toast("The answer is the same as before.")
    else:
        talk.keep(now, found)
    st.rerun()


def grow(now: Talk, question: str, turns: list[Turn]) -> Answer:
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
                if found.mode == "model" and now.growing is None:
                    # Any click ends this script; what is to be done with the answer, `take_up` does.
                    stop.button("Stop", key="stop", icon=":material/stop_circle:")
                now.growing = found
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


def draw_unsaved(now: Talk) -> None:
    """Draw that answers are on this page only, and why."""
    if not now.unsaved:
        return
    count = len(now.unsaved)
    what = "The last answer is" if count == 1 else f"{count} answers are"
    with st.container(border=True, key="unsaved"):
        st.markdown(f"**{what} on this page only**, and a reload would lose what is not kept.")
        st.caption(render.escaped(now.fault))
        st.button("Keep now", key="save", on_click=talk.save, args=(now,))


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
