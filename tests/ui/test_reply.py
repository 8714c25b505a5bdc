from dataclasses import replace

import pytest

from chat.conversation import Turn, Where
from errors import StaleIndex
from tests.ui.conftest import open_app
from tests.ui.fake import ANSWER, QUOTE, REFUSAL
from tests.ui.test_ask import QUESTION, answers, says, type_in


def widget(elements, prefix: str):
    """The last one whose key begins so."""
    return [element for element in elements if (element.key or "").startswith(prefix)][-1]


def reword(app, words: str):
    widget(app.text_area, "reworded").set_value(words)
    widget(app.button, "ask again").click().run()
    return app


def versions(app) -> list[int]:
    return [len(exchange.versions) for exchange in app.session_state["ask"].exchanges]


def test_exactly_the_words_that_were_changed_are_searched_for_and_the_answer_takes_the_place(fake):
    app = type_in(open_app(), QUESTION)
    type_in(app, "And the cost?")
    fake.answer = REFUSAL
    reword(app, " cost of \n compaction ")
    assert fake.asked[-1] == ("cost of compaction", [], Where())
    first, second = answers(app)
    assert (second.question, second.searched_for) == ("And the cost?", "cost of compaction")
    assert second.refused
    assert versions(app) == [1, 2]
    again = open_app(conversation=app.query_params["conversation"])
    assert answers(again) == [first, second]
    widget(again.button, "earlier").click().run()
    assert not again.chat_message[3].text
    assert answers(again)[1] == second, "what is looked at changes nothing"
    widget(again.button, "later").click().run()
    assert says(again.chat_message[3].text) == [REFUSAL.note]
    assert not app.exception
    assert not again.exception


def test_a_follow_up_leans_on_the_words_that_a_person_chose(fake):
    app = reword(type_in(open_app(), "Why?"), "Why is compaction slow?")
    type_in(app, "And the cost?")
    assert fake.asked[-1][1] == [
        Turn("Why is compaction slow?", "Why is compaction slow?", frozenset({QUOTE}))
    ]


def test_asked_again_it_searches_where_is_chosen_now_with_what_was_asked_before(fake):
    app = type_in(open_app(), QUESTION)
    type_in(app, "And the cost?")
    app.multiselect(key="chapters").set_value([2]).run()
    widget(app.button, "again").click().run()
    assert fake.asked[-1] == ("And the cost?", [Turn(QUESTION, QUESTION, frozenset({QUOTE}))], Where((2,)))
    assert versions(app) == [1, 2]
    assert answers(app)[1].within == "chapter 2"
    assert says(app.chat_message[3].caption)[0].startswith("only in chapter 2 · 1 quote")
    assert not app.exception


def test_an_answer_that_comes_out_the_same_is_said_and_not_kept_twice(fake):
    app = type_in(open_app(), QUESTION)
    fake.answer = replace(ANSWER, seconds=0.5)
    widget(app.button, "again").click().run()
    assert fake.calls == 2
    assert versions(app) == [1]
    assert says(app.toast) == ["The answer is the same as before."]
    assert not app.exception


def test_a_fault_can_be_tried_again_and_the_answer_takes_its_place(fake):
    fake.answer = StaleIndex("the handbook has changed; run `python -m ingest`")
    app = type_in(open_app(), QUESTION)
    fake.answer = ANSWER
    widget(app.button, "again").click().run()
    assert answers(app)[0].statements == ANSWER.statements
    assert says(app.text) == [QUESTION]
    assert not app.exception


def test_thumbs_are_kept_and_can_be_taken_back(fake):
    app = type_in(open_app(), QUESTION)
    widget(app.feedback, "thumbs").set_value(1).run()
    again = open_app(conversation=app.query_params["conversation"])
    assert widget(again.feedback, "thumbs").value == 1
    widget(again.feedback, "thumbs").set_value(None).run()
    last = open_app(conversation=app.query_params["conversation"])
    assert widget(last.feedback, "thumbs").value is None
    assert not again.exception


def test_a_thumb_down_asks_why_and_keeps_it(fake):
    app = type_in(open_app(), QUESTION)
    widget(app.feedback, "thumbs").set_value(0).run()
    widget(app.button, "send").click().run()
    assert widget(app.button, "send"), "nothing was said, so it still asks"
    widget(app.pills, "why").set_value("It is wrong")
    widget(app.text_input, "remark").set_value("Rows *do* change.")
    widget(app.button, "send").click().run()
    again = open_app(conversation=app.query_params["conversation"])
    [kept] = again.session_state["ask"].exchanges[0].versions
    assert (kept.feedback.useful, kept.feedback.reason) == (False, "It is wrong")
    assert kept.feedback.words == "Rows *do* change."
    assert "Thank you." in says(again.chat_message[1].caption)[-1]
    assert not app.exception


@pytest.mark.parametrize("question", [QUESTION, "How do I configure Kafka exactly-once delivery?"])
def test_what_is_offered_next_is_answered_and_was_not_asked(ask, question):
    asked = [question]
    type_in(ask, question)
    for _ in range(2):
        offered = [button for button in ask.button if button.key.startswith("next ")]
        assert 1 <= len(offered) <= 3
        labels = [button.label.replace("\\", "") for button in offered]
        assert not set(labels) & set(asked)
        asked.append(labels[0])
        offered[0].click().run()
        assert answers(ask)[-1].question == labels[0]
        assert not answers(ask)[-1].refused
        assert answers(ask)[-1].citations
    assert not ask.exception


def test_the_topic_of_an_answer_can_be_practised(ask):
    type_in(ask, QUESTION)
    [link] = [link.proto for link in ask.get("page_link") if link.proto.page == "interview"]
    assert link.label == "Practise this topic: File compaction & small files"
    assert link.query_string == "section=1.2"
