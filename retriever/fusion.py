"""Two rankings → one. Pure."""

from collections.abc import Mapping


def fuse(dense: Mapping[str, float], lexical: Mapping[str, float], lexical_weight: float) -> dict[str, float]:
    """A convex combination of min-max normalised scores, 0 to 1, for every id in either ranking.

    An id that one ranking lacks counts there as that ranking's last. (Bruch, Gai and Ingber, "An
    Analysis of Fusion Functions for Hybrid Retrieval", 2023.)
    """
    near, exact = _normalised(dense), _normalised(lexical)
    return {
        identity: (1 - lexical_weight) * near.get(identity, 0.0) + lexical_weight * exact.get(identity, 0.0)
        for identity in {**near, **exact}
    }


def _normalised(scores: Mapping[str, float]) -> dict[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    spread = high - low
    return {identity: (score - low) / spread if spread else 1.0 for identity, score in scores.items()}
