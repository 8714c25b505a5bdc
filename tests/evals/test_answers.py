from dataclasses import replace

import pytest

from chat.extractive import ExtractiveAnswerer
from evals import answers, bank
from ingest.pipeline import ingest_handbook, read_handbook


@pytest.fixture(scope="module")
def texts(small_index):
    documents = read_handbook(small_index.settings.corpus)
    return {section.number: section.text for document in documents for section in document.sections}


@pytest.fixture(scope="module")
def answer(small_retriever):
    (answer,) = ExtractiveAnswerer(small_retriever).stream("What is compaction?")
    return answer


def damaged(answer, **changes):
    """The answer with another citation behind its first statement."""
    first, *rest = answer.statements
    return replace(answer, statements=(replace(first, citation=replace(first.citation, **changes)), *rest))


def test_a_sound_answer_has_no_fault(answer, texts):
    assert len(answer.statements) > 2
    assert answers._faults(answer, texts) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"number": 7}, "[7] stands where [1] should"),
        ({"quote": "Nobody wrote this anywhere."}, "[1] does not stand in section 1.2"),
        ({"section": "2.1"}, "[1] does not stand in section 2.1"),
        ({"quote": "Compaction rewrites many"[:17]}, "[1] quotes fewer than 4 words"),
    ],
)
def test_a_false_citation_is_a_fault(answer, texts, changes, fault):
    assert fault in answers._faults(damaged(answer, **changes), texts)


def test_key_points_are_looked_for_in_the_answers(small_index, monkeypatch):
    monkeypatch.setattr(answers, "read_questions", list)
    measured = answers.measure(small_index.settings)
    assert measured["citation faults"] == []
    row = measured["halves"]["all"]
    assert row["questions"] == measured["answers"] > 3
    assert 0 < row["low"] <= row["recall"] <= row["high"] <= 1
    assert 0 < row["words"] <= row["longest"]
    assert f"| all | {row['questions']} |" in answers.as_table(measured)


def test_a_point_that_its_section_does_not_say_is_doubted(settings, small_index):
    settings.data_dir.mkdir()
    (settings.data_dir / "encoder").symlink_to(small_index.settings.data_dir / "encoder")
    ingest_handbook(settings)
    before = bank.measure(settings)
    file = settings.corpus / "questions" / "01-storage.yaml"
    said = "Add and remove actions decide which files the snapshot holds."
    text = file.read_text("utf-8")
    assert said in text
    file.write_text(text.replace(said, "Bananas ripen faster beside apples in a paper bag."), "utf-8")
    after = bank.measure(settings)
    [new] = [d for d in after["doubts"] if d["text"] not in {doubt["text"] for doubt in before["doubts"]}]
    assert new["text"].startswith("Bananas")
    assert after["claims"] == before["claims"]
    assert after["backed"] < before["backed"]
    assert "Bananas ripen" in bank.as_table(after)
