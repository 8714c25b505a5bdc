import pytest

from evals.metrics import mean
from evals.plain import LABELS, _judged, as_table, read_plain

ENTRY = {
    "question": "What is a log?",
    "section": "1.1",
    "sentences": [
        {"section": "1.1", "text": "A log is a list of commits.", "answers": True, "first": True},
        {"section": "1.1", "text": "Commits are numbered.", "answers": True},
        {"section": "1.1", "text": "Readers trust the log."},
    ],
    "text": "The log names every file.",
}


def test_every_question_is_in_one_part_and_has_sentences():
    parts = [read_plain(part) for part in ("tuning", "reported", "learnt")]
    # Two hands wrote a few questions alike.
    asked = [{entry["question"] for entry in part} for part in parts]
    assert len(set().union(*asked)) == sum(map(len, asked)) > 600
    assert min(map(len, asked)) > 100
    assert all(entry["sentences"] for part in parts for entry in part)
    # A question that is answered has a section; of the others, no sentence answers.
    for part in parts:
        assert not any(s.get("answers") for e in part if not e["section"] for s in e["sentences"])


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("A log is a list of commits.", "first"),
        ("The log names every file.", "first"),
        ("Commits are numbered.", "answers"),
        ("Readers trust the log.", "beside"),
        ("Something else.", "unlabelled"),
        ("", "refused"),
    ],
)
def test_a_first_sentence_is_judged_by_its_label(quote, expected):
    assert _judged(ENTRY, quote) == expected


def test_the_table_has_every_label():
    row = dict.fromkeys(LABELS, mean([1.0])) | {"in_scope": 3, "out_of_scope": 2, "wrong_answers": 0.5}
    table = as_table({"reported": row})
    assert all(label in table for label in LABELS.values())
    assert table.endswith("| 2 | 0.500 |")
