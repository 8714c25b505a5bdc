"""Interviews, kept in the database so that a reload or a restart loses nothing."""

import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from database import transaction
from errors import StorageError
from interview.session import Interview

_tables = sa.MetaData()
_interview = sa.Table(
    "interview",
    _tables,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("changed", sa.DateTime),
    sa.Column("interview", sa.Text),
)


class Progress:
    """Reads and writes interviews. Each method raises StorageError if the database refuses."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def save(self, identity: str, interview: Interview, before: Interview | None = None) -> str:
        """Keep an interview as it stands; an empty id is a new one.

        Args:
            identity: the interview's id.
            interview: how it stands now.
            before: how it stood when this step was taken; it must still stand so.

        Returns:
            The interview's id.

        Raises:
            StorageError: it went on elsewhere since `before`, or the database refuses.
        """
        row = {
            "changed": datetime.now(UTC).replace(tzinfo=None),
            "interview": _codec().dump_json(interview).decode(),
        }
        with transaction(self._engine) as connection:
            kept = connection.scalar(sa.select(_interview.c.interview).where(_interview.c.id == identity))
            if kept and before and _codec().validate_json(kept) != before:
                raise StorageError("it went on in another tab; reload the page to take it up there")
            updated = connection.execute(_interview.update().where(_interview.c.id == identity).values(row))
            if not updated.rowcount:
                identity = identity or uuid.uuid4().hex
                connection.execute(_interview.insert().values(id=identity, **row))
        return identity

    def load(self, identity: str) -> Interview | None:
        """The interview of that id, if there is one."""
        with transaction(self._engine) as connection:
            row = connection.scalar(sa.select(_interview.c.interview).where(_interview.c.id == identity))
        try:
            found: Interview | None = _codec().validate_json(row) if row else None
        except ValueError as error:
            raise StorageError(
                "this interview was kept by another version of the program and cannot be read; begin another"
            ) from error
        return found


@cache
def _codec() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Interview)
