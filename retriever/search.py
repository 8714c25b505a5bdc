"""A question → ranked passages and sentences."""

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from errors import QuestionError
from ingest import versions
from ingest.chunks import Chunk, Cloud, Sentence
from ingest.embedder import Embedder, Vectors, query_encoder
from ingest.pipeline import open_store
from ingest.versions import HANDBOOK
from retriever.fusion import fuse
from retriever.lexical import LexicalIndex
from settings import Settings

MOST_CHARACTERS = 4000
"""A page of requirements; a longer question is sent back rather than cut in silence."""
CANDIDATES = 60
"""How many chunks, and how many sentences, each ranking contributes."""
LEXICAL_WEIGHT = 0.35
LEXICAL_WEIGHT_WITH_IDENTIFIER = 0.6
"""A setting name or an error class in the question is matched to the letter or not at all."""
OTHER_CLOUD = 0.5
"""What is left of the score of a passage that holds for another cloud than the reader's."""
CLOUD_NAMES: Mapping[Cloud, re.Pattern[str]] = {
    "aws": re.compile(r"\b(aws|amazon|s3|ec2|kinesis|glue)\b", re.IGNORECASE),
    "azure": re.compile(r"\b(azure|adls|entra|event hubs?|microsoft)\b", re.IGNORECASE),
    "gcp": re.compile(r"\b(gcp|gcs|google|pub/?sub)\b", re.IGNORECASE),
}
MARKUP = re.compile(r"!\[[^\]]*\]\([^)]*\)|</?[a-zA-Z][^<>]*>")
"""Images and tags, which say nothing about what is asked."""
IDENTIFIER = re.compile(r"\b\w+[._]\w+[\w.]*\b|\b[A-Z]+[a-z]+[A-Z]\w*\b|\b[a-z]+[A-Z]\w*\b|`[^`]+`")


@dataclass(frozen=True)
class Passage:
    """A chunk that a search returned."""

    chunk: Chunk
    score: float
    """0 to 1 within one search."""
    similarity: float
    """Cosine similarity of the question to the chunk or to the best of its sentences, -1 to 1."""


@dataclass(frozen=True)
class FoundSentence:
    """A sentence that a search returned, with its chunk."""

    sentence: Sentence
    chunk: Chunk
    similarity: float
    """Cosine similarity to the question, -1 to 1."""


@dataclass(frozen=True)
class Findings:
    """All that one search found, best first."""

    question: str
    terms: tuple[str, ...]
    """The stems of the question's words that carry meaning."""
    passages: tuple[Passage, ...]
    sentences: tuple[FoundSentence, ...]


def clean_question(question: str) -> str:
    """The question without control characters and surplus space.

    Raises:
        QuestionError: it is empty, too long, or holds no letter or digit.
    """
    if len(question) > MOST_CHARACTERS:
        raise QuestionError(
            f"the question has {len(question):,} characters; ask in at most {MOST_CHARACTERS:,}"
        )
    printable = "".join(c if c.isprintable() else " " for c in question)
    clean = " ".join(printable.encode("utf-8", "ignore").decode("utf-8").split())
    if not clean:
        raise QuestionError("the question is empty; ask something such as “What does VACUUM delete?”")
    if not any(character.isalnum() for character in clean):
        raise QuestionError(f"the question “{clean[:40]}” has no words; ask it in English words")
    return clean


def without_markup(question: str) -> str:
    """The question without images and tags; as it is where nothing else is in it."""
    plain = " ".join(MARKUP.sub(" ", question).split())
    return plain if any(character.isalnum() for character in plain) else question


def cloud_asked(question: str) -> Cloud:
    """The one cloud that a question names; empty if it names none, or several."""
    named = [cloud for cloud, names in CLOUD_NAMES.items() if names.search(question)]
    return named[0] if len(named) == 1 else ""


