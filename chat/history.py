"""Conversations, kept in the database."""

import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from chat.citations import Answer
from database import transaction

TITLE_CHARACTERS = 80

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


class History:
    """Reads and writes conversations. Each method raises StorageError if the database refuses."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, conversation: str, answer: Answer) -> str:
        """Append an answer; an empty id begins a conversation, named for its first question.

        Returns:
            The conversation's id.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        with transaction(self._engine, exclusive=True) as connection:
            if not conversation:
                conversation = uuid.uuid4().hex
                title = answer.question[:TITLE_CHARACTERS]
                connection.execute(_conversation.insert().values(id=conversation, title=title, changed=now))
            connection.execute(
                _answer.insert().values(conversation=conversation, answer=_codec().dump_json(answer).decode())
            )
            connection.execute(
                _conversation.update().where(_conversation.c.id == conversation).values(changed=now)
            )
        return conversation

    def answers(self, conversation: str) -> list[Answer]:
        """The answers of a conversation in order; none if there is no such conversation."""
        rows = (
            sa.select(_answer.c.answer).where(_answer.c.conversation == conversation).order_by(_answer.c.id)
        )
        with transaction(self._engine) as connection:
            return [answer for row in connection.scalars(rows) if (answer := _decoded(row))]

    def recent(self, count: int = 12) -> list[Conversation]:
        """The conversations that were added to last, newest first."""
        rows = (
            sa.select(_conversation.c.id, _conversation.c.title)
            .order_by(_conversation.c.changed.desc())
            .limit(count)
        )
        with transaction(self._engine) as connection:
            return [Conversation(identity, title) for identity, title in connection.execute(rows)]

    def remove(self, conversation: str) -> None:
        """Delete a conversation and its answers."""
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
