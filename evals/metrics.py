"""Ranking metrics and their uncertainty. Pure."""

import math
import random
import statistics
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Ranking = Sequence[str]
"""Distinct sections, best first."""


def distinct(sections: Sequence[str]) -> list[str]:
    """The sections in the order of their first appearance."""
    return list(dict.fromkeys(sections))


def hit(ranking: Ranking, relevant: frozenset[str], k: int) -> float:
    """1 if a relevant section is among the first `k`, else 0."""
    return float(any(section in relevant for section in ranking[:k]))


def recall(ranking: Ranking, relevant: frozenset[str], k: int) -> float:
    """The share of the relevant sections that are among the first `k`; 0 where there are none."""
    return sum(section in relevant for section in ranking[:k]) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Ranking, relevant: frozenset[str], k: int) -> float:
    """1 over the rank of the first relevant section, 0 if none is among the first `k`."""
    return next((1 / rank for rank, section in enumerate(ranking[:k], 1) if section in relevant), 0.0)


def ndcg(ranking: Ranking, gains: dict[str, float], k: int) -> float:
    """Normalised discounted cumulative gain of the first `k`, 0 to 1."""
    ideal = _dcg(sorted(gains.values(), reverse=True)[:k])
    return _dcg([gains.get(section, 0.0) for section in ranking[:k]]) / ideal if ideal else 0.0


def mean(values: Sequence[float]) -> float:
    """The mean; 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def interval(values: Sequence[float], draws: int = 1000, seed: int = 7) -> tuple[float, float]:
    """The 95% bootstrap interval of the mean; the same values give the same interval."""
    if not values:
        return (0.0, 0.0)
    chance = random.Random(seed)  # noqa: S311 - resampling, not a secret
    means = sorted(mean(chance.choices(values, k=len(values))) for _ in range(draws))
    return (means[int(0.025 * draws)], means[int(0.975 * draws) - 1])


def bootstrap(
    items: Sequence[Item], statistic: Callable[[Sequence[Item]], float], draws: int = 1000, seed: int = 7
) -> dict[str, float]:
    """A statistic of the items with its 95% bootstrap interval, items drawn whole."""
    if not items:
        return {"mean": 0.0, "low": 0.0, "high": 0.0}
    chance = random.Random(seed)  # noqa: S311 - resampling, not a secret
    drawn = sorted(statistic(chance.choices(items, k=len(items))) for _ in range(draws))
    return {
        "mean": statistic(items),
        "low": drawn[int(0.025 * draws)],
        "high": drawn[int(0.975 * draws) - 1],
    }


RANKING_METRICS: dict[str, Callable[[Ranking, str, frozenset[str]], float]] = {
    "Hit@1": lambda ranking, primary, relevant: hit(ranking, relevant, 1),
    "Hit@5": lambda ranking, primary, relevant: hit(ranking, relevant, 5),
    "MRR@10": lambda ranking, primary, relevant: reciprocal_rank(ranking, relevant, 10),
    "nDCG@10": lambda ranking, primary, relevant: ndcg(
        ranking, {section: 2.0 if section == primary else 1.0 for section in relevant}, 10
    ),
}
"""Each of a ranking, its question's primary section and all that are acceptable (the primary included)."""


def _dcg(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def pearson(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The linear correlation, -1 to 1; 0 where either does not vary."""
    if len(ours) < 2 or len(set(ours)) < 2 or len(set(theirs)) < 2:
        return 0.0
    return statistics.correlation(ours, theirs)


def kappa(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """Cohen's kappa: agreement beyond chance, at most 1; 0 of nothing."""
    if not ours:
        return 0.0
    agreed = mean([float(one == other) for one, other in zip(ours, theirs, strict=True)])
    by_chance = sum(
        (ours.count(name) / len(ours)) * (theirs.count(name) / len(theirs)) for name in {*ours, *theirs}
    )
    return (agreed - by_chance) / (1 - by_chance) if by_chance < 1 else 1.0


def share(part: int, whole: int) -> float:
    """Part of the whole; 0 of nothing."""
    return part / whole if whole else 0.0


def f1(precision: float, recall: float) -> float:
    """The harmonic mean; 0 where both are."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
