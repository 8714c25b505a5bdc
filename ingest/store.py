"""Chunks, sentences and their vectors in Chroma: the only importer of chromadb."""

import hashlib
from collections.abc import Mapping, Sequence
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
    """A published store, opened for reading.

    Raises:
        StaleIndex: Chroma cannot open or read the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._client = _client(folder)
            try:
                self._read()
            except BaseException:
                self.close()
                raise
        except _read_errors() as error:
            raise StaleIndex(
                f"the index in {folder} cannot be read ({error}); {remedy(folder.parent)}"
            ) from error

    def _read(self) -> None:
        self._collections = {
            name: self._client.get_collection(name, embedding_function=None) for name in (CHUNKS, SENTENCES)
        }
        chunk_rows = self._rows(CHUNKS)
        sentence_rows = self._rows(SENTENCES)
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
        """Every vector in the store by the hash of the text it stands for."""
        known: dict[str, Vectors] = {}
        for name in (CHUNKS, SENTENCES):
            items: Mapping[str, Chunk | Sentence] = self.chunks if name == CHUNKS else self.sentences
            rows = self._collections[name].get(include=["embeddings"])
            for identity, vector in zip(rows["ids"], rows["embeddings"], strict=True):
                known[items[identity].hash] = np.asarray(vector, dtype=np.float32)
        return known

    def close(self) -> None:
        """Release Chroma's handles on the folder."""
        self._client.close()

    def _rows(self, name: str) -> list[tuple[str, str, dict[str, Any]]]:
        rows = self._collections[name].get(include=["documents", "metadatas"])
        return sorted(
            zip(rows["ids"], rows["documents"], rows["metadatas"], strict=True),
            key=lambda row: row[2]["position"],
        )

    def _nearest(
        self, name: str, vector: Vectors, k: int, chapters: Sequence[int]
    ) -> list[tuple[str, float]]:
        total = len(self.chunks if name == CHUNKS else self.sentences)
        if not total or k < 1:
            return []
        found = self._collections[name].query(
            query_embeddings=np.atleast_2d(vector),
            n_results=min(k, total),
            include=["distances"],
            where={"chapter": {"$in": list(chapters)}} if chapters else None,
        )
        return [
            (identity, 1.0 - distance)
            for identity, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]


_CHUNK_FIELDS = ("section", "title", "heading", "chapter", "path", "anchor", "line", "cloud")


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


def _chroma_errors() -> tuple[type[Exception], ...]:
    from chromadb.errors import ChromaError

    return (ChromaError, OSError, ValueError, KeyError)


def _read_errors() -> tuple[type[Exception], ...]:
    # A row without its metadata, and Chroma's answer when a file that it could not open is opened again.
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
