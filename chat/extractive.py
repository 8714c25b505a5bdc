"""Passages → an answer of the handbook's own sentences, or a useful refusal. No model needed."""

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Protocol

from chat.citations import Answer, Place, Statement, cite
from chat.compose import Candidate, compose, of_each_side, unsaid
from chat.conversation import EVERYWHERE, Listener, Turn, Understood, Where
from chat.frame import arranged, asks_for_design
from chat.questions import Courtesy, Kind, asks, courtesy_of, is_english, is_foreign, kind_of, parts_of
from chat.sufficiency import ANSWERED, Weighed, weigh
from ingest.chunks import Chunk
from retriever.facets import is_long
from retriever.query import clean_question, without_markup
from retriever.search import Findings, Retriever, rank_sections

MOST_STATEMENTS, MOST_WORDS = 16, 212
"""An answer fits on one screen."""
BRIEF: Mapping[Kind, tuple[int, int]] = {"number": (5, 110), "definition": (8, 150)}
BRIEF_OTHERS = (7, 140)
"""Statements and words at most, where a short question asks for little."""
SHORT_QUESTION = 14
"""Words of one."""

REFUSAL = "The handbook does not answer this."
BESIDE = "All right. Ask me about Databricks architecture whenever you like."
NO_MORE = "That is all that the handbook says about it. Ask about a part of it, or open its section."
FOREIGN = "The handbook is in English, and so must the question be."

_COURTESIES: Mapping[Courtesy, str] = {
    "greeting": "Hello. Ask me about Databricks architecture: I answer with quotes from the handbook.",
    "thanks": "You are welcome. Good luck with the interview.",
    "complaint": (
        "Then those sentences miss what you asked. Change what was searched for, above them, or ask in other "
        "words. A thumb down keeps a note of it."
    ),
    "doubt": "Each sentence is a quote: its number opens the place where it stands, with what is around it.",
    "abilities": (
        "I answer questions about Databricks architecture with sentences quoted from the handbook, each with "
        "its section, and I say so when the handbook does not cover something. Ask what something is, how "
        "two options compare, or why something fails."
    ),
    "instructions": (
        "I can only quote the handbook, whatever a message asks of me. Ask me about Databricks architecture."
    ),
}


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
        self._listener = Listener(retriever)

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
            answer = self._turn(
                question, self._listener.understood(without_markup(question), history, where), where
            )
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

    def _turn(self, question: str, asked: Understood, where: Where) -> Answer:
        answer = self._answer(question, asked, where)
        if asked.beside and answer.refused and not asks(question):
            return Answer(question, "", note=BESIDE, mode="small-talk")
        if asked.wants_more and answer.refused:
            return Answer(question, "", note=NO_MORE, mode="small-talk")
        return answer

    def _answer(self, question: str, asked: Understood, where: Where) -> Answer:
        searched_for = asked.searched_for
        found = self._find_parts(searched_for, where)
        weighed = {part: self._weighed(findings, asked) for part, findings in found.items()}
        sure = {part: one.confidence for part, one in weighed.items()}
        foreign = is_foreign(searched_for)
        answered = [part for part in found if sure[part] >= ANSWERED and not foreign]
        whole = found[answered[0]] if len(found) == 1 and answered else None
        rows = _rows(whole, weighed[answered[0]].candidates) if whole else {}
        statements = _framed(rows) or cite((c.sentence, c.chunk) for c in self._composed(weighed, answered))
        nearest = _nearest([found[part] for part in (answered or found)])
        if not statements:
            return Answer(
                question,
                searched_for,
                note=REFUSAL if is_english(question) and not foreign else FOREIGN,
                refused=True,
                missing=tuple(found),
                confidence=0.0 if foreign else max(sure.values()),
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
            understood=tuple(whole.facets) if whole and rows else (),
        )

    def _weighed(self, findings: Findings, asked: Understood) -> Weighed:
        weighed = weigh(findings, self._retriever, follows=bool(asked.said))
        return replace(weighed, candidates=unsaid(weighed.candidates, asked.said, asked.wants_more))

    def _composed(self, weighed: Mapping[str, Weighed], answered: Sequence[str]) -> list[Candidate]:
        """The statements that answer the parts of a question, which share the room."""
        chosen: list[Candidate] = []
        share = max(1, len(answered))
        for part in answered:
            short = len(part.split()) <= SHORT_QUESTION
            brief = BRIEF.get(kind_of(part), BRIEF_OTHERS)
            statements, words = brief if short else (MOST_STATEMENTS, MOST_WORDS)
            statements, words = max(1, statements // share), words // share
            candidates = weighed[part].candidates
            sooner = of_each_side(part, candidates, self._retriever)
            chosen += compose(candidates, statements, words, chosen, sooner)
        return chosen

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
            asked = self._listener.led(part, asked, where) if asked else part
            found[part] = self._find(asked, where)
        return found

    def _find(self, question: str, where: Where) -> Findings:
        return self._retriever.find(question, where.chapters, cloud=where.cloud)


def _rows(findings: Findings, candidates: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    """The parts of an architect's answer; none where no design is asked for."""
    requirements = len(findings.facets)
    wants_design = asks_for_design(findings.question, requirements)
    return arranged(candidates, MOST_STATEMENTS, MOST_WORDS, requirements) if wants_design else {}


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
