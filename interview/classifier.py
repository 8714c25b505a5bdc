"""Features → how likely each key point is covered, and how likely contradicted: two logistic regressions.

`python -m evals.training` writes the weights; nothing but numpy is needed to use them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "weights.json"
HEADS = ("covered", "contradicted")


@dataclass(frozen=True)
class Classifier:
    """Two logistic regressions over the same standardised features."""

    names: tuple[str, ...]
    """The features, in the order of the columns."""
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    """(heads, features)"""
    bias: NDArray[np.float64]

    def judge(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities (points, heads) of the features (points, features)."""
        logits = ((values - self.mean) / self.scale) @ self.weights.T + self.bias
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))


@cache
def shipped(names: Sequence[str]) -> Classifier:
    """The shipped classifier, for features of these names.

    Raises:
        ValueError: the weights were trained on other features; run `python -m evals.training`.
    """
    classifier = read(json.loads(WEIGHTS.read_text("utf-8")))
    if classifier.names != tuple(names):
        raise ValueError(f"{WEIGHTS} belongs to other features; run `python -m evals.training`")
    return classifier


def read(table: Mapping[str, Any]) -> Classifier:
    """A classifier from the table that `written` made of it."""
    return Classifier(
        tuple(table["features"]),
        np.array(table["mean"]),
        np.array(table["scale"]),
        np.array([table["weights"][head] for head in HEADS]),
        np.array([table["bias"][head] for head in HEADS]),
    )


def written(classifier: Classifier) -> dict[str, Any]:
    """A classifier as a table of rounded numbers, the same to the letter for the same training."""
    return {
        "features": list(classifier.names),
        "mean": [round(float(x), 6) for x in classifier.mean],
        "scale": [round(float(x), 6) for x in classifier.scale],
        "weights": {
            head: [round(float(x), 6) for x in row]
            for head, row in zip(HEADS, classifier.weights, strict=True)
        },
        "bias": {head: round(float(x), 6) for head, x in zip(HEADS, classifier.bias, strict=True)},
    }
