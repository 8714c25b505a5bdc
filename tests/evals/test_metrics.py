import math

import pytest

from evals.metrics import RANKING_METRICS, distinct, hit, interval, mean, ndcg, reciprocal_rank

AB = frozenset("ab")


def test_distinct_keeps_the_first_of_each():
    assert distinct(["1.2", "1.1", "1.2", "2.1", "1.1"]) == ["1.2", "1.1", "2.1"]
    assert distinct([]) == []


@pytest.mark.parametrize(
    ("ranking", "k", "expected"),
    [
        pytest.param("axy", 1, 1.0, id="first"),
        pytest.param("xay", 1, 0.0, id="just-beyond"),
        pytest.param("xay", 2, 1.0, id="just-within"),
        pytest.param("ab", 2, 1.0, id="two-count-once"),
        pytest.param("xyz", 3, 0.0, id="nowhere"),
        pytest.param("", 5, 0.0, id="empty-ranking"),
    ],
)
def test_hit(ranking, k, expected):
    assert hit(ranking, AB, k) == expected


@pytest.mark.parametrize(
    ("ranking", "k", "expected"),
    [
        pytest.param("axy", 10, 1.0, id="first"),
        pytest.param("xyba", 10, 1 / 3, id="third-is-the-first-relevant"),
        pytest.param("xyba", 2, 0.0, id="beyond-k"),
        pytest.param("xyz", 10, 0.0, id="nowhere"),
        pytest.param("", 10, 0.0, id="empty-ranking"),
    ],
)
def test_reciprocal_rank(ranking, k, expected):
    assert reciprocal_rank(ranking, AB, k) == expected


IDEAL = 2 / math.log2(2) + 1 / math.log2(3)


@pytest.mark.parametrize(
    ("ranking", "gains", "k", "expected"),
    [
        pytest.param("ab", {"a": 2.0, "b": 1.0}, 10, 1.0, id="ideal"),
        pytest.param("ba", {"a": 2.0, "b": 1.0}, 10, (1 + 2 / math.log2(3)) / IDEAL, id="swapped"),
        pytest.param("xxa", {"a": 2.0, "b": 1.0}, 10, (2 / 2) / IDEAL, id="third"),
        pytest.param("xa", {"a": 2.0}, 1, 0.0, id="beyond-k"),
        pytest.param("a", {"a": 2.0, "b": 1.0}, 1, 1.0, id="ideal-is-cut-at-k-too"),
        pytest.param("xy", {"a": 2.0}, 10, 0.0, id="nowhere"),
        pytest.param("a", {}, 10, 0.0, id="nothing-to-gain"),
    ],
)
def test_ndcg(ranking, gains, k, expected):
    assert ndcg(ranking, gains, k) == pytest.approx(expected)


def test_mean():
    assert mean([1.0, 0.0, 0.5]) == 0.5
    assert mean([]) == 0.0


def test_the_interval_is_the_same_for_the_same_values_and_holds_the_mean():
    values = [1 / rank for rank in range(1, 40)]
    low, high = interval(values)
    assert interval(values) == (low, high)
    assert interval(values, seed=8) != (low, high)
    assert 0 <= low < mean(values) < high <= 1


def test_the_interval_narrows_with_more_values():
    few, many = interval([0.0, 1.0] * 5), interval([0.0, 1.0] * 200)
    assert many[1] - many[0] < few[1] - few[0]


def test_the_interval_of_equal_values_is_a_point_and_of_none_is_zero():
    assert interval([0.25] * 9) == (0.25, 0.25)
    assert interval([]) == (0.0, 0.0)


def test_the_metrics_by_name_count_the_primary_section_twice():
    ranking = ["x", "other", "primary", "y"]
    relevant = frozenset({"primary", "other"})
    found = {name: metric(ranking, "primary", relevant) for name, metric in RANKING_METRICS.items()}
    assert found == {
        "Hit@1": 0.0,
        "Hit@5": 1.0,
        "MRR@10": 0.5,
        "nDCG@10": pytest.approx((1 / math.log2(3) + 2 / math.log2(4)) / IDEAL),
    }
