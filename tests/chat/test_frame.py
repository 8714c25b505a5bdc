"""A page of requirements, over the small handbook."""

import pytest

from chat.compose import NEAR_COPY, alike
from chat.extractive import ExtractiveAnswerer
from chat.frame import ROWS, framed
from chat.sufficiency import weigh
from evals.answers import _faults
from ingest.pipeline import read_handbook

PAGE = (
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
    names = [row.name for row in ROWS]
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
    rows = framed(weigh(small_retriever.find(PAGE), small_retriever).candidates)
    chosen = [candidate for found in rows.values() for candidate in found]
    for position, one in enumerate(chosen):
        assert all(alike(one, other) <= NEAR_COPY for other in chosen[position + 1 :])
    for row in ROWS:
        assert len(rows[row.name]) <= row.statements


def test_a_short_question_has_no_rows(small_retriever):
    (answer,) = ExtractiveAnswerer(small_retriever).stream("Why do two writers conflict?")
    assert {statement.part for statement in answer.statements} == {""}
    assert answer.understood == ()
