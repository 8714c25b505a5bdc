import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from retriever.fusion import by_group, fuse


@pytest.mark.parametrize(
    ("rankings", "expected"),
    [
        pytest.param([], {}, id="nothing"),
        pytest.param([({}, 0.5), ({}, 0.5)], {}, id="empty"),
        pytest.param([({"a": 0.9, "b": 0.1}, 0.75)], {"a": 1.0, "b": 0.0}, id="alone"),
        pytest.param([({"a": 0.9, "b": 0.1}, 0.75), ({}, 0.25)], {"a": 1.0, "b": 0.0}, id="one-empty"),
        pytest.param([({"a": 0.3}, 0.75), ({"b": 4.0}, 0.25)], {"a": 0.75, "b": 0.25}, id="one-each"),
        pytest.param(
            [({"a": 1.0, "b": 0.5, "c": 0.0}, 1.0), ({"c": 8.0, "b": 2.0}, 1.0)],
            {"a": 0.5, "b": 0.25, "c": 0.5},
            id="both",
        ),
        pytest.param([({"a": 0.2, "b": 0.2}, 1.0)], {"a": 1.0, "b": 1.0}, id="equal-scores"),
        pytest.param([({"a": -1.0, "b": -0.5}, 1.0)], {"a": 0.0, "b": 1.0}, id="negative-scores"),
        pytest.param([({"a": 2.0, "b": 1.0}, 0.0)], {"a": 0.0, "b": 0.0}, id="no-weight"),
    ],
)
def test_fuse(rankings, expected):
    assert fuse(rankings) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("best", "expected"),
    [
        pytest.param(1, {"x": 0.9, "y": 0.8}, id="best"),
        pytest.param(2, {"x": (0.9 + 0.1) / 2, "y": (0.8 + 0.7) / 2}, id="two"),
        # What a group lacks counts as the lowest score there is.
        pytest.param(3, {"x": (0.9 + 0.1 + 0.1) / 3, "y": (0.8 + 0.7 + 0.1) / 3}, id="three"),
    ],
)
def test_by_group(best, expected):
    scores = {"x1": 0.9, "y1": 0.8, "y2": 0.7, "x2": 0.1}
    assert by_group(scores, lambda identity: identity[0], best) == pytest.approx(expected)


def test_by_group_of_nothing_is_nothing():
    assert by_group({}, lambda identity: identity, 3) == {}


SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 100, allow_nan=False), max_size=8)


@examples(derandomize=True, database=None, deadline=None)
@given(SCORES, SCORES, st.floats(0, 1))
def test_every_id_gets_a_score_between_0_and_1(dense, lexical, weight):
    fused = fuse([(dense, 1 - weight), (lexical, weight)])
    assert fused.keys() == dense.keys() | lexical.keys()
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in fused.values())


@examples(derandomize=True, database=None, deadline=None)
@given(SCORES)
def test_the_order_of_one_ranking_alone_is_kept(dense):
    fused = fuse([(dense, 0.35)])
    order = sorted(dense, key=lambda identity: dense[identity])
    assert [fused[identity] for identity in order] == sorted(fused.values())
