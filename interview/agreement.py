"""How well a grader's grades agree with people's, and where they are known to be weak."""

import json
from pathlib import Path

from interview.grading import GRADER

MEASURED = Path(__file__).parent / "measured.json"
"""What `python -m evals grading --record` found on answers that nothing was fitted on."""
MIDDLE = (30, 70)
"""Scores, both ends included, among which the offline grader agrees least: the extremes do not help."""
_FOUND: dict[str, float] = json.loads(MEASURED.read_text("utf-8"))


def agreement(grader: str) -> str:
    """One sentence or two on how far to trust a grader, by its name in a grade."""
    if grader == GRADER:
        low, high = MIDDLE
        return (
            f"On {_FOUND['answers']:.0f} answers that people graded, its scores correlate "
            f"{_FOUND['Pearson']:.2f} with theirs, and {_FOUND['labelled 30–70: Pearson']:.2f} between {low} "
            f"and {high}. It found {_FOUND['contradicted, all: recall']:.0%} of the false statements: "
            "where nothing is red, something may still be wrong."
        )
    if _is_offline(grader):
        return "This is an older version of the offline grader, and how well it agreed is not kept here."
    return "How well it agrees with people is not measured here."


def give_or_take(score: int | None, grader: str) -> int:
    """How many points a score is off on average where that makes it borderline; 0 where it is not."""
    weak = score is not None and MIDDLE[0] <= score <= MIDDLE[1] and _is_offline(grader)
    return round(_FOUND["labelled 30–70: mean distance"]) if weak else 0


def _is_offline(grader: str) -> bool:
    return grader.startswith("offline-")
