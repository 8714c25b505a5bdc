"""This search on somebody else's collection, beside its own parts: BEIR's layout of three files.

DIR/corpus.jsonl       {"_id", "title", "text"} a line
DIR/queries.jsonl      {"_id", "text"} a line
DIR/qrels/test.tsv     query-id, corpus-id and score, tab-separated, under a head
"""

import json
import re
import string
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from errors import QuestionBankError, QuestionError
from evals.metrics import distinct, hit, interval, mean, ndcg, reciprocal_rank
from ingest.pipeline import ingest_collection
from retriever.query import MOST_CHARACTERS
from retriever.search import Retriever
from settings import Settings

NAME = "measured"
SYSTEMS: Mapping[str, float | None] = {"lakehouse mentor": None, "dense only": 0.0, "BM25 only": 1.0}
"""The weight of words in each; None for the fitted one."""

_PUNCTUATION = frozenset(string.punctuation)


def measure(settings: Settings, folder: Path) -> dict[str, Any]:
    """nDCG@10, MRR@10 and Hit@5 over documents, with 95% intervals, for each query that has a judgement.

    Raises:
        QuestionBankError: a file is missing or a line of it is malformed.
    """
    judged = _judgements(folder / "qrels" / "test.tsv")
    queries = {str(row["_id"]): str(row["text"]) for row in _lines(folder / "queries.jsonl")}
    asked = {identity: queries[identity][:MOST_CHARACTERS] for identity in judged if identity in queries}
    if not asked:
        raise QuestionBankError(
            f"{folder}: no query of queries.jsonl is judged in qrels/test.tsv; the ids must be the same"
        )
    with tempfile.TemporaryDirectory() as name:
        apart = replace(settings, data_dir=Path(name) / "data")
        apart.data_dir.mkdir()
        if (settings.data_dir / "encoder").exists():
            (apart.data_dir / "encoder").symlink_to(settings.data_dir / "encoder")
        names = _as_markdown(folder / "corpus.jsonl", Path(name) / "documents")
        report = ingest_collection(apart, NAME, [Path(name) / "documents"])
        retriever = Retriever(apart, NAME)
        systems = {}
        for system, weight in SYSTEMS.items():
            rankings = {
                identity: _documents(retriever, question, weight, names)
                for identity, question in asked.items()
            }
            systems[system] = _metrics(rankings, judged)
    return {"documents": len(names), "chunks": report.chunks, "queries": len(asked), "systems": systems}


def as_table(measured: Mapping[str, Any]) -> str:
    """The measurements as a Markdown table."""
    names = list(next(iter(measured["systems"].values())))
    documents, chunks = f"{measured['documents']:,} documents", f"{measured['chunks']:,} chunks"
    lines = [
        f"{documents} in {chunks}, {measured['queries']} queries",
        "",
        "| System | " + " | ".join(names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for system, metrics in measured["systems"].items():
        cells = (f"{m['mean']:.3f} ({m['low']:.2f}–{m['high']:.2f})" for m in metrics.values())
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _documents(
    retriever: Retriever, question: str, weight: float | None, names: Mapping[str, str]
) -> list[str]:
    try:
        passages = retriever.find(question, lexical_weight=weight).passages
    except QuestionError:
        return []  # A query without words finds nothing, which counts.
    return distinct([names[passage.chunk.path] for passage in passages])


def _metrics(
    rankings: Mapping[str, list[str]], judged: Mapping[str, dict[str, float]]
) -> dict[str, dict[str, float]]:
    values: dict[str, list[float]] = {"nDCG@10": [], "MRR@10": [], "Hit@5": []}
    for identity, ranking in rankings.items():
        gains = judged[identity]
        values["nDCG@10"].append(ndcg(ranking, gains, 10))
        values["MRR@10"].append(reciprocal_rank(ranking, frozenset(gains), 10))
        values["Hit@5"].append(hit(ranking, frozenset(gains), 5))
    summary = {}
    for name, found in values.items():
        low, high = interval(found)
        summary[name] = {"mean": mean(found), "low": low, "high": high}
    return summary


def _as_markdown(corpus: Path, folder: Path) -> dict[str, str]:
    """Write each document as a Markdown file; returns the documents' ids by file name."""
    folder.mkdir()
    names = {}
    for number, row in enumerate(_lines(corpus)):
        name = f"{number:07}.md"
        title = " ".join(str(row.get("title") or "").split())
        text = _paragraph(str(row["text"])) or title or "(empty)"
        (folder / name).write_text(f"# {title or number}\n\n{text}\n", "utf-8")
        names[name] = str(row["_id"])
    return names


def _paragraph(text: str) -> str:
    """The text as one paragraph of Markdown, never a heading, list, fence or link definition."""
    line = " ".join(text.split())
    line = re.sub(r"^(\d+)(?=[.)]\s)", r"\1\\", line)
    return f"\\{line}" if line[:1] in _PUNCTUATION else line


def _judgements(file: Path) -> dict[str, dict[str, float]]:
    """The relevant documents of each query, with their gain."""
    judged: dict[str, dict[str, float]] = {}
    for number, line in enumerate(_text(file).split("\n")[1:], start=2):
        if line.strip():
            try:
                query, document, score = line.rstrip("\r").split("\t")
                gain = float(score)
            except ValueError as error:
                raise QuestionBankError(
                    f"{file}:{number}: expected query-id, corpus-id and score between tabs; found {line!r}"
                ) from error
            if gain > 0:
                judged.setdefault(query, {})[document] = gain
    return judged


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    seen = set()
    for number, line in enumerate(_text(file).split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
                missing = [key for key in ("_id", "text") if key not in row]
            except (ValueError, TypeError) as error:
                raise QuestionBankError(f"{file}:{number}: not a JSON object ({error})") from error
            if missing or not isinstance(row, dict):
                raise QuestionBankError(f"{file}:{number}: expected the keys _id and text")
            if str(row["_id"]) in seen:
                raise QuestionBankError(f"{file}:{number}: the id {row['_id']!r} is there twice; keep one")
            seen.add(str(row["_id"]))
            yield row


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionBankError(
            f"{file}: cannot be read ({error}); a collection has corpus.jsonl, queries.jsonl and "
            "qrels/test.tsv"
        ) from error
