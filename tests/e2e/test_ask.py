from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.steps import (
    ask,
    card,
    composer,
    expect_marked,
    expect_no_sideways_scrolling,
    messages,
    number,
    open_ask,
    resting_place,
    settled,
)

QUESTION = "What is compaction?"
FIRST = "Compaction rewrites many small files into few large files without changing a row."
SECOND = "Run compaction after loads that write many small files, or let the platform schedule it."
LAST = "Compaction keeps every row and changes only the files that hold them."
PANEL = ".st-key-source"
HOSTILE = (
    "![pixel](https://example.com/pixel.png) <img src=x onerror='window.pwned=1'> "
    "<script>window.pwned=1</script> [click](javascript:window.pwned=1) **bold** :red[red] compaction?"
)


def test_read_an_answer_and_follow_its_citations(page, look):
    """Guards the product's promise: number → card → section with the quote marked, the reader not moved."""
    open_ask(page)
    look("ask-first-visit")
    reply = ask(page, QUESTION)
    expect(reply.locator("p.first")).to_contain_text(FIRST)
    expect(reply.get_by_role("button", name="Searched for: What is compaction?")).to_be_visible()

    expect(card(reply)).to_have_count(0)
    number(reply, 2).hover()
    expect(card(reply)).to_have_text(f"1.2 File compaction & small files › In short“{SECOND}”")
    look("ask-card")
    # The card of number 2 lies over later numbers and must not catch its click.
    number(reply, 8).click()
    expect(page.locator(PANEL).get_by_role("heading", level=2)).to_have_text("File compaction & small files")
    expect_marked(page, PANEL, LAST)
    expect(number(reply, 8)).to_be_in_viewport()
    expect(number(reply, 8)).to_have_attribute("aria-pressed", "true")
    settled(page)
    look("ask-source")

    before = resting_place(number(reply, 1))
    number(reply, 1).click()
    expect_marked(page, PANEL, FIRST)
    settled(page)
    assert resting_place(number(reply, 1)) == before
    page.get_by_role("button", name="Close").click()
    expect(page.locator(PANEL)).to_have_count(0)


def test_source_of_a_later_answer_opens_beside_it(page, look):
    """The panel once stood at the top of the conversation, out of sight below the first answer."""
    open_ask(page)
    ask(page, QUESTION)
    ask(page, "How does a reader build a snapshot?")
    reply = ask(page, "Which cluster should scheduled jobs use?")
    expect(messages(page).nth(4)).to_be_in_viewport()
    number(reply, 1).hover()
    before = resting_place(number(reply, 1))
    number(reply, 1).click()
    expect_marked(page, PANEL, "Run every scheduled job on a job cluster.")
    # The lines break anew beside the source, so it moves sideways.
    assert resting_place(number(reply, 1))["y"] == pytest.approx(before["y"], abs=2)
    expect(number(reply, 1)).to_be_in_viewport()
    expect(page.get_by_role("link", name="Open in the handbook")).to_be_in_viewport()
    settled(page)
    before = resting_place(number(reply, 2))
    number(reply, 2).click()
    expect(number(reply, 2)).to_have_attribute("aria-pressed", "true")
    settled(page)
    assert resting_place(number(reply, 2)) == before
    look("ask-later-source")


def test_a_table_row_and_a_line_of_code_are_marked(page):
    """A row's bars and a code line's markup are drawn as something else than they are written."""
    open_ask(page)
    reply = ask(page, "Should scheduled work use a job cluster or an all-purpose cluster?")
    rows = reply.get_by_role("listitem")
    expect(rows.first).to_contain_text("Job cluster: choose it when: Work runs on a schedule")
    rows.first.get_by_role("button").click()
    expect_marked(
        page,
        PANEL,
        "| Job cluster | Work runs on a schedule without people | Minutes of start time for each run |",
    )
    reply = ask(page, "How do I set delta.logRetentionDuration with ALTER TABLE?")
    block = reply.locator("pre")
    expect(block).to_contain_text("ALTER TABLE sales.orders")
    code = block.locator("code").inner_text()
    block.get_by_role("button").click()
    expect_marked(page, PANEL, code)


def test_open_in_the_handbook_lands_on_the_quote_and_its_address_can_be_pasted(page, context, look):
    """Guards the way from answer to handbook to a colleague."""
    open_ask(page)
    reply = ask(page, QUESTION)
    number(reply, 8).click()
    expect_marked(page, PANEL, LAST)
    page.get_by_role("link", name="Open in the handbook").click()
    expect_marked(page, ".st-key-section", LAST)
    assert parse_qs(urlsplit(page.url).query) == {"section": ["1.2"], "quote": [LAST]}
    settled(page)
    look("handbook-quote")
    address = page.get_by_test_id("stCode").filter(has_text="/handbook?section=").inner_text().strip()
    other = context.new_page()
    other.goto(address)
    expect_marked(other, ".st-key-section", LAST)


