import pytest

from ingest.pipeline import read_handbook
from settings import PROJECT
from tests.ui.conftest import open_app
from tests.ui.test_ask import says
from ui import render


@pytest.fixture(autouse=True)
def _small(small_handbook):
    pass


def shown(app):
    [code] = says(app.code)
    return says(app.header)[0], code


def test_without_a_section_the_first_one_is_shown():
    app = open_app("ui/read.py")
    assert shown(app) == ("Tables and the commit log", "/handbook?section=1.1")
    assert not app.warning
    assert [button.label for button in app.main.button] == ["1.2 File compaction & small files →"]
    assert not app.exception


def test_a_section_by_its_address():
    app = open_app("ui/read.py", section="2.2")
    assert shown(app) == ("Autoscaling", "/handbook?section=2.2")
    assert says(app.caption)[0] == "Section 2.2 · verified 2026-11-20"
    assert [button.label for button in app.main.button] == ["← 2.1 Cluster types"]
    assert not app.exception


def test_an_unknown_section_is_said_and_the_first_is_shown():
    app = open_app("ui/read.py", section="9.9")
    assert says(app.warning) == ["The handbook has no section “9\\.9”. Section 1.1 is shown instead."]
    assert shown(app)[0] == "Tables and the commit log"
    assert not app.exception


def test_markup_in_the_address_is_plain_text():
    app = open_app("ui/read.py", section="![](//example.com/a)")
    [warning] = says(app.warning)
    assert r"\!\[\]\(//example\.com/a\)" in warning
    assert not app.exception


def test_a_quote_in_the_address_is_passed_to_the_marker_and_shared():
    quote = "Starting takes 3 to 5 minutes on cloud machines, & more | 50%"
    app = open_app("ui/read.py", section="2.1", quote=quote)
    assert shown(app)[1] == render.address("2.1", quote)
    assert "%26+more+%7C+50%25" in shown(app)[1]
    [mark] = app.get("bidi_component")
    assert mark.proto.component_name == "mentor_highlight"
    assert "Starting takes 3 to 5 minutes on cloud machines, & more 50%" in str(mark.proto.json)
    assert not app.exception


def test_no_quote_no_marker():
    app = open_app("ui/read.py", section="2.1")
    assert not app.get("bidi_component")
    assert not app.exception


def test_next_and_previous_walk_the_whole_handbook_and_drop_the_quote():
    app = open_app("ui/read.py", section="1.1", quote="Old files stay in storage")
    seen = [shown(app)[1]]
    while "after" in [button.key for button in app.main.button]:
        app.button(key="after").click().run()
        seen.append(shown(app)[1])
    assert seen[1:] == [f"/handbook?section={number}" for number in ("1.2", "2.1", "2.2")]
    app.button(key="before").click().run()
    assert app.query_params["section"] == "2.1"
    assert not app.exception


def test_contents_list_every_section_and_open_it():
    app = open_app("ui/read.py")
    assert [chapter.label for chapter in app.sidebar.expander] == ["1. Storage", "2. Compute"]
    assert [chapter.proto.expanded for chapter in app.sidebar.expander] == [True, False]
    app.button(key="section 2.2").click().run()
    assert shown(app)[0] == "Autoscaling"
    assert app.button(key="section 2.2").proto.type == "secondary"
    assert app.button(key="section 1.1").proto.type == "tertiary"
    assert not app.exception


def test_on_this_page_lists_the_blocks_after_the_lead():
    app = open_app("ui/read.py", section="2.1")
    assert (
        "- [How it works](#how-it-works)\n- [Trade-offs](#trade-offs)\n"
        "- [Performance and cost](#performance-and-cost)\n- [Best practices](#best-practices)\n"
        "- [Scenario](#scenario)\n- [Common mistakes](#common-mistakes)\n- [Sources](#sources)"
    ) in says(app.markdown)
    assert not app.exception


def test_images_in_a_document_are_not_loaded(monkeypatch, corpus):
    chapter = corpus / "02-compute.md"
    text = chapter.read_text("utf-8")
    chapter.write_text(text.replace("A cluster has one", "![x](https://example.com/x.png) A cluster has one"))
    monkeypatch.setenv("MENTOR_CORPUS", str(corpus))
    monkeypatch.setattr("ui.resources.prepare", lambda: None)
    app = open_app("ui/read.py", section="2.1")
    body = "".join(says(app.markdown))
    assert "[x](https://example.com/x.png)" in body
    assert "![" not in body
    assert not app.exception


def test_every_section_of_the_real_handbook_renders(monkeypatch):
    monkeypatch.delenv("MENTOR_CORPUS")
    monkeypatch.setattr("ui.resources.prepare", lambda: None)
    handbook = read_handbook(PROJECT / "corpus")
    app = open_app("ui/read.py")
    for number in [section.number for document in handbook for section in document.sections]:
        app.query_params["section"] = number
        app.run()
        assert shown(app)[1] == f"/handbook?section={number}"
        assert not app.warning, number
        assert not app.exception, number
