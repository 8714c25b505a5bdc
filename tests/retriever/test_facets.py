import re

import pytest

from retriever.facets import FACETS, FEWEST_WORDS, FacetReader, pieces_of
from tests.fakes import WordHashEmbedder

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
PAGE = (
    "We run a budget of a monthly bill with discounts. Personal data needs masking and audit everywhere. "
    "The outage plan names an RPO and an RTO for failover. Autoscaling clusters need sizing with GPUs. "
    "A second remark asks for chargeback of the bill. Partners are external consumers of data products here."
)


@pytest.fixture(scope="module")
def reader():
    return FacetReader(WordHashEmbedder(model=None).encode)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("Too short. So is this.", [], id="short"),
        pytest.param(
            "First sentence has words. Second one has too!",
            ["First sentence has words.", "Second one has too!"],
            id="sentences",
        ),
        pytest.param(
            "The list: - load the files nightly * keep seven years back • pay half of it",
            ["load the files nightly", "keep seven years back", "pay half of it"],
            id="bullets",
        ),
        pytest.param(
            f"{LONG}, and the second clause is here, no",
            [LONG, "the second clause is here"],
            id="clauses of a long sentence",
        ),
        pytest.param(
            ", ".join(["so many"] * 10), [", ".join(["so many"] * 10)], id="no clause is long enough"
        ),
        pytest.param("... !!! ;;; ,,, ??? (((", [], id="punctuation"),
        pytest.param("名前 は 何 です か。 次 の 文", ["名前 は 何 です か。 次 の 文"], id="another script"),
    ],
)
def test_pieces(text, pieces):
    assert pieces_of(text) == pieces


def test_requirements_are_gathered_by_facet(reader):
    facets = reader.facets_of(PAGE)
    assert facets.keys() <= FACETS.keys()
    assert facets["governance"] == "Personal data needs masking and audit everywhere."
    assert facets["recovery"] == "The outage plan names an RPO and an RTO for failover."
    assert "monthly bill" in facets["cost"]
    assert "chargeback" in facets["cost"]
    assert sorted(" ".join(facets.values()).split()) == sorted(PAGE.split())


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("What is compaction?", id="short"),
        pytest.param("word " * 200, id="one piece"),
        pytest.param(", ".join(["a"] * 100), id="no piece"),
        pytest.param(". ".join(["?!"] * 100), id="punctuation"),
        pytest.param(" ".join(PAGE.split()[: FEWEST_WORDS - 1]), id="a word too few"),
    ],
)
def test_what_asks_one_thing_has_no_facets(reader, question):
    assert reader.facets_of(question) == {}


def test_weird_punctuation_loses_no_requirement(reader):
    odd = re.sub(r"\. ", " …!?;: -- ***  ", PAGE) + " ((((" + "\u2028" + "]]]] `` \\ $$ \ufffd"
    said = " ".join(reader.facets_of(odd).values())
    assert all(word in said for word in ("budget", "masking", "outage", "chargeback"))
