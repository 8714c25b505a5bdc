from dataclasses import replace

import pytest

from ingest.glossary import read_glossary
from ingest.pipeline import read_handbook
from interview.bank import read_bank
from interview.next_questions import Next, candidates, offered
from tests.conftest import CORPUS_SMALL

SECTIONS = {
    section.number: section for document in read_handbook(CORPUS_SMALL) for section in document.sections
}
TERMS = read_glossary(CORPUS_SMALL)
BANK = read_bank(CORPUS_SMALL)


def made_of(text: str) -> list[str]:
    section = replace(SECTIONS["1.2"], text=text)
    return [found.question for found in candidates(["1.2"], {"1.2": section}, (), {})]


def test_each_cited_section_gives_its_mistakes_terms_and_neighbours():
    found = list(candidates(["1.2", "9.9"], SECTIONS, TERMS, BANK))
    mistakes = [one for one in found if one.question.startswith("Is it true that ")]
    terms = [one for one in found if one.question.startswith("What does “")]
    neighbours = [one for one in found if one.question.startswith("What are the trade-offs of ")]
    assert mistakes
    assert {one.section for one in mistakes} == {"1.2"}
    assert {one.section for one in terms} == {"1.2"}
    drawn_on = {also for question in BANK.values() if question.section == "1.2" for also in question.also}
    assert {one.section for one in neighbours} == drawn_on - {"1.2"}
    assert len(found) == len(mistakes + terms + neighbours)


@pytest.mark.parametrize(
    ("claim", "question"),
    [
        ("A checkpoint is a backup.", "Is it true that a checkpoint is a backup?"),
        ("Compaction deletes rows.", "Is it true that compaction deletes rows?"),
        ("Photon replaces Spark!", "Is it true that Photon replaces Spark?"),
        ("VACUUM **cleans** the `log`.", "Is it true that VACUUM cleans the log?"),
        ("Set the retention to zero.", None),
        ("We read it once, so it is fast.", None),
        ("It failed. Try again.", None),
        ("Unheard words stand first.", None),
        ("A " + "very " * 30 + "long claim.", None),
    ],
)
def test_a_claim_becomes_a_question_where_it_reads_as_one(claim, question):
    text = f'The engine Photon runs compaction.\n- **"{claim}"** Wrong.'
    assert made_of(text) == ([question] if question else [])


def test_only_what_was_not_asked_and_is_answered_is_offered():
    found = [Next(f"Question {number}?", "1.1") for number in range(9)]
    tried = []

    def is_answered(one):
        tried.append(one.question)
        return one.question != "Question 1?"

    assert offered(iter(found), ["question 0"], is_answered) == ("Question 2?", "Question 3?", "Question 4?")
    assert tried == [f"Question {number}?" for number in range(1, 5)]


def test_looking_for_questions_ends():
    endless = (Next(f"Question {number}?", "1.1") for number in range(10**9))
    assert offered(endless, [], lambda one: False) == ()
