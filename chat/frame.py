"""A design that is asked for → an architect's answer: design, alternatives, risks, cost, governance."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.compose import LEAST_WORTH, Candidate, compose


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
"""Where requirements are named, a row may say what is worth less than elsewhere, but not what has nothing to
do with them."""
WORTH_OF_A_WORD = 0.05
"""How much a row that would be empty prefers the shorter sentence: its room is taken from the design."""
_ASKS_FOR_DESIGN = re.compile(
    r"\b(design|architect(ure)?|propos(e|al)|recommend|blueprint|lay out|set up|consolidate|roadmap|strategy"
    r"|how would you (build|structure|organi[sz]e|migrate|move|approach|plan)|first \d+ days|plan for)\b",
    re.IGNORECASE,
)
_DESIGN_IN_A_LINE = re.compile(
    r"^\W*((can|could|would) you |please |let['’]?s )*((how|what) would you build\s|(how would you )?"
    # The build side of a join is none.
    r"(build (me )?(an?|the|our)\s|(design(ing)?|architect|sketch|propose|lay out)\s"
    r"(?!(patterns?|principles?|considerations?|choices?|decisions?|documents?|for|of|or|vs)\b)))",
    re.IGNORECASE,
)


def asks_for_design(question: str, requirements: int) -> bool:
    """Whether a question wants a design, and not a cause or a figure.

    Args:
        question: what is asked.
        requirements: how many it names. Where it names none, as in “Design a fraud detection platform for a
            bank”, only a clear request counts.
    """
    if not requirements:
        return bool(_DESIGN_IN_A_LINE.search(question))
    return len(question.split()) >= PAGE_WORDS or bool(_ASKS_FOR_DESIGN.search(question))


def arranged(
    candidates: Sequence[Candidate], most_statements: int, most_words: int, requirements: int
) -> dict[str, list[Candidate]]:
    """What best answers, put into the rows it fits; a row is empty where the handbook has nothing for it.

    Args:
        candidates: best first.
        most_statements: of all rows together.
        most_words: of all rows together.
        requirements: how many the question names. Of several, the best sentence may answer one alone, so a
            section's summary opens.
    """
    opening = [one for one in candidates if _opens(one)]
    leads = [one for one in opening if requirements and one.chunk.heading == "In short"]
    first = max(leads or opening[:1], key=lambda one: one.worth, default=None)
    least = LEAST_ROW_WORTH if requirements else LEAST_WORTH
    others = [candidate for candidate in candidates if candidate is not first]
    ordered = [*filter(None, [first]), *others]
    filled = {_row_of(one) for one in compose(ordered, most_statements, most_words) if one is not first}
    likely = sorted(others, key=lambda one: WORTH_OF_A_WORD * len(one.sentence.text.split()) - one.worth)
    fitting: dict[str, Candidate] = {}
    for candidate in likely:
        if candidate.worth >= least:
            fitting.setdefault(_row_of(candidate), candidate)
    sooner = [one for name, one in fitting.items() if name not in filled]
    rows: dict[str, list[Candidate]] = {name: [] for name in (DESIGN, *(row.name for row in ROWS))}
    for candidate in compose(ordered, most_statements, most_words, sooner=sooner):
        rows[DESIGN if candidate is first else _row_of(candidate)].append(candidate)
    return rows


def _row_of(candidate: Candidate) -> str:
    """The first row that would hold it, else the design."""
    return next((row.name for row in ROWS if row.holds(candidate)), DESIGN)
