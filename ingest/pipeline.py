"""One ingest: check → read → chunk → reuse or embed → write beside the old → self-check → publish."""

import hashlib
import logging
import os
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from errors import CorpusError, StaleIndex, StorageError
from ingest import versions
from ingest.check import check_structure, read_outline
from ingest.chunks import CHUNKING_VERSION, Chunk, Sentence, chunk_section
from ingest.embedder import (
    Embedder,
    Model,
    SentenceTransformerEmbedder,
    Vectors,
    export_query_encoder,
    find_model,
    is_exported,
    query_encoder,
)
from ingest.lessons import VECTORS, Lesson, lesson_files, read_lessons
from ingest.pair_reader import open_pair_reader
from ingest.sections import Document, read_document
from ingest.shipped import read_rows, read_shipped, write_rows, write_shipped
from ingest.store import Store, write_store
from ingest.versions import HANDBOOK, Manifest
from settings import PROJECT, Settings

FEW_TEXTS = 200
"""Up to so many texts the query encoder is done before PyTorch has been imported."""
SELF_QUERIES = 20
"""How many chunks, and how many sentences, are searched for before an index is published."""
FOUND_AGAIN = 0.5
"""Share of them that their own vectors must find. Chroma's search is approximate: among many that are alike,
no path of its graph leads to some of the others."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How far an ingest is, for a progress bar."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True)
class Report:
    """What an ingest did; the counts are of chunks."""

    sections: int
    chunks: int
    added: int
    updated: int
    removed: int
    unchanged: int
    seconds: float
    embedder: str
    skipped: tuple[Mapping[str, str], ...] = field(default=())


Observer = Callable[[Progress], None]


@dataclass(frozen=True)
class _Sources:
    """What an index is made from."""

    documents: Sequence[Document]
    lessons: Sequence[Lesson] = ()
    lesson_files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each file of lessons."""


def ingest_handbook(
    settings: Settings, *, rebuild: bool = False, observe: Observer = lambda progress: None
) -> Report:
    """Bring the handbook's index up to date; readers keep the old one until the new is proven.

    Args:
        settings: which handbook, where the index lives, which embedder.
        rebuild: embed everything again, whatever the old index holds.
        observe: called as the work goes on.

    Raises:
        CorpusError: a chapter is at fault; every fault is listed as `path:line: message`.
        ModelUnavailable: there is no embedder.
        StorageError: the data directory cannot be written, or another ingest is writing it.
    """
    documents = read_handbook(settings.corpus)
    # Hashed before they are read: what changes in between makes the index stale, and is indexed next time.
    hashes = _hashes(lesson_files(settings.corpus))
    lessons = [lesson for taught in read_lessons(settings.corpus).values() for lesson in taught]
    return _ingest(settings, HANDBOOK, _Sources(documents, lessons, hashes), (), rebuild, observe)


def prepare_encoder(settings: Settings) -> bool:
    """Export what a question needs if that has not been done; whether a sound query encoder is there now.

    Raises:
        ModelUnavailable: there is no embedder.
    """
    model = find_model(settings.embedder)
    open_pair_reader(settings.data_dir)
    return is_exported(model, settings.data_dir) or export_query_encoder(
        SentenceTransformerEmbedder(model), settings.data_dir
    )


def ship_vectors(settings: Settings, *, observe: Observer = lambda progress: None) -> int:
    """Index the handbook, then bring the vectors that travel with it up to date.

    Returns:
        How many chapters' files were written.
    """
    ingest_handbook(settings, observe=observe)
    _, model, store = open_store(settings)
    chapters: dict[str, list[str]] = {}
    for chunk in store.chunks.values():
        own = chapters.setdefault(Path(chunk.path).stem, [])
        own += (chunk.hash, *(sentence.hash for sentence in chunk.sentences))
    for stem, taught in read_lessons(settings.corpus).items():
        chapters.setdefault(stem, []).extend(lesson.hash for lesson in taught)
    try:
        known = store.vectors() | read_rows(store.folder / VECTORS, model.identity)
        return write_shipped(settings.corpus, model.identity, chapters, known)
    finally:
        store.close()


