"""Whether the section behind each key point and correction says it: what a grade would cite."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evals.metrics import mean
from ingest.pipeline import read_handbook
from ingest.sections import Section
from interview.bank import read_bank
from interview.features import OVERLAP, SIMILARITY
from retriever.search import Retriever
from settings import Settings

_CLAUSE = re.compile(r"[,;:|]\s+|(?<=[.!?])\s+|\n")
BACKED = 0.54
"""Least support for a claim to count as said by its section."""
FEWEST_WORDS = 4


@dataclass(frozen=True)
class Claim:
    """A statement of the bank, and how well the section it names supports it."""

    question: str
    role: str
    section: str
    text: str
    support: float = 0.0
    nearest: str = ""


def measure(settings: Settings) -> dict[str, Any]:
    """Support of every key point and correction, 0 to 1, and the doubtful ones, the weakest first.

    A claim is backed if something near to it stands in its section's text, read by elements,
    sentences and clauses.
    """
    retriever = Retriever(settings)
    retriever.open()
    sections = {
        section.number: section
        for document in read_handbook(settings.corpus)
        for section in document.sections
    }
    by_section: dict[str, list[Claim]] = {}
    for claim in _claims(settings):
        by_section.setdefault(claim.section, []).append(claim)
    weighed = [
        claim
        for number, claims in by_section.items()
        for claim in _weigh(retriever, sections.get(number), claims)
    ]
    doubts = sorted((claim for claim in weighed if claim.support < BACKED), key=lambda claim: claim.support)
    return {
        "claims": len(weighed),
        "backed": mean([float(claim.support >= BACKED) for claim in weighed]),
        "doubts": [asdict(claim) for claim in doubts],
    }


def as_table(measured: Mapping[str, Any]) -> str:
    """The share, and each doubt with the nearest words of its section."""
    lines = [f"{measured['backed']:.1%} of {measured['claims']:,} key points and corrections are backed", ""]
    for doubt in measured["doubts"]:
        lines.append(f"{doubt['support']:.2f} {doubt['question']} ({doubt['role']}, {doubt['section']})")
        lines.append(f"     says: {doubt['text']}")
        lines.append(f"     text: {doubt['nearest']}")
    return "\n".join(lines)


def _claims(settings: Settings) -> Iterator[Claim]:
    for question in read_bank(settings.corpus).values():
        for point in question.key_points:
            yield Claim(question.id, "key point", point.section, point.text)
        for wrong in question.misconceptions:
            yield Claim(question.id, "correction", wrong.section, wrong.correction)


def _weigh(retriever: Retriever, section: Section | None, claims: list[Claim]) -> list[Claim]:
    texts = list(_windows(section)) if section else []
    if not texts:
        return claims
    near = retriever.encode([claim.text for claim in claims]) @ retriever.encode(texts).T
    said = [set(retriever.terms(text)) for text in texts]
    weighed = []
    for claim, row in zip(claims, near, strict=True):
        weights = {term: retriever.rarity(term) for term in retriever.terms(claim.text)}
        total = sum(weights.values()) or 1.0
        shared = [sum(weight for term, weight in weights.items() if term in terms) / total for terms in said]
        support = SIMILARITY * row + OVERLAP * np.array(shared)
        best = int(support.argmax())
        weighed.append(
            Claim(
                claim.question,
                claim.role,
                claim.section,
                claim.text,
                float(support[best]),
                " ".join(texts[best].split())[:200],
            )
        )
    return weighed


def _windows(section: Section) -> Iterator[str]:
    """Elements with their column heads, neighbouring clauses, and single ones, of all but diagrams."""
    for block in section.blocks:
        for element in block.elements:
            if element.kind == "diagram" or block.heading == "Sources":
                continue
            heads = element.header.split("\n")[0] if element.kind == "row" else ""
            yield f"{section.title} {heads} {element.text}"
            clauses = [clause for clause in _CLAUSE.split(element.text) if clause.strip()]
            for begin in range(len(clauses)):
                for end in (begin + 1, begin + 2, begin + 3):
                    text = ", ".join(clauses[begin:end])
                    if end <= len(clauses) and len(text.split()) >= FEWEST_WORDS:
                        yield text
