import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.steps import (
    ask,
    composer,
    expect_no_sideways_scrolling,
    messages,
    number,
    open_ask,
    settled,
)

QUESTION = "What is compaction?"
UNKNOWN = "How do I configure Kafka exactly-once delivery?"


def sidebar(page):
    return page.get_by_test_id("stSidebar")


def choose(page, title: str, option: str) -> None:
    """Open a conversation's menu with the keyboard and choose from it."""
    menu = sidebar(page).get_by_role("button", name=f"More: {title}").first
    menu.focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name=option).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_conversation_is_renamed_found_saved_and_deleted(page, look):
    """By keyboard where a person would; nothing of it may be lost by one stray click."""
    open_ask(page)
    ask(page, "Which cluster should scheduled work use?")
    sidebar(page).get_by_role("button", name="New conversation").click()
    expect(messages(page)).to_have_count(0)
    ask(page, QUESTION)
    choose(page, QUESTION, "Rename")
    title = page.get_by_role("dialog").get_by_label("Title")
    title.fill("Small files " * 10)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("A title has at most 80 characters")
    title.fill("Small files")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    renamed = sidebar(page).get_by_role("button", name="Small files", exact=True)
    expect(renamed).to_be_visible()

    search = sidebar(page).get_by_label("Search conversations")
    search.fill("scheduled")
    expect(renamed).to_have_count(0)
    expect(sidebar(page).get_by_role("button", name="Which cluster", exact=False).first).to_be_visible()
    look("conversations-search")
    search.fill("")
    expect(renamed).to_be_visible()
    settled(page)

    choose(page, "Small files", "Save a copy")
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("button", name="Web page").click()
    assert download.value.suggested_filename == "small-files.html"
    saved = Path(download.value.path()).read_text("utf-8")
    assert "<h1>Small files</h1>" in saved
    assert "Compaction rewrites many small files into few large files" in saved
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    choose(page, "Small files", "Delete")
    look("conversations-delete")
    page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(messages(page)).to_have_count(2)
    settled(page)
    choose(page, "Small files", "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Lakehouse Mentor")).to_be_visible()
    expect(renamed).to_have_count(0)


