"""The one SQLAlchemy engine and its migrations: conversations and progress live here, not the index."""

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from errors import StorageError
from settings import PROJECT

HEAD = "0004"
"""The newest migration; a test compares it with the scripts."""

_ASIDE = (
    "move {place} aside, with its -wal and -shm files if there are any, and a new one is made; "
    "or set DATABASE_URL or MENTOR_DATA_DIR"
)
# What SQLite says, and what a person can do about it. `{place}` is the database's file.
_REMEDIES = (
    ("not a database", _ASIDE),
    ("malformed", _ASIDE),
    ("newer version", "update the program, or set DATABASE_URL to another file; nothing was changed"),
    ("locked", "another program is writing to {place}; close it and try again: nothing was changed"),
    ("readonly", "make {place} and its folder writable, or set DATABASE_URL or MENTOR_DATA_DIR"),
    ("no such table", "{place} was exchanged while the program ran; start the program again"),
    ("is full", "make space on the disk of {place} and try again"),
)

PATIENCE = 15
"""Seconds for which a writer of this process waits for the others before it."""
_turn = threading.Lock()
"""SQLite lets writers try again at random until one gives up; in this process they take turns."""


def open_database(url: str) -> Engine:
    """Connect, and bring the tables up to date; an older SQLite file is copied before it is changed.

    Raises:
        StorageError: the database cannot be opened or migrated.
    """
    try:
        engine = create_engine(_parsed(url))
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _configure_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            file = engine.url.database
            if file and file != ":memory:" and not file.startswith("file:"):
                Path(file).parent.mkdir(parents=True, exist_ok=True)
        with engine.begin() as connection:
            revision = _revision(connection)
        if revision != HEAD:
            with engine.execution_options(exclusive=True).begin() as connection:
                # Another process may have been faster.
                revision = _revision(connection)
                if revision != HEAD:
                    _upgrade(connection, revision)
    except (SQLAlchemyError, OSError, sqlite3.Error, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error)
        place, remedy = _named(url), "set DATABASE_URL or MENTOR_DATA_DIR"
        raise StorageError(
            f"cannot open the database {place} ({reason}); {_remedy(reason, place) or remedy}"
        ) from error
    return engine


@contextmanager
def transaction(engine: Engine, *, exclusive: bool = False) -> Iterator[Connection]:
    """A transaction; committed at the end, rolled back by any exception.

    Args:
        engine: the database.
        exclusive: for writers; this one is SQLite's only writer from the start, so that what is read
            stays true until what follows from it is written. Not to be nested.

    Raises:
        StorageError: the database refuses, or its file is gone.
    """
    place = _named(engine.url.render_as_string(hide_password=False))
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file and file != ":memory:" and not file.startswith("file:") and not Path(file).exists():
        # The open connections still hold the file that was removed, and would write into nothing.
        raise StorageError(f"the database {place} is gone; put it back, or start the program again")
    if exclusive and not _turn.acquire(timeout=PATIENCE):
        raise StorageError(f"the database is busy; {_remedy('locked', place)}")
    try:
        with engine.execution_options(exclusive=exclusive).begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error)
        remedy = _remedy(reason, place) or "check the data directory's space and permissions"
        raise StorageError(f"the database refused ({reason}); {remedy}") from error
    finally:
        if exclusive:
            _turn.release()


def _named(url: str) -> str:
    """The database's address without its password."""
    try:
        return _parsed(url).render_as_string()
    except OSError:
        return re.sub(r"//.*@", "//***@", url)


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise OSError("not the address of a database") from error


def _remedy(reason: str, place: str) -> str:
    return next((what for sign, what in _REMEDIES if sign in reason), "").format(
        place=place.removeprefix("sqlite:///")
    )


def _configure_sqlite(connection: object, _record: object) -> None:
    # Python's driver begins a transaction before the first write only, which leaves what was read
    # before it unguarded and a migration half done when the process dies; `_begin_sqlite` begins all.
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    # A second tab that writes at the same moment waits its turn instead of failing.
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    exclusive = connection.get_execution_options().get("exclusive")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if exclusive else "BEGIN")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, revision: str | None) -> None:
    if revision and revision > HEAD:
        raise OSError(f"made by a newer version of this program: its tables are at {revision}, not {HEAD}")
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(PROJECT / "migrations"))
    copy = _backup(connection) if revision else None
    try:
        command.upgrade(config, "head")
    except BaseException as error:
        # The migration is rolled back, so that the copy would be of what is still there.
        if copy:
            copy.unlink(missing_ok=True)
        if isinstance(error, CommandError):
            raise OSError(f"its tables are of no version of this program: {error}") from error
        raise


def _backup(connection: Connection) -> Path | None:
    """Copy an SQLite file as it stands to a name beside it; None for any other database.

    The connection holds the write lock, so that nothing comes between the copy and the migration.
    """
    if connection.dialect.name != "sqlite":
        return None
    file = connection.exec_driver_sql("PRAGMA database_list").one().file
    if not file:
        return None
    count = 1
    while (copy := Path(f"{file}.before-{HEAD}{f'.{count}' if count > 1 else ''}")).exists():
        count += 1
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    return copy
