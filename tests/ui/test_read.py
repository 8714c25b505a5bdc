import json
import os
import re
from dataclasses import replace

import pytest

from chat.citations import says as says_quote
from chat.history import History
from database import open_database
from ingest.glossary import Term, read_glossary
from ingest.pipeline import read_handbook
from retriever.typed import TextIndex
from settings import PROJECT
from tests.ui.conftest import open_app
from tests.ui.fake import ANSWER
from tests.ui.test_ask import says
from ui import glossary, lookup, render, resources
from ui.lookup import MOST_QUOTED


@pytest.fixture(autouse=True)
def _small(small_handbook):
    pass


def shown(app):
    [code] = says(app.code)
    return says(app.header)[0], code


def component(app, name):
    """What a component was given; None if it is not on the page."""
    found = [one.proto for one in app.get("bidi_component") if one.proto.component_name == f"mentor_{name}"]
    return json.loads(found[0].json) if found else None


def links(app):
    return {link.proto.label: link.proto.query_string for link in app.get("page_link")}


def test_without_a_section_the_first_one_is_shown():
    app = open_app("ui/read.py")
    assert shown(app) == ("Tables and the commit log", "/handbook?section=1.1")
    assert not app.warning
    assert [button.label for button in app.main.button] == ["1.2 File compaction & small files →"]
    assert not app.exception


def test_a_section_by_its_address():
    app = open_app("ui/read.py", section="2.2")
    assert shown(app) == ("Autoscaling", "/handbook?section=2.2")
    assert says(app.caption)[0] == "Chapter 2, Compute · Section 2.2 · verified 2026-11-20"
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
    quote = "| `delta.appendOnly` | false | The law forbids updates and deletes |"
    app = open_app("ui/read.py", section="1.1", quote=quote)
    assert shown(app)[1] == render.address("1.1", quote)
    assert "%7C+%60delta.appendOnly%60+%7C" in shown(app)[1]
    assert component(app, "highlight")["quote"] == (
        "delta.appendOnly false The law forbids updates and deletes"
    )
    assert not app.info
    assert not app.exception


@pytest.mark.parametrize(
    ("quote", "said"),
    [
        pytest.param("This stands nowhere at all", "The words that this address quotes are not", id="unsaid"),
        pytest.param("<img src=x onerror=alert(1)>", "The words that this address quotes are not", id="html"),
        pytest.param("x" * 10_000, "The quote in this address has 10,000 characters", id="long"),
    ],
)
def test_a_quote_that_the_section_does_not_say_is_left_out_with_a_word(quote, said):
    app = open_app("ui/read.py", section="2.1", quote=quote)
    assert says([*app.info, *app.warning])[0].startswith(said)
    assert shown(app)[1] == "/handbook?section=2.1"
    assert component(app, "highlight") is None
    assert not app.exception


def test_no_quote_no_marker():
    app = open_app("ui/read.py", section="2.1")
    assert component(app, "highlight") is None
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


def test_every_sentence_of_the_real_handbook_can_be_quoted_in_an_address():
    """What search and answers quote must be found again by the letters that the page compares."""
    sections = {s.number: s for document in read_handbook(PROJECT / "corpus") for s in document.sections}
    hits = TextIndex(list(sections.values())).sentences
    assert len(hits) > 6000
    assert not [hit for hit in hits if not says_quote(sections[hit.section].text, hit.quote)]
    assert max(len(hit.quote) for hit in hits) < MOST_QUOTED


def test_the_search_has_all_titles_and_terms():
    app = open_app("ui/read.py")
    data = component(app, "search")
    assert data["sections"][0] == ["1.1", "Tables and the commit log"]
    assert len(data["sections"]) == 4
    cluster = next(term for term in data["terms"] if term[0] == "all-purpose cluster")
    assert cluster[1:] == [
        "2.1",
        "Cluster that people share for work in notebooks.",
        ["shared cluster"],
        ["interactive cluster"],
        "Formerly interactive cluster (until 2020).",
    ]
    assert (data["typed"], data["passages"]) == ("", [])
    assert not app.exception


@pytest.mark.usefixtures("ready")
def test_text_is_found_by_its_words_and_by_what_it_means():
    by_words = lookup.passages("vacuum rem")
    assert by_words[0].quote == "Old files stay in storage until a vacuum removes them."
    by_meaning = lookup.passages("how do I get rid of outdated data")
    assert "1.1" in [hit.section for hit in by_meaning]
    assert lookup.passages("?") == lookup.passages("zq") == []


def test_text_is_searched_while_there_is_no_index_yet():
    assert lookup.passages("vacuum rem")[0].section == "1.1"
    assert lookup.passages("how do I get rid of outdated data") == []