def test_an_answer_is_copied_asked_again_with_other_words_and_rated(page, context, look):
    """What is changed, thought and chosen under an answer is there after a reload."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_ask(page)
    reply = ask(page, UNKNOWN)
    expect(reply).to_contain_text("The handbook does not answer this.")
    reply.get_by_role("button", name="Searched for").click()
    page.get_by_label("Search for exactly these words").fill(QUESTION)
    page.get_by_role("button", name="Ask again").click()
    expect(number(reply, 1)).to_be_visible()
    expect(messages(page)).to_have_count(2)
    expect(messages(page).first).to_contain_text(UNKNOWN)
    settled(page)

    reply.get_by_role("button", name="Copy the answer with its sources").click()
    expect(reply.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Compaction rewrites many small files into few large files")
    assert "[1] 1.2 File compaction & small files › In short: “Compaction rewrites" in copied

    reply.get_by_role("radio", name="Thumbs down").click()
    page.get_by_role("radio", name="Something important is missing").click()
    page.get_by_label("In your own words").fill("The cost.")
    look("ask-reason")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(reply).to_contain_text("Thank you.")
    settled(page)
    page.reload()
    expect(reply.get_by_role("radio", name="Thumbs down")).to_be_checked()
    expect(reply).to_contain_text("2 of 2")
    settled(page)
    reply.get_by_role("button", name="Earlier answer").click()
    expect(reply).to_contain_text("The handbook does not answer this.")
    look("ask-earlier-answer")


def test_a_question_that_is_offered_is_answered(page):
    """The next question is one click away, and so is practice."""
    open_ask(page)
    ask(page, QUESTION)
    offered = page.locator(".st-key-next button").first
    words = offered.inner_text().splitlines()[-1]
    offered.click()
    expect(messages(page)).to_have_count(4)
    settled(page)
    expect(messages(page).nth(2).get_by_test_id("stText")).to_have_text(words)
    expect(number(messages(page).nth(3), 1)).to_be_visible()
    page.get_by_role("link", name="Practise this topic").click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    assert "/interview?section=1.2" in page.url


def test_two_tabs_of_one_conversation_lose_nothing(page, context):
    """Each tab writes; what one adds, the other shows at its next question."""
    open_ask(page)
    ask(page, QUESTION)
    other = context.new_page()
    open_ask(other, page.url)
    ask(other, "How does a reader build a snapshot?")
    composer(page).fill("Which cluster should scheduled work use?")
    composer(page).press("Enter")
    expect(messages(page)).to_have_count(6)
    expect(messages(page).nth(2)).to_contain_text("How does a reader build a snapshot?")


def test_a_conversation_deleted_in_another_tab_is_said_where_it_is_seen(page, context, look):
    """A new conversation once began without a word."""
    open_ask(page)
    ask(page, "Which cluster should scheduled work use?")
    open_ask(other := context.new_page(), page.url)
    choose(other, "Which cluster should scheduled work use?", "Delete")
    other.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(messages(other)).to_have_count(0)
    composer(page).fill(QUESTION)
    composer(page).press("Enter")
    notice = page.get_by_role("alert").filter(has_text="deleted in another tab")
    expect(notice).to_be_in_viewport(ratio=1)
    expect(messages(page)).to_have_count(2)
    settled(page)
    expect(notice).to_be_in_viewport(ratio=1)
    look("conversations-deleted")


@pytest.mark.browser_context_args(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
def test_on_a_phone_the_buttons_stand_in_one_row(page, look):
    """A second row of icons pushes the next question out of sight."""
    open_ask(page)
    reply = ask(page, QUESTION)
    tops = [
        reply.get_by_role(role, name=name).bounding_box()
        for role, name in (
            ("radio", "Thumbs up"),
            ("radio", "Thumbs down"),
            ("button", "Copy the answer"),
            ("button", "Answer again"),
        )
    ]
    middles = [box["y"] + box["height"] / 2 for box in tops]
    assert max(middles) - min(middles) < 12
    assert all(box["x"] + box["width"] <= 390 for box in tops)
    expect_no_sideways_scrolling(page)
    look("phone-answer")


def test_questions_sent_while_another_is_answered_are_answered_in_their_order(page):
    """Each begins a run of the page, which ends the one before wherever that is."""
    questions = [QUESTION, "How does a reader build a snapshot?", "Which cluster should scheduled work use?"]
    open_ask(page)
    for question in questions:
        composer(page).fill(question)
        composer(page).press("Enter")
    expect(messages(page)).to_have_count(6)
    settled(page)
    for at, question in enumerate(questions):
        expect(messages(page).nth(2 * at).get_by_test_id("stText")).to_have_text(question)
        expect(number(messages(page).nth(2 * at + 1), 1)).to_be_visible()
    page.reload()
    expect(messages(page)).to_have_count(6)


def test_a_question_is_answered_after_a_reload_that_comes_before_its_answer(page):
    """The question is kept, and the address names its conversation, before the answer is there."""
    open_ask(page)
    composer(page).fill(QUESTION)
    composer(page).press("Enter")
    page.wait_for_url("**/?conversation=*")
    page.reload()
    expect(messages(page)).to_have_count(2)
    expect(number(messages(page).nth(1), 1)).to_be_visible()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desktop", "phone"])
def test_an_answer_that_could_not_be_kept_is_said_in_view(page, data_dir, look, size):
    """The notice once stood below the answer, out of sight, and a reload lost what it warned of."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    open_ask(page)
    with closing(sqlite3.connect(data_dir / "mentor.db", isolation_level=None)) as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON answer BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
        try:
            reply = ask(page, QUESTION)
            expect(number(reply, 1)).to_be_in_viewport()
            expect(page.locator(".st-key-unsaved")).to_be_in_viewport(ratio=1)
            expect(page.get_by_text("The last answer is on this page only")).to_be_in_viewport(ratio=1)
            expect(page.get_by_role("button", name="Keep now")).to_be_in_viewport(ratio=1)
            expect_no_sideways_scrolling(page)
            look(f"ask-unsaved-{size[0]}")
        finally:
            database.execute("DROP TRIGGER full")
    page.get_by_role("button", name="Keep now").click()
    expect(page.locator(".st-key-unsaved")).to_have_count(0)
    page.reload()
    expect(messages(page)).to_have_count(2)
