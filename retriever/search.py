"""A question → ranked passages and sentences."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from errors import QuestionError
from ingest import versions
from ingest.chunks import Chunk, Cloud, Sentence
from ingest.embedder import Embedder, Vectors, query_encoder
from ingest.glossary import read_glossary
from ingest.pair_reader import PairReader, open_pair_reader
from ingest.pipeline import open_store
from ingest.reranker import Reranker
from ingest.versions import HANDBOOK
from retriever.facets import FacetReader
from retriever.fusion import by_group, fuse, together
from retriever.learnt import FoundLesson, LessonIndex
from retriever.lexical import LexicalIndex, stems, terms
from retriever.query import Expander, Speller, clean_question, cloud_asked, without_markup
from settings import Settings

CANDIDATES = 60
"""How many chunks each ranking contributes."""
SENTENCES = 210
"""How many sentences: more than chunks, since several of one section are weighed together."""
PASSAGE_LEXICAL_WEIGHT = 0.35
"""Weight of shared words in the order of the passages within a section."""
CHUNK, SENTENCE, LEXICAL, LEXICAL_SECTION, LEARNT = 0.10, 0.30, 0.15, 0.45, 0.9
"""Weights of a section's best chunk, its three best sentences, the words that its three best chunks
share with the question, the words that the whole section shares with it, and its three nearest lessons.
Fitted on the tuning half; each section's title is one of its lessons, so that it is found by it."""
BEST = 3
"""How many sentences, and chunks by words, speak for a section."""
LEADING = 3
"""Of so many sections, the best, all sentences are found, near the question or not (with the matrix)."""
OTHERS = 80
"""How many sentences of other sections are found, for each part of a question."""
OTHER_CLOUD = 0.5
"""What is left of the score of a passage that holds for another cloud than the reader's."""

REMEMBERED = 30_000
"""Texts whose stems are kept: every question meets the same sentences again."""
RERANKED = 20
"""How many passages a cross-encoder reads: each costs it a forward pass."""

_terms = lru_cache(maxsize=REMEMBERED)(terms)


@dataclass(frozen=True)
class Passage:
    """A chunk that a search returned."""

    chunk: Chunk
    score: float
    """0 to 1 within one search."""
    similarity: float
    """Cosine similarity of the question to the chunk or to the best of its sentences, -1 to 1."""


class FoundSentence(NamedTuple):
    """A sentence that a search returned, with its chunk."""

    # No dataclass, which takes longer to make: there are hundreds for each question.

    sentence: Sentence
    chunk: Chunk
    similarity: float
    """Cosine similarity to the question, -1 to 1."""


@dataclass(frozen=True)
class Findings:
    """All that one search found, best first."""

    question: str
    """What was searched for: without markup, slips mended."""
    terms: tuple[str, ...]
    """The stems of the question's words that carry meaning."""
    passages: tuple[Passage, ...]
    sentences: tuple[FoundSentence, ...]
    facets: Mapping[str, float] = field(default_factory=dict)
    """What a long question was taken apart into, each with the similarity of what is nearest to it, -1 to 1;
    empty for a question that asks one thing."""
    lessons: tuple[FoundLesson, ...] = ()
    """The questions that are nearest, and those to the leading sections."""
    explained_in: frozenset[str] = frozenset()
    """The sections of the glossary's term that was asked for, where nothing else was."""


