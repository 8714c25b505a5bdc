"""Questions with the sentences that answer them: read, checked, indexed and shipped."""

import json

import numpy as np
import pytest

from errors import CorpusError, StaleIndex
from ingest.check import check_handbook
from ingest.lessons import VECTORS, read_lessons
from ingest.pipeline import ingest_handbook, open_store, ship_vectors
from ingest.shipped import read_rows, read_shipped
from tests.fakes import WordHashEmbedder

SENTENCE = "Only the commit log says which files belong to a version."
PLAIN = {
    "section": "1.1",
    "kind": "plain",
    "question": "which files are in a table",
    "first": [SENTENCE],
    "holds": [SENTENCE],
}
NEAR = {"section": "1.1", "kind": "near", "question": "who invented the commit log", "first": [], "holds": []}


def teach(corpus, *lessons, name="01-storage"):
    folder = corpus / "lessons"
    folder.mkdir(exist_ok=True)
    lines = [lesson if isinstance(lesson, str) else json.dumps(lesson) for lesson in lessons]
    (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def test_a_handbook_may_have_no_lessons(corpus):
    assert read_lessons(corpus) == {}


def test_lessons_are_read_in_their_order(corpus):
    teach(corpus, PLAIN, NEAR)
    (taught,) = read_lessons(corpus).values()
    assert [lesson.question for lesson in taught] == [PLAIN["question"], NEAR["question"]]
    assert [lesson.answered for lesson in taught] == [True, False]
    assert taught[0].first == (SENTENCE,)
    assert taught[0].holds == {SENTENCE}


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        json.dumps(PLAIN | {"kind": "hard"}),
        json.dumps(PLAIN | {"question": "  "}),
        json.dumps(PLAIN | {"holds": SENTENCE}),
        json.dumps({name: value for name, value in PLAIN.items() if name != "first"}),
    ],
)
def test_a_malformed_lesson_stops_the_ingest_and_says_where(settings, word_hashes, line):
    teach(settings.corpus, PLAIN, line)
    with pytest.raises(CorpusError, match=r"01-storage\.jsonl:2: must be a JSON object"):
        ingest_handbook(settings)


@pytest.mark.parametrize(
    ("lesson", "said"),
    [
        pytest.param(PLAIN, [], id="right"),
        pytest.param(
            PLAIN | {"section": "9.9"},
            ["`section` must be a section of the handbook; found '9.9'"],
            id="section",
        ),
        pytest.param(
            PLAIN | {"first": [], "holds": ["It rains in Spain."]},
            ["section 1.1 has no such sentence: 'It rains in Spain.'"],
            id="no such sentence",
        ),
        pytest.param(PLAIN | {"holds": []}, ["`holds` must have all that `first` has"], id="first not held"),
        pytest.param(
            NEAR | {"question": "who wrote the first commit log", "holds": [SENTENCE]},
            ["a near question is answered by nothing; `holds` must be empty"],
            id="near",
        ),
        pytest.param(
            NEAR | {"question": NEAR["question"].upper()},
            ["the question stands in 01-storage.jsonl:1 already"],
            id="twice",
        ),
        pytest.param(NEAR | {"section": "1.2"}, [], id="of two sections"),
        pytest.param(
            NEAR | {"section": "", "kind": "far", "question": "who makes the best coffee"}, [], id="far"
        ),
        pytest.param(
            NEAR | {"kind": "far", "question": "who makes the best tea"},
            ["a far question has no section, and nothing answers it"],
            id="far with a section",
        ),
        pytest.param("nothing", ["must be a JSON object with the texts section, kind"], id="malformed"),
    ],
)
def test_the_check_says_what_is_wrong_with_a_lesson(corpus, lesson, said):
    teach(corpus, NEAR, lesson)
    problems = [p for p in check_handbook(corpus, corpus) if p.path.startswith("lessons/")]
    assert [problem.line for problem in problems] == [2] * len(said)
    assert all(problem.message.startswith(one) for problem, one in zip(problems, said, strict=True))


def test_lessons_without_their_chapter_are_found(corpus):
    teach(corpus, PLAIN, name="07-nothing")
    problems = [str(p) for p in check_handbook(corpus, corpus) if p.path.startswith("lessons/")]
    assert problems == [
        "lessons/07-nothing.jsonl:1: lessons must be named like their chapter's file; "
        "there is no 07-nothing.md"
    ]


def test_the_vectors_lie_beside_the_store_and_are_made_once(settings, word_hashes):
    teach(settings.corpus, PLAIN)
    ingest_handbook(settings)
    manifest, _, store = open_store(settings)
    store.close()
    (before,) = read_rows(store.folder / VECTORS, manifest.embedder).values()
    assert np.linalg.norm(before) == pytest.approx(1, abs=1e-3)
    encoded = len(WordHashEmbedder.encoded)
    teach(settings.corpus, PLAIN, NEAR)
    ingest_handbook(settings)
    assert WordHashEmbedder.encoded[encoded:] == [NEAR["question"]]


def test_a_changed_lesson_makes_the_index_stale(settings, word_hashes):
    ingest_handbook(settings)
    teach(settings.corpus, PLAIN)
    with pytest.raises(StaleIndex, match="the handbook has changed"):
        open_store(settings)


def test_a_damaged_file_of_vectors_is_noticed(settings, word_hashes):
    teach(settings.corpus, PLAIN)
    ingest_handbook(settings)
    _, _, store = open_store(settings)
    store.close()
    (store.folder / VECTORS).write_bytes(b"")
    with pytest.raises(StaleIndex, match=f"{VECTORS} is damaged"):
        open_store(settings)


def test_the_vectors_travel_with_the_handbook(settings, word_hashes):
    teach(settings.corpus, PLAIN, NEAR)
    ship_vectors(settings)
    manifest, _, store = open_store(settings)
    store.close()
    (taught,) = read_lessons(settings.corpus).values()
    assert {lesson.hash for lesson in taught} <= read_shipped(settings.corpus, manifest.embedder).keys()
