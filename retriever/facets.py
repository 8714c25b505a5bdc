"""A long question → what it asks of ingestion, storage, compute, governance, cost and the rest."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from ingest.embedder import Vectors

FACETS: Mapping[str, str] = {
    "ingestion": "loading files, databases, events, connectors, schema",
    "streaming": "real time, latency in seconds, late events, exactly once",
    "storage": "storage layout, tables, file layout, retention, history, size in terabytes",
    "compute": "clusters, serverless, sizing, GPUs, autoscaling",
    "performance": "slow queries, dashboards respond in seconds, joins",
    "governance": "who may see which rows and columns, personal data, masking, audit",
    "network": "network security, private link, no internet, keys, encryption, regions",
    "sharing": "partners, external consumers, data products",
    "cost": "budget, monthly bill, chargeback, discounts",
    "recovery": "disaster, outage, RPO, RTO, failover, restore",
    "operations": "jobs, schedules, retries, deployment, CI/CD, environments",
    "machine learning": "models, features, training, serving, drift",
    "serving": "SQL warehouse, Power BI, concurrency, dashboards",
    "migration": "Hive metastore, legacy warehouse, Hadoop",
}
"""What a design has to decide, each in the words that requirements use."""
FEWEST_WORDS = 45
"""A shorter question asks one thing, whatever it tells around it."""
FEWEST_PIECES = 4
LONG_SENTENCE = 18
"""Words from which a sentence is likely to hold several requirements."""
PIECE_WORDS = 4

_SENTENCE = re.compile(r"(?<=[.!?;:])\s+(?:[-*•]\s+)?|\s+[-*•]\s+")
_CLAUSE = re.compile(r",\s+(?:and |but |while )?|\s+(?:and|but|while)\s+(?=\w+ \w+ \w+)")


class FacetReader:
    """Takes a long question apart. Safe to share between threads.

    Args:
        encode: texts → unit vectors, the encoder of the search.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Vectors]) -> None:
        self._encode = encode

    def facets_of(self, question: str) -> dict[str, str]:
        """The question's requirements by facet; empty for a question that asks one thing."""
        pieces = pieces_of(question)
        if not is_long(question) or len(pieces) < FEWEST_PIECES:
            return {}
        nearest = (self._encode(pieces) @ self._facets.T).argmax(axis=1)
        names = list(FACETS)
        facets: dict[str, str] = {}
        for piece, row in zip(pieces, nearest, strict=True):
            name = names[row]
            facets[name] = f"{facets[name]} {piece}" if name in facets else piece
        return facets

    @cached_property
    def _facets(self) -> Vectors:
        return self._encode([f"{name}: {words}" for name, words in FACETS.items()])


def is_long(question: str) -> bool:
    """Whether a question is long enough to have several requirements."""
    return len(question.split()) >= FEWEST_WORDS


def pieces_of(question: str) -> list[str]:
    """Sentences, and the clauses of long ones."""
    pieces = []
    for sentence in _SENTENCE.split(question):
        clauses = _CLAUSE.split(sentence) if len(sentence.split()) > LONG_SENTENCE else [sentence]
        long_enough = [clause for clause in clauses if len(clause.split()) >= PIECE_WORDS]
        pieces += long_enough or ([sentence] if len(sentence.split()) >= PIECE_WORDS else [])
    return pieces
