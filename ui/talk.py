"""The conversation that is open: taken up from the database, and added to without losing anything."""

import threading
import uuid
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace

import streamlit as st

from chat.citations import Answer
from chat.conversation import Turn
from chat.history import Exchange, Kept
from errors import MentorError
from ui import resources

SHOWN = 20
"""Exchanges drawn at first, and how many more each time; a page with hundreds would answer slowly."""

DELETED = "This conversation was deleted. A new one begins."
UNKNOWN = "There is no conversation at this address. A new one begins."
BEGUN = "The conversation was deleted in another tab. Your question began a new one."


@dataclass(frozen=True)
class Unsaved:
    """An answer that the database has not taken."""

    conversation: str
    answer: Answer
    instead_of: int


@dataclass(frozen=True)
class Due:
    """A question to be answered, for the first time or anew."""

    position: int
    words: str = ""
    """To search for exactly these; empty to search as before."""


@dataclass
class Talk:
    """What the page remembers."""

    conversation: str = ""
    saved: tuple[Exchange, ...] = ()
    """As the database had them last."""
    stamp: tuple[int, float] = (0, 0)
    unsaved: list[Unsaved] = field(default_factory=list)
    """Of any conversation, in their order."""
    fault: str = ""
    """Why there are unsaved answers."""
    opened: tuple[int, int] | None = None
    """Which citation of which answer fills the source panel."""
    answering: Due | None = None
    """What is being answered."""
    growing: Answer | None = None
    """The answer that is being written, if it can be stopped."""
    again: Due | None = None
    """The question that is to be answered anew."""
    notice: str = ""
    """What to say of the conversation that was open before."""
    shown: int = SHOWN
    turned_to: dict[int, int] = field(default_factory=dict)
    """Which version of an exchange is looked at, if not the last."""
    lock: AbstractContextManager[object] = field(default_factory=threading.RLock, repr=False, compare=False)
    """A click begins another run of the page at once; the one before ends where it draws something next."""

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
                before = () if held[at].pending else held[at].versions
                held[at] = Exchange((*before, Kept(unsaved.answer)))
        return tuple(held)

    @property
    def answers(self) -> list[Answer]:
        """The answers that count, in order."""
        return [exchange.answer for exchange in self.exchanges]

    @property
    def due(self) -> Due | None:
        """What is to be answered now: what is asked again, or the first question that has no answer."""
        pending = (Due(position) for position, exchange in enumerate(self.exchanges) if exchange.pending)
        return self.again or next(pending, None)

    def turn_to(self, conversation: str, notice: str = "") -> None:
        """Show another conversation, or an empty one; what is unsaved stays."""
        self.conversation, self.saved, self.stamp, self.notice = conversation, (), (0, 0), notice
        self.opened, self.again, self.shown, self.turned_to = None, None, SHOWN, {}


def current() -> Talk:
    """The conversation of this browser tab."""
    talk: Talk = st.session_state.setdefault("ask", Talk())
    return talk


def go_to(conversation: str) -> None:
    """Write a conversation into the address; the empty one is new."""
    st.query_params.from_dict({"conversation": conversation} if conversation else {})


def open_conversation(talk: Talk, conversation: str) -> None:
    """Open a conversation; the empty one is new."""
    take_up(talk)
    # At once: a question may arrive before the page is drawn.
    talk.turn_to(conversation)
    go_to(conversation)


def restore(talk: Talk) -> None:
    """Take up the conversation that the address names, with what other tabs have added to it.

    Raises:
        StorageError: the database refuses, and there is nothing to show.
    """
    wanted = st.query_params.get("conversation", "")
    # Another page was shown in between, and its address names no conversation.
    if not wanted and "question" not in st.session_state:
        wanted = talk.conversation
        go_to(wanted)
    known = wanted == talk.conversation
    if not known:
        talk.turn_to(wanted)
    _catch_up(talk, DELETED if known else UNKNOWN)


def _catch_up(talk: Talk, otherwise: str) -> None:
    """Take up what other tabs did to the open conversation; if it is gone, a new one begins.

    Args:
        talk: what the page remembers.
        otherwise: what to say if it is gone.

    Raises:
        StorageError: the database refuses, and there is nothing to show.
    """
    if not talk.conversation:
        return
    try:
        refresh(talk)
    except MentorError:
        if not talk.exchanges:
            raise
        return
    if not talk.exchanges:
        talk.turn_to("", otherwise)
        go_to("")


