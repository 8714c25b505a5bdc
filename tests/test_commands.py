"""The commands as a person or a program runs them: processes, JSON lines, exit codes."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from command_line import run
from settings import PROJECT
from tests.conftest import CORPUS_SMALL, SmallIndex
from tests.model_server import KEY, Status, serving_model

RETRIEVED = {"id", "question", "passages", "seconds"}
PASSAGE = {"section", "title", "heading", "chunk", "score", "text", "path", "anchor"}
TURN = {
    "question",
    "searched_for",
    "answer",
    "refused",
    "missing",
    "confidence",
    "nearest",
    "citations",
    "mode",
    "seconds",
}
CITATION = {"number", "section", "title", "heading", "quote", "path", "anchor"}
REPORT = {
    "sections",
    "chunks",
    "added",
    "updated",
    "removed",
    "unchanged",
    "skipped",
    "seconds",
    "embedder",
}


class Commands:
    """Runs `python …` over one data directory, in a process of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith("MENTOR_")} | {
            "MENTOR_DATA_DIR": str(data_dir),
            "MENTOR_CORPUS": str(CORPUS_SMALL),
            "MENTOR_EMBEDDER": "all-MiniLM-L6-v2",
        }

    def __call__(self, *arguments: object, stdin: bytes = b"", **environ: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=PROJECT,
            env=self.environ | environ,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


@pytest.fixture(scope="module")
def commands(small_index: SmallIndex, tmp_path_factory) -> Commands:
    """Over a copy of the small index; the encoder is shared."""
    data_dir = tmp_path_factory.mktemp("commands")
    shutil.copytree(small_index.settings.data_dir / "index", data_dir / "index")
    (data_dir / "encoder").symlink_to(small_index.settings.data_dir / "encoder")
    return Commands(data_dir)


@pytest.fixture
def here(commands, monkeypatch, capsys):
    """The same commands in this process, which has its libraries loaded."""

    def call(module: str, *arguments: object) -> tuple[int, str, str]:
        for name in ("MENTOR_DATA_DIR", "MENTOR_CORPUS", "MENTOR_EMBEDDER"):
            monkeypatch.setenv(name, commands.environ[name])
        monkeypatch.setattr(sys, "argv", [module, *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            run(importlib.import_module(f"{module}.__main__").main)
        return end.value.code, *capsys.readouterr()

    return call


def batch(tmp_path: Path, *lines: str | dict[str, Any]) -> Path:
    file = tmp_path / "in.jsonl"
    file.write_text("".join((json.dumps(li) if isinstance(li, dict) else li) + "\n" for li in lines), "utf-8")
    return file


def records(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_retriever_answers_a_batch(commands, tmp_path):
    file = batch(
        tmp_path,
        {"id": "z", "question": "What is a commit log?", "unknown": 1},
        "garbage",
        {"id": "a", "question": "🙂"},
        {"id": 3, "question": "What adds workers?"},
        {"id": "last"},
    )
    code, out, err = commands("-m", "retriever", "--batch", file, "-k", 3, "--chapter", 1, "--chapter", 2)
    first, garbage, emoji, third, last = found = records(out)
    assert code == 1
    assert [record["id"] for record in found] == ["z", None, "a", 3, "last"]
    assert first.keys() == third.keys() == RETRIEVED
    assert {frozenset(p) for record in (first, third) for p in record["passages"]} == {frozenset(PASSAGE)}
    assert [len(first["passages"]), len(third["passages"])] == [3, 3]
    assert third["passages"][0]["section"] == "2.2"
    for passage in third["passages"]:
        assert passage["path"] == f"tests/corpus_small/{Path(passage['path']).name}"
        assert (PROJECT / passage["path"]).is_file()
    assert garbage.keys() == emoji.keys() == last.keys() == {"id", "error"}
    assert err.splitlines() == [
        f"{file}:{n}: {record['error']}" for n, record in ((2, garbage), (3, emoji), (5, last))
    ]


def test_chat_answers_a_batch(commands, tmp_path):
    file = batch(
        tmp_path,
        {"id": 2, "turns": ["How does autoscaling add workers?", "thanks", "How does it work?"], "x": 0},
        {"id": 1, "question": "How do I bake a sourdough bread?"},
        {"id": 0, "turns": "not a list"},
    )
    code, out, err = commands("-m", "chat", "--batch", file)
    talk, refusal, bad = found = records(out)
    assert code == 1
    assert [record["id"] for record in found] == [2, 1, 0]
    assert talk.keys() == {"id", "turns"}
    assert [turn.keys() for turn in talk["turns"]] == [TURN] * 3
    assert [turn["mode"] for turn in talk["turns"]] == ["extractive", "small-talk", "extractive"]
    assert talk["turns"][2]["searched_for"] == "How does autoscaling add workers: How does it work?"
    assert {frozenset(c) for turn in talk["turns"] for c in turn["citations"]} == {frozenset(CITATION)}
    assert refusal.keys() == TURN | {"id"}
    assert (refusal["refused"], refusal["citations"], len(refusal["nearest"])) == (True, [], 3)
    assert bad == {"id": 0, "error": 'expected "turns" to be a list of questions'}
    assert err == f"{file}:3: {bad['error']}\n"


def test_a_batch_may_come_from_standard_input(commands):
    stdin = '{"id": 1, "question": "What does größe mean for a commit log?"}\n'.encode()
    code, out, err = commands(
        "-m", "retriever", "--batch", "-", "-k", 1, stdin=stdin, PYTHONIOENCODING="ascii"
    )
    assert (code, err) == (0, "")
    assert [(r["id"], r["question"]) for r in records(out)] == [(1, "What does größe mean for a commit log?")]


def test_one_question_as_json_is_one_line(here):
    for module, keys in (("retriever", RETRIEVED), ("chat", TURN | {"id"})):
        code, out, err = here(module, "What is a commit log?", "--json")
        (record,) = records(out)
        assert (code, err, record.keys(), record["id"]) == (0, "", keys, None)


@pytest.mark.parametrize(
    "question",
    ["?\udcff log", "a", "what is the of", "提交日志是什么", "log\x00\x01 <b>\u202e", "['(*\\\\", "\udcff1"],
    ids=["not UTF-8", "one letter", "stop words", "Chinese", "control characters", "few words", "one digit"],
)
def test_an_odd_question_is_searched_from_the_command_line(here, question):
    code, out, err = here("retriever", question, "-k", 10**12, "--json")
    if any(character.isalnum() for character in question):
        assert (code, err) == (0, "")
        assert records(out)[0]["passages"]
    else:
        assert (code, out) == (1, "")
        assert "has no words" in err


def test_without_json_people_read_text(here):
    code, out, _ = here("chat", "What is a commit log?")
    assert code == 0
    assert "[1] 1.1 Tables and the commit log › In short (tests/corpus_small/01-storage.md#" in out
    code, out, _ = here("retriever", "What is a commit log?", "-k", 1)
    assert code == 0
    assert re.match(r"[01]\.\d\d  1\.1 Tables and the commit log › ", out)
    assert out.splitlines()[-1].startswith("1 passages in ")


def test_ingest_reports_what_it_did(here):
    code, out, err = here("ingest", "--json")
    (report,) = records(out)
    assert (code, err) == (0, "")
    assert report.keys() == REPORT
    assert (report["sections"], report["added"], report["unchanged"], report["skipped"]) == (
        4,
        0,
        report["chunks"],
        [],
    )
    code, out, _ = here("ingest")
    assert code == 0
    assert out.startswith(
        f"handbook: 4 sections, {report['chunks']} chunks; no chunk had changed, 0 removed ("
    )


def test_a_collection_is_made_listed_searched_and_removed(here, tmp_path):
    notes = tmp_path / "runbooks"
    notes.mkdir()
    (notes / "gateway.md").write_text("# Gateway\n\nRestart the zeppelin gateway at noon.\n")
    (notes / "empty.md").touch()
    code, out, err = here("ingest", notes, "--json")
    (report,) = records(out)
    assert (code, err, report["sections"], report["added"]) == (0, "", 1, 1)
    assert report["skipped"] == [
        {
            "path": str(notes / "empty.md"),
            "reason": "empty.md:1: the file is empty; expected Markdown with at least one heading",
        }
    ]
    code, out, _ = here("ingest", "--list", "--json")
    (listed,) = records(out)
    assert [row["collection"] for row in listed["collections"]] == ["handbook", "runbooks"]
    code, out, _ = here("retriever", "zeppelin", "--collection", "runbooks", "--json")
    assert [p["chunk"] for p in records(out)[0]["passages"]] == ["gateway-1/text/0"]
    assert here("ingest", "--remove", "runbooks") == (0, "removed runbooks\n", "")
    code, out, _ = here("ingest", "--list")
    assert out == f"handbook: 4 sections, {listed['collections'][0]['chunks']} chunks\n"
    code, _, err = here("ingest", "--remove", "runbooks")
    assert (code, err) == (3, "there is no collection runbooks; `python -m ingest --list` names them\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("retriever",), 2, "one of the arguments QUESTION --batch is required"),
        (("chat",), 2, "one of the arguments QUESTION --batch is required"),
        (("retriever", "a question", "-k", "many"), 2, "argument -k: invalid int value: 'many'"),
        (("retriever", "a question", "--batch", "x"), 2, "not allowed with argument"),
        (("chat", "a question", "--unknown"), 2, "unrecognized arguments: --unknown"),
        (("ingest", "--unknown"), 2, "unrecognized arguments: --unknown"),
        (("interview",), 2, "the following arguments are required: command"),
        (("interview", "grade"), 2, "the following arguments are required: --batch"),
        (("retriever", ""), 1, "the question is empty; ask something such as"),
        (("retriever", "a log", "-k", "0"), 1, "k is 0; ask for at least 1 passage"),
        (("retriever", "a log", "-k", "-5"), 1, "k is -5; ask for at least 1 passage"),
        (("retriever", "x" * 50_000), 1, "the question has 50,000 characters; ask in at most 4,000"),
        (("retriever", "a log", "--chapter", "0"), 1, "there is no chapter 0 in the index; it holds 1, 2"),
        (("chat", "a log", "--chapter", "9"), 1, "there is no chapter 9 in the index; it holds 1, 2"),
        (
            ("chat", "--batch", "/nowhere.jsonl"),
            1,
            "/nowhere.jsonl: cannot be read (No such file or directory)",
        ),
        (("ingest", "/nowhere"), 1, "nothing to read in /nowhere: nowhere:1: cannot be read"),
        (("retriever", "a log", "--collection", "none"), 3, "run `python -m ingest PATH --collection none`"),
        (("chat", "a log", "--collection", "a/b"), 3, "a collection cannot be called 'a/b'"),
    ],
)
def test_exit_codes_and_messages(here, arguments, code, message):
    found, out, err = here(*arguments)
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_a_process_ends_with_the_exit_code(commands):
    code, out, err = commands("-m", "retriever", "a question", "-k", "many")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == "python -m retriever: error: argument -k: invalid int value: 'many'"


@pytest.mark.parametrize("module", [["retriever"], ["chat"], ["interview", "grade"]], ids=" ".join)
def test_without_an_index_a_batch_ends_with_the_command_that_mends_it(commands, tmp_path, module):
    file = batch(tmp_path, {"id": 1, "question": "What is a log?"})
    code, out, err = commands("-m", *module, "--batch", file, MENTOR_DATA_DIR=str(tmp_path / "nothing"))
    assert (code, out) == (3, "")
    assert err == f"there is no index in {tmp_path}/nothing/index/handbook; run `python -m ingest`\n"


OFFLINE = """
import runpy, sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind"):
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(refuse)
for command in (["ingest", "--rebuild"], ["retriever", "What is a log?"], ["chat", "What is a log?"]):
    sys.argv = command
    try:
        runpy.run_module(command[0], run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
heavy = {"torch", "sentence_transformers", "transformers", "sklearn", "streamlit", "langchain_core"}
print("imported:", sorted(heavy & set(sys.modules)))
"""


def test_the_default_path_opens_no_socket_and_asks_without_pytorch(commands):
    code, out, err = commands("-c", OFFLINE)
    assert code == 0, err
    assert out.splitlines()[-1] == "imported: []"
    assert "passages in" in out
    assert "[1] 1.1 Tables and the commit log" in out


GRADE = {"id", "score", "verdicts", "misconceptions", "feedback", "grader", "quoted", "citations"}
VERDICT = {"key_point", "verdict", "evidence", "section"}
POINTS = ["Every file has a footer that must be read.", "Every file costs a request to object storage."]
SAID = "Each file costs a request to object storage."


def test_with_a_model_it_is_said_who_graded(commands, tmp_path):
    """The model fails on the second answer; the offline grader stands in for it, and both are counted."""
    own = {"section": "1.2", "question": "Why are small files slow?", "key_points": POINTS}
    file = batch(tmp_path, *({"id": name, **own, "answer": SAID} for name in ("one", "two")))
    judged = [("missed", ""), ("covered", SAID)]
    points = [{"number": n, "verdict": v, "evidence": e} for n, (v, e) in enumerate(judged, 1)]
    days = [[json.dumps({"points": points})], [Status(401)]]
    with serving_model() as server:
        server.script = lambda prompt: days.pop(0)
        names = {"MENTOR_MODEL": "openai:m", "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url}
        code, out, err = commands("-m", "interview", "grade", "--batch", file, **names)
    one, two = records(out)
    assert (code, one["grader"]) == (0, "openai:m, rules 1")
    assert two["grader"].startswith("offline-3-")
    assert "the key was refused: check OPENAI_API_KEY" in two["feedback"]
    assert err.splitlines()[-2:] == [f"1 graded by {one['grader']}", f"1 graded by {two['grader']}"]
    assert KEY not in out + err


def test_interview_grades_a_batch(commands, tmp_path):
    own = {"section": "1.2", "question": "Why are small files slow?", "key_points": POINTS}
    lock = "The table is locked while a job writes to it."
    file = batch(
        tmp_path,
        {"id": "own", **own, "answer": SAID, "unknown": [1]},
        {"id": 7, "question_id": "1.1-two-writers", "answer": lock},
        "garbage",
        {"id": "blank", **own, "answer": ""},
        {"id": "nobody", "question_id": "9.9-none", "answer": SAID},
        {"id": "both", "question_id": "1.2-why-small-files-hurt", **own, "answer": SAID},
        {"id": "odd", **own, "answer": "Each file costs \ud800 a request to object storage."},
    )
    code, out, err = commands("-m", "interview", "grade", "--batch", file)
    first, known, garbage, blank, nobody, both, odd = found = records(out)
    assert code == 1
    assert [record["id"] for record in found] == ["own", 7, None, "blank", "nobody", "both", "odd"]
    assert {frozenset(record) for record in (first, known, blank, both, odd)} == {frozenset(GRADE)}
    assert {frozenset(v) for r in (first, known, blank, both, odd) for v in r["verdicts"]} == {
        frozenset(VERDICT)
    }
    assert first["verdicts"] == [
        {"key_point": POINTS[0], "verdict": "missed", "evidence": "", "section": "1.2"},
        {"key_point": POINTS[1], "verdict": "covered", "evidence": SAID, "section": "1.2"},
    ]
    assert (first["score"], first["misconceptions"]) == (50, [])
    [citation] = first["citations"]
    assert citation.keys() == CITATION
    assert citation["quote"] in (PROJECT / citation["path"]).read_text("utf-8")
    assert first["grader"].startswith("offline-3-")

    assert (known["score"], known["verdicts"][0]["verdict"], known["verdicts"][0]["evidence"]) == (
        0,
        "contradicted",
        lock,
    )
    assert known["misconceptions"] == [
        {
            "claim": "The table is locked while a job writes.",
            "correction": "Writers take no lock and meet only at the commit.",
            "section": "1.1",
        }
    ]
    assert (blank["score"], blank["citations"]) == (None, [])
    assert [(v["key_point"], v["verdict"]) for v in blank["verdicts"]] == [(p, "missed") for p in POINTS]
    assert blank["feedback"].startswith("Could not grade this: the answer is empty.")
    assert len(both["verdicts"]) == 4  # the bank's own points
    assert odd["verdicts"][1]["verdict"] == "covered"
    assert nobody == {
        "id": "nobody",
        "error": "the bank has no question '9.9-none'; see the ids in corpus/questions/",
    }
    assert garbage.keys() == {"id", "error"}
    assert err.splitlines() == [f"{file}:{n}: {r['error']}" for n, r in ((3, garbage), (5, nobody))]


POINT_FAULT = 'expected "key_points" to be a list of sentences, one at least'


@pytest.mark.parametrize(
    ("line", "error"),
    [
        pytest.param({"key_points": None}, POINT_FAULT, id="no-points"),
        pytest.param({"key_points": []}, POINT_FAULT, id="empty-points"),
        pytest.param({"key_points": "one"}, POINT_FAULT, id="points-a-string"),
        pytest.param({"key_points": ["one", 2]}, POINT_FAULT, id="a-point-a-number"),
        pytest.param({"answer": None}, 'expected "answer" to be text, found null', id="no-answer"),
        pytest.param({"answer": ["x"]}, 'expected "answer" to be text, found ["x"]', id="answer-a-list"),
        pytest.param({"question": 3}, 'expected "question" to be text, found 3', id="question-a-number"),
        pytest.param({"section": 3}, 'expected "section" to be text, found 3', id="section-a-number"),
        pytest.param({"question_id": 3}, 'expected "question_id" to be text, found 3', id="id-a-number"),
    ],
)
def test_a_bad_line_of_answers_is_named_and_the_rest_go_on(here, tmp_path, line, error):
    good = {"id": 1, "section": "1.2", "question": "Why?", "key_points": POINTS, "answer": SAID}
    file = batch(tmp_path, {**good, "id": 0, **line}, good)
    code, out, err = here("interview", "grade", "--batch", file, "--json")
    bad, graded = records(out)
    assert (code, bad, graded.keys()) == (1, {"id": 0, "error": error}, GRADE)
    assert err == f"{file}:1: {error}\n"
