import json
import sys

import pytest

import evals.__main__
from command_line import run
from errors import QuestionBankError
from evals import collection

DOCUMENTS = [
    {"_id": "log", "title": "The log", "text": "A commit log names the files of each version."},
    {
        "_id": 2,
        "title": "# Not\na heading #",
        "text": "## Compaction rewrites small files.\n\n- into large ones",
    },
    {"_id": "empty", "title": "", "text": ""},
    {"_id": "fence", "title": None, "text": "```\nzeppelin never closed"},
    {"_id": "list", "text": "1. A watermark bounds the state of a stream."},
    {"_id": "link", "text": "[quokka]: http://example.org/quokka"},
    {"_id": "rule", "text": "--- | --- <b>wombat</b> \u2028 größe 表"},
]
QUERIES = [
    {"_id": "a", "text": "Which log names the files of a version?"},
    {"_id": "b", "text": "compaction of small files"},
    {"_id": "c", "text": "zeppelin"},
    {"_id": "d", "text": "watermark of a stream's state"},
    {"_id": "e", "text": "quokka"},
    {"_id": "f", "text": "wombat"},
    {"_id": "g", "text": "?!"},
    {"_id": "unjudged", "text": "anything"},
]
JUDGED = [
    *(("a", "log", 2), ("a", "empty", 0), ("b", "2", 1), ("c", "fence", 1), ("d", "list", 1)),
    *(("e", "link", 1), ("f", "rule", 1), ("g", "log", 1), ("unknown", "log", 1)),
]


def lines(rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n"


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "beir"
    (place / "qrels").mkdir(parents=True)
    (place / "corpus.jsonl").write_text(lines(DOCUMENTS), "utf-8")
    (place / "queries.jsonl").write_text(lines(QUERIES), "utf-8")
    judged = "".join(f"{query}\t{document}\t{score}\r\n" for query, document, score in JUDGED)
    (place / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}", "utf-8")
    return place


def test_every_document_is_found_whatever_markdown_it_looks_like(settings, word_hashes, folder):
    measured = collection.measure(settings, folder)
    assert (measured["documents"], measured["chunks"], measured["queries"]) == (7, 7, 7)
    assert list(measured["systems"]) == ["lakehouse mentor", "dense only", "BM25 only"]
    # All but the query without words, which finds nothing.
    hits = {name: system["Hit@5"]["mean"] for name, system in measured["systems"].items()}
    assert hits == dict.fromkeys(measured["systems"], pytest.approx(6 / 7))
    assert measured["systems"]["BM25 only"]["nDCG@10"]["mean"] == pytest.approx(6 / 7)
    assert not (settings.data_dir / "index").exists()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        pytest.param("corpus.jsonl", None, "cannot be read", id="no corpus"),
        pytest.param("queries.jsonl", None, "a collection has corpus.jsonl", id="no queries"),
        pytest.param("qrels/test.tsv", None, "cannot be read", id="no judgements"),
        pytest.param("corpus.jsonl", b"\xff\xfe", "cannot be read", id="not UTF-8"),
        pytest.param("corpus.jsonl", b'{"_id": 1, "text": "a"}\n{', ":2: not a JSON object", id="cut off"),
        pytest.param("corpus.jsonl", b'{"_id": 1}', ":1: expected the keys _id and text", id="no text"),
        pytest.param("queries.jsonl", b"7", ":1: not a JSON object", id="a number"),
        pytest.param("queries.jsonl", b"[]", ":1: expected the keys _id and text", id="a list"),
        pytest.param(
            "queries.jsonl",
            b'{"_id": 1, "text": "a"}\n\n{"_id": "1", "text": "b"}',
            ":3: the id '1' is there twice",
            id="an id twice",
        ),
        pytest.param("queries.jsonl", b'{"_id": "z", "text": "a"}', "no query", id="nothing judged"),
        pytest.param("qrels/test.tsv", b"head\na\tlog\n", ":2: expected query-id", id="a column less"),
        pytest.param("qrels/test.tsv", b"head\n\na\tlog\tyes\n", ":3: expected query-id", id="no number"),
    ],
)
def test_a_bad_file_is_named_with_its_line(settings, word_hashes, folder, file, content, message):
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(QuestionBankError) as caught:
        collection.measure(settings, folder)
    assert str(caught.value).startswith(str(folder))
    assert message in str(caught.value)


def command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["evals", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        run(evals.__main__.main)
    return end.value.code, *capsys.readouterr()


def test_the_command_measures_a_collection(settings, word_hashes, folder, monkeypatch, capsys):
    monkeypatch.setattr(evals.__main__, "load_settings", lambda: settings)
    code, out, err = command(monkeypatch, capsys, "retrieval", "--collection", folder)
    assert (code, err) == (0, "")
    first, _, head, *_ = out.splitlines()
    assert first == "7 documents in 7 chunks, 7 queries"
    assert head == "| System | nDCG@10 | MRR@10 | Hit@5 |"
    code, _, err = command(monkeypatch, capsys, "retrieval", "--collection", folder / "none")
    assert (code, "cannot be read" in err) == (1, True)
    code, _, err = command(monkeypatch, capsys, "bank", "--collection", folder)
    assert (code, "--collection goes with retrieval" in err) == (2, True)
