"""A job description → the handbook's sections that its requirements are about."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from chat.sufficiency import LOOKED_AT
from errors import QuestionError
from retriever.search import Findings

MOST_CHARACTERS = 20_000
"""Of a description; what is beyond is not read."""
MOST_PIECES = 80
"""Requirements looked up; each costs a search."""
MOST_TOPICS = 12
NEAR = 0.5
"""Least similarity of a requirement to a passage to be about its section."""
SECOND = 0.9
"""A section whose score comes this near to the best one's is a topic, too."""

ALSO = 0.5
"""What such a section gains, against 1 for the best."""

_LINE = re.compile(r"[\n\r;]+|(?<=[.!?])\s+")
_BULLET = re.compile(r"^[\s\-*•·–—]+|^\d+[.)]\s+")
_ITEM = re.compile(r",\s+(?:and\s+|or\s+)?|\s+(?:and|or)\s+(?=[A-Z])|\s*[()]\s*")


@dataclass(frozen=True)
class Topic:
    """A section, and the description's words that point to it."""

    section: str
    words: tuple[str, ...]


def topics(description: str, find: Callable[[str], Findings]) -> tuple[Topic, ...]:
    """The sections that a job description is about, the most asked for first.

    Args:
        description: as pasted.
        find: the search, such as `Retriever.find`.

    Raises:
        StaleIndex: there is no sound index.
    """
    words: dict[str, list[str]] = {}
    weight: dict[str, float] = {}
    for piece in pieces(description):
        try:
            passages = find(piece).passages[:LOOKED_AT]
        except QuestionError:
            continue
        if not passages or max(passage.similarity for passage in passages) < NEAR:
            continue
        near = [p for p in passages if p.score >= SECOND * passages[0].score]
        for section in dict.fromkeys(passage.chunk.section for passage in near):
            words.setdefault(section, []).append(piece)
            share = 1.0 if section == near[0].chunk.section else ALSO
            weight[section] = weight.get(section, 0.0) + share
    best = sorted(weight, key=lambda section: -weight[section])[:MOST_TOPICS]
    return tuple(Topic(section, tuple(words[section])) for section in best)


def pieces(description: str) -> list[str]:
    """The requirements in a description: its lines and sentences, and the items of those that list."""
    found: list[str] = []
    for line in _LINE.split(description[:MOST_CHARACTERS]):
        sentence = _BULLET.sub("", line).strip(" .:!?")
        items = [item.strip(" .:") for item in _ITEM.split(sentence)]
        found += items if len(items) > 2 else [sentence]
    return list(dict.fromkeys(piece for piece in found if any(map(str.isalpha, piece))))[:MOST_PIECES]
