"""Words that are still being typed → the sentences that hold them, by letters alone. Needs no index."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.chunks import chunk_section
from ingest.sections import Section

FEWEST_LETTERS = 2
"""Fewer letters stand in almost every sentence."""
A_SECTION = 2
"""How many sentences of one section are shown."""

_WORD = re.compile(r"[\w.]*\w")


@dataclass(frozen=True)
class Hit:
    """A sentence of a section, to the letter."""

    section: str
    heading: str
    quote: str


class TextIndex:
    """The handbook's sentences, ready to be looked through at every key. Safe to share between threads."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sentences = [
            (Hit(section.number, chunk.heading, sentence.text), _spaced(sentence.text), sentence.kind)
            for section in sections
            for chunk in chunk_section(section, lambda text: len(text.split()))
            for sentence in chunk.sentences
        ]

    @property
    def sentences(self) -> tuple[Hit, ...]:
        """All that can be found, in the handbook's order."""
        return tuple(hit for hit, _, _ in self._sentences)

    def hits(self, typed: str, most: int = 6) -> list[Hit]:
        """The best sentences in which each word typed begins a word.

        Those that hold the words in a row come first, then "In short" lines, then the shorter ones.
        """
        words = _spaced(typed).split()
        if sum(map(len, words)) < FEWEST_LETTERS:
            return []
        beginnings, row = [f" {word}" for word in words], f" {' '.join(words)}"
        found = sorted(
            (row not in text, kind != "lead", kind == "code", len(text), position)
            for position, (_, text, kind) in enumerate(self._sentences)
            if all(beginning in text for beginning in beginnings)
        )
        hits: list[Hit] = []
        for *_, position in found:
            hit = self._sentences[position][0]
            if sum(hit.section == other.section for other in hits) < A_SECTION:
                hits.append(hit)
                if len(hits) == most:
                    break
        return hits


def _spaced(text: str) -> str:
    """The words of a text in small letters with a space before each."""
    return "".join(f" {word}" for word in _WORD.findall(text.lower()))
