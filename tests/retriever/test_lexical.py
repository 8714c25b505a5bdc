from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retriever.lexical import LexicalIndex, terms

TEXTS = [
    "Vacuum removes data files that no version names.",
    "The setting delta.logRetentionDuration keeps log entries for 30 days.",
    "A cluster scales between a minimum and a maximum of workers.",
    "A cluster has one driver.",
]


@pytest.fixture(scope="module")
def index() -> LexicalIndex:
    return LexicalIndex(TEXTS, ["1.1", "1.1", "2.1", "2.1"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("What does VACUUM delete?", ["vacuum", "delet"], id="question-words-left-out"),
        pytest.param(
            "Scaling clusters, scaled cluster", ["scale", "cluster", "scale", "cluster"], id="stems"
        ),
        pytest.param("delta.logRetentionDuration", ["delta", "logretentiondur"], id="setting"),
        pytest.param("a_b_c is_x", ["a_b_c", "is_x"], id="underscores-stay"),
        pytest.param("what is it about?", [], id="nothing-asked"),
        pytest.param("🙂 – ?!", [], id="no-words"),
        pytest.param("größe 表表", ["größe", "表表"], id="other-alphabets"),
        pytest.param("", [], id="empty"),
    ],
)
def test_terms(text, expected):
    assert list(terms(text)) == expected


@pytest.mark.parametrize(
    ("question", "best"),
    [("What does vacuuming remove?", 0), ("logRetentionDuration", 1), ("drivers", 3), ("worker maximum", 2)],
)
def test_the_text_with_the_words_scores_best(index, question, best):
    scores = index.scores(terms(question))
    assert scores.argmax() == best
    assert scores[best] > 0


@pytest.mark.parametrize("unknown", [[], ["unheard"], ["unheard", "of"]])
def test_unknown_words_score_nothing(index, unknown):
    assert np.array_equal(index.scores(unknown), np.zeros(4, dtype=np.float32))


def test_an_unknown_word_changes_no_score(index):
    assert np.array_equal(index.scores(["vacuum", "unheard"]), index.scores(["vacuum"]))


def test_a_section_is_read_as_one_text(index):
    scores = index.group_scores(terms("Which entries does vacuum remove?"))
    assert list(scores) == ["1.1"]
    assert scores["1.1"] > 0
    assert index.group_scores(["unheard"]) == {}


def test_rarity_falls_with_frequency(index):
    unheard, once, twice = (index.rarity(term) for term in ("unheard", "vacuum", "cluster"))
    assert unheard == pytest.approx(1.0)
    assert 1 > once > twice > 0


def test_one_text_is_enough():
    index = LexicalIndex(["A cluster has one driver."], ["1.1"])
    assert index.scores(["driver"])[0] > 0


def test_stems_are_the_same_from_many_threads():
    texts = [f"running clusters scaled {n} times by operators" for n in range(400)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(terms, texts)) == [terms(text) for text in texts]
