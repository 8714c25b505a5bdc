"""How long things take, as ratios measured in one run: machines differ, ratios travel."""

import os
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
from ingest.pipeline import ingest_handbook, read_handbook
from retriever.search import Retriever
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
    "start to first cited answer": 0.25,
    "memory of the query path": 0.5,
    "warm question to answer": 1.0,
    "warm answer to the query encoder alone": 4.0,
    "ingest to the bare encoder": 0.8,
}
"""What each ratio should be at most; at least, for the throughput of ingest."""


def measure(settings: Settings) -> dict[str, Any]:
    """Every ratio with its two sides, in seconds or MB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chain = TutorialChain(find_model(settings.embedder), folder / "tutorial")
        chain.ingest(read_handbook(settings.corpus), PROJECT)
        return {
            **_starts(settings, folder / "tutorial"),
            **_warm(settings, chain),
            **_ingest(settings, folder),
        }


def as_table(measured: dict[str, Any]) -> str:
    """The measurements as a Markdown table."""
    lines = ["| What | ours | beside | ratio | bar |", "|---|---|---|---|---|"]
    for name, row in measured.items():
        sign = "≥" if name.startswith("ingest") else "≤"
        lines.append(
            f"| {name} | {row['ours']:.4g} {row['unit']} | {row['beside']:.4g} {row['unit']} "
            f"| {row['ratio']:.2f} | {sign} {BARS[name]} |"
        )
    return "\n".join(lines)


def _starts(settings: Settings, tutorial: Path) -> dict[str, Any]:
    """Whole processes, in turn: start, first answer, exit."""
    question = "How far back can time travel go by default?"
    environment = {**os.environ, "MENTOR_DATA_DIR": str(settings.data_dir)}
    ours = [sys.executable, "-m", "chat", question]
    theirs = [sys.executable, "-m", "evals.baselines", question, str(tutorial)]
    runs = [(_run(ours, environment), _run(theirs, environment)) for _ in range(STARTS + 1)][1:]
    seconds = [statistics.median(run[side][0] for run in runs) for side in (0, 1)]
    memory = [statistics.median(run[side][1] for run in runs) for side in (0, 1)]
    return {
        "start to first cited answer": _row(seconds[0], seconds[1], "s"),
        "memory of the query path": _row(memory[0], memory[1], "MB"),
    }


def _run(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall seconds and peak memory in MB of one process."""
    # Started from a small process, because Linux counts the parent's memory at the fork as the child's.
    launcher = [sys.executable, "-S", "-c", LAUNCHER, *command]
    done = subprocess.run(  # noqa: S603 - our own two commands
        launcher, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    seconds, maximum = map(float, done.stdout.split())
    return seconds, maximum / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _warm(settings: Settings, chain: TutorialChain) -> dict[str, Any]:
    """Medians over the same questions, one after the other in one process."""
    questions = [question.question for question in read_questions()][:WARM_QUESTIONS]
    retriever = Retriever(settings)
    answerer = ExtractiveAnswerer(retriever)
    ours = _median(lambda question: list(answerer.stream(question)), questions)
    encoder = _median(lambda question: retriever.encode([question]), questions)
    theirs = _median(lambda question: chain.search(question, 4), questions)
    return {
        "warm question to answer": _row(ours, theirs, "s"),
        "warm answer to the query encoder alone": _row(ours, encoder, "s"),
    }


def _median(work: Callable[[str], object], questions: Sequence[str]) -> float:
    seconds = []
    for question in (questions[0], *questions):
        started = time.perf_counter()
        work(question)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


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
    return {"ingest to the bare encoder": _row(len(texts) / whole, len(texts) / bare, "texts/s")}


def _row(ours: float, beside: float, unit: str) -> dict[str, Any]:
    return {"ours": ours, "beside": beside, "ratio": ours / beside, "unit": unit}
