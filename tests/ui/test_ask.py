import logging
import re
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import create_engine
from streamlit.testing.v1 import AppTest

from chat.citations import ADVICE, plain
from chat.conversation import Where
from errors import StaleIndex
from ingest.chunks import CLOUDS
from interview.plan import Today
from tests.ui.conftest import open_app
from tests.ui.fake import ANSWER, CITATION, QUOTE, REFUSAL
from ui import resources, talk
from ui.talk import Due, Talk, Unsaved

QUESTION = "What is compaction?"
INJECTION = (
    "![pixel](https://example.com/p.png) <script>alert(1)</script> **bold** [link](https://example.com) $x$"
)


def type_in(app: AppTest, question: str) -> AppTest:
    return app.chat_input(key="question").set_value(question).run()


def says(elements) -> list[str]:
    return [element.value for element in elements]


def answers(app: AppTest):
    return app.session_state["ask"].answers


def conversations(app: AppTest):
    return [button for button in app.sidebar.button if button.key.startswith("conversation ")]


def test_first_visit_offers_questions_and_one_is_asked_by_a_click(fake):
    app = open_app()
    assert says(app.title) == ["Lakehouse Mentor"]
    assert sorted(button.key for button in app.main.button) == [f"first {at}" for at in range(6)] + [
        "interview"
    ]
    label = app.button(key="first 3").label
    app.button(key="first 3").click().run()
    assert fake.asked == [(label, [], Where())]
    assert says(app.chat_message[0].text) == [label]
    assert not app.title
    assert not app.exception


def test_blanks_are_no_question(fake):
    app = type_in(open_app(), "   ")
    assert fake.asked == []
    assert says(app.title) == ["Lakehouse Mentor"]
    assert not conversations(app)


def test_a_first_visit_leads_to_a_mock_interview_too(fake):
    app = open_app()
    app.button(key="interview").click().run()
    assert says(app.title) == ["Mock interview"]
    assert not app.exception


def test_once_there_is_progress_the_days_questions_are_offered(fake, monkeypatch):
    assert "today" not in [button.key for button in open_app().button]
    monkeypatch.setattr(resources, "graded", lambda: (object(),))
    monkeypatch.setattr(resources, "today", lambda: Today(("a",), ("a", "b"), ("a", "b")))
    app = open_app()
    assert app.button(key="today").label == "Today's two questions"
    assert not app.exception


def test_answer_is_kept_with_what_was_searched_for(ask):
    type_in(ask, QUESTION)
    [answer] = answers(ask)
    assert answer.statements[0].text == (
        "Compaction rewrites many small files into few large files without changing a row."
    )
    assert [message.name for message in ask.chat_message] == ["user", "assistant"]
    assert says(ask.text) == [QUESTION]
    [made] = says(ask.chat_message[1].caption)
    count = len(answer.citations)
    assert made.startswith(f"{count} quotes from 1 section of the handbook, nothing else · ")
    assert re.search(r"· \d+ ms$", made)
    assert not ask.exception


def test_caption_counts_one_quote_as_one(fake):
    app = type_in(open_app(), QUESTION)
    assert says(app.chat_message[1].caption) == [
        "1 quote from 1 section of the handbook, nothing else · 12 ms"
    ]
    assert not app.exception


def test_refusal_shows_the_nearest_sections(fake):
    fake.answer = REFUSAL
    app = type_in(open_app(), "How do I brew coffee?")
    reply = app.chat_message[1]
    assert says(reply.text) == ["The handbook does not answer this."]
    captions = says(reply.caption)
    assert captions[0] == "What it has nearby"
    assert captions[3:] == [ADVICE, "0% sure that the handbook covers it · 0 ms"]
    sections = resources.sections()
    for section, gist in zip(("2.2", "1.1"), captions[1:3], strict=True):
        assert gist.replace("\\", "") in plain(sections[section].text)
    links = [link.proto for link in reply.get("page_link")]
    assert [(link.label, link.page, link.query_string) for link in links] == [
        ("2.2 Autoscaling", "handbook", "section=2.2"),
        ("1.1 Tables and the commit log", "handbook", "section=1.1"),
    ]
    assert not app.exception


