import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.steps import expect_no_sideways_scrolling, settled

# One sentence for each of the questions about section 1.2 that the small bank holds.
ANSWERS = {
    "Why do many small files make a query slow?": "Every file costs a request to object storage.",
    "When would you compact by hand, and when would you let the platform do it?": (
        "Automatic compaction fits tables with many writers."
    ),
    "Sensors write a 3 MB file every 30 seconds": (
        "A nightly compaction of yesterday's partition leaves about 9 files a day."
    ),
}


def question(page: Page) -> Locator:
    return page.get_by_role("heading", level=3).first


def expected_answer(page: Page) -> str:
    asked = question(page).inner_text()
    return next(answer for opening, answer in ANSWERS.items() if asked.startswith(opening))


def answer(page: Page, text: str) -> None:
    """Type and press Submit once, as a person does."""
    page.get_by_label("Your answer").fill(text)
    page.get_by_role("button", name="Submit").click()
    settled(page)


def test_an_interview_from_set_up_to_summary(page, look):
    """Guards the practice loop: answer, see what earned its point, read what was missed, go on, reload."""
    page.goto("/interview?section=1.2")
    expect(page.get_by_text("Questions about section 1.2")).to_be_visible(timeout=60_000)
    settled(page)
    look("interview-set-up")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Question 1 of 3")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/interview\?interview=[0-9a-f]{32}$"))
    settled(page)

    said = expected_answer(page)
    answer(page, f"{said} I like <b>bread</b> with butter in the morning.")
    expect(page.get_by_text("of 100 ·").first).to_be_visible()
    earned = page.locator(".marked .covered").first
    expect(earned).to_have_text(said)
    expect(earned).to_have_css("text-decoration-line", "underline")
    expect(page.locator(".marked b")).to_have_count(0)
    expect_no_sideways_scrolling(page)
    look("interview-feedback")

    address = page.url
    missed = page.get_by_role("link", name="Section 1.2").and_(page.locator("[href*='quote=']")).first
    missed.click()
    expect(page.locator(".st-key-section").get_by_role("heading", level=2)).to_have_text(
        "File compaction & small files"
    )
    expect(page.locator("[data-highlighted]")).to_have_count(1)
    look("interview-missed-point")
    page.get_by_role("link", name="Mock interview", exact=True).click()
    expect(earned).to_have_text(said)
    expect(page).to_have_url(address)

    asked = question(page).inner_text()
    page.get_by_role("button", name="Next question").click()
    expect(page.get_by_text("Question 2 of 3")).to_be_visible()
    expect(question(page)).not_to_have_text(asked)
    expect(page.get_by_label("Your answer")).to_have_value("")
    page.reload()
    expect(page.get_by_text("Question 2 of 3")).to_be_visible()
    settled(page)
    answer(page, expected_answer(page))
    expect(page.get_by_text("of 100 ·").first).to_be_visible()
    page.get_by_role("button", name="Next question").click()
    expect(page.get_by_text("Question 3 of 3")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Skip").click()

    expect(page.get_by_role("heading", name="How it went")).to_be_visible()
    expect(page.get_by_text("2 of 3 questions graded, 1 skipped.")).to_be_visible()
    expect(page.get_by_role("link", name="1.2 File compaction & small files")).to_be_visible()
    settled(page)
    look("interview-summary")
    page.reload()
    expect(page.get_by_role("heading", name="How it went")).to_be_visible()
    expect(page).to_have_url(address)
