import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.e2e.steps import expect_marked, open_handbook, settled

SECTION = ".st-key-section"


def diagram(page):
    return page.locator(SECTION).get_by_role("img", name="Mermaid flowchart")


@pytest.mark.parametrize(
    ("section", "quote"),
    [
        pytest.param("1.1", "Old files stay in storage until a vacuum removes them.", id="lead"),
        pytest.param(
            "1.1", "The directory also holds removed files and files of failed jobs.", id="below-a-diagram"
        ),
        pytest.param("1.1", "| `delta.appendOnly` | false | The law forbids updates and deletes |", id="row"),
        pytest.param("1.2", 'metrics = spark.sql(f"OPTIMIZE {name}").select("metrics.*").first()', id="code"),
    ],
)
def test_a_pasted_address_opens_at_the_quote(page, section, quote):
    """Diagrams and code are drawn late and must not push the quote out of view."""
    open_handbook(page, f"/handbook?{urlencode({'section': section, 'quote': quote})}")
    if section == "1.1":
        expect(diagram(page)).to_be_visible()
    settled(page)
    expect_marked(page, SECTION, quote)


def test_a_section_is_drawn_whole(page, look):
    """Diagram, tables and code come from Streamlit's Markdown; an upgrade may lose one."""
    open_handbook(page, "/handbook?section=1.1")
    section = page.locator(SECTION)
    expect(diagram(page)).to_be_visible()
    expect(section.get_by_role("table")).to_have_count(2)
    expect(section.get_by_test_id("stCode").or_(section.locator("pre")).first).to_be_visible()
    expect(section.locator("blockquote")).to_contain_text("In short. A table is a set of immutable Parquet")
    settled(page)
    look("handbook")
    page.get_by_role("link", name="Common mistakes").click()
    expect(section.get_by_role("heading", name="Common mistakes")).to_be_in_viewport()
    page.get_by_role("button", name="1.2 File compaction & small files →").click()
    expect(section.get_by_role("heading", level=2)).to_have_text("File compaction & small files")
    expect(page).to_have_url(re.compile(r"/handbook\?section=1\.2$"))


def test_markup_in_the_address_does_nothing(page):
    """The address is anyone's text: a section's name once loaded a remote image."""
    hostile = urlencode({"section": "![](//example.com/a)", "quote": "<img src=x onerror='window.pwned=1'>"})
    open_handbook(page, f"/handbook?{hostile}")
    expect(page.get_by_test_id("stAlert")).to_contain_text("no section “![](//example.com/a)”")
    expect(page.locator("img[src*=example]")).to_have_count(0)
    assert page.evaluate("window.pwned") is None


def test_a_quote_that_is_nowhere_marks_nothing(page):
    """A chapter may have changed since the address was copied."""
    open_handbook(page, "/handbook?section=2.2&quote=This+stands+nowhere+at+all")
    expect(page.locator(SECTION)).to_be_visible()
    assert page.locator("[data-highlighted]").count() == 0
    assert page.evaluate("CSS.highlights.size") == 0
