"""Conversations, kept in the database."""

import json
import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from chat.citations import Answer, plain
from database import transaction

TITLE_CHARACTERS = 80
WORDS_SEARCHED = 8
REMARK_CHARACTERS = 1000

log = logging.getLogger(__name__)

_tables = sa.MetaData()
_conversation = sa.Table(
    "conversation",
    _tables,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("title", sa.Text),
    sa.Column("changed", sa.DateTime),
)
_answer = sa.Table(
    "answer",
    _tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation", sa.String(32)),
    sa.Column("answer", sa.Text),
    sa.Column("instead_of", sa.Integer),
    sa.Column("said", sa.Text),
)
_feedback = sa.Table(
    "feedback",
    _tables,
    sa.Column("answer", sa.Integer, primary_key=True),
    sa.Column("useful", sa.Boolean),
    sa.Column("reason", sa.Text),
    sa.Column("words", sa.Text),
    sa.Column("question", sa.Text),
    sa.Column("searched_for", sa.Text),
    sa.Column("passages", sa.Text),
    sa.Column("given", sa.DateTime),
)


@dataclass(frozen=True)
class Conversation:
    """A conversation in a list of them."""

    id: str
    title: str


@dataclass(frozen=True)
class Asked:
    """A question, and the conversation that it stands in."""

    conversation: str
    question: str


@dataclass(frozen=True)
class Feedback:
    """What a person thinks of an answer."""

    useful: bool
    reason: str = ""
    """One of those offered; empty if none was chosen."""
    words: str = ""
    """The person's own."""


@dataclass(frozen=True)
class Kept:
    """An answer with what became of it."""

    answer: Answer
    id: int = 0
    """0 while it is not in the database."""
    feedback: Feedback | None = None


@dataclass(frozen=True)
class Exchange:
    """A question and the answers to it: all but the last were answered anew, and a pending one is alone."""

    versions: tuple[Kept, ...]

    @property
    def answer(self) -> Answer:
        """The answer that counts."""
        return self.versions[-1].answer

    @property
    def pending(self) -> bool:
        """Whether the question has not been answered yet."""
        return self.answer.mode == "pending"


