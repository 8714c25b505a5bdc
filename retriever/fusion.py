"""Several rankings → one. Pure."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

Weighed = tuple[Mapping[str, float], float]
"""A ranking's scores by id, and its weight."""


def fuse(rankings: Sequence[Weighed]) -> dict[str, float]:
    """A convex combination of min-max normalised scores, 0 to 1, for every id in any ranking.

    An id that a ranking lacks counts there as that ranking's last. (Bruch, Gai and Ingber, "An
    Analysis of Fusion Functions for Hybrid Retrieval", 2023.)
    """
    total = sum(weight for scores, weight in rankings if scores) or 1.0
    fused: defaultdict[str, float] = defaultdict(float)
    for scores, weight in rankings:
        for identity, score in _normalised(scores).items():
            fused[identity] += weight / total * score
    return dict(fused)


def by_group(scores: Mapping[str, float], group_of: Callable[[str], str], best: int) -> dict[str, float]:
    """The mean of each group's `best` highest scores; what a group lacks counts as the lowest score.

    Several good passages are better evidence for a section than one.
    """
    lowest = min(scores.values(), default=0.0)
    groups: defaultdict[str, list[float]] = defaultdict(list)
    for identity, score in scores.items():
        groups[group_of(identity)].append(score)
    means = {}
    for group, found in groups.items():
        top = sorted(found, reverse=True)[:best] if len(found) > 1 else found
        means[group] = (sum(top) + lowest * (best - len(top))) / best
    return means


def together(rankings: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The rankings of a whole and of its parts → one, 0 to 1: what is high for one part is kept.

    Scores are squared before they are summed, so that being first once outweighs being near
    the middle everywhere. A single ranking stays as it is.
    """
    if len(rankings) == 1:
        return dict(rankings[0])
    summed: defaultdict[str, float] = defaultdict(float)
    for ranking in rankings:
        for identity, score in ranking.items():
            summed[identity] += score**2
    highest = max(summed.values(), default=0.0) or 1.0
    return {identity: score / highest for identity, score in summed.items()}


def _normalised(scores: Mapping[str, float]) -> dict[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    spread = high - low
    return {identity: (score - low) / spread if spread else 1.0 for identity, score in scores.items()}
