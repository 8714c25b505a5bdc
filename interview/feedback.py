"""Verdicts → what the candidate is told, and which of the words are the handbook's. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from interview.bank import KeyPoint
from interview.reading import MOST_CHARACTERS

FEWEST_QUOTED = 7
"""Words of a sentence that stands in the handbook and counts as taken from it; shorter ones are common."""
NAMES = ("covered", "missed", "contradicted")

_LETTERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Notes:
    """What is worth saying about an answer besides its verdicts."""

    cut: bool = False
    quoted: int = 0
    """How many of its sentences are the handbook's."""
    piled: bool = False
    """Whether it names terms and states nothing."""
    repeated: bool = False
    """Whether most of it is the question given back."""


def feedback(verdicts: Sequence[tuple[KeyPoint, str]], notes: Notes) -> str:
    """A few sentences: how many points, the heaviest one open, and what was noticed."""
    counts = {name: sum(verdict == name for _, verdict in verdicts) for name in NAMES}
    parts = [f"{counts['covered']} of {len(verdicts)} points covered."]
    if counts["contradicted"]:
        parts.append(f"{counts['contradicted']} contradicted.")
    still_open = [point for point, verdict in verdicts if verdict != "covered"]
    if still_open:
        parts.append(f"The heaviest one open: {max(still_open, key=lambda point: point.weight).text}")
    return " ".join([*parts, *noticed(notes)])


def noticed(notes: Notes) -> list[str]:
    """What was noticed besides the verdicts, a sentence each."""
    parts = []
    if notes.piled:
        parts.append("The answer names terms without stating anything about them; say it in sentences.")
    if notes.repeated:
        parts.append("Most of it is the question given back, which earns nothing.")
    if notes.quoted:
        sentences = "1 sentence is" if notes.quoted == 1 else f"{notes.quoted} sentences are"
        parts.append(f"{sentences} the handbook's own; an interviewer wants yours.")
    if notes.cut:
        parts.append(f"Only the first {MOST_CHARACTERS:,} characters were graded.")
    return parts


def quoted_sentences(sentences: Sequence[str], handbook: str) -> tuple[str, ...]:
    """The sentences that stand in the `handbook`, as `plain` gives it."""
    long = [sentence for sentence in sentences if len(sentence.split()) >= FEWEST_QUOTED]
    return tuple(sentence for sentence in long if plain(sentence).strip() and plain(sentence) in handbook)


def plain(text: str) -> str:
    """A text in letters and digits only, so that neither markup nor line ends tell two quotes apart."""
    return f" {_LETTERS.sub(' ', text.lower()).strip()} "
