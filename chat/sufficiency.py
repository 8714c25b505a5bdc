"""Does the handbook answer this at all? Relevance is not sufficiency, so nearness is not enough."""

import math

from retriever.search import Findings, Retriever

ANSWERED = 0.5
"""Least confidence to answer."""
BIAS, SIMILARITY, COVERAGE = -7.5, 13.0, 1.5
"""Weights of the logistic model, chosen on one half of 170 questions about chapters 1 and 2 and others."""
LOOKED_AT = 5
"""How many of the best passages speak for the handbook."""


def confidence(findings: Findings, retriever: Retriever) -> float:
    """How surely the handbook answers, 0 to 1: nearness in meaning, and words accounted for."""
    if not findings.passages:
        return 0.0
    similarity = max(passage.similarity for passage in findings.passages[:LOOKED_AT])
    score = BIAS + SIMILARITY * similarity + COVERAGE * coverage(findings, retriever)
    return 1 / (1 + math.exp(-score))


def coverage(findings: Findings, retriever: Retriever) -> float:
    """The share of the question's words, weighed by rarity, that the best passages use, 0 to 1.

    A name that the handbook never uses weighs most: another product's name is the usual sign of a
    question that is near everything here and answered by nothing.
    """
    said: set[str] = set()
    for passage in findings.passages[:LOOKED_AT]:
        said.update(retriever.terms(passage.chunk.embedding_text()))
    weights = {term: retriever.rarity(term) for term in findings.terms}
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in said) / total if total else 0.0