@pytest.fixture
def ready():
    resources.preparation().start()
    assert resources.preparation().wait(30)


def test_terms_are_underlined_and_say_what_they_mean():
    app = open_app("ui/read.py", section="2.2")
    body = "".join(says(app.markdown))
    assert "[all-purpose cluster](#term-all-purpose-cluster)" in body
    assert "[autoscaling](#term-autoscaling)" in body  # beside the section that explains it
    cards = component(app, "terms")["terms"]
    assert set(re.findall(r"\(#term-([^)]+)\)", body)) == set(cards)
    assert cards["all-purpose-cluster"] == {
        "term": "all-purpose cluster",
        "means": "Cluster that people share for work in notebooks.",
        "renamed": "Formerly interactive cluster (until 2020).",
        "section": "2.1",
        "href": "handbook?section=2.1",
    }
    assert not app.exception


def test_the_glossary_has_an_address_of_its_own():
    app = open_app("ui/read.py", glossary="interactive")
    assert says(app.header) == ["Glossary"]
    data = component(app, "glossary")
    assert data["wanted"] == "interactive"
    assert [[letter, [term["term"] for term in terms]] for letter, terms in data["letters"]] == [
        ["A", ["all-purpose cluster", "autoscaling"]],
        ["C", ["commit log", "compaction"]],
    ]
    assert data["letters"][0][1][0]["renamed"] == "Formerly interactive cluster (until 2020)."
    assert not app.code
    app.button(key="section 2.2").click().run()
    assert shown(app)[0] == "Autoscaling"
    app.button(key="glossary list").click().run()
    assert component(app, "glossary")["wanted"] == ""
    assert not app.exception


def test_every_term_of_the_real_glossary_is_listed_with_its_section(monkeypatch):
    monkeypatch.delenv("MENTOR_CORPUS")
    monkeypatch.setattr("ui.resources.prepare", lambda: None)
    app = open_app("ui/read.py", glossary="")
    terms = [term for _, group in component(app, "glossary")["letters"] for term in group]
    assert len(terms) == len(read_glossary(PROJECT / "corpus")) > 450
    assert all(term["title"] for term in terms)
    keys = [glossary.key(Term(term["term"], "", "")) for term in terms]
    assert len(set(keys)) == len(keys)
    assert not app.exception


def test_a_broken_glossary_costs_the_terms_and_not_the_section(monkeypatch, corpus):
    (corpus / "glossary.yaml").write_text("- term: [", "utf-8")
    monkeypatch.setenv("MENTOR_CORPUS", str(corpus))
    monkeypatch.setattr("ui.resources.prepare", lambda: None)
    app = open_app("ui/read.py", section="1.2")
    assert shown(app)[0] == "File compaction & small files"
    assert any("malformed" in caption for caption in says(app.caption))
    assert component(app, "search")["terms"] == []
    app.button(key="glossary list").click().run()
    assert "malformed" in says(app.error)[0]
    assert not app.exception


def test_a_chapter_broken_while_the_page_is_open_is_named_and_can_be_mended(monkeypatch, corpus):
    monkeypatch.setenv("MENTOR_CORPUS", str(corpus))
    monkeypatch.setattr("ui.resources.prepare", lambda: None)
    app = open_app("ui/read.py", section="2.2")
    chapter = corpus / "01-storage.md"
    whole = chapter.read_bytes()
    chapter.write_bytes(b"---\nchapter: [\n---\n")
    os.utime(chapter, (1, 1))
    app.button(key="before").click().run()
    assert "01-storage.md" in says(app.error)[0].replace("\\", "")
    assert not app.header
    chapter.write_bytes(whole)
    app.button(key="again").click().run()
    assert shown(app)[0] == "Cluster types"
    assert not app.exception


def test_questions_whose_answers_cite_the_section_lead_to_their_conversations(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'mentor.db'}")
    conversation = History(engine).add("", replace(ANSWER, question="What is *compaction*\n[here](x)?"))
    engine.dispose()
    app = open_app("ui/read.py", section="1.2")
    assert links(app)[r"What is \*compaction\* \[here\]\(x\)?"] == f"conversation={conversation}"
    assert "You asked about this section" in says(app.caption)
    app.button(key="section 1.1").click().run()
    assert "You asked about this section" not in says(app.caption)
    assert not app.exception


def test_a_database_that_cannot_be_read_does_not_close_the_handbook(tmp_path):
    (tmp_path / "mentor.db").write_bytes(b"not a database at all" * 100)
    app = open_app("ui/read.py", section="1.2")
    assert shown(app)[0] == "File compaction & small files"
    assert any("DATABASE" in caption for caption in says(app.caption))
    assert not app.exception
