"""How long things take, as ratios measured in one run: machines differ, ratios travel."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chat.extractive import ExtractiveAnswerer
from evals.baselines import TutorialChain
from evals.questions import read_questions
from ingest.chunks import Chunk, Sentence, chunk_section
from ingest.embedder import SentenceTransformerEmbedder, find_model
from ingest.pipeline import ingest_handbook, open_store, read_handbook, ship_vectors
from retriever.lexical import LexicalIndex, terms
from retriever.search import CANDIDATES, SENTENCES, Retriever
from settings import PROJECT, Settings

STARTS = 5
WARM_QUESTIONS = 40
LAUNCHER = """
import os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
if status:
    sys.exit(f"{sys.argv[1:]} ended with {status}")
print(time.perf_counter() - started, usage.ru_maxrss)
"""
BARS = {
    "start to first passage": 0.25,
    "start to first cited answer": 0.25,
    "memory of the query path": 0.5,
    "warm search to the query encoder alone": 2.0,
    "warm search": 0.6,
    "warm question to answer": 1.0,
    "warm answer to the query encoder alone": 4.0,
    "ingest to the bare encoder": 0.8,
}
"""What each ratio should be at most; at least, for the throughput of ingest. What has none is there to
say where the time goes, beside the query encoder alone."""


def measure(settings: Settings) -> dict[str, Any]:
    """Every ratio with its two sides, in seconds or MB, and how busy the machine was."""
    before = busy()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chain = TutorialChain(find_model(settings.embedder), folder / "tutorial")
        chain.ingest(read_handbook(settings.corpus), PROJECT)
        rows = {
            **_starts(settings, folder / "tutorial"),
            **_warm(settings, chain),
            **_ingest(settings, folder),
        }
    return {"busy": f"before: {before}; after: {busy()}", "rows": rows}


def as_table(measured: dict[str, Any]) -> str:
    """The measurements as a Markdown table."""
    lines = ["| What | ours | beside | ratio | bar |", "|---|---|---|---|---|"]
    for name, row in measured["rows"].items():
        sign = "≥" if name.startswith("ingest") else "≤"
        lines.append(
            f"| {name} | {row['ours']:.4g} {row['unit']} | {row['beside']:.4g} {row['unit']} "
            f"| {row['ratio']:.2f} | {f'{sign} {BARS[name]}' if name in BARS else ''} |"
        )
    return "\n".join([*lines, "", measured["busy"]])


def busy() -> str:
    """How much the machine has to do: a ratio of medians bears it, up to a point."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def peak_of(command: Sequence[str], settings: Settings) -> tuple[float, float]:
    """Wall seconds and peak memory in MB of `python -m …` as a process of its own."""
    environment = {
        **os.environ,
        "MENTOR_DATA_DIR": str(settings.data_dir),
        "MENTOR_CORPUS": str(settings.corpus),
    }
    # Started from a small process, because Linux counts the parent's memory at the fork as the child's.
    launcher = [sys.executable, "-S", "-c", LAUNCHER, sys.executable, "-m", *command]
    done = subprocess.run(  # noqa: S603 - our own commands
        launcher, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    seconds, maximum = map(float, done.stdout.split())
    return seconds, maximum / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _starts(settings: Settings, tutorial: Path) -> dict[str, Any]:
    """Whole processes, in turn: start, first passage or answer, exit."""
    question = "How far back can time travel go by default?"
    commands = (["retriever", question], ["chat", question], ["evals.baselines", question, str(tutorial)])
    runs = [[peak_of(command, settings) for command in commands] for _ in range(STARTS + 1)][1:]
    passage, answer, theirs = (statistics.median(run[side][0] for run in runs) for side in range(3))
    _, ours, chain = (statistics.median(run[side][1] for run in runs) for side in range(3))
    return {
        "start to first passage": _row(passage, theirs, "s"),
        "start to first cited answer": _row(answer, theirs, "s"),
        "memory of the query path": _row(ours, chain, "MB"),
    }


def _warm(settings: Settings, chain: TutorialChain) -> dict[str, Any]:
    """Medians over the same questions, each asked of all sides before the next, in one process."""
    questions = [question.question for question in read_questions()][:WARM_QUESTIONS]
    retriever = Retriever(settings)
    retriever.open()
    _, _, store = open_store(settings)
    chunks = list(store.chunks.values())
    lexical = LexicalIndex([chunk.embedding_text() for chunk in chunks], [chunk.section for chunk in chunks])
    answerer = ExtractiveAnswerer(retriever)
    vectors = {question: retriever.encode([question])[0] for question in questions}

    def dense(question: str) -> None:
        store.nearest_sentences(vectors[question], SENTENCES)
        store.nearest_chunks(vectors[question], CANDIDATES)

    def words(question: str) -> None:
        asked = terms(question)
        lexical.scores(asked)
        lexical.group_scores(asked)

    sides: dict[str, Callable[[str], object]] = {
        "encoder": lambda question: retriever.encode([question]),
        "dense": dense,
        "lexical": words,
        "search": retriever.search,
        "answer": lambda question: list(answerer.stream(question)),
        "chain": lambda question: chain.search(question, 4),
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for question in (questions[0], *questions):
        for name, work in sides.items():
            started = time.perf_counter()
            work(question)
            seconds[name].append(time.perf_counter() - started)
    store.close()
    median = {name: statistics.median(found[1:]) for name, found in seconds.items()}
    encoder = median["encoder"]
    rest = median["search"] - encoder - median["dense"] - median["lexical"]
    return {
        "warm: nearest vectors": _row(median["dense"], encoder, "s"),
        "warm: shared words": _row(median["lexical"], encoder, "s"),
        "warm: fusion and the rest": _row(max(0.0, rest), encoder, "s"),
        "warm search to the query encoder alone": _row(median["search"], encoder, "s"),
        "warm search": _row(median["search"], median["chain"], "s"),
        "warm question to answer": _row(median["answer"], median["chain"], "s"),
        "warm answer to the query encoder alone": _row(median["answer"], encoder, "s"),
    }


def _ingest(settings: Settings, folder: Path) -> dict[str, Any]:
    """A whole rebuild beside the encoding of the same texts and nothing else."""
    model = find_model(settings.embedder)
    chunks = [
        chunk
        for document in read_handbook(settings.corpus)
        for section in document.sections
        for chunk in chunk_section(section, model.count_tokens, model.max_tokens)
    ]
    items: list[Chunk | Sentence] = [*chunks, *(sentence for chunk in chunks for sentence in chunk.sentences)]
    texts = list({item.hash: item.embedding_text() for item in items}.values())
    reference = SentenceTransformerEmbedder(model)
    apart = replace(settings, data_dir=folder / "data")
    (folder / "data").mkdir()
    (folder / "data" / "encoder").symlink_to(settings.data_dir / "encoder")
    started = time.perf_counter()
    ingest_handbook(apart, rebuild=True)
    whole = time.perf_counter() - started
    started = time.perf_counter()
    reference.transformer.encode(texts, batch_size=32, show_progress_bar=False)
    bare = time.perf_counter() - started
    return {
        "ingest to the bare encoder": _row(len(texts) / whole, len(texts) / bare, "texts/s"),
        "first start with shipped vectors": _row(_shipped(apart, folder), whole, "s"),
    }


def _shipped(settings: Settings, folder: Path) -> float:
    """Seconds of the first ingest of a handbook whose vectors travel with it."""
    copied = replace(settings, corpus=Path(shutil.copytree(settings.corpus, folder / "corpus")))
    ship_vectors(copied)
    fresh = replace(copied, data_dir=folder / "fresh")
    fresh.data_dir.mkdir()
    (fresh.data_dir / "encoder").symlink_to(settings.data_dir / "encoder")
    started = time.perf_counter()
    ingest_handbook(fresh)
    return time.perf_counter() - started


def _row(ours: float, beside: float, unit: str) -> dict[str, Any]:
    return {"ours": ours, "beside": beside, "ratio": ours / beside, "unit": unit}
