"""Chunks, sentences and their vectors in Chroma: the only importer of chromadb.

Chroma's import costs a second and its reading of all rows 100 MB, more than all the rest of a search.
So the texts are read from its database by plain SQL, and up to `EXACT_ROWS` texts their vectors are
kept beside it as one matrix, which answers exactly and in a tenth of the time. Beyond that Chroma's
graph is asked.
"""

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from errors import StaleIndex, StorageError
from ingest.chunks import Chunk, Sentence, SentenceKind
from ingest.embedder import Vectors
from ingest.versions import remedy

CHUNKS = "chunks"
SENTENCES = "sentences"
ROWS_PER_WRITE = 5000
"""Chroma refuses more than 5,461 rows in one call."""
MATRIX = "vectors.npy"
EXACT_ROWS = 40_000
"""Chunks and sentences up to which comparing all of them costs less than a walk through the graph."""
DATABASE = "chroma.sqlite3"


def write_store(
    folder: Path, chunks: Sequence[Chunk], chunk_vectors: Vectors, sentence_vectors: Vectors
) -> None:
    """Write a new store into an empty folder; the rows of the vectors follow the chunks' order.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    sentences = [(chunk, sentence) for chunk in chunks for sentence in chunk.sentences]
    client: Any = None
    try:
        if len(chunks) + len(sentences) <= EXACT_ROWS:
            np.save(folder / MATRIX, np.concatenate([chunk_vectors, sentence_vectors]))
        client = _client(folder)
        _write(
            client,
            CHUNKS,
            [chunk.id for chunk in chunks],
            chunk_vectors,
            [chunk.text for chunk in chunks],
            [_chunk_metadata(chunk, position) for position, chunk in enumerate(chunks)],
        )
        _write(
            client,
            SENTENCES,
            [sentence.id for _, sentence in sentences],
            sentence_vectors,
            [sentence.text for _, sentence in sentences],
            [
                _sentence_metadata(chunk, sentence, position)
                for position, (chunk, sentence) in enumerate(sentences)
            ],
        )
    except _chroma_errors() as error:
        raise StorageError(
            f"cannot write the index in {folder} ({error}); free some space or set MENTOR_DATA_DIR"
        ) from error
    finally:
        if client:
            client.close()


class Store:
    """A published store, opened for reading. Safe to share between threads.

    Args:
        folder: where `write_store` wrote.
        exact: False asks Chroma even where the matrix is there: what is published must be sound in both.

    Raises:
        StaleIndex: the folder cannot be read.
    """

    def __init__(self, folder: Path, exact: bool = True) -> None:
        self.folder = folder
        try:
            self._read()
            self.matrix = self._memory_mapped()
            self._exact = exact and self.matrix is not None
            if not self._exact:
                # Now rather than with the first question, so that damage is noticed before an answer.
                self._collections  # noqa: B018
        except _READ_ERRORS as error:
            raise self._unreadable(error) from error

    def _read(self) -> None:
        tables = _rows(self.folder / DATABASE)
        chunk_rows, sentence_rows = tables[CHUNKS], tables[SENTENCES]
        self.content = _content_hash(chunk_rows, sentence_rows)
        by_chunk: dict[str, list[Sentence]] = {}
        self.chunk_of: dict[str, str] = {}
        self.sentences: dict[str, Sentence] = {}
        for identity, text, metadata in sentence_rows:
            sentence = Sentence(identity, cast(SentenceKind, metadata["kind"]), text, metadata["context"])
            self.sentences[identity] = sentence
            self.chunk_of[identity] = metadata["chunk"]
            by_chunk.setdefault(metadata["chunk"], []).append(sentence)
        self.chunks: dict[str, Chunk] = {
            identity: Chunk(
                id=identity,
                text=text,
                sentences=tuple(by_chunk.get(identity, ())),
                **{name: metadata[name] for name in _CHUNK_FIELDS},
            )
            for identity, text, metadata in chunk_rows
        }
        self._ids = {CHUNKS: list(self.chunks), SENTENCES: list(self.sentences)}
        self._chapters = {
            CHUNKS: np.array([chunk.chapter for chunk in self.chunks.values()]),
            SENTENCES: np.array([metadata["chapter"] for _, _, metadata in sentence_rows]),
        }

    def _memory_mapped(self) -> Vectors | None:
        """The vectors of the chunks, then of the sentences; None where they are too many."""
        if not (self.folder / MATRIX).exists():
            return None
        matrix: Vectors = np.load(self.folder / MATRIX, mmap_mode="r", allow_pickle=False)
        if len(matrix) != len(self.chunks) + len(self.sentences):
            raise ValueError(f"{MATRIX} has {len(matrix)} rows")
        return np.asarray(matrix)

    @cached_property
    def _collections(self) -> dict[str, Any]:
        try:
            self._client = _client(self.folder)
            return {
                name: self._client.get_collection(name, embedding_function=None)
                for name in (CHUNKS, SENTENCES)
            }
        except _chroma_read_errors() as error:
            self.close()
            raise self._unreadable(error) from error

    def nearest_chunks(
        self, vector: Vectors, k: int, chapters: Sequence[int] = ()
    ) -> list[tuple[str, float]]:
        """The ids of the `k` nearest chunks with their cosine similarity, -1 to 1, best first."""
        return self._nearest(CHUNKS, vector, k, chapters)

    def nearest_sentences(
        self, vector: Vectors, k: int, chapters: Sequence[int] = ()
    ) -> list[tuple[str, float]]:
        """The ids of the `k` nearest sentences with their cosine similarity, -1 to 1, best first."""
        return self._nearest(SENTENCES, vector, k, chapters)

    def vectors(self) -> dict[str, Vectors]:
        """Every vector that Chroma keeps by the hash of the text it stands for.

        Raises:
            StaleIndex: Chroma cannot read them.
        """
        known: dict[str, Vectors] = {}
        for name in (CHUNKS, SENTENCES):
            items: Mapping[str, Chunk | Sentence] = self.chunks if name == CHUNKS else self.sentences
            try:
                rows = self._collections[name].get(include=["embeddings"])
                for identity, vector in zip(rows["ids"], rows["embeddings"], strict=True):
                    known[items[identity].hash] = np.asarray(vector, dtype=np.float32)
            except _chroma_read_errors() as error:
                raise self._unreadable(error) from error
        return known

    def close(self) -> None:
        """Release Chroma's handles on the folder."""
        if "_client" in vars(self):
            self._client.close()

    def _nearest(
        self, name: str, vector: Vectors, k: int, chapters: Sequence[int]
    ) -> list[tuple[str, float]]:
        k = min(k, len(self._ids[name]))
        if k < 1:
            return []
        return (self._by_matrix if self._exact else self._by_chroma)(name, vector, k, chapters)

    def _by_matrix(
        self, name: str, vector: Vectors, k: int, chapters: Sequence[int]
    ) -> list[tuple[str, float]]:
        assert self.matrix is not None
        rows = self.matrix[: len(self.chunks)] if name == CHUNKS else self.matrix[len(self.chunks) :]
        # Not `@`, whose threads wait for each other on a busy machine longer than one takes for all.
        similarities = np.einsum("ij,j->i", rows, np.asarray(vector, dtype=np.float32))
        if chapters:
            similarities[~np.isin(self._chapters[name], chapters)] = -np.inf
        best = np.argpartition(similarities, -k)[-k:]
        # Equal similarities stand in the documents' order, whatever the partition did with them.
        best = best[np.lexsort((best, -similarities[best]))]
        ids = self._ids[name]
        return [
            (ids[row], similarity)
            for row, similarity in zip(best.tolist(), similarities[best].tolist(), strict=True)
            if similarity > -np.inf
        ]

    def _by_chroma(
        self, name: str, vector: Vectors, k: int, chapters: Sequence[int]
    ) -> list[tuple[str, float]]:
        try:
            found = self._collections[name].query(
                query_embeddings=np.atleast_2d(vector),
                n_results=k,
                include=["distances"],
                where={"chapter": {"$in": list(chapters)}} if chapters else None,
            )
        except _chroma_read_errors() as error:
            raise self._unreadable(error) from error
        return [
            (identity, 1.0 - distance)
            for identity, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def _unreadable(self, error: Exception) -> StaleIndex:
        mend = remedy(self.folder.parent)
        return StaleIndex(f"the index in {self.folder} cannot be read ({error}); {mend}")


_CHUNK_FIELDS = ("section", "title", "heading", "chapter", "path", "anchor", "line", "cloud")


def _rows(database: Path) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    """Id, text and metadata of each row by collection, in the order they were written."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as connection:
        metadatas: dict[int, dict[str, Any]] = {}
        for row, key, value in connection.execute(_METADATA):
            metadatas.setdefault(row, {})[key] = value
        tables: dict[str, list[tuple[str, str, dict[str, Any]]]] = {CHUNKS: [], SENTENCES: []}
        for name, row, identity in connection.execute(_EMBEDDINGS):
            metadata = metadatas[row]
            tables[name].append((identity, metadata.pop("chroma:document"), metadata))
    for rows in tables.values():
        rows.sort(key=lambda row: row[2]["position"])
    return tables


_METADATA = "SELECT id, key, coalesce(string_value, int_value) FROM embedding_metadata"
_EMBEDDINGS = """
    SELECT collections.name, embeddings.id, embeddings.embedding_id FROM embeddings
    JOIN segments ON segments.id = embeddings.segment_id AND segments.scope = 'METADATA'
    JOIN collections ON collections.id = segments.collection
"""


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    # Without `_env_file=None` Chroma reads a `.env` in the working directory, names unprefixed.
    options: dict[str, Any] = {
        "_env_file": None,
        "anonymized_telemetry": False,
        "allow_reset": False,
    }
    return chromadb.PersistentClient(str(folder), settings=ChromaSettings(**options))


_READ_ERRORS = (sqlite3.Error, OSError, ValueError, KeyError, TypeError)
"""What a database, a row without its metadata and a damaged matrix answer."""


def _chroma_errors() -> tuple[type[Exception], ...]:
    from chromadb.errors import ChromaError

    return (ChromaError, OSError, ValueError, KeyError)


def _chroma_read_errors() -> tuple[type[Exception], ...]:
    # Its answer when a file that it could not open is opened again.
    return (*_chroma_errors(), TypeError, AttributeError)


def _write(
    client: Any,
    name: str,
    ids: list[str],
    vectors: Vectors,
    texts: list[str],
    metadatas: list[dict[str, Any]],
) -> None:
    # One flush, when the last row is in: a kill during a later flush would break the files, and
    # rows that are still in the log would be flushed by the first reader.
    threshold = max(2, len(ids))
    hnsw = {
        "space": "cosine",
        "ef_search": 200,
        "sync_threshold": threshold,
        "batch_size": min(100, threshold),
    }
    collection = client.create_collection(name, configuration={"hnsw": hnsw}, embedding_function=None)
    for start in range(0, len(ids), ROWS_PER_WRITE):
        rows = slice(start, start + ROWS_PER_WRITE)
        collection.add(
            ids=ids[rows],
            embeddings=vectors[rows],
            documents=texts[rows],
            metadatas=metadatas[rows],
        )


def _chunk_metadata(chunk: Chunk, position: int) -> dict[str, Any]:
    return {"position": position} | {name: getattr(chunk, name) for name in _CHUNK_FIELDS}


def _sentence_metadata(chunk: Chunk, sentence: Sentence, position: int) -> dict[str, Any]:
    return {
        "position": position,
        "chapter": chunk.chapter,
        "chunk": chunk.id,
        "kind": sentence.kind,
        "context": sentence.context,
    }


def _content_hash(*tables: list[tuple[str, str, dict[str, Any]]]) -> str:
    digest = hashlib.sha256()
    for table in tables:
        for identity, text, metadata in table:
            digest.update(repr((identity, text, sorted(metadata.items()))).encode("utf-8", "replace"))
    return digest.hexdigest()