def test_reload_and_page_switch_keep_the_conversation(page):
    """A navigation link once opened an empty Ask page, and a reload needs the id in the address."""
    open_ask(page)
    ask(page, QUESTION)
    address = page.url
    assert parse_qs(urlsplit(address).query).keys() == {"conversation"}
    page.reload()
    expect(messages(page)).to_have_count(2)
    expect(messages(page).first.get_by_test_id("stText")).to_have_text(QUESTION)
    settled(page)
    page.get_by_role("link", name="Handbook", exact=True).click()
    expect(page.locator(".st-key-section")).to_be_visible()
    page.get_by_role("link", name="Ask", exact=True).click()
    expect(messages(page)).to_have_count(2)
    expect(page).to_have_url(address)
    page.get_by_role("button", name="New conversation").click()
    expect(messages(page)).to_have_count(0)
    page.get_by_test_id("stSidebar").get_by_role("button", name=QUESTION).first.click()
    expect(messages(page)).to_have_count(2)


def test_the_unanswerable_is_refused_and_a_nearest_section_opens(page, look):
    """A refusal has to lead somewhere."""
    open_ask(page)
    reply = ask(page, "How do I configure Kafka exactly-once delivery?")
    expect(reply).to_contain_text("The handbook does not answer this.")
    expect(reply.get_by_role("tooltip")).to_have_count(0)
    expect(reply.get_by_role("link")).to_have_count(3)
    settled(page)
    look("ask-refusal")
    nearest = reply.get_by_role("link").first
    label = nearest.inner_text()
    nearest.click()
    section = page.locator(".st-key-section").get_by_role("heading", level=2)
    expect(section).to_have_text(label.split(" ", 1)[1])


def test_markup_in_a_question_does_nothing(page, look):
    """A title in the list of conversations is a Markdown label: it once loaded a remote image."""
    open_ask(page)
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    reply = ask(page, HOSTILE)
    expect(messages(page).first.get_by_test_id("stText")).to_have_text(HOSTILE)
    expect(page.get_by_test_id("stSidebar")).to_contain_text("![pixel](https://example.com/pixel.png)")
    expect(page.locator("img[src*=example]")).to_have_count(0)
    expect(messages(page).locator("img, script, iframe")).to_have_count(0)
    expect(reply.get_by_role("link", name="click")).to_have_count(0)
    assert page.evaluate("window.pwned") is None
    settled(page)
    look("ask-hostile")


def test_keyboard_alone_reaches_the_card_and_the_source(page):
    """A citation is a button: Tab shows its card, Enter opens its section."""
    open_ask(page)
    reply = ask(page, QUESTION)
    composer(page).focus()
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if number(reply, 8).evaluate("button => button.matches(':focus')"):
            break
    expect(number(reply, 8)).to_be_focused()
    expect(card(reply)).to_have_text(f"1.2 File compaction & small files › Common mistakes“{LAST}”")
    page.keyboard.press("Enter")
    expect_marked(page, PANEL, LAST)


@pytest.mark.browser_context_args(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
def test_on_a_phone_the_source_is_brought_into_view(page, look):
    """It once stood below the answer, with no way back to the sentence but scrolling."""
    open_ask(page)
    look("phone-first-visit")
    expect_no_sideways_scrolling(page)
    reply = ask(page, QUESTION)
    expect_no_sideways_scrolling(page)
    number(reply, 8).scroll_into_view_if_needed()
    before = resting_place(number(reply, 8))
    number(reply, 8).tap()
    expect_marked(page, PANEL, LAST)
    settled(page)
    expect_no_sideways_scrolling(page)
    look("phone-source")
    assert resting_place(number(reply, 8)) == before
    expect(page.get_by_role("link", name="Open in the handbook")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Close").tap()
    expect(page.locator(PANEL)).to_have_count(0)
    settled(page)
    assert resting_place(number(reply, 8)) == before
    expect(number(reply, 8)).to_be_in_viewport()
    number(reply, 8).tap()
    expect_marked(page, PANEL, LAST)
    page.get_by_role("link", name="Open in the handbook").tap()
    expect_marked(page, ".st-key-section", LAST)
    expect_no_sideways_scrolling(page)
    settled(page)
    look("phone-handbook")


@pytest.mark.browser_context_args(color_scheme="dark")
def test_dark_scheme(page, look):
    """Colours come from the theme; one written by hand would stay light."""
    open_ask(page)
    reply = ask(page, QUESTION)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(28, 25, 23)")
    expect(reply.locator("p.first")).to_have_css("color", "rgb(237, 230, 220)")
    number(reply, 8).click()
    expect_marked(page, PANEL, LAST)
    number(reply, 2).hover()
    expect(card(reply)).to_have_css("background-color", "rgb(28, 25, 23)")
    expect(card(reply)).to_have_css("color", "rgb(237, 230, 220)")
    settled(page)
    look("dark-source")
