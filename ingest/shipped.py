"""The vectors that travel with the handbook, so that a first start embeds nothing.

CORPUS/vectors/NN-slug.npz, one a chapter: half precision, by content hash, for one embedder.
A text that was edited since is not among them and is embedded as ever.
"""

import logging
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from ingest.embedder import Vectors

FOLDER = "vectors"

log = logging.getLogger(__name__)


def read_shipped(corpus: Path, embedder: str) -> dict[str, Vectors]:
    """The shipped vectors of one embedder by content hash: float32, length 1.

    A file that is damaged, or made for another embedder, counts as not there: its texts are embedded.
    """
    known: dict[str, Vectors] = {}
    for path in sorted((corpus / FOLDER).glob("*.npz")):
        known |= read_rows(path, embedder)
    return known


def read_rows(path: Path, embedder: str) -> dict[str, Vectors]:
    """The vectors of one file by content hash: float32, length 1; none where it cannot be used."""
    hashes, halves = _read(path, embedder)
    if not hashes:
        return {}
    rows = halves.astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return dict(zip(hashes, rows, strict=True))


def write_shipped(
    corpus: Path, embedder: str, chapters: Mapping[str, Collection[str]], known: Mapping[str, Vectors]
) -> int:
    """Bring the shipped vectors up to date; returns how many files were written.

    Args:
        corpus: the handbook's folder.
        embedder: the identity of the model.
        chapters: the content hashes of all that is embedded of a chapter, by the name of its file.
        known: a vector for each of them.
    """
    folder = corpus / FOLDER
    folder.mkdir(exist_ok=True)
    written = 0
    for stem, hashes_there in chapters.items():
        path = folder / f"{stem}.npz"
        wanted = sorted(set(hashes_there))
        hashes, halves = _read(path, embedder)
        if hashes == wanted:
            continue
        # What is there stays to the bit, so that a chapter's file changes only where its text did.
        there = dict(zip(hashes, halves, strict=True))
        rows = [there[digest] if digest in there else known[digest].astype(np.float16) for digest in wanted]
        write_rows(path, embedder, wanted, np.stack(rows))
        written += 1
    for path in folder.iterdir():
        if path.suffix != ".npz" or path.stem not in chapters:
            path.unlink()
    return written


def write_rows(path: Path, embedder: str, hashes: Sequence[str], rows: Vectors) -> None:
    """Write vectors by content hash in half precision; the file appears whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        np.savez(
            file,
            embedder=np.array(embedder),
            hashes=np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint8).reshape(-1, 32),
            vectors=rows.astype(np.float16),
        )
    draft.replace(path)


def _read(path: Path, embedder: str) -> tuple[list[str], Vectors]:
    """The hashes and half-precision rows of a file; nothing of one that cannot be used."""
    nothing: tuple[list[str], Vectors] = ([], np.zeros((0, 0), dtype=np.float16))
    if not path.is_file():
        return nothing
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if str(stored["embedder"]) != embedder:
                return nothing
            hashes = [row.tobytes().hex() for row in stored["hashes"]]
            rows = stored["vectors"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s cannot be used (%s); its texts are embedded", path, error)
        return nothing
    if rows.ndim != 2 or len(hashes) != len(rows) or not np.isfinite(rows).all():
        log.warning("%s cannot be used (it is not whole); its texts are embedded", path)
        return nothing
    return hashes, rows