def test_the_real_answerer_refuses_what_the_handbook_lacks(ask):
    type_in(ask, "How do I configure Kafka exactly-once delivery?")
    [answer] = answers(ask)
    assert answer.refused
    assert len(ask.chat_message[1].get("page_link")) == 3
    assert not ask.exception


def test_small_talk_is_answered_without_citation_or_nearest(ask):
    type_in(ask, "Hello!")
    reply = ask.chat_message[1]
    assert says(reply.text)[0].startswith("Hello. Ask me about Databricks architecture")
    assert not reply.caption
    assert not reply.get("page_link")
    assert not ask.exception


def test_an_earlier_question_goes_along_but_small_talk_does_not(fake):
    app = type_in(open_app(), QUESTION)
    type_in(app, "And what does it cost?")
    question, turns, _ = fake.asked[1]
    assert question == "And what does it cost?"
    assert [(turn.question, turn.searched_for) for turn in turns] == [(QUESTION, QUESTION)]
    assert not app.exception


def test_rerun_does_not_ask_again(fake):
    app = type_in(open_app(), QUESTION)
    app.run()
    app.run()
    assert fake.calls == 1
    assert len(app.chat_message) == 2
    assert not app.exception


def test_chapter_filter_is_passed_on(fake):
    app = open_app()
    filter_ = app.multiselect(key="chapters")
    assert filter_.options == ["1. Storage", "2. Compute"]
    filter_.set_value([2]).run()
    type_in(app, QUESTION)
    assert fake.asked == [(QUESTION, [], Where((2,)))]
    assert not app.exception


def test_the_readers_cloud_is_passed_on(fake):
    app = open_app()
    app.segmented_control(key="cloud").set_value("Azure").run()
    type_in(app, QUESTION)
    assert fake.asked == [(QUESTION, [], Where(cloud=CLOUDS["Azure"]))]
    assert not app.exception


def test_chapter_filter_keeps_the_real_search_inside(ask):
    ask.multiselect(key="chapters").set_value([2]).run()
    type_in(ask, "How do job clusters start?")
    [answer] = answers(ask)
    assert answer.citations
    assert {citation.section.split(".")[0] for citation in answer.citations} == {"2"}
    assert not ask.exception


def test_too_long_a_question_gets_its_message_and_the_conversation_goes_on(ask):
    type_in(ask, "x" * 50_000)
    question, reply = says(ask.text)
    assert question == "x" * 400
    assert reply == "the question has 50,000 characters; ask in at most 4,000"
    type_in(ask, QUESTION)
    assert answers(ask)[1].citations
    assert len(ask.chat_message) == 4
    assert not ask.exception


def test_a_question_without_words_gets_its_message_and_the_conversation_goes_on(ask):
    type_in(ask, "🧊🔥❓")
    assert says(ask.text) == ["🧊🔥❓", "the question “🧊🔥❓” has no words; ask it in English words"]
    type_in(ask, QUESTION)
    assert answers(ask)[1].citations
    assert not ask.exception


@pytest.mark.parametrize("fault", [RuntimeError("secret detail"), ZeroDivisionError("secret detail")])
def test_a_bug_in_the_answerer_is_an_apology_on_the_page_and_a_traceback_in_the_log(fake, caplog, fault):
    fake.answer = fault
    with caplog.at_level(logging.ERROR, "lakehouse_mentor"):
        app = type_in(open_app(), QUESTION)
    _, reply = says(app.text)
    identity = re.fullmatch(
        r"Something went wrong on our side\. The log has the details under the id (\w{8})\.", reply
    )[1]
    [record] = [record for record in caplog.records if identity in record.getMessage()]
    assert record.exc_info[1] is fault
    assert "secret detail" not in str(app)
    assert not app.exception


def test_a_fault_that_can_be_mended_is_named(fake):
    fake.answer = StaleIndex("the handbook has changed; run `python -m ingest`")
    app = type_in(open_app(), QUESTION)
    assert says(app.text)[1] == "the handbook has changed; run `python -m ingest`"
    assert not app.exception


def test_markup_in_a_question_is_plain_text(fake):
    app = type_in(open_app(), INJECTION)
    assert says(app.text)[0] == INJECTION
    assert "![" not in "".join(says(app.markdown))
    [line] = [popover.proto.popover.label for popover in app.chat_message[1].get("popover")]
    assert r"\!\[pixel\]\(https\://example\.com/p\.png\) \<script\>alert\(1\)\</script\>" in line
    # A button's label is Markdown, too.
    [listed] = conversations(app)
    assert r"\!\[pixel\]\(" in listed.label
    assert not app.exception