def rank_sections(passages: Iterable[Passage]) -> dict[str, float]:
    """Sections by the sum of their three best passages, each counting half the one before; best first."""
    scores: dict[str, list[float]] = {}
    for passage in passages:
        scores.setdefault(passage.chunk.section, []).append(passage.score)
    totals = {
        section: sum(score / 2**rank for rank, score in enumerate(found[:3]))
        for section, found in scores.items()
    }
    return dict(sorted(totals.items(), key=lambda entry: -entry[1]))


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
        self._reranker: Reranker | None = None
        self._pairs: PairReader | None = None

    def open(self) -> None:
        """Open the index now rather than with the first question.

        Raises:
            StaleIndex: there is no sound index.
            ModelUnavailable: the embedder's files, or the re-ranker's, are missing.
        """
        self._current()
        self._rerankers()

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
        """Everything near the question: passages by their section's score and their own; sentences.

        Args:
            question: what is asked.
            chapters: where to look; everywhere if empty.
            candidates: how many chunks each ranking contributes.
            lexical_weight: 0 for vectors alone, 1 for words alone; as fitted if None.
            cloud: the reader's; a cloud that the question itself names goes before it.

        Raises:
            QuestionError: the question or a chapter cannot be searched.
            StaleIndex: there is no sound index.
        """
        index = self._current()
        index.check_chapters(chapters)
        searched = index.speller.corrected(without_markup(clean_question(question)))
        found = index.find(searched, chapters, candidates, lexical_weight, cloud)
        reranker = self._rerankers()
        # A search by one of its parts is there to be measured alone.
        return _reranked(found, reranker) if reranker and lexical_weight is None else found

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of any texts, by the encoder that questions go through."""
        return self._current().encoder.encode(texts)

    @property
    def pairs(self) -> PairReader:
        """What reads two texts together, opened with its first use.

        Raises:
            ModelUnavailable: its files are missing, or cannot be written.
        """
        with self._lock:
            if self._pairs is None:
                self._pairs = open_pair_reader(self._settings.data_dir)
            return self._pairs

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """Every chunk of the collection, in the order of its documents."""
        return tuple(self._current().store.chunks.values())

    def sentences_of(self, section: str) -> tuple[list[tuple[Sentence, Chunk]], Vectors]:
        """The sentences of a section, code left out, and their vectors (sentences, dimension)."""
        return self._current().sentences_of(section)

    def rarity(self, term: str) -> float:
        """How rare a stem is among the chunks, 0 to 1; 1 for one that none holds."""
        return self._current().lexical.rarity(term)

    def terms(self, text: str) -> Sequence[str]:
        """The stems of the words of a text that carry meaning."""
        return _terms(text)

    def _current(self) -> "_Opened":
        stamp = self._stamp()
        with self._lock:
            if self._opened is None or self._opened.stamp != stamp:
                self._opened = _Opened(self._settings, self._collection, stamp)
            return self._opened

    def _rerankers(self) -> Reranker | None:
        """The cross-encoder that is set, loaded once."""
        if not self._settings.reranker:
            return None
        with self._lock:
            if self._reranker is None:
                self._reranker = Reranker(self._settings.reranker)
            return self._reranker

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
        chunks = list(self.store.chunks.values())
        texts = [chunk.embedding_text() for chunk in chunks]
        self._ids = [chunk.id for chunk in chunks]
        self._chapters = {chunk.section: chunk.chapter for chunk in chunks}
        self._chapter_of_row = np.array([chunk.chapter for chunk in chunks])
        section_of = {chunk.id: chunk.section for chunk in chunks}
        self._section_of = section_of.__getitem__
        holders = self.store.chunk_of.items()
        self._section_of_sentence = {one: section_of[holder] for one, holder in holders}.__getitem__
        self._prose_of: dict[str, list[tuple[str, int]]] = {}
        """Of each section, the ids of its sentences without code, and their rows in the matrix."""
        for row, (identity, sentence) in enumerate(self.store.sentences.items(), start=len(chunks)):
            if sentence.kind != "code":
                own = self._prose_of.setdefault(self._section_of_sentence(identity), [])
                own.append((identity, row))
        self.lexical = LexicalIndex(texts, [chunk.section for chunk in chunks])
        glossary = read_glossary(settings.corpus) if collection == HANDBOOK else ()
        names = (name for term in glossary for name in (term.term, *term.also, *term.was))
        self.speller = Speller([*texts, *names], model.words, stems)
        self.expander = Expander(glossary)
        self.facets = FacetReader(self.encoder.encode)
        corpus = settings.corpus if collection == HANDBOOK else None
        self.lessons = LessonIndex(corpus, self.store.folder, model.identity)

    def find(
        self,
        searched: str,
        chapters: Sequence[int],
        candidates: int,
        lexical_weight: float | None,
        cloud: Cloud,
    ) -> Findings:
        facets = self.facets.facets_of(searched)
        questions = [searched, *facets.values()]
        explained_in = self.expander.explained_in(searched)
        # An acronym or a former name alone says nothing to the encoder.
        named = self._expanded(searched) if explained_in else searched
        vectors = self.encoder.encode([named, *facets.values()])
        near = [self.lessons.near(vector, chapters) for vector in vectors]
        rankings = [
            self._rank(question, vector, chapters, candidates, lexical_weight, self.lessons.sections(lessons))
            for question, vector, lessons in zip(questions, vectors, near, strict=True)
        ]
        here = cloud_asked(searched) or cloud
        passages = tuple(self._passages(rankings, here))
        leading = list(rank_sections(passages))[:LEADING]
        nearby = _highest([self._near_in(leading, vectors), *(ranking.sentences for ranking in rankings)])
        chunks, sentences, chunk_of = self.store.chunks, self.store.sentences, self.store.chunk_of
        found = (
            FoundSentence(sentences[identity], chunks[chunk_of[identity]], similarity)
            for identity, similarity in self._few(nearby, leading, len(questions))
        )
        return Findings(
            searched,
            terms(self._expanded(searched)),
            passages,
            tuple(sentence for sentence in found if not here or sentence.chunk.cloud in ("", here)),
            {name: _nearest(ranking) for name, ranking in zip(facets, rankings[1:], strict=True)},
            self.lessons.found(np.max(near, axis=0), leading),
            explained_in,
        )

    def _few(self, near: Mapping[str, float], leading: Sequence[str], parts: int) -> list[tuple[str, float]]:
        """The sentences of the leading sections and the nearest of the others, the nearest first."""
        others = 0
        few = []
        for identity, similarity in sorted(near.items(), key=lambda entry: -entry[1]):
            leads = self._section_of_sentence(identity) in leading
            others += not leads
            if leads or others <= OTHERS * parts:
                few.append((identity, similarity))
        return few

    def sentences_of(self, section: str) -> tuple[list[tuple[Sentence, Chunk]], Vectors]:
        store = self.store
        here = self._prose_of.get(section, [])
        found = [(store.sentences[identity], store.chunks[store.chunk_of[identity]]) for identity, _ in here]
        if store.matrix is None:
            return found, self.encoder.encode([sentence.embedding_text() for sentence, _ in found])
        return found, np.asarray(store.matrix[[row for _, row in here]])

    def _near_in(self, sections: Sequence[str], vectors: Vectors) -> dict[str, float]:
        """How near each sentence of the sections is: what an answer needs is often not what is nearest.

        Only with the matrix; Chroma answers with what is nearest, and no more.
        """
        here = [place for section in sections for place in self._prose_of.get(section, [])]
        if self.store.matrix is None or not here:
            return {}
        near = (np.asarray(self.store.matrix[[row for _, row in here]]) @ vectors.T).max(axis=1)
        return {identity: float(one) for (identity, _), one in zip(here, near, strict=True)}

    def _rank(
        self,
        question: str,
        vector: Vectors,
        chapters: Sequence[int],
        candidates: int,
        lexical_weight: float | None,
        learnt: Mapping[str, float],
    ) -> "_Ranking":
        """One question's chunks and sections, by vectors and by words."""
        near = dict(self.store.nearest_sentences(vector, max(SENTENCES, candidates), chapters))
        chunks = dict(self.store.nearest_chunks(vector, candidates, chapters))
        dense = dict(chunks)
        for identity, similarity in near.items():
            holder = self.store.chunk_of[identity]
            dense[holder] = max(dense.get(holder, -1.0), similarity)
        asked = terms(self._expanded(question))
        exact = self._lexical_chunks(asked, candidates, chapters)
        by_vectors = 1.0 if lexical_weight is None else 1.0 - lexical_weight
        by_words = 1.0 if lexical_weight is None else lexical_weight
        found = [
            (by_group(chunks, self._section_of, 1), CHUNK * by_vectors),
            (by_group(near, self._section_of_sentence, BEST), SENTENCE * by_vectors),
            (by_group(exact, self._section_of, BEST), LEXICAL * by_words),
            (self._lexical_sections(asked, chapters), LEXICAL_SECTION * by_words),
        ]
        sections = fuse([*found, (learnt, LEARNT * by_vectors)])
        if learnt and not learnt.keys() >= sections.keys():
            # A section without lessons, a new one for example, must not count as far from them.
            alone = fuse(found)
            sections |= {name: alone[name] for name in alone.keys() - learnt.keys()}
        within = PASSAGE_LEXICAL_WEIGHT if lexical_weight is None else lexical_weight
        return _Ranking(sections, fuse([(dense, 1 - within), (exact, within)]), dense, near)

    def _passages(self, rankings: Sequence["_Ranking"], here: Cloud) -> list[Passage]:
        """The chunks of all rankings: by section, and by their own score within it."""
        sections = together([ranking.sections for ranking in rankings])
        own = _highest([ranking.chunks for ranking in rankings])
        dense = _highest([ranking.similarities for ranking in rankings])
        best = by_group(own, self._section_of, 1)
        passages = []
        for identity, score in own.items():
            chunk = self.store.chunks[identity]
            # The best passage of a section stands for it; the others follow at a distance.
            share = 0.5 + 0.5 * score / best[chunk.section] if best[chunk.section] else 1.0
            other = OTHER_CLOUD if here and chunk.cloud not in ("", here) else 1.0
            passages.append(
                Passage(chunk, sections.get(chunk.section, 0.0) * share * other, dense.get(identity, 0.0))
            )
        return sorted(passages, key=lambda passage: (-passage.score, passage.chunk.id))

    def _expanded(self, question: str) -> str:
        return " ".join((question, *self.expander.expansion(question)))

    def check_chapters(self, chapters: Sequence[int]) -> None:
        there = set(self._chapters.values())
        for chapter in chapters:
            if chapter not in there:
                known = ", ".join(map(str, sorted(there)))
                raise QuestionError(f"there is no chapter {chapter} in the index; it holds {known}")

    def _lexical_chunks(self, terms: Sequence[str], count: int, chapters: Sequence[int]) -> dict[str, float]:
        scores = self.lexical.scores(terms)
        if chapters:
            scores[~np.isin(self._chapter_of_row, chapters)] = 0.0
        count = min(count, len(scores))
        best = np.argpartition(scores, -count)[-count:]
        best = best[np.lexsort((-best, -scores[best]))]
        return {self._ids[row]: float(scores[row]) for row in best if scores[row] > 0}

    def _lexical_sections(self, terms: Sequence[str], chapters: Sequence[int]) -> dict[str, float]:
        return {
            section: score
            for section, score in self.lexical.group_scores(terms).items()
            if not chapters or self._chapters[section] in chapters
        }


