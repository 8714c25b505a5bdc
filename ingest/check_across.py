"""Rules that hold across the sections of the handbook: nothing is said twice, nothing goes stale."""

import calendar
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ingest.chunks import SKIPPED_BLOCKS
from ingest.sections import Document, Element

FoundIn = tuple[str, int, str]

FEWEST_WORDS = 35
"""Fewer are a bullet or a definition, which may well stand twice."""
SHINGLE = 4
"""Words that run on in both texts to count as shared."""
SAME = 0.5
"""Share of the shorter text's runs of words that the longer one holds when it is a near-copy."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Stale:
    """A section that nobody has checked against its sources for long."""

    section: str
    title: str
    verified: str
    days: int


def check_across(documents: Sequence[Document]) -> Iterator[FoundIn]:
    """A paragraph or item is said in one section; elsewhere a reference to that section does."""
    texts = list(_texts(documents))
    holders: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for position, (_, _, _, shingles) in enumerate(texts):
        for shingle in shingles:
            holders[shingle].append(position)
    for position, (section, path, line, shingles) in enumerate(texts):
        shared: defaultdict[int, int] = defaultdict(int)
        for shingle in shingles:
            for earlier in holders[shingle]:
                if earlier < position and texts[earlier][0] != section:
                    shared[earlier] += 1
        for earlier, count in shared.items():
            other, other_path, other_line, other_shingles = texts[earlier]
            if count >= SAME * min(len(shingles), len(other_shingles)):
                place = f"{other_path.rpartition('/')[2]}:{other_line}"
                yield path, line, f"a text must stand in one section; section {other} has it too, at {place}"
                break


def stale_sections(documents: Sequence[Document], today: date, days: int) -> list[Stale]:
    """The sections last verified more than `days` days before `today`, the oldest first.

    A `verified` month counts as its last day.
    """
    found = []
    for document in documents:
        verified = document.front.get("verified")
        age = (today - _day(verified)).days
        if age > days:
            for section in document.sections:
                found.append(Stale(section.number, section.title, str(verified), age))
    return sorted(found, key=lambda stale: -stale.days)


def _day(verified: object) -> date:
    if isinstance(verified, date):
        return verified
    year, month, *day = map(int, str(verified).split("-"))
    return date(year, month, day[0] if day else calendar.monthrange(year, month)[1])


def _texts(
    documents: Sequence[Document],
) -> Iterator[tuple[str, str, int, frozenset[tuple[str, ...]]]]:
    """Section, path, line and runs of words of every text that is long enough to be a copy."""
    for document in documents:
        for section in document.sections:
            for block in section.blocks:
                for element in block.elements if block.heading not in SKIPPED_BLOCKS else ():
                    words = _words(element)
                    if len(words) >= FEWEST_WORDS:
                        runs = zip(*(words[start:] for start in range(SHINGLE)), strict=False)
                        yield section.number, document.path, element.line, frozenset(runs)


def _words(element: Element) -> list[str]:
    return [] if element.kind in ("code", "diagram") else _WORD.findall(element.text.lower())
