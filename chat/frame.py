"""A design that is asked for → an architect's answer: design, alternatives, risks, cost, governance."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.compose import Candidate, compose


@dataclass(frozen=True)
class Row:
    """A part of the answer, and what may stand in it."""

    name: str
    holds: Callable[[Candidate], bool]


_TOLD = frozenset(
    {
        "In short",
        "How it works",
        "Architecture",
        "Trade-offs",
        "Decisions and trade-offs",
        "Performance and cost",
        "Best practices",
    }
)
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


def _opens(candidate: Candidate) -> bool:
    return _is_prose(candidate) and candidate.chunk.heading not in _RISKS


DESIGN = "Recommended design"
ROWS = (
    Row("Alternatives", lambda c: c.chunk.heading in ("Trade-offs", "Decisions and trade-offs")),
    Row("Risks and failure modes", lambda c: c.chunk.heading in _RISKS),
    Row("Cost", lambda c: _tells(c, _COST)),
    Row("Governance", lambda c: _tells(c, _GOVERNANCE)),
)
"""After the design, in the order in which an architect would say them."""
PAGE_WORDS = 80
"""Words of a question from which it is a page of requirements: it wants a design, whatever it calls it."""
LEAST_ROW_WORTH = -4.5
"""A row may say what is worth less than elsewhere, but not what has nothing to do with the question."""
WORTH_OF_A_WORD = 0.05
"""How much a row that would be empty prefers the shorter sentence: its room is taken from the design."""
_ASKS_FOR_DESIGN = re.compile(
    r"\b(design|architect(ure)?|propos(e|al)|recommend|blueprint|lay out|set up|consolidate|roadmap|strategy"
    r"|how would you (build|structure|organi[sz]e|migrate|move|approach|plan)|first \d+ days|plan for)\b",
    re.IGNORECASE,
)


def asks_for_design(question: str) -> bool:
    """Whether a question of several requirements wants a design, and not a cause or a figure."""
    return len(question.split()) >= PAGE_WORDS or bool(_ASKS_FOR_DESIGN.search(question))


def arranged(
    candidates: Sequence[Candidate], most_statements: int, most_words: int
) -> dict[str, list[Candidate]]:
    """What best answers, put into the rows it fits; a row is empty where the handbook has nothing for it."""
    leads = [one for one in candidates if _opens(one) and one.chunk.heading == "In short"]
    first = max(leads, key=lambda one: one.worth, default=None) or next(filter(_opens, candidates), None)
    others = [candidate for candidate in candidates if candidate is not first]
    ordered = [*filter(None, [first]), *others]
    filled = {_row_of(one) for one in compose(ordered, most_statements, most_words) if one is not first}
    likely = sorted(others, key=lambda one: WORTH_OF_A_WORD * len(one.sentence.text.split()) - one.worth)
    fitting: dict[str, Candidate] = {}
    for candidate in likely:
        if candidate.worth >= LEAST_ROW_WORTH:
            fitting.setdefault(_row_of(candidate), candidate)
    sooner = [one for name, one in fitting.items() if name not in filled]
    rows: dict[str, list[Candidate]] = {name: [] for name in (DESIGN, *(row.name for row in ROWS))}
    for candidate in compose(ordered, most_statements, most_words, sooner=sooner):
        rows[DESIGN if candidate is first else _row_of(candidate)].append(candidate)
    return rows


def _row_of(candidate: Candidate) -> str:
    """The first row that would hold it, else the design."""
    return next((row.name for row in ROWS if row.holds(candidate)), DESIGN)
