import json
import sys

import pytest

import evals.__main__
from command_line import run
from evals import retrieval, speed
from evals.questions import EvalQuestion

QUESTIONS = [
    EvalQuestion("1", "How does compaction treat small files?", "1.2", (), "how-to"),
    EvalQuestion("2", "Which file names the data files of a version?", "1.1", ("1.2",)),
    EvalQuestion("3", "When does autoscaling add workers?", "2.2"),
]
SCENARIOS = [EvalQuestion("s", "Small files, a log, and workers that come and go.", "1.1", ("1.2", "2.2"))]
NAMES = ["Hit@1", "Hit@5", "MRR@10", "nDCG@10"]
ONE, NONE = ({"mean": value, "low": value, "high": value} for value in (1.0, 0.0))


@pytest.fixture
def small(small_index, monkeypatch):
    """The small handbook; in place of the tutorial chain, one that knows a single section."""
    monkeypatch.setattr(retrieval, "_tutorial", lambda settings, folder: lambda question: ["2.2", "2.2"])
    monkeypatch.setattr(evals.__main__, "load_settings", lambda: small_index.settings)
    return small_index.settings


def designs_of(measured):
    return measured["scenarios, all"]["systems"].items()


def test_retrieval_is_measured_per_system_and_half(small):
    measured = retrieval.measure(small, QUESTIONS, SCENARIOS)
    kinds = measured.pop("reported half by kind")
    assert {half: table["questions"] for half, table in measured.items()} == {
        "reported half": 1,
        "all": 3,
        "scenarios, reported half": 1,
        "scenarios, all": 1,
    }
    assert {tuple(table["systems"]) for table in measured.values()} == {
        ("lakehouse mentor", "dense only", "BM25 only", "tutorial chain")
    }
    assert {kind: part["questions"] for kind, part in kinds.items()} == {"any": 1, "how-to": 0}
    designs = {name: system["gold in the first 8"]["mean"] for name, system in designs_of(measured)}
    assert designs == {
        "lakehouse mentor": 1.0,
        "dense only": 1.0,
        "BM25 only": 1.0,
        "tutorial chain": pytest.approx(1 / 3),
    }
    assert measured["all"]["systems"]["lakehouse mentor"] == dict.fromkeys(NAMES, ONE)
    assert measured["reported half"]["systems"]["tutorial chain"] == dict.fromkeys(NAMES, NONE)
    known = measured["all"]["systems"]["tutorial chain"]
    assert [known[name]["mean"] for name in NAMES] == [1 / 3] * 4
    for metrics in known.values():
        assert 0 <= metrics["low"] < metrics["mean"] < metrics["high"] <= 1


def test_the_parts_of_the_search_are_the_search_with_a_weight(small_retriever):
    systems = retrieval.own_systems(small_retriever)
    question = "When does autoscaling add workers?"
    for name, weight in (("lakehouse mentor", None), ("dense only", 0), ("BM25 only", 1)):
        found = small_retriever.find(question, lexical_weight=weight)
        assert systems[name](question) == [passage.chunk.section for passage in found.passages]


def test_the_retrieval_table_is_made_of_the_numbers_given():
    metrics = {name: {"mean": 0.5, "low": 0.125, "high": 0.875} for name in NAMES}
    table = retrieval.as_table({"all": {"questions": 4, "systems": {"ours": metrics, "theirs": metrics}}})
    row = " | 0.500 (0.12–0.88)" * 4
    assert table.split("\n") == [
        "all: 4 questions",
        "",
        "| System | Hit@1 | Hit@5 | MRR@10 | nDCG@10 |",
        "|---|---|---|---|---|",
        f"| ours{row} |",
        f"| theirs{row} |",
        "",
    ]


def test_the_speed_table_is_made_of_the_numbers_given():
    rows = {
        "warm question to answer": speed._row(0.01, 0.04, "s"),
        "ingest to the bare encoder": speed._row(90.0, 100.0, "texts/s"),
        "warm: shared words": speed._row(0.001, 0.002, "s"),
    }
    assert rows["warm question to answer"] == {"ours": 0.01, "beside": 0.04, "ratio": 0.25, "unit": "s"}
    assert speed.as_table({"busy": "load 1.0 on 2 cores", "rows": rows}).split("\n") == [
        "| What | ours | beside | ratio | bar |",
        "|---|---|---|---|---|",
        f"| warm question to answer | 0.01 s | 0.04 s | 0.25 | ≤ {speed.BARS['warm question to answer']} |",
        "| ingest to the bare encoder | 90 texts/s | 100 texts/s | 0.90 "
        f"| ≥ {speed.BARS['ingest to the bare encoder']} |",
        "| warm: shared words | 0.001 s | 0.002 s | 0.50 |  |",
        "",
        "load 1.0 on 2 cores",
    ]


def command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["evals", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        run(evals.__main__.main)
    return end.value.code, *capsys.readouterr()


def test_the_command_measures_questions_of_ones_own(small, monkeypatch, capsys, tmp_path):
    file = tmp_path / "own.jsonl"
    file.write_text('{"id": 1, "question": "When does autoscaling add workers?", "primary": "2.2"}\n')
    code, out, err = command(monkeypatch, capsys, "retrieval", "--questions", file, "--json")
    assert (code, err) == (0, "")
    [line] = out.splitlines()
    measured = json.loads(line)["retrieval"]
    assert measured["all"]["questions"] == 1
    assert measured["all"]["systems"]["tutorial chain"] == dict.fromkeys(NAMES, ONE)
    code, out, _ = command(monkeypatch, capsys, "retrieval", "--questions", file)
    assert (code, out) == (0, retrieval.as_table(measured) + "\n")


def test_a_malformed_file_of_questions_ends_with_its_line(small, monkeypatch, capsys, tmp_path):
    file = tmp_path / "own.jsonl"
    file.write_text('{"question": "What?", "primary": "2.2"}\n{"question": "What?"}\n')
    code, out, err = command(monkeypatch, capsys, "retrieval", "--questions", file)
    assert (code, out) == (1, "")
    assert err.startswith(f'{file}:2: expected "question" and "primary"')


def test_an_unknown_name_is_a_usage_error(small, monkeypatch, capsys):
    code, out, err = command(monkeypatch, capsys, "weather")
    assert (code, out) == (2, "")
    assert "argument NAME: invalid choice: 'weather'" in err
