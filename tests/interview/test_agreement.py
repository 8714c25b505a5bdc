import json

import pytest

from interview import grading
from interview.agreement import MEASURED, agreement, give_or_take
from interview.grading import GRADER

FOUND = json.loads(MEASURED.read_text("utf-8"))
OLDER = "offline-2 (correlation 0.81 with answers graded independently)"


def test_the_offline_graders_agreement_is_the_one_measured_weaknesses_included():
    said = agreement(GRADER)
    for wanted in (
        f"On {FOUND['answers']} answers",
        f"correlate {FOUND['Pearson']:.2f} with theirs",
        f"{FOUND['labelled 30–70: Pearson']:.2f} between 30 and 70",
        f"found {FOUND['contradicted, all: recall']:.0%} of the false statements",
    ):
        assert wanted in said


@pytest.mark.parametrize(
    ("grader", "said"),
    [(OLDER, "an older version"), ("openai:gpt-5-mini", "not measured here"), ("", "not measured here")],
)
def test_nothing_is_claimed_of_another_grader(grader, said):
    assert said in agreement(grader)
    assert not any(figure in agreement(grader) for figure in "0123456789")


@pytest.mark.parametrize(
    ("score", "grader", "borderline"),
    [
        (29, GRADER, False), (30, GRADER, True), (70, GRADER, True), (71, GRADER, False),
        (50, OLDER, True), (50, "openai:gpt-5-mini", False), (None, GRADER, False),
    ],
)  # fmt: skip
def test_the_middle_is_borderline_where_the_grader_is_known_to_be_weak(score, grader, borderline):
    wanted = round(FOUND["labelled 30–70: mean distance"]) if borderline else 0
    assert give_or_take(score, grader) == wanted


def test_a_new_measurement_leaves_the_graders_name_and_new_weights_change_it():
    table = json.loads(grading.WEIGHTS.read_text("utf-8"))
    other = json.loads(json.dumps(table))
    other["bias"]["covered"] += 0.001
    assert grading.name_of(table) == GRADER
    assert grading.name_of(dict(reversed(table.items()))) == GRADER
    assert grading.name_of(other) != GRADER
    assert "." not in GRADER  # no figure in it
