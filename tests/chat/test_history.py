from dataclasses import replace

import pytest

from chat.citations import Answer, Citation, Place, Statement
from chat.history import Asked, Conversation, History
from database import open_database
from errors import StorageError

CITATION = Citation(1, "1.1", "Log", "In short", "A log names the files.", "a.md", "11-log")
ANSWER = Answer(
    question="What is a log? größe 表 🙂",
    searched_for="What is a log?",
    statements=(Statement("sentence", "A log names the files.", CITATION),),
    missing=("a part",),
    confidence=0.75,
    nearest=(Place("1.1", "Log"),),
    seconds=0.25,
)
REFUSAL = Answer("Bread?", "Bread?", note="Not covered.", refused=True, missing=("Bread?",))


@pytest.fixture
def history(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'deep' / 'mentor.db'}")
    yield History(engine)
    engine.dispose()


def test_answers_come_back_as_they_were_in_order(history):
    conversation = history.add("", ANSWER)
    assert history.add(conversation, REFUSAL) == conversation
    assert history.answers(conversation) == [ANSWER, REFUSAL]


def test_conversations_are_listed_newest_first_by_their_first_question(history):
    first = history.add("", ANSWER)
    second = history.add("", replace(ANSWER, question="x" * 200))
    assert history.recent() == [Conversation(second, "x" * 80), Conversation(first, ANSWER.question)]
    history.add(first, REFUSAL)
    assert history.recent(1) == [Conversation(first, ANSWER.question)]


def test_a_removed_conversation_is_gone_with_its_answers(history):
    kept, gone = history.add("", ANSWER), history.add("", REFUSAL)
    history.remove(gone)
    assert history.answers(gone) == []
    assert [conversation.id for conversation in history.recent()] == [kept]


def cites(section, question):
    statement = Statement("sentence", "A log names the files.", replace(CITATION, section=section))
    return replace(ANSWER, question=question, statements=(statement,))


def test_questions_about_a_section_are_those_whose_answers_cite_it(history):
    first = history.add("", cites("1.1", "Old?"))
    history.add(first, cites("1.10", "Another section?"))
    history.add(first, replace(REFUSAL, nearest=(Place("1.1", "Log"),)))
    second = history.add("", cites("1.1", "New?"))
    third = history.add("", cites("1.1", "OLD?"))
    assert history.asked_about("1.1") == [Asked(third, "OLD?"), Asked(second, "New?")]
    assert history.asked_about("1.1", count=1) == [Asked(third, "OLD?")]
    assert history.asked_about("1._") == history.asked_about("%") == []


def test_an_unknown_conversation_has_no_answers(history):
    assert history.answers("nobody") == []


def test_a_database_that_refuses_is_a_storage_error(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'mentor.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE answer")
    with pytest.raises(StorageError, match="the database refused"):
        History(engine).add("", ANSWER)
    assert History(engine).recent() == []  # nothing half done
    engine.dispose()


def test_a_database_is_opened_again_with_what_it_held(tmp_path):
    url = f"sqlite:///{tmp_path / 'mentor.db'}"
    first = open_database(url)
    conversation = History(first).add("", ANSWER)
    first.dispose()
    again = open_database(url)
    assert History(again).answers(conversation) == [ANSWER]
    again.dispose()


def test_a_database_that_cannot_be_opened_is_reported(tmp_path):
    (tmp_path / "mentor.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match="set DATABASE_URL or MENTOR_DATA_DIR"):
        open_database(f"sqlite:///{tmp_path / 'mentor.db'}")
