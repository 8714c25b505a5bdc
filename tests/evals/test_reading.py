"""What the pair reader is trained on, and that training yields weights that it can load."""

import random
from dataclasses import replace

import pytest

import evals.reading
from evals.graded_answers import read_answers
from evals.reading import examples, stances, train
from evals.rewrites import denied, restated
from ingest.pair_reader import WEIGHTS, read_weights
from interview import cues
from interview.bank import read_bank
from settings import PROJECT
from tests.conftest import CORPUS_SMALL


@pytest.mark.parametrize(
    "text",
    [
        "Each file has a footer that must be read.",
        "VACUUM does not remove files younger than 7 days.",
        "A reader sees one version, whoever writes meanwhile.",
        "`delta.logRetentionDuration` keeps log entries for 30 days.",
    ],
)
def test_a_restated_statement_denies_no_more_and_keeps_its_figures(text):
    for seed in range(40):
        said = restated(text, random.Random(seed))
        assert cues.negates(said) == cues.negates(text)
        assert cues.numbers(said) == cues.numbers(text)


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        pytest.param("Readers do not wait.", {"Readers do wait."}, id="lifted"),
        pytest.param("The cluster is shared.", {"The cluster is not shared."}, id="denied"),
        pytest.param(
            "It is kept for 7 days.",
            {"It is not kept for 7 days.", *(f"It is kept for {n} days." for n in (15, 22, 36, 71))},
            id="figure",
        ),
        pytest.param(
            "A commit comes after the write.",
            {"A commit comes before the write.", "A commit comes after the read.", None},
            id="turned",
        ),
        pytest.param("Hello there.", {None}, id="no-rule"),
    ],
)
def test_a_denied_statement_is_another(text, possible):
    found = {denied(text, random.Random(seed)) for seed in range(60)}
    assert found <= possible
    assert text not in found


def test_nothing_is_learnt_of_questions_with_graded_answers_nor_of_their_reported_sections(
    small_index, monkeypatch
):
    monkeypatch.setattr(evals.reading, "answers", lambda *given: iter(()))
    monkeypatch.setattr(evals.reading, "lessons", lambda *given: iter(()))
    monkeypatch.setattr(evals.reading, "told", lambda *given: iter(()))
    asked = []
    monkeypatch.setattr(evals.reading, "stances", lambda questions, chance: asked.extend(questions) or [])
    examples(replace(small_index.settings, corpus=PROJECT / "corpus"))
    graded = read_answers()
    assert len(asked) > 300
    assert not {question.id for question in asked} & {answer.question.id for answer in graded}
    reported = {answer.question.section for answer in graded if answer.half == "reported"}
    assert reported
    assert not {question.section for question in asked} & reported


def test_the_same_examples_each_time():
    questions = list(read_bank(CORPUS_SMALL).values())
    once, again = (list(stances(questions, random.Random(4))) for _ in range(2))
    assert once == again
    assert {example.stance for example in once} == {"states", "contradicts", "neither"}
    assert all(example.first and example.second for example in once)


def test_training_goes_on_from_the_shipped_weights(model):
    chosen = list(stances(list(read_bank(CORPUS_SMALL).values()), random.Random(0)))[:24]
    shipped = read_weights(WEIGHTS)
    weights, proof = train(model, shipped, chosen)
    assert {name: array.shape for name, array in weights.items()} == {
        name: array.shape for name, array in shipped.items()
    }
    moved = max(float(abs(weights[name] - shipped[name]).max()) for name in shipped)
    assert 0 < moved < 0.1
    assert proof.startswith("sections not learnt from: ")
