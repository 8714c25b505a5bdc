from playwright.sync_api import expect

from tests.e2e.conftest import serving
from tests.e2e.steps import ask, composer, number, settled


def test_first_start_shows_progress_lets_read_and_then_answers(page, tmp_path, look):
    """Nobody has run an ingest: the app makes its index, says so, and needs no reload when it is done."""
    with serving(tmp_path) as url:
        page.goto(url)
        expect(page.get_by_role("progressbar")).to_be_visible()
        expect(page.get_by_text("The Handbook page is readable already.")).to_be_visible()
        expect(composer(page)).to_have_count(0)
        look("first-start")
        page.get_by_role("link", name="Handbook", exact=True).click()
        expect(page.locator(".st-key-section").get_by_role("heading", level=2)).to_be_visible()
        page.get_by_role("link", name="Ask", exact=True).click()
        expect(composer(page)).to_be_visible(timeout=300_000)
        settled(page)
        reply = ask(page, "What is compaction?")
        expect(number(reply, 1)).to_be_visible()
