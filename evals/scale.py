"""How the search grows: handbooks of up to 100,000 chunks, made of the real one's sentences and vectors."""

import random
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from evals.questions import read_questions
from evals.speed import busy, peak_of
from ingest import versions
from ingest.chunks import CHUNKING_VERSION, Chunk, Sentence
from ingest.embedder import Vectors
from ingest.pipeline import open_store
from ingest.store import Store, write_store
from ingest.versions import Manifest
from retriever.search import Retriever
from settings import Settings

SIZES = (1_000, 10_000, 100_000)
CHUNKS_A_SECTION = 19
"""As many as the handbook's sections have."""
SPREAD = 0.6
"""Length of the noise added to a real unit vector: the copies stay a cluster and are no copies."""
QUESTIONS = 60
BAR = 4.0
"""A search among 100,000 chunks should take at most so many times the query encoder alone."""
PLOT = "scale.png"


def measure(settings: Settings, sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """Seconds of a search, of publishing and of a start, MB of memory and disk, for each size.

    The plot is written into the data directory and named.

    Raises:
        StaleIndex: the handbook has no sound index.
    """
    _, model, store = open_store(settings)
    try:
        real, known = list(store.chunks.values()), store.vectors()
    finally:
        store.close()
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            apart = replace(settings, data_dir=Path(name))
            (apart.data_dir / "encoder").symlink_to(settings.data_dir / "encoder")
            rows.append(_measured(apart, model.identity, size, real, known))
    plot = settings.data_dir / PLOT
    _draw(rows, plot)
    return {"busy": busy(), "bar": BAR, "plot": str(plot), "sizes": rows}


def as_table(measured: Mapping[str, Any]) -> str:
    """The measurements as a Markdown table."""
    lines = [
        "| chunks | sentences | search | ÷ encoder | publish | start to first passage | memory | disk |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in measured["sizes"]:
        cells = (
            f"{row['chunks']:,}",
            f"{row['sentences']:,}",
            f"{row['search'] * 1000:.1f} ms",
            f"{row['ratio']:.2f}",
            f"{row['publish']:.1f} s",
            f"{row['start']:.2f} s",
            f"{row['memory']:.0f} MB",
            f"{row['disk']:.0f} MB",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(
        [*lines, "", f"bar: ≤ {measured['bar']} × the encoder", measured["busy"], measured["plot"]]
    )


def _measured(
    settings: Settings, embedder: str, size: int, real: Sequence[Chunk], known: Mapping[str, Vectors]
) -> dict[str, Any]:
    chunks, vectors = recombined(size, real, known)
    sentences = len(vectors) - size
    name = f"scale-{size}"
    folder = versions.index_folder(settings.data_dir, name)
    started = time.perf_counter()
    _publish(folder, embedder, chunks, vectors)
    publish = time.perf_counter() - started
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    del chunks, vectors
    questions = [question.question for question in read_questions()][:QUESTIONS]
    start, memory = peak_of(["retriever", questions[0], "--collection", name], settings)
    retriever = Retriever(settings, name)
    retriever.open()
    search, encode = [], []
    for question in (questions[0], *questions):
        begin = time.perf_counter()
        retriever.encode([question])
        middle = time.perf_counter()
        retriever.search(question)
        search.append(time.perf_counter() - middle)
        encode.append(middle - begin)
    return {
        "chunks": size,
        "sentences": sentences,
        "search": statistics.median(search[1:]),
        "encode": statistics.median(encode[1:]),
        "ratio": statistics.median(search[1:]) / statistics.median(encode[1:]),
        "publish": publish,
        "start": start,
        "memory": memory,
        "disk": disk / 1e6,
    }


def recombined(
    size: int, real: Sequence[Chunk], known: Mapping[str, Vectors], seed: int = 7
) -> tuple[list[Chunk], Vectors]:
    """`size` chunks of the handbook's own sentences, and vectors around real ones: chunks', then sentences'.

    Args:
        size: how many chunks.
        real: chunks to draw from.
        known: their vectors, and their sentences', by hash.
        seed: the same seed gives the same handbook.
    """
    chance = random.Random(seed)  # noqa: S311 - made-up text, not a secret
    pool = [sentence for chunk in real for sentence in chunk.sentences]
    chunks, chunk_rows, sentence_rows = [], [], []
    for number in range(size):
        model = real[chance.randrange(len(real))]
        section = f"{number // CHUNKS_A_SECTION // 100 + 1}.{number // CHUNKS_A_SECTION % 100 + 1}"
        drawn = chance.sample(pool, min(len(pool), max(1, len(model.sentences))))
        identity = f"{section}/{number}"
        sentences = tuple(
            Sentence(f"{identity}#{place}", one.kind, one.text, one.context)
            for place, one in enumerate(drawn)
        )
        text = "\n\n".join(sentence.text for sentence in sentences)
        chapter = int(section.partition(".")[0])
        chunks.append(
            replace(model, id=identity, section=section, chapter=chapter, text=text, sentences=sentences)
        )
        chunk_rows.append(known[model.hash])
        sentence_rows += [known[one.hash] for one in drawn]
    return chunks, _around(np.stack([*chunk_rows, *sentence_rows]), seed)


def _around(rows: Vectors, seed: int) -> Vectors:
    noise = np.random.default_rng(seed).standard_normal(rows.shape, dtype=np.float32)
    noise *= SPREAD / np.sqrt(rows.shape[1])
    noise += rows
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return noise


def _publish(folder: Path, embedder: str, chunks: Sequence[Chunk], vectors: Vectors) -> None:
    draft = folder / "made"
    draft.mkdir(parents=True)
    write_store(draft, chunks, vectors[: len(chunks)], vectors[len(chunks) :])
    store = Store(draft, exact=False)
    content = store.content
    store.close()
    versions.publish(
        folder,
        Manifest(
            format=versions.FORMAT,
            version=draft.name,
            previous="",
            embedder=embedder,
            chunking=CHUNKING_VERSION,
            dimension=vectors.shape[1],
            sections=len({chunk.section for chunk in chunks}),
            chunks=len(chunks),
            sentences=len(vectors) - len(chunks),
            documents={},
            content=content,
            files=versions.hash_files(draft),
        ),
    )


def _draw(rows: Sequence[Mapping[str, Any]], file: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 7), layout="constrained")
    titles = {
        "ratio": "search ÷ query encoder",
        "publish": "publish, s",
        "memory": "memory, MB",
        "disk": "disk, MB",
    }
    for place, (key, title) in enumerate(titles.items(), 1):
        axes = figure.add_subplot(2, 2, place)
        axes.plot([row["chunks"] for row in rows], [row[key] for row in rows], marker="o")
        axes.set(title=title, xlabel="chunks", xscale="log", ylim=(0, None))
        if key == "ratio":
            axes.axhline(BAR, linestyle="--", color="grey")
    figure.savefig(file)