def refresh(talk: Talk, anyway: bool = False) -> None:
    """Read the conversation again if it has changed.

    Raises:
        StorageError: the database refuses.
    """
    stamp = resources.history().stamp(talk.conversation)
    if anyway or stamp != talk.stamp:
        talk.saved, talk.stamp = resources.history().exchanges(talk.conversation), stamp


def ask(talk: Talk, question: str) -> None:
    """Keep a question, which the page answers next; blanks are none."""
    question = question.strip()
    if not question:
        return
    with talk.lock:
        if talk.growing and not talk.growing.statements:
            # Nothing is lost by beginning anew: it is answered before this one.
            talk.growing = None
        take_up(talk)
        talk.opened, talk.notice = None, ""
        # What the database refuses is said when it refuses the question.
        with suppress(MentorError):
            _catch_up(talk, BEGUN)
        talk.conversation = talk.conversation or uuid.uuid4().hex
        pending = Answer(question, "", note="Not answered yet.", mode="pending")
        talk.unsaved.append(Unsaved(talk.conversation, pending, 0))
        try:
            # First, because a reload meanwhile is to find the conversation.
            go_to(talk.conversation)
        finally:
            save(talk)


def take_up(talk: Talk) -> None:
    """Keep what is checked of an answer that a click cut short: on Stop, or on anything else."""
    with talk.lock:
        answer, due = talk.growing, talk.answering
        talk.growing = talk.answering = None
        if not answer:
            return
        end = "stopped before the end" if answer.statements else "Stopped before a sentence was written."
        note = "; ".join(part for part in (answer.note, end) if part) if answer.statements else end
        _keep(talk, replace(answer, note=note, mode=answer.mode if answer.statements else "fault"), due)


def begin(talk: Talk, due: Due) -> None:
    """Answer what is due from now on, and nothing else."""
    with talk.lock:
        talk.answering, talk.growing = due, None


def grow(talk: Talk, answer: Answer, due: Due) -> None:
    """Note how far an answer is, unless another run of the page has taken over."""
    with talk.lock:
        if talk.answering is due:
            talk.growing = answer


def keep(talk: Talk, answer: Answer, due: Due) -> bool:
    """Keep an answer to what was due, unless another run of the page has taken over.

    The page goes to its conversation unless the reader has gone elsewhere meanwhile.

    Returns:
        Whether it says anything else than the answer before.
    """
    with talk.lock:
        if talk.answering is not due:
            return True
        talk.answering = talk.growing = None
        before = talk.exchanges[due.position].answer
        if replace(before, seconds=0) == replace(answer, seconds=0):
            talk.again = None
            return False
        _keep(talk, answer, due)
        return True


def _keep(talk: Talk, answer: Answer, due: Due | None) -> None:
    """Add an answer to the question that was due, or with its question if there is none."""
    stayed = st.query_params.get("conversation", "") == talk.conversation
    if stayed:
        with suppress(MentorError):
            _catch_up(talk, BEGUN)
    if due and talk.conversation:
        exchange = talk.exchanges[due.position]
        # If it is not pending any more, another tab has answered it.
        if exchange.pending or due is talk.again:
            _replace(talk, exchange, answer)
            talk.turned_to.pop(due.position, None)
    else:
        talk.conversation = talk.conversation or uuid.uuid4().hex
        talk.unsaved.append(Unsaved(talk.conversation, answer, 0))
    talk.opened = talk.again = None
    save(talk)
    if stayed:
        go_to(talk.conversation)


def _replace(talk: Talk, exchange: Exchange, answer: Answer) -> None:
    """Put an answer in the place of those of an exchange."""
    first = exchange.versions[0].id
    added = Unsaved(talk.conversation, answer, first)
    places = [at for at, one in enumerate(talk.unsaved) if one.answer == exchange.answer]
    if first or not places:
        talk.unsaved.append(added)
    else:
        talk.unsaved[places[0]] = added


def save(talk: Talk) -> None:
    """Hand the unsaved answers to the database, in their order, as many as it takes."""
    with talk.lock:
        talk.fault = ""
        held = talk.exchanges
        try:
            history = resources.history()
            while talk.unsaved:
                first = talk.unsaved[0]
                history.add(first.conversation, first.answer, first.instead_of)
                talk.unsaved.pop(0)
            # If it cannot be read now, what was answered is not to be answered again.
            talk.saved = held
            refresh(talk, anyway=True)
        except MentorError as error:
            talk.fault = str(error)


def turns(talk: Talk, before: int) -> list[Turn]:
    """What was asked before the exchange at a position, for a question that leans on it."""
    return [Turn.of(answer) for answer in talk.answers[:before] if answer.searched_for]
