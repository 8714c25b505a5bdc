import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import inspect, text

import database
from database import HEAD, open_database
from errors import StorageError
from settings import PROJECT


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'made' / 'mentor.db'}"


@pytest.fixture
def open_and_dispose():
    """Opens databases and closes them at the end, since an unclosed one is a warning."""
    engines = []

    def open_(url):
        engines.append(open_database(url))
        return engines[-1]

    yield open_
    for engine in engines:
        engine.dispose()


def test_a_new_database_gets_its_folder_and_its_tables(url, open_and_dispose, tmp_path):
    engine = open_and_dispose(url)
    assert (tmp_path / "made" / "mentor.db").is_file()
    assert {"alembic_version", "answer", "conversation"} <= set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD


def test_head_is_the_newest_migration():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(PROJECT / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_opening_again_keeps_what_is_there_and_migrates_nothing(url, open_and_dispose, monkeypatch):
    first = open_and_dispose(url)
    with first.begin() as connection:
        connection.execute(text("INSERT INTO conversation VALUES ('a', 'Title', '2026-11-22 10:00:00')"))
    monkeypatch.setattr(database, "_upgrade", lambda connection: pytest.fail("migrated again"))
    with open_and_dispose(url).connect() as connection:
        assert connection.scalar(text("SELECT title FROM conversation")) == "Title"


def test_sqlite_waits_for_a_second_writer_and_keeps_foreign_keys(url, open_and_dispose):
    with open_and_dispose(url).connect() as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) == 5000
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        pytest.param("folder", "unable to open database file", id="a-folder"),
        pytest.param("file/mentor.db", "[Errno 17] File exists", id="below-a-file"),
        pytest.param("text.db", "file is not a database", id="not-a-database"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named_with_what_to_do(tmp_path, target, reason):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "text.db").write_text("no database, whatever its name says\n" * 100)
    url = f"sqlite:///{tmp_path / target}"
    with pytest.raises(StorageError) as raised:
        open_database(url)
    assert str(raised.value).startswith(f"cannot open the database {url} ({reason}")
    assert str(raised.value).endswith("; set DATABASE_URL or MENTOR_DATA_DIR")


@pytest.mark.parametrize("url", ["not a url", "nosuch://host/db"])
def test_an_address_that_means_nothing_is_named(url):
    with pytest.raises(StorageError, match="cannot open the database"):
        open_database(url)


def test_a_revision_from_the_future_is_a_fault_that_can_be_mended(url, open_and_dispose, tmp_path):
    open_and_dispose(url).dispose()
    with closing(sqlite3.connect(tmp_path / "made" / "mentor.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(StorageError, match="cannot open the database"):
        open_database(url)
