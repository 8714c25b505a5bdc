"""The questions to each section, and what their answers are measured by."""

from chat.citations import Answer, Citation, Statement
from evals.lessons import _summary, as_table, read_lessons
from ingest.pipeline import read_handbook
from settings import PROJECT


def test_no_section_is_both_learnt_from_and_measured():
    parts = {part: read_lessons(part) for part in ("learnt", "tuning", "reported")}
    sections = [{entry["section"] for entry in entries} for entries in parts.values()]
    assert len(set().union(*sections)) == sum(map(len, sections)) == 117
    assert {entry["kind"] for entry in parts["reported"]} == {"interview", "plain", "near"}


def test_the_sentences_stand_in_the_handbook():
    texts = {
        section.number: section.text
        for document in read_handbook(PROJECT / "corpus")
        for section in document.sections
    }
    held = [
        (e["section"], said)
        for part in ("tuning", "reported")
        for e in read_lessons(part)
        for said in e["holds"]
    ]
    assert sum(said in texts[section] for section, said in held) > 0.97 * len(held)


def test_nothing_answers_a_near_question_and_something_each_other_one():
    for entry in read_lessons("learnt"):
        assert bool(entry["holds"]) == (entry["kind"] != "near")
        assert set(entry["first"]) <= set(entry["holds"])


def test_an_answer_is_measured_by_what_it_holds():
    def said(*quotes):
        statements = tuple(
            Statement("sentence", quote, Citation(number, "1.1", "Log", "In short", quote, "", ""))
            for number, quote in enumerate(quotes, 1)
        )
        return Answer("", "", statements, refused=not quotes)

    entry = {"kind": "plain", "first": ["A log is a list."], "holds": ["A log is a list.", "Logs grow."]}
    pairs = [(entry, said("A log is a list.", "It rains.")), (entry, said("Logs grow.")), (entry, said())]
    found = _summary(pairs)
    assert (found["held"], found["first"], found["refused"]) == (1 / 3, 1 / 2, 1 / 3)
    assert found["words"] == (7 + 2) / 2
    table = as_table({"tuning, plain": found, "tuning, near": {"questions": 2, "wrong_answers": 0.5}})
    assert "| 0.333 | 0.500 | 4 | 0.333 | |" in table and table.endswith("| 0.500 |")
