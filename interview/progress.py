"""Interviews, their graded answers and reviews, kept so that a reload or a restart loses nothing."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from database import transaction
from errors import InterviewGone, StorageError
from interview.bank import Question
from interview.graded import Graded, Point, graded
from interview.review import Review, schedule
from interview.session import Attempt, Interview

REMEMBERED = 200
"""Steps that could not be kept, of all interviews; older ones are no longer made up for."""

_tables = sa.MetaData()
_interview = sa.Table(
    "interview",
    _tables,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("changed", sa.DateTime),
    sa.Column("interview", sa.Text),
)
_graded = sa.Table(
    "graded",
    _tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("interview", sa.String(32)),
    sa.Column("position", sa.Integer),
    sa.Column("question_id", sa.Text),
    sa.Column("section", sa.Text),
    sa.Column("chapter", sa.Integer),
    sa.Column("kind", sa.Text),
    sa.Column("level", sa.Text),
    sa.Column("score", sa.Integer),
    sa.Column("grader", sa.Text),
    sa.Column("hints", sa.Integer),
    sa.Column("verdicts", sa.Text),
    sa.Column("graded_at", sa.DateTime),
)
_review = sa.Table(
    "review",
    _tables,
    sa.Column("question_id", sa.Text, primary_key=True),
    sa.Column("due", sa.DateTime),
    sa.Column("card", sa.Text),
)


class Progress:
    """Reads and writes a person's progress. Each method raises StorageError if the database refuses."""

    def __init__(self, engine: sa.Engine, bank: Mapping[str, Question] | None = None) -> None:
        self._engine = engine
        self._bank = bank or {}
        self._unsaved: dict[Interview, Interview] = {}
        """A step that could not be kept → how its interview is kept in its stead."""

    def save(self, identity: str, interview: Interview, before: Interview | None = None) -> str:
        """Keep an interview as it stands, and record each graded question that is behind, once.

        Args:
            identity: the interview's id; an empty one is a new interview.
            interview: how it stands now.
            before: how it stood when this step was taken; it must still stand so, unless the step
                before could not be kept, which this one makes up for.

        Returns:
            The interview's id.

        Raises:
            InterviewGone: it was deleted since `before`.
            StorageError: it went on elsewhere since `before`, or the database refuses.
        """
        now, stood_before = datetime.now(UTC), self._unsaved.get(before, before) if before else None
        try:
            with transaction(self._engine, exclusive=True) as connection:
                query = sa.select(_interview.c.interview).where(_interview.c.id == identity)
                kept = connection.scalar(query.with_for_update())
                if identity and before and not kept:
                    raise InterviewGone("it was deleted in another tab; begin another")
                if kept and before and _understood(kept) not in (before, stood_before):
                    raise StorageError("it went on in another tab; reload the page to take it up there")
                identity = identity or uuid.uuid4().hex
                write_interview(connection, identity, interview, now)
                record(connection, self._bank, identity, interview.attempts, now)
        except StorageError:
            if stood_before:
                self._unsaved[interview] = stood_before
                while len(self._unsaved) > REMEMBERED:
                    self._unsaved.pop(next(iter(self._unsaved)), None)
            raise
        return identity

    def load(self, identity: str) -> Interview | None:
        """The interview of that id, if there is one."""
        with transaction(self._engine) as connection:
            row = connection.scalar(sa.select(_interview.c.interview).where(_interview.c.id == identity))
        return _understood(row) if row else None

    def stamp(self) -> tuple[int, int]:
        """Something that differs whenever the graded answers do: their number and the newest id."""
        with transaction(self._engine) as connection:
            count, newest = connection.execute(sa.select(sa.func.count(), sa.func.max(_graded.c.id))).one()
        return count, newest or 0

    def graded(self) -> list[Graded]:
        """Every graded answer, in order of time."""
        with transaction(self._engine) as connection:
            return read_graded(connection)

    def reviews(self) -> dict[str, Review]:
        """The card of every question that has a graded answer, by the question's id."""
        with transaction(self._engine) as connection:
            return read_reviews(connection)

    def forget(self) -> None:
        """Delete every interview, grade and review."""
        with transaction(self._engine, exclusive=True) as connection:
            for table in (_review, _graded, _interview):
                connection.execute(table.delete())