@dataclass(frozen=True)
class _Ranking:
    """What one question finds: scores by id."""

    sections: dict[str, float]
    chunks: dict[str, float]
    similarities: dict[str, float]
    sentences: dict[str, float]


def _nearest(ranking: "_Ranking") -> float:
    """Similarity of the nearest chunk or sentence."""
    return max(ranking.similarities.values(), default=0.0)


def _reranked(findings: Findings, reranker: Reranker) -> Findings:
    """The best passages in the cross-encoder's order; they share the scores that they had."""
    head, tail = findings.passages[:RERANKED], findings.passages[RERANKED:]
    if not head:
        return findings
    scores = reranker.scores(findings.question, [passage.chunk.embedding_text() for passage in head])
    order = sorted(range(len(head)), key=lambda position: -scores[position])
    ranked = (replace(head[position], score=place.score) for position, place in zip(order, head, strict=True))
    return replace(findings, passages=(*ranked, *tail))


def _highest(rankings: Sequence[dict[str, float]]) -> dict[str, float]:
    """Every id with the highest of its scores."""
    if len(rankings) == 1:
        return rankings[0]
    highest: dict[str, float] = {}
    for ranking in rankings:
        for identity, score in ranking.items():
            highest[identity] = max(highest.get(identity, score), score)
    return highest
