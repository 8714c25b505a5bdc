"""A turn of a conversation → what it asks for, and what of that was said already."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat.citations import Answer
from chat.follow_up import in_terms_of, subject_of, uses_pronoun, without_opening
from chat.questions import (
    asked_anew,
    asks,
    asks_for_more,
    asks_only_why,
    continues,
    is_remark,
    leans,
    points_back,
    sides_of,
)
from chat.sufficiency import ANSWERED, weigh
from ingest.chunks import Cloud
from retriever.search import Findings, Retriever, rank_sections

FEW_TERMS = 3
"""A question with fewer words that carry meaning may rest on the one before it."""
MANY_TERMS = 5
SURE = 0.85
"""A question with so many words, and so surely answered, stands alone whatever it points at."""


@dataclass(frozen=True)
class Turn:
    """One earlier exchange of a conversation."""

    question: str
    searched_for: str
    quotes: frozenset[str] = frozenset()
    refused: bool = False

    @classmethod
    def of(cls, answer: Answer) -> "Turn":
        """What a later turn has to know of an answer."""
        quotes = frozenset(citation.quote for citation in answer.citations)
        question = answer.searched_for if answer.reworded else answer.question
        return cls(question, answer.searched_for, quotes, answer.refused)


@dataclass(frozen=True)
class Where:
    """Which chapters are asked, all if none is named, and the cloud the reader works on."""

    chapters: tuple[int, ...] = ()
    cloud: Cloud = ""


EVERYWHERE = Where()


@dataclass(frozen=True)
class Understood:
    """What a turn asks for."""

    searched_for: str
    """A question that stands on its own."""
    said: frozenset[str] = frozenset()
    """Quotes that were given in answer to it, or to what it leans on."""
    wants_more: bool = False
    """More of the same is wanted, and nothing of `said`."""
    beside: bool = False
    """It asks nothing of what was spoken of before."""


class Listener:
    """Understands the turns of conversations. Safe to share between threads."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    def understood(self, question: str, history: Sequence[Turn], where: Where) -> Understood:
        """What a turn asks for after the turns before it."""
        turns = [turn for turn in history if any(c.isalnum() for c in turn.searched_for)]
        turns = [turn for turn in turns if not turn.refused] or turns
        if not turns:
            return Understood(question)
        anew = asked_anew(question)
        if anew:
            return Understood(anew)
        last = turns[-1]
        if asks_for_more(question):
            said = frozenset().union(*(t.quotes for t in turns if t.searched_for == last.searched_for))
            return Understood(last.searched_for, said, wants_more=True)
        if is_remark(question):
            return Understood(question, beside=True)
        standalone = self.led(question, self._before(turns), where)
        if standalone == question:
            beside = not continues(question) and not self._adds(question, question, where)
            return Understood(question, beside=beside)
        # What stands for a pronoun says what is spoken of.
        joined = without_opening(question) in standalone
        if joined and not continues(question) and not self._adds(question, standalone, where):
            return Understood(question, beside=True)
        said = frozenset().union(*(turn.quotes for turn in turns))
        return Understood(standalone, said, wants_more=asks_only_why(question))

    def led(self, question: str, before: str, where: Where) -> str:
        """The question, in terms of the one before it where it leans on it or says too little alone."""
        terms = self._retriever.terms(question)
        unknown = bool(terms) and all(self._retriever.rarity(term) == 1 for term in terms)
        if unknown and not uses_pronoun(question):
            return question
        if not points_back(question) and (sides_of(question) or self._is_name(question, where)):
            return question
        if leans(question, terms):
            alone = len(terms) >= MANY_TERMS and self._sure(question, where) >= SURE
        else:
            alone = len(terms) >= FEW_TERMS or self._sure(question, where) >= ANSWERED
        return question if alone else in_terms_of(question, before, lambda name: self._is_name(name, where))

    def _before(self, turns: Sequence[Turn]) -> str:
        """The question that a turn may lean on: the last that names what it is about."""
        if subject_of(turns[-1].searched_for):
            return turns[-1].searched_for
        own = (
            turn.question
            for turn in reversed(turns)
            if turn.searched_for == turn.question
            and (not points_back(turn.question) or len(self._retriever.terms(turn.question)) >= FEW_TERMS)
        )
        return next(own, turns[0].question)

    def _adds(self, question: str, standalone: str, where: Where) -> bool:
        """Whether anything that a turn says itself is spoken of where the question before it is answered.

        Else the question before would be answered again, whatever the turn says. The few everyday words
        of a short question (“which is cheaper?”) need not be the section's.
        """
        own = set(self._retriever.terms(question))
        if asks(question) and len(own) < FEW_TERMS:
            return all(self._retriever.rarity(term) < 1 for term in own)
        best = next(iter(rank_sections(self._find(standalone, where).passages)), "")
        sentences, _ = self._retriever.sentences_of(best)
        return any(own.intersection(self._retriever.terms(one.embedding_text())) for one, _ in sentences)

    def _is_name(self, words: str, where: Where) -> bool:
        """Whether words are the name of a term of the glossary, and nothing else."""
        return bool(self._find(words, where).explained_in)

    def _sure(self, question: str, where: Where) -> float:
        return weigh(self._find(question, where), self._retriever).confidence

    def _find(self, question: str, where: Where) -> Findings:
        return self._retriever.find(question, where.chapters, cloud=where.cloud)
