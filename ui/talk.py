"""The conversation that is open: taken up from the database, and added to without losing anything."""

import uuid
from dataclasses import dataclass, field, replace

import streamlit as st

from chat.citations import Answer
from chat.conversation import Turn
from chat.history import Exchange, Kept
from errors import MentorError
from ui import resources

SHOWN = 20
"""Exchanges drawn at first, and how many more each time; a page with hundreds would answer slowly."""


@dataclass(frozen=True)
class Unsaved:
    """An answer that the database has not taken."""

    conversation: str
    answer: Answer
    instead_of: int


@dataclass(frozen=True)
class Again:
    """A question to be answered anew."""

    position: int
    words: str = ""
    """To search for exactly these; empty to search as before."""


@dataclass
class Talk:
    """What the page remembers."""

    conversation: str = ""
    saved: tuple[Exchange, ...] = ()
    """As the database had them last."""
    stamp: tuple[int, int] = (0, 0)
    unsaved: list[Unsaved] = field(default_factory=list)
    """Of any conversation, in their order."""
    fault: str = ""
    """Why there are unsaved answers."""
    opened: tuple[int, int] | None = None
    """Which citation of which answer fills the source panel."""
    growing: Answer | None = None
    """The answer that is being written."""
    again: Again | None = None
    """What it is written for, if it is no new question."""
    shown: int = SHOWN
    turned_to: dict[int, int] = field(default_factory=dict)
    """Which version of an exchange is looked at, if not the last."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What the conversation holds: what is saved, and what is on this page only."""
        held = list(self.saved)
        firsts = {exchange.versions[0].id: at for at, exchange in enumerate(held)}
        for unsaved in self.unsaved:
            if unsaved.conversation != self.conversation:
                continue
            at = firsts.get(unsaved.instead_of)
            if at is None:
                held.append(Exchange((Kept(unsaved.answer),)))
            else:
                held[at] = Exchange((*held[at].versions, Kept(unsaved.answer)))
        return tuple(held)

    @property
    def answers(self) -> list[Answer]:
        """The answers that count, in order."""
        return [exchange.answer for exchange in self.exchanges]

    def turn_to(self, conversation: str) -> None:
        """Show another conversation, or an empty one; what is unsaved stays."""
        self.conversation, self.saved, self.stamp = conversation, (), (0, 0)
        self.opened, self.again, self.shown, self.turned_to = None, None, SHOWN, {}


def current() -> Talk:
    """The conversation of this browser tab."""
    talk: Talk = st.session_state.setdefault("ask", Talk())
    return talk


def go_to(conversation: str) -> None:
    """Open a conversation; the empty one is new."""
    st.query_params.from_dict({"conversation": conversation} if conversation else {})


def restore(talk: Talk) -> None:
    """Take up the conversation that the address names, with what other tabs have added to it."""
    wanted = st.query_params.get("conversation", "")
    # Another page was shown in between, and its address names no conversation.
    if not wanted and "question" not in st.session_state:
        wanted = talk.conversation
        go_to(wanted)
    known = wanted == talk.conversation
    if not known:
        talk.turn_to(wanted)
    if not wanted:
        return
    try:
        refresh(talk)
    except MentorError as error:
        if not talk.exchanges:
            st.error(str(error))
        return
    if not talk.exchanges:
        st.warning(
            "This conversation was deleted. A new one begins."
            if known
            else "There is no conversation at this address. A new one begins."
        )
        talk.turn_to("")
        go_to("")


def refresh(talk: Talk, anyway: bool = False) -> None:
    """Read the conversation again if it has changed.

    Raises:
        StorageError: the database refuses.
    """
    stamp = resources.history().stamp(talk.conversation)
    if anyway or stamp != talk.stamp:
        talk.saved, talk.stamp = resources.history().exchanges(talk.conversation), stamp


def take_up(talk: Talk) -> None:
    """Keep what is checked of an answer that a click cut short: on Stop, or on anything else."""
    if not talk.growing:
        return
    answer = talk.growing
    end = "stopped before the end" if answer.statements else "Stopped before a sentence was written."
    note = "; ".join(part for part in (answer.note, end) if part) if answer.statements else end
    keep(talk, replace(answer, note=note, mode=answer.mode if answer.statements else "fault"))


def keep(talk: Talk, answer: Answer) -> None:
    """Add an answer, or put it in place of those that it answers anew.

    The page goes to its conversation unless the reader has gone elsewhere meanwhile.
    """
    stayed = st.query_params.get("conversation", "") == talk.conversation
    talk.conversation = talk.conversation or uuid.uuid4().hex
    instead_of = 0
    if talk.again:
        position = talk.again.position
        instead_of = talk.exchanges[position].versions[0].id
        talk.turned_to.pop(position, None)
        if not instead_of:
            talk.unsaved = [one for one in talk.unsaved if one.answer != talk.exchanges[position].answer]
    talk.unsaved.append(Unsaved(talk.conversation, answer, instead_of))
    talk.opened = talk.growing = talk.again = None
    save(talk)
    if stayed:
        go_to(talk.conversation)


def save(talk: Talk) -> None:
    """Hand the unsaved answers to the database, in their order, as many as it takes."""
    talk.fault = ""
    try:
        history = resources.history()
        while talk.unsaved:
            first = talk.unsaved[0]
            history.add(first.conversation, first.answer, first.instead_of)
            talk.unsaved.pop(0)
        refresh(talk)
    except MentorError as error:
        talk.fault = str(error)


def turns(talk: Talk, before: int) -> list[Turn]:
    """What was asked before the exchange at a position, for a question that leans on it."""
    return [Turn.of(answer) for answer in talk.answers[:before] if answer.searched_for]
