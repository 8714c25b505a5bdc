"""The one SQLAlchemy engine and its migrations: conversations and progress live here, not the index."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from errors import StorageError
from settings import PROJECT

HEAD = "0002"
"""The newest migration; a test compares it with the scripts."""


def open_database(url: str) -> Engine:
    """Connect, and bring the tables up to date.

    Raises:
        StorageError: the database cannot be opened or migrated.
    """
    try:
        engine = create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _configure_sqlite)
            if engine.url.database and engine.url.database != ":memory:":
                Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        with engine.begin() as connection:
            if _revision(connection) != HEAD:
                _upgrade(connection)
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error)
        raise StorageError(
            f"cannot open the database {url} ({reason}); set DATABASE_URL or MENTOR_DATA_DIR"
        ) from error
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction; committed at the end, rolled back by any exception.

    Raises:
        StorageError: the database refuses.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        reason = getattr(error, "orig", None) or error
        raise StorageError(
            f"the database refused ({reason}); check the data directory's space and permissions"
        ) from error


def _configure_sqlite(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    # A second tab that writes at the same moment waits its turn instead of failing.
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(PROJECT / "migrations"))
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise OSError(f"made by a newer version of this program: {error}") from error
