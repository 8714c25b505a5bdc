"""A design that is asked for → an architect's answer: design, alternatives, risks, cost, governance."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.compose import NEAR_COPY, Candidate, alike, compose


@dataclass(frozen=True)
class Row:
    """A part of the answer, and what may stand in it."""

    name: str
    statements: int
    words: int
    holds: Callable[[Candidate], bool]


_DESIGN = frozenset({"In short", "Best practices", "Decisions and trade-offs", "Architecture"})
_TOLD = _DESIGN | {"How it works", "Performance and cost", "Trade-offs"}
_RISKS = frozenset({"Common mistakes", "Failure modes"})
_COST = re.compile(r"\b(costs?|DBUs?|pays?|paid|bill\w*|prices?|cheap\w*|budget|spend\w*)\b|\$")
_GOVERNANCE = re.compile(
    r"\b(grants?|privileges?|permissions?|masks?|masking|row filters?|audit\w*|lineage|encrypt\w*"
    r"|credentials?|service principals?|private link|personal data|access (control|mode|policy|policies))\b",
    re.IGNORECASE,
)


def _is_prose(candidate: Candidate) -> bool:
    return candidate.sentence.kind not in ("row", "code")


def _tells(candidate: Candidate, subject: re.Pattern[str]) -> bool:
    told = _is_prose(candidate) and candidate.chunk.heading in _TOLD
    return told and bool(subject.search(candidate.sentence.text))


ROWS = (
    Row("Recommended design", 5, 90, lambda c: _is_prose(c) and c.chunk.heading in _DESIGN),
    Row("Alternatives", 2, 45, lambda c: c.chunk.heading in ("Trade-offs", "Decisions and trade-offs")),
    Row("Risks and failure modes", 2, 45, lambda c: c.chunk.heading in _RISKS),
    Row("Cost", 1, 35, lambda c: _tells(c, _COST)),
    Row("Governance", 2, 45, lambda c: _tells(c, _GOVERNANCE)),
)
"""In the order in which an architect would say them. 220 words and a little, as much as a screen holds."""
PAGE_WORDS = 80
"""Words of a question from which it is a page of requirements, which no single section answers."""
_ASKS_FOR_DESIGN = re.compile(
    r"\b(design|architect(ure)?|propos(e|al)|recommend|blueprint|lay out|set up)\b", re.IGNORECASE
)


def is_page(question: str) -> bool:
    """Whether a question is a page of requirements."""
    return len(question.split()) >= PAGE_WORDS


def asks_for_design(question: str) -> bool:
    """Whether a question of several requirements wants a design, and not a cause or a figure."""
    return bool(_ASKS_FOR_DESIGN.search(question))


def arranged(
    candidates: Sequence[Candidate], most_statements: int, most_words: int
) -> dict[str, list[Candidate]]:
    """What best answers one situation, put into the rows it fits; a row that nothing fits is empty."""
    first = next(filter(ROWS[0].holds, candidates), None)
    others = [candidate for candidate in candidates if candidate is not first]
    best: dict[str, Candidate] = {}
    for candidate in sorted(others, key=lambda candidate: -candidate.worth):
        best.setdefault(_row_of(candidate).name, candidate)
    # A row is empty only where the handbook has nothing for it, whatever is worth more elsewhere.
    sooner = [best[row.name] for row in ROWS[1:] if row.name in best]
    rows: dict[str, list[Candidate]] = {row.name: [] for row in ROWS}
    for candidate in compose([*filter(None, [first]), *others], most_statements, most_words, sooner=sooner):
        rows[(ROWS[0] if candidate is first else _row_of(candidate)).name].append(candidate)
    return rows


def _row_of(candidate: Candidate) -> Row:
    """The first row after the design that would hold it, else the design."""
    return next((row for row in ROWS[1:] if row.holds(candidate)), ROWS[0])


def framed(candidates: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    """What answers the requirements of a page, best first, row by row; a row that nothing fits is empty."""
    first = next(filter(ROWS[0].holds, candidates), None)
    likely = sorted(candidates, key=lambda candidate: -candidate.worth)
    # The first statement answers; the others add to it.
    ordered = [first, *(c for c in likely if c is not first)] if first else likely
    chosen: list[Candidate] = []
    return {row.name: _filled(row, ordered, chosen) for row in ROWS}


def _filled(row: Row, candidates: Sequence[Candidate], chosen: list[Candidate]) -> list[Candidate]:
    found: list[Candidate] = []
    words = 0
    for candidate in filter(row.holds, candidates):
        if len(found) == row.statements:
            break
        # A design has several requirements: the first statements are to answer different ones.
        answered = any(other.facet == candidate.facet for other in found) and len(found) < row.statements - 1
        length = len(candidate.sentence.text.split())
        repeats = any(alike(candidate, other) > NEAR_COPY for other in chosen)
        if not answered and not repeats and (not found or words + length <= row.words):
            found.append(candidate)
            chosen.append(candidate)
            words += length
    return found
