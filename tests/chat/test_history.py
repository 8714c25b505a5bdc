import json
from dataclasses import replace

import pytest

from chat.citations import Answer, Citation, Place, Statement
from chat.history import Asked, Conversation, Feedback, History, Kept
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


def answers(history, conversation):
    return [exchange.answer for exchange in history.exchanges(conversation)]


def test_answers_come_back_as_they_were_in_order(history):
    conversation = history.add("", ANSWER)
    assert history.add(conversation, REFUSAL) == conversation
    assert answers(history, conversation) == [ANSWER, REFUSAL]


def test_conversations_are_listed_newest_first_by_their_first_question(history):
    first = history.add("", ANSWER)
    second = history.add("", replace(ANSWER, question="x" * 200))
    assert history.recent() == [Conversation(second, "x" * 80), Conversation(first, ANSWER.question)]
    history.add(first, REFUSAL)
    assert history.recent(1) == [Conversation(first, ANSWER.question)]


def test_a_removed_conversation_is_gone_with_its_answers(history):
    kept, gone = history.add("", ANSWER), history.add("", REFUSAL)
    history.remove(gone)
    assert history.exchanges(gone) == ()
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


def test_an_answer_in_place_of_another_keeps_its_place_and_the_other(history):
    conversation = history.add("", ANSWER)
    history.add(conversation, REFUSAL)
    first = history.exchanges(conversation)[0].versions[0]
    anew = replace(ANSWER, searched_for="log files", reworded=True)
    history.add(conversation, anew, first.id)
    assert answers(history, conversation) == [anew, REFUSAL]
    assert [kept.answer for kept in history.exchanges(conversation)[0].versions] == [ANSWER, anew]


def test_a_pending_question_is_found_and_gets_its_answer_in_its_place(history):
    pending = Answer(ANSWER.question, "", note="Not answered yet.", mode="pending")
    conversation = history.add("", pending)
    history.add(conversation, replace(pending, question="Bread?"))
    [found] = history.recent(words="größe")
    assert (found.id, found.title) == (conversation, ANSWER.question)
    first, second = history.exchanges(conversation)
    assert first.pending
    seen = history.stamp(conversation)
    history.add(conversation, ANSWER, first.versions[0].id)
    assert history.stamp(conversation) != seen
    assert answers(history, conversation) == [ANSWER, second.answer]
    assert [len(exchange.versions) for exchange in history.exchanges(conversation)] == [1, 1]
    anew = replace(ANSWER, searched_for="log files", reworded=True)
    history.add(conversation, anew, first.versions[0].id)
    assert answers(history, conversation) == [anew, second.answer]
    assert history.recent(words="names files") == [found]


def test_two_tabs_add_to_one_conversation_and_each_sees_that_it_changed(history):
    conversation = history.add("", ANSWER)
    seen = history.stamp(conversation)
    History(history._engine).add(conversation, REFUSAL)
    assert history.stamp(conversation) != seen
    history.add(conversation, ANSWER)
    assert answers(history, conversation) == [ANSWER, REFUSAL, ANSWER]


def test_an_answer_to_a_conversation_deleted_meanwhile_is_not_lost(history):
    conversation = history.add("", ANSWER)
    history.remove(conversation)
    assert history.stamp(conversation) == (0, 0)
    assert history.add(conversation, REFUSAL) == conversation
    assert history.recent() == [Conversation(conversation, REFUSAL.question)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["Bread?", ANSWER.question]),
        ("log", [ANSWER.question]),
        ("FILES names", [ANSWER.question]),
        ("GRÖSSE", [ANSWER.question]),
        ("bread log", []),
        ("100%", []),
        ("_", []),
        ("statements", []),
    ],
)
def test_conversations_are_found_by_what_was_asked_or_answered(history, words, found):
    history.add("", ANSWER)
    history.add("", REFUSAL)
    assert [conversation.title for conversation in history.recent(words=words)] == found


def test_a_conversation_is_found_by_its_new_title_too(history):
    conversation = history.add("", ANSWER)
    history.rename(conversation, "  About\nthe \u202ecommit\0 log " + "x" * 200)
    [found] = history.recent(words="COMMIT")
    assert found.title == ("About the commit log " + "x" * 200)[:80] == history.title(conversation)
    history.rename(conversation, " \n ")
    assert history.title(conversation) == found.title


def test_feedback_is_kept_with_what_the_answer_rests_on_changed_and_taken_back(history):
    conversation = history.add("", ANSWER)
    [exchange] = history.exchanges(conversation)
    [kept] = exchange.versions
    history.rate(kept, Feedback(True))
    thought = Feedback(False, "It is wrong", "A log names actions.")
    history.rate(kept, thought)
    assert history.exchanges(conversation)[0].versions[0].feedback == thought
    with history._engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT question, searched_for, passages FROM feedback").one()
    assert (row.question, row.searched_for) == (ANSWER.question, "What is a log?")
    assert json.loads(row.passages) == [{"section": "1.1", "quote": "A log names the files."}]
    history.rate(kept, None)
    assert history.exchanges(conversation)[0].versions[0].feedback is None
    history.rate(kept, thought)
    history.remove(conversation)
    with history._engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM feedback").scalar() == 0


def test_feedback_on_an_answer_deleted_meanwhile_is_dropped(history):
    history.rate(Kept(ANSWER, 7), Feedback(True))
    with history._engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM feedback").scalar() == 0


def test_an_unknown_conversation_has_no_answers(history):
    assert history.exchanges("nobody") == ()


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
    assert answers(History(again), conversation) == [ANSWER]
    again.dispose()


def test_a_database_that_cannot_be_opened_is_reported(tmp_path):
    (tmp_path / "mentor.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match="set DATABASE_URL or MENTOR_DATA_DIR"):
        open_database(f"sqlite:///{tmp_path / 'mentor.db'}")
