"""Stand-ins that are quick and honest: real behaviour, no recorded answers."""

import re
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

import ingest.pipeline
import retriever.search
from ingest.embedder import Model, Vectors

DIMENSION = 256


class WordHashEmbedder:
    """A hashed bag of words: texts that share words are near, equal texts are equal.

    `encoded` holds every text in the order it was embedded, so a test can tell what was not.
    """

    def __init__(self, model: Model, data_dir: Path | None = None) -> None:
        self.model = model

    encoded: list[str] = []  # noqa: RUF012 - one list for all instances; `use_word_hashes` renews it

    def encode(self, texts: Sequence[str], report: Callable[[int], None] = lambda done: None) -> Vectors:
        rows = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            rows[row, 0] = 0.1  # a text without words still needs a direction
            for word in re.findall(r"\w+", text.lower()):
                rows[row, zlib.crc32(word.encode("utf-8", "replace")) % DIMENSION] += 1
            self.encoded.append(text)
            report(1)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def use_word_hashes(monkeypatch: pytest.MonkeyPatch) -> type[WordHashEmbedder]:
    """Put the fake where the code makes its encoders; tokenizer, store and files stay real."""
    monkeypatch.setattr(WordHashEmbedder, "encoded", [])
    monkeypatch.setattr(ingest.pipeline, "SentenceTransformerEmbedder", WordHashEmbedder)
    monkeypatch.setattr(ingest.pipeline, "query_encoder", WordHashEmbedder)
    monkeypatch.setattr(ingest.pipeline, "is_exported", lambda model, data_dir: True)
    monkeypatch.setattr(retriever.search, "query_encoder", WordHashEmbedder)
    return WordHashEmbedder
