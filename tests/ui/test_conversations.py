from dataclasses import replace

import pytest

from chat.history import History
from database import open_database
from tests.ui.conftest import open_app
from tests.ui.fake import ANSWER
from tests.ui.test_ask import QUESTION, answers, conversations, says, type_in


@pytest.fixture
def history(tmp_path, fake):
    engine = open_database(f"sqlite:///{tmp_path / 'mentor.db'}")
    yield History(engine)
    engine.dispose()


def asked(question: str):
    return replace(ANSWER, question=question, searched_for=question)


def choose(app, conversation: str, option: str):
    app.menu_button(key=f"menu {conversation}").click(option).run()
    return app


def listed(app) -> list[str]:
    return [button.label for button in conversations(app)]


def test_every_conversation_can_be_reached_and_found(history):
    for number in range(30):
        history.add("", asked(f"What is number {number}?"))
    app = open_app()
    assert listed(app) == [f"What is number {number}?" for number in range(29, 17, -1)]
    app.button(key="more").click().run()
    app.button(key="more").click().run()
    assert len(listed(app)) == 30
    assert "more" not in [button.key for button in app.sidebar.button]
    app.text_input(key="words").set_value("NUMBER 7").run()
    assert listed(app) == ["What is number 27?", "What is number 17?", "What is number 7?"]
    app.text_input(key="words").set_value("compaction keeps").run()
    assert len(listed(app)) == 30, "the answers are searched, too"
    app.text_input(key="words").set_value("nowhere").run()
    assert listed(app) == []
    assert says(app.sidebar.caption) == ["No conversation has these words."]
    assert not app.exception


def test_a_conversation_gets_another_title(history):
    conversation = history.add("", asked(QUESTION))
    app = choose(open_app(), conversation, "Rename")
    app.text_input(key=f"title {conversation}").set_value("![x](https://example.com/x.png) **mine**")
    app.button(key="rename it").click().run()
    app.run()
    assert listed(app) == [r"\!\[x\]\(https\://example\.com/x\.png\) \*\*mine\*\*"]
    assert not app.exception


@pytest.mark.parametrize(("typed", "title"), [("x" * 80, "x" * 80), ("x" * 81, QUESTION)])
def test_a_title_is_taken_whole_or_not_at_all(history, typed, title):
    conversation = history.add("", asked(QUESTION))
    app = choose(open_app(), conversation, "Rename")
    box = app.text_input(key=f"title {conversation}")
    assert not box.max_chars, "the browser drops what is longer, and says nothing"
    box.set_value(typed)
    app.button(key="rename it").click().run()
    assert history.title(conversation) == title
    assert not app.exception


def test_deleting_is_asked_twice_and_leaves_a_fresh_page(history):
    kept, gone = history.add("", asked("Kept?")), history.add("", asked(QUESTION))
    app = choose(open_app(conversation=gone), gone, "Delete")
    app.button(key="keep it").click().run()
    assert listed(app) == [QUESTION, "Kept?"]
    choose(app, gone, "Delete").button(key="delete it").click().run()
    app.run()
    assert listed(app) == ["Kept?"]
    assert says(app.title) == ["Lakehouse Mentor"]
    assert "conversation" not in app.query_params
    assert history.exchanges(gone) == ()
    assert history.exchanges(kept)
    assert not app.exception


def test_deleting_another_conversation_leaves_the_open_one(history):
    kept, gone = history.add("", asked(QUESTION)), history.add("", asked("Gone?"))
    app = choose(open_app(conversation=kept), gone, "Delete")
    app.button(key="delete it").click().run()
    app.run()
    assert says(app.text) == [QUESTION]
    assert listed(app) == [QUESTION]


def test_two_tabs_add_to_one_conversation_and_show_each_others_answers(history):
    one = type_in(open_app(), QUESTION)
    two = open_app(conversation=one.query_params["conversation"])
    type_in(one, "From the first tab?")
    type_in(two, "From the second tab?")
    everything = [QUESTION, "From the first tab?", "From the second tab?"]
    assert says(two.text) == everything
    assert says(one.run().text) == everything
    assert not one.exception
    assert not two.exception


def test_a_conversation_deleted_in_another_tab_ends_and_a_new_one_begins(history):
    app = type_in(open_app(), QUESTION)
    gone = app.query_params["conversation"]
    history.remove(gone)
    app.run()
    assert says(app.warning) == ["This conversation was deleted. A new one begins."]
    type_in(app, "And now?")
    assert says(app.text) == ["And now?"]
    assert app.query_params["conversation"] != gone
    assert not app.exception


BEGUN = "The conversation was deleted in another tab. Your question began a new one."


def test_a_question_to_a_conversation_deleted_in_another_tab_begins_a_new_one_and_says_so(history, fake):
    app = type_in(open_app(), QUESTION)
    gone = app.query_params["conversation"]
    history.remove(gone)
    type_in(app, "And now?")
    assert says(app.warning) == says(app.run().warning) == [BEGUN]
    assert says(app.text) == ["And now?"]
    assert fake.asked[-1][1] == [], "what was deleted is not leant on"
    assert app.query_params["conversation"] != gone
    assert history.exchanges(gone) == ()
    type_in(app, "And then?")
    assert not app.warning
    assert says(app.text) == ["And now?", "And then?"]
    assert not app.exception


def test_an_answer_to_a_conversation_deleted_meanwhile_begins_a_new_one_and_says_so(
    history, fake, monkeypatch
):
    app = type_in(open_app(), QUESTION)
    gone = app.query_params["conversation"]

    def stream(question, *_):
        history.remove(gone)
        yield asked(question)

    monkeypatch.setattr(fake, "stream", stream)
    type_in(app, "And now?")
    assert says(app.warning) == [BEGUN]
    assert says(app.text) == ["And now?"]
    assert app.query_params["conversation"] != gone
    assert history.exchanges(gone) == ()
    assert [exchange.answer for exchange in history.exchanges(app.query_params["conversation"])] == [
        asked("And now?")
    ]
    assert not app.exception


def test_of_a_long_conversation_the_newest_are_drawn_and_the_others_a_click_away(history):
    conversation = history.add("", asked("What is number 0?"))
    for number in range(1, 50):
        history.add(conversation, asked(f"What is number {number}?"))
    app = open_app(conversation=conversation)
    assert says(app.text) == [f"What is number {number}?" for number in range(30, 50)]
    assert app.button(key="earlier").label == "Show earlier (30)"
    app.button(key="earlier").click().run()
    app.button(key="earlier").click().run()
    assert says(app.text) == [f"What is number {number}?" for number in range(50)]
    assert "earlier" not in [button.key for button in app.button]
    assert len(answers(app)) == 50
    assert not app.exception


def test_a_copy_is_offered_in_two_forms(history):
    conversation = history.add("", asked(QUESTION))
    app = choose(open_app(), conversation, "Save a copy")
    assert [button.label for button in app.get("download_button")] == ["Web page", "Markdown"]
    assert not app.exception