class Retriever:
    """Searches the published index of one collection, and follows it when a new one is published.

    Safe to share between threads.
    """

    def __init__(self, settings: Settings, collection: str = HANDBOOK) -> None:
        self._settings = settings
        self._collection = collection
        self._pointer = versions.index_folder(settings.data_dir, collection) / versions.MANIFEST
        self._lock = threading.Lock()
        self._opened: _Opened | None = None

    def open(self) -> None:
        """Open the index now rather than with the first question.

        Raises:
            StaleIndex: there is no sound index.
            ModelUnavailable: the embedder's files are missing.
        """
        self._current()

    def search(
        self, question: str, k: int = 10, chapters: Sequence[int] = (), cloud: Cloud = ""
    ) -> list[Passage]:
        """The `k` best passages.

        Raises:
            QuestionError: the question, `k` or a chapter cannot be searched.
            StaleIndex: there is no sound index.
        """
        if k < 1:
            raise QuestionError(f"k is {k}; ask for at least 1 passage")
        return list(self.find(question, chapters, max(CANDIDATES, k), cloud=cloud).passages[:k])

    def find(
        self,
        question: str,
        chapters: Sequence[int] = (),
        candidates: int = CANDIDATES,
        lexical_weight: float | None = None,
        cloud: Cloud = "",
    ) -> Findings:
        """Everything near the question: passages by fused score, sentences by similarity.

        Args:
            question: what is asked.
            chapters: where to look; everywhere if empty.
            candidates: how many chunks and sentences each ranking contributes.
            lexical_weight: 0 for vectors alone, 1 for words alone; by the question if None.
            cloud: the reader's; a cloud that the question itself names goes before it.

        Raises:
            QuestionError: the question or a chapter cannot be searched.
            StaleIndex: there is no sound index.
        """
        question = clean_question(question)
        index = self._current()
        index.check_chapters(chapters)
        vector = index.encoder.encode([question])
        terms = index.lexical.terms(question)
        sentences = [
            FoundSentence(index.store.sentences[identity], index.chunk_of(identity), similarity)
            for identity, similarity in index.store.nearest_sentences(vector, candidates, chapters)
        ]
        dense = dict(index.store.nearest_chunks(vector, candidates, chapters))
        for found in sentences:
            dense[found.chunk.id] = max(dense.get(found.chunk.id, -1.0), found.similarity)
        exact = index.lexical_scores(terms, candidates, chapters)
        if lexical_weight is None:
            named = IDENTIFIER.search(question)
            lexical_weight = LEXICAL_WEIGHT_WITH_IDENTIFIER if named else LEXICAL_WEIGHT
        fused = fuse(dense, exact, lexical_weight)
        here = cloud_asked(question) or cloud
        if here:
            sentences = [found for found in sentences if found.chunk.cloud in ("", here)]
            for identity in fused:
                if index.store.chunks[identity].cloud not in ("", here):
                    fused[identity] *= OTHER_CLOUD
        best = sorted(fused, key=lambda identity: (-fused[identity], identity))
        passages = [
            Passage(index.store.chunks[identity], fused[identity], dense.get(identity, 0.0))
            for identity in best
        ]
        return Findings(question, tuple(terms), tuple(passages), tuple(sentences))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of any texts, by the encoder that questions go through."""
        return self._current().encoder.encode(texts)

    def rarity(self, term: str) -> float:
        """How rare a stem is among the chunks, 0 to 1; 1 for one that none holds."""
        return self._current().lexical.rarity(term)

    def terms(self, text: str) -> list[str]:
        """The stems of the words of a text that carry meaning."""
        return self._current().lexical.terms(text)

    def _current(self) -> "_Opened":
        stamp = self._stamp()
        with self._lock:
            if self._opened is None or self._opened.stamp != stamp:
                self._opened = _Opened(self._settings, self._collection, stamp)
            return self._opened

    def _stamp(self) -> tuple[int, int]:
        try:
            status = self._pointer.stat()
        except OSError:
            return (0, 0)
        return (status.st_mtime_ns, status.st_ino)


class _Opened:
    """One published version, open."""

    def __init__(self, settings: Settings, collection: str, stamp: tuple[int, int]) -> None:
        self.stamp = stamp
        _, model, self.store = open_store(settings, collection)
        self.encoder: Embedder = query_encoder(model, settings.data_dir)
        self._ids = list(self.store.chunks)
        self.lexical = LexicalIndex([chunk.embedding_text() for chunk in self.store.chunks.values()])

    def chunk_of(self, sentence: str) -> Chunk:
        return self.store.chunks[self.store.chunk_of[sentence]]

    def check_chapters(self, chapters: Sequence[int]) -> None:
        there = {chunk.chapter for chunk in self.store.chunks.values()}
        for chapter in chapters:
            if chapter not in there:
                known = ", ".join(map(str, sorted(there)))
                raise QuestionError(f"there is no chapter {chapter} in the index; it holds {known}")

    def lexical_scores(self, terms: Sequence[str], count: int, chapters: Sequence[int]) -> dict[str, float]:
        scores = self.lexical.scores(terms)
        best = scores.argsort()[::-1]
        allowed = (row for row in best if scores[row] > 0 and self._allowed(row, chapters))
        return {self._ids[row]: float(scores[row]) for row, _ in zip(allowed, range(count), strict=False)}

    def _allowed(self, row: int, chapters: Sequence[int]) -> bool:
        return not chapters or self.store.chunks[self._ids[row]].chapter in chapters
