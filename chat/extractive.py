"""Passages → an answer of the handbook's own sentences, or a useful refusal. No model needed."""

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Protocol

from chat.citations import Answer, Place, Statement, cite
from chat.compose import Candidate, compose
from chat.frame import arranged, asks_for_design
from chat.questions import (
    Courtesy,
    Kind,
    asked_anew,
    asks,
    continues,
    courtesy_of,
    is_english,
    kind_of,
    leans,
    parts_of,
    points_back,
)
from chat.sufficiency import ANSWERED, Weighed, weigh
from ingest.chunks import Chunk, Cloud
from retriever.facets import is_long
from retriever.query import clean_question, without_markup
from retriever.search import Findings, Retriever, rank_sections

FEW_TERMS = 3
"""A question with fewer words that carry meaning may rest on the one before it."""
MANY_TERMS = 5
SURE = 0.85
"""A question with so many words, and so surely answered, stands alone whatever it points at."""
MOST_STATEMENTS, MOST_WORDS = 16, 212
"""An answer fits on one screen."""
BRIEF: Mapping[Kind, tuple[int, int]] = {"number": (5, 110), "definition": (8, 150)}
BRIEF_OTHERS = (7, 140)
"""Statements and words at most, where a short question asks for little."""
SHORT_QUESTION = 14
"""Words of one."""

REFUSAL = "The handbook does not answer this."
FOREIGN = "The handbook is in English, and so must the question be."

_COURTESIES: Mapping[Courtesy, str] = {
    "greeting": "Hello. Ask me about Databricks architecture: I answer with quotes from the handbook.",
    "thanks": "You are welcome. Good luck with the interview.",
    "abilities": (
        "I answer questions about Databricks architecture with sentences quoted from the handbook, each with "
        "its section, and I say so when the handbook does not cover something. Ask what something is, how "
        "two options compare, or why something fails."
    ),
    "instructions": (
        "I can only quote the handbook, whatever a message asks of me. Ask me about Databricks architecture."
    ),
}


@dataclass(frozen=True)
class Turn:
    """One earlier exchange of a conversation."""

    question: str
    searched_for: str


@dataclass(frozen=True)
class Where:
    """Which chapters are asked, all if none is named, and the cloud the reader works on."""

    chapters: tuple[int, ...] = ()
    cloud: Cloud = ""


EVERYWHERE = Where()


class Answerer(Protocol):
    """What pages and commands ask, with a model behind it or without."""

    def stream(
        self, question: str, history: Sequence[Turn] = (), where: Where = EVERYWHERE
    ) -> Generator[Answer, None, None]:
        """Yield the answer as it grows; the last one is whole.

        Raises:
            QuestionError: the question cannot be searched.
            StaleIndex: there is no sound index.
        """


