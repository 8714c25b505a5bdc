"""Turns, said so that they stand alone: rules, no model."""

import pytest

from chat.follow_up import in_terms_of, named_instead, subject_of, uses_pronoun, without_opening

NAMES = {"z-order", "liquid clustering", "vacuum"}


def in_terms(question: str, before: str) -> str:
    return in_terms_of(question, before, lambda name: name.lower() in NAMES)


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("What is VACUUM?", "VACUUM"),
        ("What does VACUUM delete?", "VACUUM"),
        ("explain the commit log", "commit log"),
        ("How does liquid clustering work in Databricks?", "liquid clustering"),
        ("liquid clustering", "liquid clustering"),
        ("How does autoscaling add workers?", ""),
        ("Why is my MERGE slow?", ""),
        ("What is the difference between a view and a table?", ""),
        ("VACUUM: why?", ""),
        ("its risks", ""),
        ("", ""),
    ],
)
def test_subject_of(question, subject):
    assert subject_of(question) == subject


@pytest.mark.parametrize(
    ("question", "before", "alone"),
    [
        ("how much does it cost?", "What is VACUUM?", "how much does VACUUM cost?"),
        ("and its drawbacks?", "What is liquid clustering?", "liquid clustering's drawbacks?"),
        ("compare it with OPTIMIZE", "What is VACUUM?", "compare VACUUM with OPTIMIZE"),
        ("ok, now liquid clustering", "What is VACUUM?", "What is liquid clustering?"),
        ("no, I meant z-order", "How does liquid clustering work?", "How does z-order work?"),
        ("why?", "What is VACUUM?", "VACUUM: why?"),
        ("and on Azure?", "Why is my MERGE slow?", "Why is my MERGE slow: on Azure?"),
        ("how do I fix it?", "Why is my MERGE slow?", "Why is my MERGE slow: how do I fix it?"),
        ("does it matter?", "What is VACUUM?", "VACUUM: does it matter?"),
        ("its risks", r"C:\1 \g", r"C:\1 \g: its risks"),
        ("its risks", r"\1 \g", r"\1 \g's risks"),
    ],
)
def test_in_terms_of(question, before, alone):
    assert in_terms(question, before) == alone


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("no, I meant Z-order", "Z-order"),
        ("what about deletion vectors?", "deletion vectors"),
        ("and deletion vectors?", "deletion vectors"),
        ("deletion vectors?", ""),
    ],
)
def test_named_instead(question, name):
    assert named_instead(question) == name


def test_without_opening():
    assert without_opening("and, ok, how far?") == "how far?"
    assert without_opening("nothing to open") == "nothing to open"
    assert without_opening("so") == "so"


@pytest.mark.parametrize(
    ("question", "points"),
    [("and its default?", True), ("can I stop them?", True), ("does it matter?", False), ("why?", False)],
)
def test_uses_pronoun(question, points):
    assert uses_pronoun(question) is points