def write_interview(connection: sa.Connection, identity: str, interview: Interview, at: datetime) -> None:
    """Insert or replace an interview."""
    row = {"changed": _naive(at), "interview": interviews().dump_json(interview).decode()}
    updated = connection.execute(_interview.update().where(_interview.c.id == identity).values(row))
    if not updated.rowcount:
        connection.execute(_interview.insert().values(id=identity, **row))


def record(
    connection: sa.Connection,
    bank: Mapping[str, Question],
    identity: str,
    attempts: Sequence[Attempt],
    at: datetime,
) -> None:
    """Write a row for each graded attempt that has none yet, and move its question's card on.

    What is missing is found in the table rather than told, so that a step whose saving failed is
    made up for by the next one, and one that is saved twice is recorded once.
    """
    if not attempts:
        return
    known = set(
        connection.scalars(sa.select(_graded.c.position).where(_graded.c.interview == identity)).all()
    )
    rows = [
        row
        for position, attempt in enumerate(attempts)
        if position not in known and (row := graded(identity, position, attempt, bank, at))
    ]
    write_graded(connection, rows)


def write_graded(connection: sa.Connection, rows: Sequence[Graded]) -> None:
    """Insert graded answers, and make the cards of their questions."""
    for row in rows:
        values = asdict(row) | {
            "verdicts": _points().dump_json(row.verdicts).decode(),
            "graded_at": _naive(row.graded_at),
        }
        connection.execute(_graded.insert().values(values))
    for question in dict.fromkeys(row.question_id for row in rows):
        review = schedule(read_graded(connection, _graded.c.question_id == question))
        if review:
            connection.execute(_review.delete().where(_review.c.question_id == question))
            connection.execute(
                _review.insert().values(question_id=question, due=_naive(review.due), card=review.card)
            )


def read_graded(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Graded]:
    """The graded answers that fulfil the conditions, in order of time."""
    query = sa.select(_graded).where(*conditions).order_by(_graded.c.graded_at, _graded.c.id)
    return [
        Graded(
            **{name: value for name, value in row.items() if name not in ("id", "verdicts", "graded_at")},
            verdicts=_verdicts(row),
            graded_at=row["graded_at"].replace(tzinfo=UTC),
        )
        for row in connection.execute(query).mappings()
    ]


def read_reviews(connection: sa.Connection) -> dict[str, Review]:
    """The cards by question; those of answers kept by an older version are made here."""
    found = {
        row.question_id: Review(row.question_id, row.due.replace(tzinfo=UTC), row.card)
        for row in connection.execute(sa.select(_review))
    }
    without = _graded.c.question_id.not_in(sa.select(_review.c.question_id))
    rows: dict[str, list[Graded]] = {}
    for row in read_graded(connection, without):
        rows.setdefault(row.question_id, []).append(row)
    return found | _cards(rows.values())


def read_interviews(connection: sa.Connection) -> Iterable[tuple[str, datetime, str]]:
    """Id, time of the last change in UTC, and JSON of every interview, the oldest first."""
    query = sa.select(_interview.c.id, _interview.c.changed, _interview.c.interview)
    for identity, changed, text in connection.execute(query.order_by(_interview.c.changed, _interview.c.id)):
        yield identity, changed.replace(tzinfo=UTC), text


def _understood(kept: str) -> Interview:
    try:
        interview: Interview = interviews().validate_json(kept)
    except ValueError as error:
        raise StorageError(
            "this interview was kept by another version of the program and cannot be read; begin another"
        ) from error
    return interview


def _verdicts(row: Any) -> tuple[Point, ...]:
    try:
        points: tuple[Point, ...] = _points().validate_json(row["verdicts"])
    except ValueError as error:
        raise StorageError(
            f"the graded answer {row['id']} was kept by another version of the program and cannot be read; "
            "run that version, or put the copy of the database back that was made before it"
        ) from error
    return points


def _cards(answers: Iterable[Sequence[Graded]]) -> dict[str, Review]:
    return {review.question_id: review for rows in answers if (review := schedule(rows))}


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


@cache
def interviews() -> Any:
    """What reads and writes an interview's JSON."""
    from pydantic import TypeAdapter

    return TypeAdapter(Interview)


@cache
def _points() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[Point, ...])
