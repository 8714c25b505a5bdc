"""Does the handbook answer this at all? Relevance is not sufficiency, so nearness is not enough."""

import math

from retriever.search import Findings, Retriever

ANSWERED = 0.45
"""Least confidence to answer."""
BIAS, SIMILARITY, STRANGENESS = -4.4, 9.7, -3.9
"""Weights of the logistic model, fitted on one half of 300 questions (split by section)."""
LOOKED_AT = 5
"""How many of the best passages speak for the handbook."""


def confidence(findings: Findings, retriever: Retriever) -> float:
    """How surely the handbook answers, 0 to 1: nearness in meaning, less what it has no word for."""
    if not findings.passages:
        return 0.0
    similarity = max(passage.similarity for passage in findings.passages[:LOOKED_AT])
    score = BIAS + SIMILARITY * similarity + STRANGENESS * strangeness(findings, retriever)
    return 1 / (1 + math.exp(-score))


def strangeness(findings: Findings, retriever: Retriever) -> float:
    """The share of the question's words that the handbook never uses, 0 to 1.

    Another product's name is the usual sign of a question that is near everything here and
    answered by nothing.
    """
    if not findings.terms:
        return 1.0
    return sum(retriever.rarity(term) == 1 for term in findings.terms) / len(findings.terms)
