"""The real handbook in a real browser: every sentence can be found, nothing is wider than its column."""

import pytest
from playwright.sync_api import expect

from chat.citations import plain
from ingest.pipeline import read_handbook
from retriever.typed import TextIndex
from tests.e2e.conftest import PROJECT, indexed_and_serving
from tests.e2e.steps import open_handbook

SECTIONS = ["1.3", "2.2", "4.4", "5.5", "6.8", "7.3", "8.1", "9.2", "11.6", "12.2", "12.6", "14.1", "15.1"]
"""Those with the widest tables, the longest code and the most diagrams."""
WIDER = """() => {
  const column = document.querySelector(".st-key-section").getBoundingClientRect();
  const boxes = ".st-key-section :is(table, pre, p, li, h2, h3, blockquote, [data-testid='stMermaidChart'])";
  return [...document.querySelectorAll(boxes)]
    .filter((node) => node.getBoundingClientRect().right > Math.min(column.right, window.innerWidth) + 1)
    .map((node) => `${node.tagName}: ${node.textContent.slice(0, 60)}`);
}"""
FIND = (PROJECT / "ui/components/highlight.js").read_text("utf-8").partition("export default")[0]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def handbook(browser_type_launch_args, tmp_path_factory):
    with indexed_and_serving(
        tmp_path_factory.mktemp("served"), design=False, corpus=PROJECT / "corpus"
    ) as url:
        yield url


@pytest.fixture(scope="module")
def sections():
    return {s.number: s for document in read_handbook(PROJECT / "corpus") for s in document.sections}


@pytest.mark.parametrize("number", SECTIONS)
def test_a_section_fits_and_says_its_sentences(page, handbook, sections, number):
    hits = TextIndex([sections[number]]).sentences
    quotes = [plain(hit.quote.replace("|", " ")) for hit in hits]
    open_handbook(page, f"{handbook}/handbook?section={number}")
    diagrams = page.locator(".st-key-section [data-testid='stMermaidChart'] img")
    expect(diagrams).to_have_count(sections[number].text.count("```mermaid"))
    assert page.evaluate(WIDER) == []
    lost = page.evaluate(
        f"(quotes) => {{ {FIND}; const scope = document.querySelector('.st-key-section'); "
        "return quotes.filter((quote) => !find(scope, quote)); }",
        quotes,
    )
    assert len(quotes) > 30
    assert lost == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(f"() => ({WIDER})().length === 0")
