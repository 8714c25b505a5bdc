"""A page of requirements, over the small handbook."""

from dataclasses import replace

import pytest

from chat.compose import LEAST_WORTH, NEAR_COPY, alike, compose
from chat.extractive import ExtractiveAnswerer
from chat.frame import DESIGN, LEAST_ROW_WORTH, ROWS, _opens, _row_of, arranged, asks_for_design
from chat.sufficiency import weigh
from evals.answers import _faults
from ingest.pipeline import read_handbook

SITUATION = (
    "Two jobs write the same Delta table every minute and one of them fails with a conflict, while analysts "
    "read old versions of it for thirty days. Files are small, queries are slow, and the bill for storage "
    "must not grow although nobody may lose anything in a crash. "
)
PAGE = (
    "Our customer is a utility that wants one platform for everything, and these are its requirements. "
    "We load sensor files every minute into one Delta table. Two jobs write to it at the same time, and one "
    "of them fails with a conflict. Analysts read old versions for thirty days and the security team "
    "wants to know who may see them. Queries became slow because there are many small files. The bill for "
    "storage must not grow, and a crash must lose nothing."
)


@pytest.fixture(scope="module")
def answer(small_retriever):
    (answer,) = ExtractiveAnswerer(small_retriever).stream(PAGE)
    return answer


def test_the_rows_come_in_their_order_each_statement_cited(answer, small_index):
    assert not answer.refused
    assert len(answer.understood) > 1
    names = [DESIGN, *(row.name for row in ROWS)]
    parts = [statement.part for statement in answer.statements]
    assert parts == sorted(parts, key=names.index)
    assert parts[0] == "Recommended design"
    texts = {
        section.number: section.text
        for document in read_handbook(small_index.settings.corpus)
        for section in document.sections
    }
    assert _faults(answer, texts) == []


def test_a_row_that_the_handbook_is_silent_on_is_named(answer):
    said = {statement.part for statement in answer.statements}
    assert set(answer.missing) == {row.name for row in ROWS} - said


def test_a_label_stands_once_before_its_first_statement(answer):
    for part in {statement.part for statement in answer.statements}:
        assert answer.text.count(f"**{part}:** ") == 1
    assert answer.text.startswith("**Recommended design:** ")


def test_no_row_repeats_another(small_retriever):
    rows = arranged(weigh(small_retriever.find(PAGE), small_retriever).candidates, 10, 200, 4)
    chosen = [candidate for found in rows.values() for candidate in found]
    for position, one in enumerate(chosen):
        assert all(alike(one, other) <= NEAR_COPY for other in chosen[position + 1 :])


def test_a_short_question_has_no_rows(small_retriever):
    (answer,) = ExtractiveAnswerer(small_retriever).stream("Why do two writers conflict?")
    assert {statement.part for statement in answer.statements} == {""}
    assert answer.understood == ()


def test_a_situation_is_answered_in_rows_only_where_a_design_is_asked_for(small_retriever):
    (cause,) = ExtractiveAnswerer(small_retriever).stream(SITUATION + "What do you suspect?")
    assert {statement.part for statement in cause.statements} == {""}
    assert cause.understood == ()
    (design,) = ExtractiveAnswerer(small_retriever).stream(SITUATION + "What do you recommend?")
    assert design.statements[0].part == "Recommended design"
    assert set(design.missing) == {row.name for row in ROWS} - {one.part for one in design.statements}


@pytest.fixture(scope="module")
def candidates(small_retriever):
    return weigh(small_retriever.find(SITUATION + "What do you recommend?"), small_retriever).candidates


def test_a_design_says_what_is_worth_most_and_fills_each_row_that_something_fits(candidates):
    rows = arranged(candidates, 10, 200, 4)
    said = [candidate for row in rows.values() for candidate in row]
    assert sum(len(candidate.sentence.text.split()) for candidate in said) <= 200
    first = rows[DESIGN][0]
    for row in ROWS:
        fitting = [c for c in candidates if c is not first and _row_of(c) == row.name]
        assert bool(rows[row.name]) == any(c.worth >= LEAST_ROW_WORTH for c in fitting)
    free = sorted((c.worth for c in compose(candidates, 10, 200)), reverse=True)
    # The best of what would be said without rows is said with them.
    assert {c.worth for c in said} >= set(free[:3])


def test_of_what_a_row_lacks_the_shorter_is_said_and_nothing_that_is_worth_nothing(candidates):
    first = next(c for c in candidates if _opens(c))
    other = next(c for c in candidates if c is not first and _row_of(c) == DESIGN)

    def in_risks(text, worth):
        sentence = replace(other.sentence, text=text)
        chunk = replace(other.chunk, heading="Common mistakes", sentences=(sentence,))
        return replace(other, sentence=sentence, chunk=chunk, worth=worth, terms=frozenset(text.split()))

    long = in_risks("A reader that is paused for longer than the retention loses " + "its files " * 20, -3.9)
    short = in_risks("A paused reader loses its files.", -4.0)
    poor = in_risks("Files cost.", LEAST_ROW_WORTH - 0.1)
    rest = [first, replace(other, worth=2.0)]
    assert arranged([*rest, long, short], 10, 200, 4)["Risks and failure modes"] == [short]
    assert arranged([*rest, poor], 10, 200, 4)["Risks and failure modes"] == []


def test_what_opens_a_design_stands_in_it_even_where_it_speaks_of_cost(candidates):
    first = max((c for c in candidates if c.chunk.heading == "In short"), key=lambda c: c.worth)
    about_cost = replace(first, sentence=replace(first.sentence, text="Every small file costs a request."))
    rows = arranged([about_cost, *(c for c in candidates if c is not first)], 10, 200, 4)
    assert rows[DESIGN][0] is about_cost
    assert about_cost not in rows["Cost"]


def test_a_design_asked_for_in_a_line_has_rows_and_none_that_is_filled_with_little(small_retriever):
    question = "Design a Delta table that two jobs write to at once."
    (answer,) = ExtractiveAnswerer(small_retriever).stream(question)
    assert answer.statements[0].part == DESIGN and answer.understood == ()
    assert set(answer.missing) == {row.name for row in ROWS} - {one.part for one in answer.statements}
    found = weigh(small_retriever.find(question), small_retriever).candidates
    rows = arranged(found, 10, 200, 0)
    assert rows[DESIGN][0] is next(filter(_opens, found))
    assert all(c.worth >= LEAST_WORTH for row in rows.values() for c in row if c is not rows[DESIGN][0])


def test_what_asks_for_a_design():
    assert asks_for_design("Design the promotion.", 3) and not asks_for_design("Why is it slow?", 3)
    assert not asks_for_design(SITUATION, 3) and asks_for_design(SITUATION * 2, 3)


@pytest.mark.parametrize(
    "question",
    [
        "Design a real-time fraud detection platform for a bank",
        "Can you design CDC from 200 Postgres tables?",
        "How would you architect a lakehouse for three regions?",
        "Build a feature store for a ride-hailing company",
        "How would you build right-to-be-forgotten into a lakehouse?",
    ],
)
def test_a_design_is_asked_for_in_a_line(question):
    assert asks_for_design(question, 0)


@pytest.mark.parametrize(
    "question",
    [
        "Design patterns for streaming joins",
        "What is the design of the transaction log?",
        "How do I set up storage credentials?",
        "Which strategy do you recommend for small files?",
        "How does the build side of a join fit into memory?",
        "build side too large for a broadcast",
    ],
)
def test_a_short_question_that_only_speaks_of_designs_asks_for_none(question):
    assert not asks_for_design(question, 0)