def test_switching_pages_keeps_the_conversation(fake):
    app = type_in(open_app(), QUESTION)
    identity = app.query_params["conversation"]
    app.switch_page("ui/read.py")
    app.query_params.clear()
    app.run()
    assert not app.chat_message
    app.switch_page("ui/ask.py")
    app.query_params.clear()
    app.run()
    assert says(app.text) == [QUESTION]
    assert app.query_params["conversation"] == identity
    assert fake.calls == 1
    assert not app.exception


def test_the_address_restores_the_conversation_in_a_new_session(fake):
    fake.answer = REFUSAL
    app = type_in(open_app(), "Who invented tea?")
    identity = app.query_params["conversation"]
    again = open_app(conversation=identity)
    assert answers(again) == answers(app)
    assert says(again.text) == ["Who invented tea?", "The handbook does not answer this."]
    assert fake.calls == 1
    assert not again.exception


def test_an_unknown_conversation_is_said_and_the_next_question_is_kept(fake):
    app = open_app(conversation="no such conversation")
    assert says(app.warning) == ["There is no conversation at this address. A new one begins."]
    assert "conversation" not in app.query_params
    type_in(app, QUESTION)
    assert not app.toast
    assert says(open_app(conversation=app.query_params["conversation"]).text) == [QUESTION]
    assert not app.exception


def test_new_conversation_empties_the_page_and_the_old_one_is_a_click_away(fake):
    app = type_in(open_app(), QUESTION)
    app.button(key="new").click().run()
    assert not app.chat_message
    assert "conversation" not in app.query_params
    type_in(app, "Who scales clusters?")
    assert [button.label for button in conversations(app)] == ["Who scales clusters?", QUESTION]
    conversations(app)[1].click().run()
    assert says(app.text) == [QUESTION]
    assert not app.exception


def unsaved(app: AppTest) -> str:
    return "\n".join(says(app.main.markdown) + says(app.main.caption)).replace("\\", "")


def test_a_database_that_cannot_be_opened_costs_the_list_and_not_the_conversation(
    fake, monkeypatch, tmp_path
):
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'folder'}")
    app = type_in(open_app(), QUESTION)
    assert "**The last answer is on this page only**" in unsaved(app)
    assert "cannot open the database" in unsaved(app)
    type_in(app, "And then?")
    assert says(app.text) == [QUESTION, "And then?"]
    assert "**2 answers are on this page only**" in unsaved(app)
    assert says(app.sidebar.caption)[0].startswith("cannot open the database")
    assert not app.exception


def test_what_a_database_refused_is_kept_once_it_takes_it(fake, tmp_path):
    app = open_app()
    with closing(sqlite3.connect(tmp_path / "mentor.db")) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON answer BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
        type_in(app, QUESTION)
        assert "the database refused (disk is full)" in unsaved(app)
        type_in(app, "And then?")
        app.button(key="new").click().run()
        assert "**2 answers are on this page only**" in unsaved(app)
        type_in(app, "Something else?")
        database.execute("DROP TRIGGER full")
    app.button(key="save").click().run()
    assert "on this page only" not in unsaved(app)
    assert says(app.text) == ["Something else?"]
    titles = [button.label for button in conversations(app)]
    assert titles == [r"Something else?", QUESTION]
    conversations(app)[1].click().run()
    assert says(app.text) == [QUESTION, "And then?"]
    assert not app.exception


def test_a_database_that_vanishes_while_the_page_is_open_loses_nothing(fake, tmp_path):
    app = type_in(open_app(), QUESTION)
    (tmp_path / "mentor.db").rename(tmp_path / "aside.db")
    type_in(app, "And then?")
    assert says(app.text) == [QUESTION, "And then?"]
    assert "is gone; put it back" in unsaved(app)
    (tmp_path / "aside.db").rename(tmp_path / "mentor.db")
    app.button(key="save").click().run()
    assert "on this page only" not in unsaved(app)
    assert says(open_app(conversation=app.query_params["conversation"]).text) == [QUESTION, "And then?"]
    assert not app.exception