class History:
    """Reads and adds to the conversations. Each method raises StorageError if the database refuses."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, conversation: str, answer: Answer, instead_of: int = 0) -> str:
        """Append an answer; a conversation that is not there begins, named for its first question.

        A pending answer is the question alone; the first answer that is given in its place takes it.

        Args:
            conversation: its id; an empty one is chosen.
            answer: what to keep.
            instead_of: the id of the first answer to the same question, in whose place this one stands.

        Returns:
            The conversation's id.
        """
        conversation = conversation or uuid.uuid4().hex
        is_it = _conversation.c.id == conversation
        with transaction(self._engine, exclusive=True) as connection:
            if connection.scalar(sa.select(_conversation.c.id).where(is_it)) is None:
                title = titled(answer.question) or "Untitled"
                connection.execute(
                    _conversation.insert().values(id=conversation, title=title, changed=_now())
                )
            values = {"answer": _codec().dump_json(answer).decode(), "said": _said(answer)}
            first = sa.and_(_answer.c.id == instead_of, _answer.c.conversation == conversation)
            row = connection.scalar(sa.select(_answer.c.answer).where(first))
            before = _decoded(row) if row else None
            if before and before.mode == "pending":
                connection.execute(_answer.update().where(first).values(values))
            else:
                connection.execute(
                    _answer.insert().values(
                        values | {"conversation": conversation, "instead_of": instead_of or None}
                    )
                )
            connection.execute(_conversation.update().where(is_it).values(changed=_now()))
        return conversation

    def exchanges(self, conversation: str) -> tuple[Exchange, ...]:
        """What a conversation holds, in the order of the questions; nothing if there is none."""
        rows = (
            sa.select(_answer, _feedback.c.useful, _feedback.c.reason, _feedback.c.words)
            .outerjoin(_feedback, _feedback.c.answer == _answer.c.id)
            .where(_answer.c.conversation == conversation)
            .order_by(_answer.c.id)
        )
        versions: dict[int, list[Kept]] = {}
        with transaction(self._engine) as connection:
            for row in connection.execute(rows):
                answer = _decoded(row.answer)
                if answer:
                    given = None if row.useful is None else Feedback(row.useful, row.reason, row.words)
                    versions.setdefault(row.instead_of or row.id, []).append(Kept(answer, row.id, given))
        return tuple(Exchange(tuple(kept)) for kept in versions.values())

    def stamp(self, conversation: str) -> tuple[int, float]:
        """Differs whenever a conversation has other answers: the newest one's id, and when it changed."""
        newest = sa.select(sa.func.max(_answer.c.id)).where(_answer.c.conversation == conversation)
        found = sa.select(newest.scalar_subquery(), _conversation.c.changed).where(
            _conversation.c.id == conversation
        )
        with transaction(self._engine) as connection:
            row = connection.execute(found).one_or_none()
        return (row[0], row[1].replace(tzinfo=UTC).timestamp()) if row else (0, 0)

    def recent(self, count: int = 12, words: str = "") -> list[Conversation]:
        """The conversations that were added to last, newest first.

        Args:
            count: at most so many.
            words: only those in which each of these words was asked, answered or is in the title.
        """
        found = sa.select(_conversation.c.id, _conversation.c.title)
        for word in words.casefold().split()[:WORDS_SEARCHED]:
            said = sa.exists().where(
                _answer.c.conversation == _conversation.c.id, _answer.c.said.contains(word, autoescape=True)
            )
            titled_so = sa.func.lower(_conversation.c.title).contains(word, autoescape=True)
            found = found.where(said | titled_so)
        found = found.order_by(_conversation.c.changed.desc()).limit(count)
        with transaction(self._engine) as connection:
            return [Conversation(identity, title) for identity, title in connection.execute(found)]

    def title(self, conversation: str) -> str:
        """A conversation's title; empty if there is no such conversation."""
        found = sa.select(_conversation.c.title).where(_conversation.c.id == conversation)
        with transaction(self._engine) as connection:
            return connection.scalar(found) or ""

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation another title; one without a letter changes nothing."""
        if titled(title):
            with transaction(self._engine, exclusive=True) as connection:
                connection.execute(
                    _conversation.update()
                    .where(_conversation.c.id == conversation)
                    .values(title=titled(title))
                )

    def rate(self, kept: Kept, feedback: Feedback | None) -> None:
        """Keep what a person thinks of an answer, with what it rests on; None takes it back.

        Args:
            kept: an answer that is in the database.
            feedback: in place of what was given before.
        """
        answer = kept.answer
        passages = [{"section": source.section, "quote": source.quote} for source in answer.citations]
        with transaction(self._engine, exclusive=True) as connection:
            connection.execute(_feedback.delete().where(_feedback.c.answer == kept.id))
            there = connection.scalar(sa.select(_answer.c.id).where(_answer.c.id == kept.id))
            if feedback and there:
                connection.execute(
                    _feedback.insert().values(
                        answer=kept.id,
                        useful=feedback.useful,
                        reason=feedback.reason,
                        words=feedback.words[:REMARK_CHARACTERS],
                        question=answer.question,
                        searched_for=answer.searched_for,
                        passages=json.dumps(passages, ensure_ascii=False),
                        given=_now(),
                    )
                )

    def remove(self, conversation: str) -> None:
        """Delete a conversation with its answers and what was thought of them."""
        with transaction(self._engine, exclusive=True) as connection:
            connection.execute(_conversation.delete().where(_conversation.c.id == conversation))

    def asked_about(self, section: str, count: int = 5) -> list[Asked]:
        """The last questions whose answers cite a section, newest first, each once."""
        rows = (
            sa.select(_answer.c.conversation, _answer.c.answer)
            # Narrows the rows down to those worth decoding; sections that were only near are in them, too.
            .where(_answer.c.answer.contains(f'"section":"{section}"', autoescape=True))
            .order_by(_answer.c.id.desc())
        )
        asked: dict[str, Asked] = {}
        with transaction(self._engine) as connection:
            for conversation, row in connection.execute(rows):
                answer = _decoded(row)
                if answer and any(citation.section == section for citation in answer.citations):
                    asked.setdefault(answer.question.casefold(), Asked(conversation, answer.question))
                if len(asked) == count:
                    break
        return list(asked.values())


def titled(text: str) -> str:
    """A text as a title: one line of what can be seen, not too long."""
    seen = "".join(letter if letter.isprintable() else " " for letter in text[: 20 * TITLE_CHARACTERS])
    return " ".join(seen.split())[:TITLE_CHARACTERS].strip()


def _said(answer: Answer) -> str:
    """What is searched for a conversation: small letters, no Markdown."""
    return "\n".join(
        [answer.question, *(plain(statement.text) for statement in answer.statements)]
    ).casefold()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _decoded(row: str) -> Answer | None:
    """The answer, unless another version of this program wrote it in a way that is not understood."""
    from pydantic import ValidationError

    try:
        answer: Answer = _codec().validate_json(row)
    except ValidationError:
        log.warning("an answer of an older conversation cannot be read; it is left out")
        return None
    return answer


@cache
def _codec() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Answer)
