"""Search, terms and glossary of the Handbook page, by keyboard, pointer and thumb."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.steps import expect_marked, expect_no_sideways_scrolling, open_handbook, settled

SECTION = ".st-key-section"


def search(page: Page):
    return page.get_by_role("combobox", name="Search the handbook")


def results(page: Page, group: str):
    return page.get_by_role("group", name=group).get_by_role("option")


def card(page: Page):
    return page.locator("#term-card")


def term(page: Page, name: str):
    return page.locator(SECTION).get_by_role("link", name=name, exact=True).first


def test_from_a_few_letters_to_the_quote_by_keyboard(page, look):
    open_handbook(page, "/handbook?section=2.2")
    expect(search(page)).to_be_visible()
    page.keyboard.press("/")
    expect(search(page)).to_be_focused()
    page.keyboard.type("com")
    expect(results(page, "Sections").first).to_contain_text("Tables and the commit log")
    expect(results(page, "Terms")).to_have_count(2)
    expect(results(page, "In the text").first).to_be_visible()
    look("handbook-search")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(search(page)).to_have_value("")

    page.keyboard.type("vacuum remo")
    expect(results(page, "In the text").first).to_contain_text("Old files stay in storage")
    expect(results(page, "In the text").first.locator("mark")).to_have_text(["vacuum", "remo"])
    page.keyboard.press("ArrowDown")
    expect(results(page, "In the text").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect_marked(page, SECTION, "Old files stay in storage until a vacuum removes them.")
    expect(page).to_have_url(re.compile(r"section=1\.1&quote=Old"))
    expect(search(page)).to_have_value("")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_a_former_name_finds_the_term_and_markup_finds_nothing(page):
    open_handbook(page, "/handbook?section=1.1")
    search(page).fill("interactive clus")
    expect(results(page, "Terms")).to_have_text(
        ["all-purpose clusterFormerly interactive cluster (until 2020). "
         "Cluster that people share for work in notebooks."]
    )  # fmt: skip
    search(page).fill("<img src=x onerror='window.pwned=1'>")
    expect(page.locator(".search .note")).to_have_text("Nothing in the handbook has these words.")
    assert page.evaluate("window.pwned") is None
    search(page).fill("autosc")
    results(page, "Sections").first.click()
    expect(page).to_have_url(re.compile(r"/handbook\?section=2\.2$"))
    expect(page.locator(SECTION).get_by_role("heading", level=2)).to_have_text("Autoscaling")


def test_a_phone_can_search_and_ask_what_a_term_means(page, look):
    page.set_viewport_size({"width": 390, "height": 844})
    open_handbook(page, "/handbook?section=2.2")
    search(page).fill("compaction")
    expect(results(page, "In the text").first).to_be_visible()
    expect_no_sideways_scrolling(page)
    look("handbook-search-phone")
    results(page, "Terms").first.click()
    expect(page).to_have_url(re.compile(r"section=1\.2$"))
    open_handbook(page, "/handbook?section=2.2")
    term(page, "all-purpose cluster").click()
    expect(card(page)).to_be_visible()
    box = card(page).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    look("handbook-term-phone")


def test_a_term_says_what_it_means_where_it_stands(page):
    open_handbook(page, "/handbook?section=2.2")
    here = term(page, "all-purpose cluster")
    expect(here).to_have_css("text-decoration-style", "dotted")
    here.hover()
    expect(card(page)).to_contain_text("Formerly interactive cluster (until 2020).")
    page.mouse.move(5, 5)
    expect(card(page)).to_be_hidden()
    here.focus()
    expect(card(page)).to_be_visible()
    expect(here).to_have_attribute("aria-describedby", "term-card")
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    here.click()
    page.evaluate("window.session = 'the same'")
    card(page).get_by_role("link", name="Section 2.1").click()
    expect(page.locator(SECTION).get_by_role("heading", level=2)).to_have_text("Cluster types")
    assert page.evaluate("window.session") == "the same"


def test_a_newly_opened_section_is_read_from_its_top(page):
    open_handbook(page, "/handbook?section=1.1#common-mistakes")
    expect(page.locator(SECTION).get_by_role("heading", name="Common mistakes")).to_be_in_viewport()
    page.get_by_role("button", name="1.2 File compaction & small files →").click()
    heading = page.locator(SECTION).get_by_role("heading", level=2)
    expect(heading).to_have_text("File compaction & small files")
    expect(heading).to_be_in_viewport()


def test_the_glossary_is_narrowed_while_typing(page, look):
    page.goto("/handbook?glossary=")
    entries = page.locator(".glossary .entry:visible")
    expect(entries).to_have_count(4)
    settled(page)
    look("glossary")
    page.get_by_role("searchbox", name="Filter the glossary").fill("interactive")
    expect(entries).to_have_count(1)
    expect(page.locator(".glossary .count")).to_have_text("1 of 4 terms")
    entries.get_by_role("link", name="all-purpose cluster: this entry alone").click()
    expect(page).to_have_url(re.compile(r"glossary=all-purpose\+cluster$"))
    page.reload()
    expect(entries).to_have_count(1)
    entries.get_by_role("link", name="Section 2.1").click()
    expect(page.locator(SECTION).get_by_role("heading", level=2)).to_have_text("Cluster types")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_glossary_and_search_are_seen_in_both_themes(page, look, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto("/handbook?glossary=")
    expect(page.locator(".glossary .entry").first).to_be_visible()
    search(page).fill("c")
    expect(results(page, "Terms").first).to_be_visible()
    colours = results(page, "Terms").first.evaluate(
        "(row) => [getComputedStyle(row).color, getComputedStyle(row.closest('.results')).backgroundColor]"
    )
    light = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours]
    assert (light[0] < light[1]) == (scheme == "light"), colours
    look(f"handbook-search-{scheme}")
