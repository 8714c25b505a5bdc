"""Which version of a collection's index is published: manifest, lock, publish, clean-up.

DATA_DIR/index/NAME/manifest.json     the pointer; replaced atomically, never edited
DATA_DIR/index/NAME/lock              held by the one ingest that may write
DATA_DIR/index/NAME/VERSION/          a store that is never written after it is published
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_origin

from errors import StaleIndex, StorageError

FORMAT = 2
HANDBOOK = "handbook"
MANIFEST = "manifest.json"
# Chroma writes to its database whenever it opens it; what the database serves is hashed instead.
UNHASHED = frozenset({"chroma.sqlite3", "chroma.sqlite3-journal", "chroma.sqlite3-wal", "chroma.sqlite3-shm"})


@dataclass(frozen=True)
class Manifest:
    """What one published version holds, and what it was made from."""

    format: int
    version: str
    previous: str
    embedder: str
    chunking: str
    dimension: int
    sections: int
    chunks: int
    sentences: int
    documents: dict[str, str]
    """SHA-256 of each source file, by its path in citations."""
    content: str
    """Hash of the texts and metadata that the store serves."""
    files: dict[str, str]
    """SHA-256 of each file of the vector index, by its path in the version's folder."""


def index_folder(data_dir: Path, collection: str) -> Path:
    """The folder of a collection's index.

    Raises:
        StorageError: the name could not be a folder's.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", collection):
        raise StorageError(
            f"a collection cannot be called {collection[:80]!r}; use letters, digits, dots, dashes and "
            "underscores, 64 at most"
        )
    return data_dir / "index" / collection


def remedy(folder: Path) -> str:
    """The command that makes the index in `folder` anew."""
    if folder.name == HANDBOOK:
        return "run `python -m ingest`"
    return f"run `python -m ingest PATH --collection {folder.name}` with the documents' folder"


def collections(data_dir: Path) -> list[str]:
    """The names of the published collections, the handbook's included."""
    return sorted(path.parent.name for path in (data_dir / "index").glob(f"*/{MANIFEST}"))


def read_manifest(folder: Path) -> Manifest:
    """The published version of the collection in `folder`.

    Raises:
        StaleIndex: nothing is published there, or the manifest cannot be understood.
    """
    path = folder / MANIFEST
    try:
        table = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise StaleIndex(f"there is no index in {folder}; {remedy(folder)}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise StaleIndex(f"{path} cannot be read ({error}); {remedy(folder)}") from error
    if not isinstance(table, dict) or table.get("format") != FORMAT or not _has_its_types(table):
        raise StaleIndex(f"{path} was written by another version of this program; {remedy(folder)}")
    return Manifest(**table)


def _has_its_types(table: dict[str, Any]) -> bool:
    types: dict[str, Any] = {f.name: get_origin(f.type) or f.type for f in fields(Manifest)}
    return table.keys() == types.keys() and all(isinstance(table[name], types[name]) for name in types)


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Compare the vector index with its hashes: Chroma would answer wrongly, or crash, unasked.

    Raises:
        StaleIndex: a file is missing or altered.
    """
    found = hash_files(folder / manifest.version)
    for name, digest in manifest.files.items():
        if found.get(name) != digest:
            state = "damaged" if name in found else "missing"
            raise StaleIndex(f"{folder / manifest.version / name} is {state}; {remedy(folder)}")


def hash_files(version: Path) -> dict[str, str]:
    """SHA-256 of the files of a version that no reader changes."""
    hashes = {}
    for path in sorted(version.rglob("*")):
        if path.is_file() and path.name not in UNHASHED:
            with path.open("rb") as file:
                hashes[path.relative_to(version).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the collection's lock; a second writer is refused, a dead one's lock is free.

    Raises:
        StorageError: another ingest holds it, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        raise StorageError(
            f"another ingest is writing {folder}; wait until it ends, then run this again"
        ) from error
    except OSError as error:
        raise StorageError(
            f"cannot write in {folder} ({error.strerror}); set MENTOR_DATA_DIR to a folder of yours"
        ) from error
    try:
        yield
    finally:
        lock.release()


def publish(folder: Path, manifest: Manifest) -> None:
    """Make a finished version the one that readers open, in one atomic step.

    Raises:
        StorageError: the disk refuses.
    """
    draft = folder / f"{MANIFEST}.new"
    try:
        for path in (folder / manifest.version).rglob("*"):
            _flush(path)
        _flush(folder / manifest.version)
        draft.write_text(json.dumps(asdict(manifest), indent=1), "utf-8")
        _flush(draft)
        draft.replace(folder / MANIFEST)
        _flush(folder)
    except OSError as error:
        raise StorageError(
            f"cannot publish the index in {folder} ({error.strerror}); the old one still serves"
        ) from error


def drop_others(folder: Path, *kept: str) -> None:
    """Remove every version but those kept: the leavings of killed ingests, and the outdated."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def remove_collection(folder: Path) -> None:
    """Remove a collection, all versions of it.

    Raises:
        StorageError: there is none, or another ingest is writing it.
    """
    if not (folder / MANIFEST).exists():
        raise StorageError(f"there is no collection {folder.name}; `python -m ingest --list` names them")
    with writing(folder):
        (folder / MANIFEST).unlink()
        drop_others(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