def test_a_damaged_database_is_named_when_the_address_asks_for_a_conversation(fake, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'mentor.db'}")
    open_app()
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE answer")
    engine.dispose()
    app = open_app(conversation="0" * 32)
    [error] = says(app.error)
    assert error.startswith("the database refused (no such table: answer)")
    assert not app.exception


def test_source_panel_shows_the_section_of_the_citation(fake):
    app = type_in(open_app(), QUESTION)
    # What a click on number 1 leaves behind; the click itself is a browser test.
    app.session_state["ask"].opened = (0, 1)
    app.run()
    assert says(app.header) == ["File compaction & small files"]
    assert any(QUOTE in text for text in says(app.markdown))
    assert says(app.main.caption)[-1] == "1.2 · Chapter 1 · Common mistakes"
    [link] = [link.proto for link in app.main.get("page_link") if link.proto.page == "handbook"]
    assert (link.label, link.page) == ("Open in the handbook", "handbook")
    assert link.query_string == f"section=1.2&quote={QUOTE.replace(' ', '+')}"
    app.button(key="close").click().run()
    assert not app.header
    assert not app.exception


def test_a_citation_whose_section_is_gone_is_said(fake, monkeypatch):
    app = type_in(open_app(), QUESTION)
    monkeypatch.setattr("ui.resources.sections", dict)
    app.session_state["ask"].opened = (0, 1)
    app.run()
    assert says(app.warning) == [f"Section {CITATION.section} is no longer in the handbook."]
    assert not app.exception


def test_a_chapter_broken_while_the_app_runs_is_named_and_the_conversation_stays(fake, monkeypatch, corpus):
    monkeypatch.setenv("MENTOR_CORPUS", str(corpus))
    # The index is another handbook's: neither open it nor bring it up to date.
    monkeypatch.setattr("ui.resources.prepare", lambda: None)
    monkeypatch.setattr("ui.resources.Preparation.wait", lambda self, seconds: True)
    app = type_in(open_app(), QUESTION)
    (corpus / "02-compute.md").write_text("---\nchapter: [\n---\n", "utf-8")
    app.session_state["ask"].opened = (0, 1)
    app.run()
    assert says(app.text) == [QUESTION]
    for fault in (says(app.sidebar.caption)[0], says(app.error)[0]):
        assert r"02\-compute\.md\:2\: front matter" in fault
    assert not app.exception


WRITTEN = replace(
    ANSWER,
    question=QUESTION,
    searched_for=QUESTION,
    mode="model",
    model="test-1",
    note="Written by test-1 and checked",
    seconds=12.4,
)


def test_an_answer_of_a_model_names_it(fake):
    fake.answer = WRITTEN
    app = type_in(open_app(), QUESTION)
    assert says(app.chat_message[1].caption) == [r"Written by test\-1 and checked · 12 s"]
    assert not app.exception


def test_quotes_in_place_of_a_model_say_why(fake):
    fake.answer = replace(ANSWER, note="test-1 wrote nothing.")
    app = type_in(open_app(), QUESTION)
    assert says(app.chat_message[1].caption)[0] == r"test\-1 wrote nothing\."
    assert not app.exception


def test_an_answer_cut_short_is_kept_as_far_as_it_was_checked(fake):
    app = open_app()
    # What a click on Stop leaves behind: the script ended while this answer was growing.
    app.session_state["ask"].growing = WRITTEN
    app.run()
    [answer] = answers(app)
    assert answer.statements == WRITTEN.statements
    assert answer.note == "Written by test-1 and checked; stopped before the end"
    assert app.session_state["ask"].growing is None
    assert answers(open_app(conversation=app.query_params["conversation"])) == [answer]
    assert fake.calls == 0
    assert not app.exception


def test_an_answer_stopped_before_its_first_sentence_is_no_empty_bubble(fake):
    app = open_app()
    app.session_state["ask"].growing = replace(WRITTEN, statements=(), note="")
    app.run()
    assert says(app.chat_message[1].text) == ["Stopped before a sentence was written."]
    assert not app.exception


def test_a_question_is_kept_before_it_is_answered(fake):
    fake.interrupted = True
    app = type_in(open_app(), QUESTION)
    assert says(app.text) == [QUESTION]
    assert [button.label for button in conversations(app)] == [QUESTION]
    again = open_app(conversation=app.query_params["conversation"])
    assert says(again.text) == [QUESTION]
    assert [answer.statements for answer in answers(again)] == [ANSWER.statements]
    assert fake.calls == 2
    assert not app.exception
    assert not again.exception


