import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import indexed_and_serving
from tests.e2e.steps import expect_no_sideways_scrolling, settled
from tests.e2e.test_practice import answer, question


@pytest.fixture(scope="module")
def first_day(browser_type_launch_args, tmp_path_factory):
    """An app of its own: what other tests practised is no part of a first day."""
    with indexed_and_serving(tmp_path_factory.mktemp("served"), design=False) as url:
        yield url


def open_progress(page: Page, app: str = "") -> None:
    page.goto(f"{app}/progress")
    expect(page.get_by_role("heading", name="Progress")).to_be_visible(timeout=60_000)
    settled(page)


def cell(page: Page, section: str):
    """A section's cell in the heat map, by the number that stands in it."""
    return page.get_by_test_id("stVegaLiteChart").first.locator(
        "svg text", has_text=re.compile(f"^{section}$")
    )


def test_from_the_first_day_to_a_file_of_ones_own(page, look, tmp_path, first_day):
    """Guards the loop of a day: one button, answers that colour the map, an export, a reset, an import."""
    open_progress(page, first_day)
    expect(cell(page, "1.2")).to_be_visible()
    expect(page.get_by_text("Nothing is coloured yet")).to_be_visible()
    look("progress-empty")

    page.get_by_role("button", name=re.compile("^Today's ")).click()
    expect(page).to_have_url(re.compile(r"/interview\?interview=[0-9a-f]{32}$"))
    expect(question(page)).to_be_visible()
    settled(page)
    said = "Every file costs a request to object storage, and a footer has to be read in each of them."
    answer(page, said)
    expect(page.get_by_text("of 100 ·").first).to_be_visible()
    page.get_by_role("button", name="Next question").click()
    expect(page.get_by_text("Question 2 of")).to_be_visible()

    page.get_by_role("link", name="Progress", exact=True).click()
    expect(page.get_by_text("1 answer graded")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Go on: "))).to_be_visible()
    settled(page)
    cell(page, "1.1").click()
    chosen = page.locator(".st-key-picked")
    expect(chosen).to_contain_text("1.1 Tables and the commit log")
    expect(chosen.get_by_role("link", name="Practise it")).to_be_visible()
    expect_no_sideways_scrolling(page)
    look("progress")

    page.get_by_text("Your data", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export", exact=True).click()
    file = tmp_path / "export.json"
    download.value.save_as(file)
    assert [one["position"] for one in json.loads(file.read_text("utf-8"))["grades"]] == [0]

    page.get_by_role("button", name="Reset …").click()
    page.get_by_label("Type “reset” to confirm").fill("reset")
    page.get_by_role("button", name="Delete my progress").click()
    expect(page.get_by_text("Your progress was deleted.")).to_be_visible()
    expect(page.get_by_text("Nothing is coloured yet")).to_be_visible()

    open_progress(page, first_day)
    page.get_by_text("Your data", exact=True).click()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("1 graded answer will be added to yours.")).to_be_visible()
    look("progress-import")
    page.get_by_role("button", name="Import this file").click()
    expect(page.get_by_text("Imported: 1 graded answer added.")).to_be_visible()
    expect(page.get_by_text("1 answer graded")).to_be_visible()
    chosen_read = page.get_by_role("combobox", name="Section")
    expect(chosen_read).to_be_visible()


@pytest.mark.parametrize(("name", "width", "scheme"), [("dark", 1280, "dark"), ("phone", 390, "light")])
def test_the_map_can_be_used_in_the_dark_and_on_a_phone(page, look, name, width, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    open_progress(page)
    expect(cell(page, "2.2")).to_be_visible()
    cell(page, "2.2").click()
    expect(page.locator(".st-key-picked")).to_contain_text("2.2 Autoscaling")
    expect_no_sideways_scrolling(page)
    settled(page)
    look(f"progress-{name}")
    page.locator(".st-key-picked").get_by_role("link", name="Read it").click()
    expect(page).to_have_url(re.compile(r"/handbook\?section=2\.2$"))
