import pytest

from ingest.pipeline import read_handbook
from retriever.typed import Hit, TextIndex
from tests.conftest import CORPUS_SMALL


@pytest.fixture(scope="module")
def index():
    return TextIndex([section for document in read_handbook(CORPUS_SMALL) for section in document.sections])


OLD_FILES = "Old files stay in storage until a vacuum removes them."
APPEND_ONLY = (
    "| `delta.appendOnly` | false | The law forbids updates and deletes | Corrections arrive as updates |"
)


@pytest.mark.parametrize(
    ("typed", "quote"),
    [
        pytest.param("vacuum removes", OLD_FILES, id="in-a-row"),
        pytest.param("VACU", OLD_FILES, id="half-a-word"),
        pytest.param("them removes old", OLD_FILES, id="any-order"),
        pytest.param("delta.appendO", APPEND_ONLY, id="setting"),
    ],
)
def test_the_sentence_that_holds_the_words_comes_first(index, typed, quote):
    assert index.hits(typed)[0].quote == quote


def test_a_hit_says_where_it_stands(index):
    [hit] = index.hits("removed files and files of failed jobs")
    assert hit == Hit(
        "1.1",
        "Common mistakes",
        "The directory also holds removed files and files of failed jobs.",
    )


@pytest.mark.parametrize("typed", ["", " ", "a", "?", "| |", "zzzz", "acuum", "vacuum zzzz"])
def test_what_begins_no_words_finds_nothing(index, typed):
    assert index.hits(typed) == []


def test_no_section_takes_all_places(index):
    hits = index.hits("the", most=6)
    assert len(hits) == 6
    assert max(sum(hit.section == other.section for other in hits) for hit in hits) == 2