def test_a_question_that_is_offered_is_kept_before_it_is_answered(fake):
    fake.interrupted = True
    app = open_app()
    label = app.button(key="first 3").label
    app.button(key="first 3").click().run()
    assert [(answer.question, answer.mode) for answer in answers(app)] == [(label, "pending")]
    app.run()
    assert [(answer.question, answer.mode) for answer in answers(app)] == [(label, "extractive")]
    assert not app.exception


def test_a_question_asked_while_another_is_answered_comes_after_it_and_both_are_answered(fake):
    fake.interrupted = True
    app = type_in(open_app(), QUESTION)
    type_in(app, "And what does it cost?")
    assert [question for question, _, _ in fake.asked] == [QUESTION, QUESTION, "And what does it cost?"]
    assert [turn.question for turn in fake.asked[2][1]] == [QUESTION]
    assert says(app.text) == [QUESTION, "And what does it cost?"]
    assert [message.name for message in app.chat_message] == ["user", "assistant"] * 2
    assert answers(open_app(conversation=app.query_params["conversation"])) == answers(app)
    assert fake.calls == 3
    assert not app.exception


def test_what_a_model_wrote_before_the_next_question_is_kept(fake):
    fake.answer, fake.interrupted = WRITTEN, True
    app = type_in(open_app(), QUESTION)
    type_in(app, "And then?")
    first, second = answers(app)
    assert (first.question, first.statements) == (QUESTION, WRITTEN.statements)
    assert first.note.endswith("; stopped before the end")
    assert (second.question, second.note) == ("And then?", WRITTEN.note)
    assert fake.calls == 2
    assert not app.exception


def test_a_model_that_wrote_nothing_before_the_next_question_begins_anew(fake):
    fake.answer, fake.interrupted = replace(WRITTEN, statements=()), True
    app = type_in(open_app(), QUESTION)
    fake.answer = WRITTEN
    type_in(app, "And then?")
    assert [(answer.question, answer.note) for answer in answers(app)] == [
        (QUESTION, WRITTEN.note),
        ("And then?", WRITTEN.note),
    ]
    assert not app.exception


def test_an_answer_given_anew_that_is_interrupted_is_given_all_the_same(fake):
    app = type_in(open_app(), QUESTION)
    type_in(app, "And then?")
    fake.answer, fake.interrupted = REFUSAL, True
    next(button for button in app.button if button.key.startswith("again ")).click().run()
    assert says(app.text) == [QUESTION, "And then?"]
    app.run()
    assert [answer.refused for answer in answers(app)] == [True, False]
    assert [len(exchange.versions) for exchange in app.session_state["ask"].exchanges] == [2, 1]
    assert not app.exception


def test_questions_that_a_database_refuses_are_answered_in_their_order(fake, monkeypatch, tmp_path):
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'folder'}")
    fake.interrupted = True
    app = type_in(open_app(), QUESTION)
    type_in(app, "And then?")
    assert says(app.text) == [QUESTION, "And then?"]
    assert [answer.mode for answer in answers(app)] == ["extractive", "extractive"]
    assert not app.exception


def test_a_run_of_the_page_that_another_took_over_keeps_nothing():
    now, first, second = Talk(), Due(0), Due(0)
    talk.begin(now, first)
    talk.begin(now, second)
    talk.grow(now, WRITTEN, first)
    assert talk.keep(now, WRITTEN, first)
    assert (now.answering, now.growing, now.unsaved) == (second, None, [])


def test_two_runs_of_the_page_save_an_answer_once(monkeypatch):
    now = Talk("c", unsaved=[Unsaved("c", ANSWER, 0)])
    added, others = [], []

    class SlowHistory:
        def add(self, conversation, answer, instead_of):
            added.append(answer)
            if not others:
                others.append(threading.Thread(target=talk.save, args=(now,)))
                others[0].start()
                others[0].join(0.1)

        def stamp(self, conversation):
            return len(added), 0

        def exchanges(self, conversation):
            return ()

    monkeypatch.setattr(resources, "history", SlowHistory)
    talk.save(now)
    others[0].join()
    assert added == [ANSWER]
    assert now.unsaved == []