class ExtractiveAnswerer:
    """Composes answers from the handbook's sentences. Safe to share between threads."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    def stream(
        self, question: str, history: Sequence[Turn] = (), where: Where = EVERYWHERE
    ) -> Generator[Answer, None, None]:
        """Yield the answer, whole.

        Raises:
            QuestionError: the question cannot be searched.
            StaleIndex: there is no sound index.
        """
        started = time.perf_counter()
        question = clean_question(question)
        courtesy = courtesy_of(question, bool(history))
        if courtesy:
            answer = Answer(question, "", note=_COURTESIES[courtesy], mode="small-talk")
        else:
            searched = without_markup(question)
            standalone = asked_anew(searched) or self._standalone(searched, history, where)
            goes_on = not history or continues(searched)
            beside = not goes_on and not self._adds(searched, standalone, where)
            answer = self._answer(question, searched if beside else standalone, where)
            if beside and answer.refused and not asks(searched):
                answer = Answer(question, "", note=_COURTESIES["thanks"], mode="small-talk")
        yield replace(answer, seconds=time.perf_counter() - started)

    def passages(self, answer: Answer, where: Where, most: int) -> tuple[Chunk, ...]:
        """At most so many chunks behind an answer of this answerer: what it quotes, then the nearest."""
        found = self._find_parts(answer.searched_for, where)
        answered = [findings for part, findings in found.items() if part not in answer.missing]
        quoted = {(citation.section, citation.quote) for citation in answer.citations}
        chunks: dict[str, Chunk] = {}
        for findings in answered:
            for hit in findings.sentences:
                if (hit.chunk.section, hit.sentence.text) in quoted:
                    chunks.setdefault(hit.chunk.id, hit.chunk)
        # In turns, so that no part of a question takes all the room.
        for row in zip_longest(*(findings.passages for findings in answered)):
            for passage in filter(None, row):
                chunks.setdefault(passage.chunk.id, passage.chunk)
        return tuple(chunks.values())[:most]

    def _standalone(self, question: str, history: Sequence[Turn], where: Where) -> str:
        """The question, led by the last one that stood on its own if this one does not."""
        if not history:
            return question
        own = (turn.question for turn in reversed(history) if turn.searched_for == turn.question)
        return self._led(question, next(own, history[-1].question), where)

    def _led(self, question: str, before: str, where: Where) -> str:
        """The question, led by the one before it where it leans on it or says too little alone."""
        terms = self._retriever.terms(question)
        unknown = bool(terms) and all(self._retriever.rarity(term) == 1 for term in terms)
        if unknown:
            return question
        if not points_back(question) and self._find(question, where).explained_in:
            return question
        if leans(question, terms):
            alone = len(terms) >= MANY_TERMS and self._sure(question, where) >= SURE
        else:
            alone = len(terms) >= FEW_TERMS or self._sure(question, where) >= ANSWERED
        return question if alone else f"{before} {question}"

    def _adds(self, question: str, standalone: str, where: Where) -> bool:
        """Whether anything that a turn says itself is spoken of where the question before it is answered.

        Else the question before would be answered again, whatever the turn says.
        """
        own = set(self._retriever.terms(question))
        best = next(iter(rank_sections(self._find(standalone, where).passages)), "")
        sentences, _ = self._retriever.sentences_of(best)
        spoken = {term for one, _ in sentences for term in self._retriever.terms(one.embedding_text())}
        return not own or bool(own & spoken)

    def _sure(self, question: str, where: Where) -> float:
        return weigh(self._find(question, where), self._retriever).confidence

    def _answer(self, question: str, searched_for: str, where: Where) -> Answer:
        found = self._find_parts(searched_for, where)
        weighed = {part: weigh(findings, self._retriever) for part, findings in found.items()}
        sure = {part: one.confidence for part, one in weighed.items()}
        answered = [part for part in found if sure[part] >= ANSWERED]
        whole = found[answered[0]] if len(found) == 1 and answered else None
        rows = _rows(searched_for, weighed[answered[0]].candidates) if whole and whole.facets else {}
        statements = _framed(rows) or cite((c.sentence, c.chunk) for c in _composed(weighed, answered))
        nearest = _nearest([found[part] for part in (answered or found)])
        if not statements:
            return Answer(
                question,
                searched_for,
                note=REFUSAL if is_english(question) else FOREIGN,
                refused=True,
                missing=tuple(found),
                confidence=max(sure.values()),
                nearest=nearest,
            )
        return Answer(
            question,
            searched_for,
            statements=statements,
            missing=(
                *(part for part in found if part not in answered),
                *(name for name, chosen in rows.items() if not chosen),
            ),
            confidence=min(sure[part] for part in answered),
            nearest=nearest,
            understood=whole.facets if whole and rows else (),
        )

    def _find_parts(self, question: str, where: Where) -> dict[str, Findings]:
        """What is found for each question within the question; one of several requirements is one."""
        parts = parts_of(question)
        if parts == [question] or is_long(question):
            whole = self._find(question, where)
            if whole.facets or parts == [question]:
                return {question: whole}
        found: dict[str, Findings] = {}
        asked = ""
        for part in parts:
            asked = self._led(part, asked, where) if asked else part
            found[part] = self._find(asked, where)
        return found

    def _find(self, question: str, where: Where) -> Findings:
        return self._retriever.find(question, where.chapters, cloud=where.cloud)


def _composed(weighed: Mapping[str, Weighed], answered: Sequence[str]) -> list[Candidate]:
    """The statements that answer the parts of a question, which share the room."""
    chosen: list[Candidate] = []
    share = max(1, len(answered))
    for part in answered:
        short = len(part.split()) <= SHORT_QUESTION
        brief = BRIEF.get(kind_of(part), BRIEF_OTHERS)
        statements, words = brief if short else (MOST_STATEMENTS, MOST_WORDS)
        statements, words = max(1, statements // share), words // share
        chosen += compose(weighed[part].candidates, statements, words, chosen)
    return chosen


def _rows(question: str, candidates: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    """The parts of an architect's answer; none where a question of several requirements wants no design."""
    return arranged(candidates, MOST_STATEMENTS, MOST_WORDS) if asks_for_design(question) else {}


def _framed(rows: Mapping[str, Sequence[Candidate]]) -> tuple[Statement, ...]:
    """The statements of all rows, each with the part it stands in."""
    parts = [(name, candidate) for name, chosen in rows.items() for candidate in chosen]
    statements = cite((candidate.sentence, candidate.chunk) for _, candidate in parts)
    names = {(c.chunk.section, c.sentence.text): name for name, c in parts}
    return tuple(replace(s, part=names[s.citation.section, s.citation.quote]) for s in statements)


def _nearest(found: Sequence[Findings]) -> tuple[Place, ...]:
    """The three sections nearest to what was asked."""
    places: dict[str, Place] = {}
    for findings in found:
        titles = {passage.chunk.section: passage.chunk.title for passage in findings.passages}
        for section in list(rank_sections(findings.passages))[:3]:
            places[section] = Place(section, titles[section])
    return tuple(places.values())[:3]
