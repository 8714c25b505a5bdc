import io
import json
import sys
from pathlib import Path

import pytest

from command_line import answer_batch, emit, run, text_field
from errors import CorpusError, MentorError, StaleIndex


def echo(record):
    return {"question": text_field(record, "question")}


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_batch_is_answered_line_by_line_in_order(tmp_path: Path, capsys):
    file = tmp_path / "in.jsonl"
    file.write_bytes(
        b'{"id": "b", "question": "one", "unknown": {"x": [1]}}\n'
        b'{"id": 7, "question": "gr\xc3\xb6\xc3\x9fe \\ud800"}\r\n'
        b'{"question": "no id"}\n'
        b'{"id": [1], "question": "last, no line end"}'
    )
    assert answer_batch(str(file), echo) == 0
    assert lines(capsys) == [
        {"id": "b", "question": "one"},
        {"id": 7, "question": "größe ?"},
        {"id": None, "question": "no id"},
        {"id": [1], "question": "last, no line end"},
    ]


BAD = [
    pytest.param(b"not json", None, "not JSON (Expecting value: line 1 column 1 (char 0))", id="no-json"),
    pytest.param(b'{"id": "x", ', None, "not JSON (", id="cut-off"),
    pytest.param(b"\xff\xfe{}", None, "not JSON (", id="not-utf-8"),
    pytest.param(b"", None, "not JSON (", id="blank"),
    pytest.param(b"[" * 100_000, None, "not JSON (", id="nested-without-end"),
    pytest.param(b'["a"]', None, "expected a JSON object, found list", id="a-list"),
    pytest.param(b"null", None, "expected a JSON object, found NoneType", id="null"),
    pytest.param(b'{"id": "x"}', "x", 'expected "question" to be text, found null', id="no-question"),
    pytest.param(
        b'{"id": "x", "question": 3}', "x", 'expected "question" to be text, found 3', id="a-number"
    ),
]


@pytest.mark.parametrize(("line", "identity", "reason"), BAD)
def test_a_bad_line_is_answered_and_the_rest_go_on(tmp_path, capsys, line, identity, reason):
    file = tmp_path / "in.jsonl"
    file.write_bytes(b'{"id": 1, "question": "a"}\n' + line + b'\n{"id": 3, "question": "c"}\n')
    assert answer_batch(str(file), echo) == 1
    out, err = capsys.readouterr()
    first, bad, last = (json.loads(line) for line in out.splitlines())
    assert (first, last) == ({"id": 1, "question": "a"}, {"id": 3, "question": "c"})
    assert bad.keys() == {"id", "error"}
    assert bad["id"] == identity
    assert bad["error"].startswith(reason)
    assert err == f"{file}:2: {bad['error']}\n"


def test_a_question_at_fault_is_a_bad_line(tmp_path, capsys):
    file = tmp_path / "in.jsonl"
    file.write_text('{"id": 1}\n{"id": 2}\n')

    def answer(record):
        if record["id"] == 1:
            raise CorpusError("no")
        return {"fine": True}

    assert answer_batch(str(file), answer) == 1
    assert lines(capsys) == [{"id": 1, "error": "no"}, {"id": 2, "fine": True}]


def test_what_is_missing_for_every_line_ends_the_batch(tmp_path, capsys):
    file = tmp_path / "in.jsonl"
    file.write_text('{"id": 1}\n{"id": 2}\n')

    def answer(record):
        raise StaleIndex("run `python -m ingest`")

    with pytest.raises(StaleIndex):
        answer_batch(str(file), answer)
    assert capsys.readouterr().out == ""


def test_standard_input_is_a_file_called_dash(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"id": 1, "question": "a"}\n')))
    assert answer_batch("-", echo) == 0
    assert lines(capsys) == [{"id": 1, "question": "a"}]


def test_an_empty_file_is_an_empty_batch(tmp_path, capsys):
    (tmp_path / "in.jsonl").touch()
    assert answer_batch(str(tmp_path / "in.jsonl"), echo) == 0
    assert capsys.readouterr().out == ""


def test_a_batch_that_is_not_there_is_reported(tmp_path):
    with pytest.raises(MentorError) as caught:
        answer_batch(str(tmp_path / "none.jsonl"), echo)
    assert str(caught.value) == (
        f"{tmp_path / 'none.jsonl'}: cannot be read (No such file or directory); give a file of JSON lines"
    )


def test_a_record_is_one_line_whatever_is_in_it(capsys):
    record = {"id": "a\nb", "text": "line\u2028separator \ud800 größe"}
    emit(record)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"id": "a\nb", "text": "line\u2028separator ? größe"}


def raises(error):
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        pytest.param(lambda: 0, 0, "", id="done"),
        pytest.param(lambda: 1, 1, "", id="input-at-fault"),
        pytest.param(raises(MentorError("mend it")), 1, "mend it\n", id="fault"),
        pytest.param(raises(StaleIndex("ingest")), 3, "ingest\n", id="missing"),
        pytest.param(raises(KeyboardInterrupt()), 130, "interrupted; nothing was changed\n", id="ctrl-c"),
    ],
)
def test_exit_codes(capsys, command, code, message):
    with pytest.raises(SystemExit) as caught:
        run(command)
    assert caught.value.code == code
    assert capsys.readouterr() == ("", message)


def test_a_bug_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run(raises(ZeroDivisionError()))