def ingest_collection(
    settings: Settings,
    name: str,
    paths: Sequence[Path],
    *,
    rebuild: bool = False,
    observe: Observer = lambda progress: None,
) -> Report:
    """Make `paths` (Markdown files, or folders of them) the collection `name`.

    A file that cannot be read is skipped and reported; the rest go on. Raises as
    `ingest_handbook`, and CorpusError when nothing could be read.
    """
    if name == HANDBOOK:
        raise CorpusError(f"{HANDBOOK} is the handbook's own name; give another with --collection NAME")
    documents: list[Document] = []
    skipped: list[Mapping[str, str]] = []
    for root, file in _markdown_files(paths):
        label = file.relative_to(root).as_posix()
        try:
            if file not in paths:
                _check_whole(root, file, label)
            documents.append(read_document(file, label))
        except CorpusError as error:
            skipped.append({"path": str(file), "reason": str(error)})
    taken = Counter(document.path for document in documents)
    twice = [path for path, count in taken.items() if count > 1]
    if twice:
        raise CorpusError(f"{twice[0]} is there twice; give one folder that holds both, or rename one")
    if not documents:
        reasons = "; ".join(entry["reason"] for entry in skipped) or "no .md file was found"
        raise CorpusError(f"nothing to read in {', '.join(map(str, paths))}: {reasons}")
    return _ingest(settings, name, _Sources(_told_apart(documents)), skipped, rebuild, observe)


def read_handbook(corpus: Path) -> list[Document]:
    """Read and check every chapter.

    Raises:
        CorpusError: any chapter is at fault; all faults are listed.
    """
    documents, faults = [], []
    for file in chapter_files(corpus):
        try:
            documents.append(read_document(file, citation_path(file)))
        except CorpusError as error:
            faults.append(str(error))
    faults += [str(problem) for problem in check_structure(documents, read_outline(corpus))]
    if faults:
        raise CorpusError("\n".join(faults))
    if not documents:
        raise CorpusError(f"{corpus}: no chapter here; expected files such as 02-delta-internals.md")
    return documents


def chapter_files(corpus: Path) -> list[Path]:
    """The chapters' files, in order."""
    return sorted(corpus.glob("[0-9][0-9]-*.md"))


def citation_path(file: Path) -> str:
    """A file's path in citations: from the project's root where it is inside."""
    return file.relative_to(PROJECT).as_posix() if file.is_relative_to(PROJECT) else str(file)


def open_store(settings: Settings, collection: str = HANDBOOK) -> tuple[Manifest, Model, Store]:
    """Open the published index of a collection.

    Raises:
        StaleIndex: there is none, it is damaged, or it was made of other documents or by another
            embedder.
        ModelUnavailable: the embedder's files are missing.
    """
    folder = versions.index_folder(settings.data_dir, collection)
    model = find_model(settings.embedder)
    manifest = versions.read_manifest(folder)
    check_current(settings, collection, manifest, model)
    return manifest, model, _sound_store(folder, manifest)


def check_current(settings: Settings, collection: str, manifest: Manifest, model: Model) -> None:
    """Compare a manifest with what it should have been made from.

    Raises:
        StaleIndex: it was made by another embedder, or from other documents.
    """
    remedy = versions.remedy(versions.index_folder(settings.data_dir, collection))
    if manifest.embedder != model.identity:
        raise StaleIndex(
            f"the index was made with {manifest.embedder}, the setting is {model.identity}; {remedy}"
        )
    if manifest.chunking != CHUNKING_VERSION:
        raise StaleIndex(f"the index was made by another version of this program; {remedy}")
    files = (*chapter_files(settings.corpus), *lesson_files(settings.corpus))
    if collection == HANDBOOK and manifest.documents != _hashes(files):
        raise StaleIndex(f"the handbook has changed since it was indexed; {remedy}")


