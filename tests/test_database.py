import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy import create_engine, inspect, text

import database
from chat.history import History
from database import HEAD, open_database, transaction
from errors import StorageError
from interview.bank import KeyPoint
from interview.graded import Graded, Point
from interview.grading import Grade, Verdict
from interview.progress import Progress
from interview.review import schedule
from interview.session import Attempt, Interview
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
    assert str(raised.value).endswith("set DATABASE_URL or MENTOR_DATA_DIR")


@pytest.mark.parametrize("url", ["not a url", "nosuch://host/db"])
def test_an_address_that_means_nothing_is_named(url):
    with pytest.raises(StorageError, match="cannot open the database"):
        open_database(url)


def test_a_revision_from_the_future_is_a_fault_that_can_be_mended(url, open_and_dispose, tmp_path):
    open_and_dispose(url).dispose()
    with closing(sqlite3.connect(tmp_path / "made" / "mentor.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(StorageError, match=r"made by a newer version .*; update the program, or set"):
        open_database(url)
    assert not list((tmp_path / "made").glob("*.before*"))


def older(path, interviews=()):
    """A database of the version before progress was kept, with interviews in it."""
    from alembic import command
    from alembic.config import Config

    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(PROJECT / "migrations"))
        command.upgrade(config, "0002")
        connection.execute(text("INSERT INTO conversation VALUES ('c', 'Title', '2026-11-01 10:00:00')"))
        for identity, interview in interviews:
            connection.execute(
                text("INSERT INTO interview VALUES (:id, '2026-11-02 11:00:00.000000', :interview)"),
                {"id": identity, "interview": interview},
            )
    engine.dispose()


POINT = KeyPoint("A log names the files.", "1.2", 3)
GRADE = Grade(
    70, (Verdict(POINT, "covered", "yes"), Verdict(POINT, "contradicted", "no")), grader="an old grader"
)
KEPT = Interview(
    ("1.2-a", "1.2-b", "1.2-c", "1.2-d"),
    attempts=(
        Attempt("1.2-a"),
        Attempt("1.2-b", ("said",), GRADE, 1),
        Attempt("1.2-c", ("?",), Grade(None, ())),
    ),
    current=Attempt("1.2-d", ("said",), GRADE),
)


def test_the_answers_of_interviews_kept_before_are_read_into_the_table(tmp_path, open_and_dispose):
    path = tmp_path / "mentor.db"
    readable = TypeAdapter(Interview).dump_json(KEPT).decode()
    older(
        path, [("one", readable), ("garbage", '{"attempts": [1, {"grade": 3}'), ("odd", '{"attempts": [7]}')]
    )
    kept = Progress(open_and_dispose(f"sqlite:///{path}"))
    at = datetime(2026, 11, 2, 11, tzinfo=UTC)
    points = tuple(Point(POINT.text, "1.2", 3, verdict) for verdict in ("covered", "contradicted"))
    row = Graded("one", 1, "1.2-b", "1.2", 1, "", "", 60, "an old grader", 1, points, at)
    assert kept.graded() == [row]
    assert kept.reviews() == {"1.2-b": schedule([row])}
    assert kept.load("one") == KEPT
    over = replace(KEPT, attempts=(*KEPT.attempts, KEPT.current), current=None)
    kept.save("one", over, KEPT)
    assert [one.question_id for one in kept.graded()] == ["1.2-b", "1.2-d"]
    with kept._engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM interview")) == 3


def test_an_older_database_is_copied_before_it_is_changed(tmp_path, open_and_dispose):
    path = tmp_path / "mentor.db"
    for count, name in enumerate(("mentor.db.before-0004", "mentor.db.before-0004.2"), start=1):
        path.unlink(missing_ok=True)
        older(path)
        engine = open_and_dispose(f"sqlite:///{path}")
        assert "graded" in inspect(engine).get_table_names()
        assert len(list(tmp_path.glob("*.before-*"))) == count
        with closing(sqlite3.connect(tmp_path / name)) as copy:
            assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
            assert copy.execute("SELECT title FROM conversation").fetchall() == [("Title",)]
            assert not copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'graded'").fetchall()
        engine.dispose()


def test_a_migration_that_fails_leaves_everything_as_it_was(tmp_path, monkeypatch, open_and_dispose):
    path = tmp_path / "mentor.db"
    older(path)
    with monkeypatch.context() as broken:
        broken.setattr("alembic.op.bulk_insert", None)
        broken.setattr(sa, "table", None)  # the migration stops after it has made its tables
        with pytest.raises(TypeError):
            open_database(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'graded'").fetchall()
    assert not list(tmp_path.glob("*.before-*"))
    assert "graded" in inspect(open_and_dispose(f"sqlite:///{path}")).get_table_names()


def test_a_new_database_needs_no_copy(url, open_and_dispose, tmp_path):
    open_and_dispose(url)
    assert not list((tmp_path / "made").glob("*.before-*"))


def test_many_that_open_an_older_database_at_once_migrate_it_once(tmp_path, open_and_dispose):
    path = tmp_path / "mentor.db"
    older(path)
    with ThreadPoolExecutor(8) as people:
        engines = list(people.map(open_and_dispose, [f"sqlite:///{path}"] * 8))
    assert len(engines) == 8
    assert len(list(tmp_path.glob("*.before-*"))) == 1


def test_garbage_is_left_as_it_is_and_said_to_be_moved_aside(tmp_path):
    path = tmp_path / "mentor.db"
    path.write_bytes(b"not a database" * 400)
    with pytest.raises(StorageError, match=rf"move {path} aside, with its -wal"):
        open_database(f"sqlite:///{path}")
    assert path.read_bytes() == b"not a database" * 400


def test_a_database_that_another_program_holds_is_said_to_be_held(
    url, open_and_dispose, tmp_path, monkeypatch
):
    engine = open_and_dispose(url)
    with closing(sqlite3.connect(tmp_path / "made" / "mentor.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 1")
        with (
            pytest.raises(StorageError, match=r"database is locked.*close it and try again"),
            transaction(engine, exclusive=True),
        ):
            pytest.fail("went on without the lock")
        with transaction(engine) as connection:  # reading goes on
            assert connection.scalar(text("SELECT count(*) FROM conversation")) == 0


def test_writers_of_this_process_wait_their_turn_and_not_for_ever(url, open_and_dispose, monkeypatch):
    engine = open_and_dispose(url)
    monkeypatch.setattr(database, "PATIENCE", 0)
    with (
        transaction(engine, exclusive=True),
        pytest.raises(StorageError, match="busy"),
        transaction(engine, exclusive=True),
    ):
        pytest.fail("went on out of turn")
    with transaction(engine, exclusive=True) as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_a_file_that_was_removed_is_missed_before_anything_is_written_into_nothing(
    url, open_and_dispose, tmp_path
):
    engine = open_and_dispose(url)
    path = tmp_path / "made" / "mentor.db"
    path.rename(tmp_path / "aside.db")
    with pytest.raises(StorageError, match="is gone; put it back"), transaction(engine):
        pytest.fail("went on without the file")
    (tmp_path / "aside.db").rename(path)
    with transaction(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM conversation")) == 0


def test_a_database_that_may_only_be_read_can_be_read(url, open_and_dispose, tmp_path, monkeypatch):
    open_and_dispose(url).dispose()
    path = tmp_path / "made" / "mentor.db"
    monkeypatch.chdir(tmp_path)
    engine = open_and_dispose(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["made"]
    with transaction(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM conversation")) == 0
    with (
        pytest.raises(StorageError, match=r"readonly database.*folder writable"),
        transaction(engine) as writer,
    ):
        writer.execute(text("DELETE FROM conversation"))


@pytest.mark.parametrize(
    "url",
    ["nosuch://me:secret@host/db", "nosuch://me:secret@host:port/db", "mysql+nosuch://me:secret@host/db"],
)
def test_a_password_is_never_shown(url):
    with pytest.raises(StorageError, match="cannot open the database") as raised:
        open_database(url)
    assert "secret" not in str(raised.value)


def test_conversations_kept_before_can_be_searched(tmp_path, open_and_dispose):
    path = tmp_path / "mentor.db"
    older(path)
    with closing(sqlite3.connect(path)) as connection:
        kept = '{"question": "What is a LOG?", "statements": [{"text": "Größe matters."}]}'
        rows = [(1, "c", kept), (2, "c", "garbage"), (3, "c", "[7]")]
        connection.executemany("INSERT INTO answer VALUES (?, ?, ?)", rows)
        connection.commit()
    history = History(open_and_dispose(f"sqlite:///{path}"))
    assert [found.title for found in history.recent(words="grösse log")] == ["Title"]
    assert history.recent(words="garbage") == []
