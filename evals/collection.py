"""This search on somebody else's collection, beside its own parts: BEIR's layout of three files.

DIR/corpus.jsonl       {"_id", "title", "text"} a line
DIR/queries.jsonl      {"_id", "text"} a line
DIR/qrels/test.tsv     query-id, corpus-id and score, tab-separated, under a head
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from errors import QuestionBankError
from evals.metrics import distinct, hit, interval, mean, ndcg, reciprocal_rank
from ingest.pipeline import ingest_collection
from retriever.query import MOST_CHARACTERS
from retriever.search import Findings, Retriever
from settings import Settings

NAME = "measured"
SYSTEMS: Mapping[str, float | None] = {"lakehouse mentor": None, "dense only": 0.0, "BM25 only": 1.0}
"""The weight of words in each; None for the fitted one."""


def measure(settings: Settings, folder: Path) -> dict[str, Any]:
    """nDCG@10, MRR@10 and Hit@5 over documents, with 95% intervals, for each query that has a judgement.

    Raises:
        QuestionBankError: a file is missing or a line of it is malformed.
    """
    judged = _judgements(folder / "qrels" / "test.tsv")
    queries = {row["_id"]: str(row["text"]) for row in _lines(folder / "queries.jsonl", ("_id", "text"))}
    with tempfile.TemporaryDirectory() as name:
        apart = replace(settings, data_dir=Path(name) / "data")
        (apart.data_dir).mkdir()
        if (settings.data_dir / "encoder").exists():
            (apart.data_dir / "encoder").symlink_to(settings.data_dir / "encoder")
        names = _as_markdown(folder / "corpus.jsonl", Path(name) / "documents")
        report = ingest_collection(apart, NAME, [Path(name) / "documents"])
        retriever = Retriever(apart, NAME)
        asked = {identity: queries[identity][:MOST_CHARACTERS] for identity in judged if identity in queries}
        systems = {}
        for system, weight in SYSTEMS.items():
            rankings = {
                identity: _documents(retriever.find(question, lexical_weight=weight), names)
                for identity, question in asked.items()
            }
            systems[system] = _metrics(rankings, judged)
    return {"documents": len(names), "chunks": report.chunks, "queries": len(asked), "systems": systems}


def as_table(measured: Mapping[str, Any]) -> str:
    """The measurements as a Markdown table."""
    names = list(next(iter(measured["systems"].values())))
    lines = [
        f"{measured['documents']:,} documents in {measured['chunks']:,} chunks, {measured['queries']} queries",
        "",
        "| System | " + " | ".join(names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for system, metrics in measured["systems"].items():
        cells = (f"{m['mean']:.3f} ({m['low']:.2f}–{m['high']:.2f})" for m in metrics.values())
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _documents(findings: Findings, names: Mapping[str, str]) -> list[str]:
    return distinct([names[passage.chunk.path] for passage in findings.passages])


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
    for number, row in enumerate(_lines(corpus, ("_id", "text"))):
        name = f"{number:07}.md"
        title = " ".join(str(row.get("title") or "").split())
        # Indented, so that nothing in the text is taken for a heading.
        text = " ".join(str(row["text"]).split()) or title or "(empty)"
        (folder / name).write_text(f"# {title or number}\n\n{text}\n", "utf-8")
        names[name] = str(row["_id"])
    return names


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


def _lines(file: Path, keys: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_text(file).split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
                missing = [key for key in keys if key not in row]
            except (ValueError, TypeError) as error:
                raise QuestionBankError(f"{file}:{number}: not a JSON object ({error})") from error
            if missing or not isinstance(row, dict):
                raise QuestionBankError(f"{file}:{number}: expected the keys {', '.join(keys)}")
            yield row


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionBankError(
            f"{file}: cannot be read ({error}); a collection has corpus.jsonl, queries.jsonl and qrels/test.tsv"
        ) from error