def _hashes(files: Sequence[Path]) -> dict[str, str]:
    try:
        return {citation_path(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    except OSError as error:
        raise CorpusError(f"{error.filename}:1: cannot be read ({error.strerror}); put it back") from error


def _sound_store(folder: Path, manifest: Manifest) -> Store:
    versions.verify_files(folder, manifest)
    store = Store(folder / manifest.version)
    if store.content != manifest.content:
        store.close()
        raise StaleIndex(f"the texts in {folder / manifest.version} are damaged; {versions.remedy(folder)}")
    return store


def _markdown_files(paths: Sequence[Path]) -> list[tuple[Path, Path]]:
    files = []
    for path in paths:
        if path.is_dir():
            files += [(path, file) for file in sorted(path.rglob("*.md"))]
        else:
            files.append((path.parent, path))
    return files


def _check_whole(root: Path, file: Path, label: str) -> None:
    """Make sure that a file found in a folder can be read without waiting, and is a part of it.

    Raises:
        CorpusError: it is a pipe or the like, or a link out of the folder.
    """
    if file.is_fifo() or file.is_socket() or file.is_char_device():
        raise CorpusError(f"{label}:1: is no file but a pipe or a device; put a file in its place")
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(root)):
        raise CorpusError(f"{label}:1: leads out of the folder; copy the file, or give the folder it is in")


def _told_apart(documents: Sequence[Document]) -> list[Document]:
    """The documents with each section number given once; a repeated one becomes file and position."""
    taken: set[str] = set()
    apart = []
    for document in documents:
        sections = []
        for position, section in enumerate(document.sections, start=1):
            number, fallback = section.number, f"{document.path.removesuffix('.md')}-{position}"
            tries = 0
            while number in taken:
                number = f"{fallback}-{tries}" if tries else fallback
                tries += 1
            taken.add(number)
            sections.append(replace(section, number=number))
        apart.append(replace(document, sections=tuple(sections)))
    return apart


def _ingest(
    settings: Settings,
    collection: str,
    sources: _Sources,
    skipped: Sequence[Mapping[str, str]],
    rebuild: bool,
    observe: Observer,
) -> Report:
    started = time.monotonic()
    model = find_model(settings.embedder)
    folder = versions.index_folder(settings.data_dir, collection)
    with versions.writing(folder):
        try:
            report = _update(settings, collection, sources, model, rebuild, observe)
        except OSError as error:
            raise StorageError(
                f"cannot write in {settings.data_dir} ({error.strerror or error}); the old index still serves"
            ) from error
    return replace(report, skipped=tuple(skipped), seconds=round(time.monotonic() - started, 3))


def _update(
    settings: Settings,
    collection: str,
    sources: _Sources,
    model: Model,
    rebuild: bool,
    observe: Observer,
) -> Report:
    documents, lessons = sources.documents, sources.lessons
    folder = versions.index_folder(settings.data_dir, collection)
    manifest, old = _published(folder)
    hashes = {document.path: document.sha256 for document in documents} | dict(sources.lesson_files)
    current = manifest and (manifest.embedder, manifest.chunking, manifest.documents) == (
        model.identity,
        CHUNKING_VERSION,
        hashes,
    )
    if manifest and old and current and not rebuild and is_exported(model, settings.data_dir):
        old.close()
        versions.drop_others(folder, manifest.version, manifest.previous)
        return Report(manifest.sections, manifest.chunks, 0, 0, 0, manifest.chunks, 0.0, model.identity)

    chunks = _chunks(documents, model, observe)
    same_embedder = manifest is not None and manifest.embedder == model.identity
    known: dict[str, Vectors] = {}
    if old and same_embedder and not rebuild:
        known = old.vectors() | read_rows(old.folder / VECTORS, model.identity)
    if collection == HANDBOOK and not rebuild:
        known = read_shipped(settings.corpus, model.identity) | known
    before = [(chunk.section, chunk.hash) for chunk in old.chunks.values()] if old else []
    if old:
        old.close()
    sentences = [sentence for chunk in chunks for sentence in chunk.sentences]
    rows = _vectors(settings, model, [*chunks, *sentences, *lessons], known, observe)
    of_chunks, of_sentences, of_lessons = np.split(rows, [len(chunks), len(chunks) + len(sentences)])
    vectors = (of_chunks, of_sentences)
    added, updated, removed, unchanged = _changes(before, chunks)

    version = uuid.uuid4().hex[:12]
    draft = folder / version
    try:
        new = _write_and_prove(draft, chunks, vectors, observe)
        if lessons:
            write_rows(draft / VECTORS, model.identity, [lesson.hash for lesson in lessons], of_lessons)
        published = Manifest(
            format=versions.FORMAT,
            version=version,
            previous=manifest.version if manifest else "",
            embedder=model.identity,
            chunking=CHUNKING_VERSION,
            dimension=vectors[0].shape[1],
            sections=sum(len(document.sections) for document in documents),
            chunks=len(chunks),
            sentences=len(vectors[1]),
            documents=hashes,
            content=new,
            files=versions.hash_files(draft),
        )
        versions.publish(folder, published)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    versions.drop_others(folder, published.version, published.previous)
    return Report(published.sections, len(chunks), added, updated, removed, unchanged, 0.0, model.identity)


def _published(folder: Path) -> tuple[Manifest | None, Store | None]:
    """What is published and sound; a damaged index is rebuilt from the documents, which are the truth."""
    try:
        manifest = versions.read_manifest(folder)
        return manifest, _sound_store(folder, manifest)
    except StaleIndex as error:
        if (folder / versions.MANIFEST).exists():
            log.warning("rebuilding: %s", str(error).partition(";")[0])
        return None, None


def _chunks(documents: Sequence[Document], model: Model, observe: Observer) -> list[Chunk]:
    sections = [section for document in documents for section in document.sections]
    chunks: list[Chunk] = []
    for position, section in enumerate(sections):
        observe(Progress(f"Reading {section.number} {section.title}", position, len(sections)))
        chunks += chunk_section(section, model.count_tokens, model.max_tokens)
    if not chunks:
        raise CorpusError(f"no text was found in {', '.join(document.path for document in documents)}")
    return chunks


def _vectors(
    settings: Settings,
    model: Model,
    items: Sequence[Chunk | Sentence | Lesson],
    known: Mapping[str, Vectors],
    observe: Observer,
) -> Vectors:
    """The vectors of the items, embedding only what is new."""
    fresh = {item.hash: item.embedding_text() for item in items if item.hash not in known}
    exported = is_exported(model, settings.data_dir)
    found = dict(known)
    if fresh or not exported:
        few = exported and len(fresh) <= FEW_TEXTS
        observe(Progress("Loading the embedding model", 0, len(fresh)))
        encoder: Embedder = (
            query_encoder(model, settings.data_dir) if few else SentenceTransformerEmbedder(model)
        )
        if isinstance(encoder, SentenceTransformerEmbedder) and not exported:
            export_query_encoder(encoder, settings.data_dir)
        done = 0

        def report(count: int) -> None:
            nonlocal done
            done += count
            observe(Progress("Embedding", done, len(fresh)))

        found |= zip(fresh, encoder.encode(list(fresh.values()), report), strict=True)
    return np.stack([found[item.hash] for item in items])


def _write_and_prove(
    draft: Path, chunks: Sequence[Chunk], vectors: tuple[Vectors, Vectors], observe: Observer
) -> str:
    """Write a store, read it back, and return the hash of what it serves.

    Raises:
        StorageError: it does not hold what was written.
    """
    observe(Progress("Writing the index", 0, 1))
    draft.mkdir()
    write_store(draft, chunks, *vectors)
    observe(Progress("Checking the index", 0, 1))
    store = Store(draft, exact=False)
    try:
        sentences = [sentence for chunk in chunks for sentence in chunk.sentences]
        complete = list(store.chunks.values()) == list(chunks) and list(store.sentences.values()) == sentences
        probes = (
            *(store.nearest_chunks(vectors[0][row], 1) for row in _sample(len(chunks))),
            *(store.nearest_sentences(vectors[1][row], 1) for row in _sample(len(sentences))),
        )
        if (
            not complete
            or not _keeps(store, [*chunks, *sentences], vectors)
            or sum(bool(found) and found[0][1] >= 0.999 for found in probes) < FOUND_AGAIN * len(probes)
        ):
            raise StorageError(
                f"the new index in {draft} does not hold what was written; the old one still serves; "
                "check the disk"
            )
        return store.content
    finally:
        store.close()


def _keeps(store: Store, items: Sequence[Chunk | Sentence], vectors: tuple[Vectors, Vectors]) -> bool:
    """Whether Chroma, and the matrix beside it, hold for every text the vector that was made for it."""
    kept, expected = store.vectors(), np.concatenate(vectors)
    rows = np.stack([kept[item.hash] for item in items])
    beside = store.matrix is None or np.array_equal(store.matrix, expected)
    return beside and bool(np.allclose(rows, expected, atol=1e-4))


def _sample(count: int) -> list[int]:
    return (
        sorted({round(step * (count - 1) / max(1, SELF_QUERIES - 1)) for step in range(SELF_QUERIES)})
        if count
        else []
    )


def _changes(before: Sequence[tuple[str, str]], chunks: Sequence[Chunk]) -> tuple[int, int, int, int]:
    """Added, updated, removed and unchanged chunks; within a section, new replaces old."""
    old, new = Counter(before), Counter((chunk.section, chunk.hash) for chunk in chunks)
    unchanged = (old & new).total()
    gone, come = Counter[str](), Counter[str]()
    for (section, _), count in (old - new).items():
        gone[section] += count
    for (section, _), count in (new - old).items():
        come[section] += count
    updated = (gone & come).total()
    return (come - gone).total(), updated, (gone - come).total(), unchanged
