import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from retriever.fusion import fuse


@pytest.mark.parametrize(
    ("dense", "lexical", "weight", "expected"),
    [
        pytest.param({}, {}, 0.5, {}, id="nothing"),
        pytest.param({"a": 0.9, "b": 0.1}, {}, 0.25, {"a": 0.75, "b": 0.0}, id="dense-alone"),
        pytest.param({}, {"a": 9.0, "b": 1.0}, 0.25, {"a": 0.25, "b": 0.0}, id="lexical-alone"),
        pytest.param({"a": 0.3}, {"b": 4.0}, 0.25, {"a": 0.75, "b": 0.25}, id="one-each"),
        pytest.param(
            {"a": 1.0, "b": 0.5, "c": 0.0},
            {"c": 8.0, "b": 2.0},
            0.5,
            {"a": 0.5, "b": 0.25, "c": 0.5},
            id="both",
        ),
        pytest.param({"a": 0.2, "b": 0.2}, {}, 0.0, {"a": 1.0, "b": 1.0}, id="equal-scores"),
        pytest.param({"a": -1.0, "b": -0.5}, {}, 0.0, {"a": 0.0, "b": 1.0}, id="negative-scores"),
    ],
)
def test_fuse(dense, lexical, weight, expected):
    assert fuse(dense, lexical, weight) == pytest.approx(expected)


SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 100, allow_nan=False), max_size=8)


@examples(derandomize=True, database=None, deadline=None)
@given(SCORES, SCORES, st.floats(0, 1))
def test_every_id_gets_a_score_between_0_and_1(dense, lexical, weight):
    fused = fuse(dense, lexical, weight)
    assert fused.keys() == dense.keys() | lexical.keys()
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in fused.values())


@examples(derandomize=True, database=None, deadline=None)
@given(SCORES)
def test_the_order_of_one_ranking_alone_is_kept(dense):
    fused = fuse(dense, {}, 0.35)
    order = sorted(dense, key=lambda identity: dense[identity])
    assert [fused[identity] for identity in order] == sorted(fused.values())
