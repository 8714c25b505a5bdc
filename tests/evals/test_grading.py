"""The measurement of the grader: files, metrics, and a grader that is right or wrong on purpose."""

import json
from dataclasses import replace

import pytest

from errors import MentorError, QuestionBankError
from evals.graded_answers import OWN_ANSWERS, read_answers, with_entry
from evals.grading import Outcome, as_table, record, summary
from evals.metrics import bootstrap, kappa, mean, pearson
from interview.bank import read_bank
from interview.grading import GRADER, Grade, Verdict
from tests.conftest import CORPUS_SMALL

LINE = {
    "id": "q", "section": "1.2", "question": "Why?", "key_points": ["One.", "Two."],
    "answers": [
        {"level": "excellent", "text": "All.", "score": 95, "verdicts": ["covered", "covered"]},
        {"level": "partial", "text": "Half.", "score": 40, "covers": [True, False]},
        {"level": "wrong", "text": "No.", "score": 5, "verdicts": ["contradicted", "missed"]},
    ],
}  # fmt: skip


@pytest.fixture
def answers(tmp_path):
    path = tmp_path / "graded.jsonl"
    path.write_text(json.dumps(LINE) + "\n\n", "utf-8")
    return read_answers(path)


def outcome(answer, score, verdicts, listed=(False, False)):
    points = zip(answer.question.key_points, verdicts, strict=True)
    return Outcome(answer, Grade(score, tuple(Verdict(p, name) for p, name in points)), listed, 0.1)


def test_covers_is_read_as_verdicts(answers):
    assert [answer.verdicts for answer in answers] == [
        ("covered", "covered"), ("covered", "missed"), ("contradicted", "missed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "broken",
    [
        {**LINE, "answers": [{**LINE["answers"][0], "verdicts": ["covered"]}]},
        {**LINE, "answers": [{**LINE["answers"][0], "verdicts": ["covered", "yes"]}]},
        {key: value for key, value in LINE.items() if key != "key_points"},
    ],
)
def test_a_bad_line_is_named(tmp_path, broken):
    path = tmp_path / "graded.jsonl"
    path.write_text(f"{json.dumps(LINE)}\n{json.dumps(broken)}\n", "utf-8")
    with pytest.raises(QuestionBankError, match=r"graded\.jsonl:2: expected"):
        read_answers(path)


def test_a_grader_that_agrees_has_the_best_of_every_metric(answers):
    found = summary([[outcome(a, int(a.score), a.verdicts, (True, False)) for a in answers]])
    metrics = {name: value["mean"] for name, value in found["metrics"].items()}
    assert metrics["Pearson"] == pytest.approx(1)
    assert metrics["pairs of levels ordered right"] == 1
    assert metrics["covered: F1"] == metrics["kappa of verdicts"] == 1
    assert metrics["contradicted, misconception listed: recall"] == 1
    assert metrics["contradicted, not listed: recall"] == 0
    assert found["levels"]["wrong"] == {"mean score": 5, "labelled": 5, "no score": 0}


def test_a_grader_that_covers_everything_is_seen_through(answers):
    found = summary([[outcome(a, 100, ("covered", "covered")) for a in answers]])
    metrics = {name: value["mean"] for name, value in found["metrics"].items()}
    assert metrics["pairs of levels ordered right"] == metrics["Pearson"] == 0
    assert metrics["covered: precision"] == 0.5
    assert metrics["covered: recall"] == 1
    assert "| covered: precision | 0.500" in as_table({"any": {"tuning": found}})


def test_graders_are_counted_and_a_models_numbers_are_not_kept_as_the_offline_ones(
    answers, monkeypatch, tmp_path
):
    monkeypatch.setattr("evals.grading.MEASURED", tmp_path / "measured.json")
    outcomes = [outcome(a, 100, ("covered", "covered")) for a in answers]
    stood_in = [replace(o, grade=replace(o.grade, grader="a model")) for o in outcomes[:2]] + outcomes[2:]
    found = {"with the bank's entry": {"reported": summary([stood_in])}}
    assert f"graded 2 by a model, 1 by {GRADER}" in as_table(found)
    with pytest.raises(MentorError, match="unset MENTOR_MODEL"):
        record(found)
    assert not list(tmp_path.glob("*.json"))


def test_an_answer_without_a_score_stands_below_all_and_is_counted(answers):
    scores = (None, 40, 5)
    found = summary([[outcome(a, s, a.verdicts) for a, s in zip(answers, scores, strict=True)]])
    assert found["metrics"]["pairs of levels ordered right"]["mean"] == pytest.approx(1 / 3)
    assert found["levels"]["excellent"]["no score"] == 1


def test_the_bank_adds_what_it_knows_and_keeps_the_wording():
    bank = read_bank(CORPUS_SMALL)
    known = bank["1.2-why-small-files-hurt"]
    points = tuple(replace(point, text=f"{point.text}!", says=()) for point in known.key_points)
    entry = with_entry(replace(known, key_points=points, misconceptions=()), bank)
    assert entry.misconceptions == known.misconceptions
    assert [p.text for p in entry.key_points] == [p.text for p in points]
    assert [p.says for p in entry.key_points] == [p.says for p in known.key_points]
    assert with_entry(replace(known, key_points=points[:1]), bank) is None


def test_our_own_answers_are_whole():
    answers = read_answers(OWN_ANSWERS)
    assert len(answers) == 312
    assert {answer.half for answer in answers} == {"tuning", "reported"}


def test_statistics():
    assert pearson([1, 2, 3], [10, 20, 30]) == pytest.approx(1)
    assert pearson([1, 1, 1], [1, 2, 3]) == 0
    assert kappa(["a", "b", "a", "b"], ["a", "b", "b", "a"]) == 0
    assert kappa(["a", "b"], ["a", "b"]) == 1
    found = bootstrap([0.0, 1.0] * 20, mean)
    assert found == bootstrap([0.0, 1.0] * 20, mean)
    assert found["low"] < found["mean"] == 0.5 < found["high"]
