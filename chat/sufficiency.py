"""Does the handbook answer this at all? Relevance is not sufficiency, so nearness is not enough."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chat.compose import Candidate, candidates_of
from retriever.search import Findings, Retriever

ANSWERED = 0.5
"""Least confidence to answer."""
LOOKED_AT = 5
"""How many of the best passages speak for the handbook."""
BEST_SECTIONS = 3
"""How many of the best sections may explain a term."""
READ_WITHOUT_LESSONS, MOST_READ = 2, 6
"""How many sentences are read beside the question, the best first: at least so many where no lesson tells
which of them answers, and at most so many before it is refused."""
CLEARLY = 0.5
"""The probability from which one answers so clearly that no other is read."""
ANSWERS_SCORE = 0.3
"""Weight of that probability in the choice of the first sentence."""
FOLLOWS = 0.4
"""Log-odds: what goes on with an answered question is likelier to be answered than another."""
WITHOUT_LESSONS = 0.045
"""What "asked" is worth where there are no lessons: midway between questions in scope and others."""
BIAS = -6.52
WEIGHTS: Mapping[str, float] = {
    "similarity": 4.45,
    "length": 2.79,
    "coverage": 2.7,
    "unnamed": -1.37,
    "foreign": -5.49,
    "invented": -4.59,
    "term": 2.25,
    "answers": 1.2,
    "asked": 14.35,
}
"""Of the signals, in the logistic model: `python -m evals abstention --fit` with 13,500 lessons."""

LONG_BIAS = -2.30
LONG_WEIGHTS: Mapping[str, float] = {
    "facets": 17.74,
    "rarity": -19.02,
    "coverage": 10.99,
}
"""The same for a question of several requirements, which is near something here whatever it is about:
`python -m evals abstention --fit`."""

OTHERS = re.compile(
    r"\b(snowflake|snowpipe|big ?query|redshift|synapse|fabric|onelake|athena|emr|dataproc|glue|airflow"
    r"|dagster|prefect|dbt|flink|beam|dataflow|kafka streams|ksqldb|kafka|pulsar|rabbitmq|trino|presto"
    r"|starburst|dremio|clickhouse|druid|pinot|duckdb|hudi|iceberg|hive|impala|hadoop|hdfs|yarn"
    r"|postgres(?:ql)?|mysql|oracle|sql server|mongo(?:db)?|cassandra|dynamodb|cosmos ?db|redis"
    r"|elasticsearch|opensearch|neo4j|teradata|kubernetes|k8s|docker|jenkins|git|ansible|nginx|linux"
    r"|windows|excel|pandas|numpy|scikit-learn|tensorflow|pytorch|openai|chatgpt|gemini|claude|langchain"
    r"|sagemaker|vertex ai|bedrock|looker|qlik|salesforce|sap)\b",
    re.IGNORECASE,
)
"""Products beside Databricks: a question about one is near everything here and answered by little."""
_LEFT = re.compile(r"\b(?:from|out of|off)\s+(?:(?:our|an?|the|[\d,]+)\s+)*(?:[\w-]+\s+)?$", re.IGNORECASE)
"""What stands before the name of a product that data come from: the question is about where they go."""
_IDENTIFIER = re.compile(r"`[^`]+`|\b\w+(?:[._]\w+)+\b|\b[a-z]+[A-Z]\w+\b|\b[A-Z][a-z]+[A-Z]\w+\b")
_NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w.+-]*")


@dataclass(frozen=True)
class Weighed:
    """What was found for a question, weighed: what may be said, and how surely that answers."""

    candidates: Sequence[Candidate]
    """Best first."""
    signals: Mapping[str, float]
    """Empty where nothing was found."""
    follows: bool = False
    """Whether the question goes on with one that was answered."""

    @property
    def confidence(self) -> float:
        """How surely the handbook answers, 0 to 1."""
        if not self.signals:
            return 0.0
        bias, weights = (LONG_BIAS, LONG_WEIGHTS) if "facets" in self.signals else (BIAS, WEIGHTS)
        score = bias + FOLLOWS * self.follows + sum(weights[name] * self.signals[name] for name in weights)
        return 1 / (1 + math.exp(-score))


def weigh(findings: Findings, retriever: Retriever, follows: bool = False) -> Weighed:
    """Read the best candidates beside the question, and put first what answers it."""
    if not findings.passages:
        return Weighed((), {})
    candidates = candidates_of(findings, retriever)
    prose = [row for row, one in enumerate(candidates) if one.sentence.kind != "code"][:MOST_READ]
    signals = _signals(findings, retriever)
    weighed = Weighed(candidates, signals | {"answers": _answers(findings, 0.0)}, follows)
    read: dict[int, float] = {}
    fewest = 1 if findings.lessons else READ_WITHOUT_LESSONS
    for row in prose:
        pair = (findings.question, candidates[row].sentence.embedding_text())
        read[row] = float(retriever.pairs.answers([pair])[0])
        weighed = replace(weighed, signals=signals | {"answers": _answers(findings, max(read.values()))})
        if read[row] >= CLEARLY or (len(read) >= fewest and weighed.confidence >= ANSWERED):
            break
    ordered = [
        replace(one, score=one.score + ANSWERS_SCORE * read[row]) if row in read else one
        for row, one in enumerate(candidates)
    ]
    return replace(weighed, candidates=sorted(ordered, key=lambda candidate: -candidate.score))


def _signals(findings: Findings, retriever: Retriever) -> dict[str, float]:
    """What speaks for and against an answer before a sentence is read; each is explained by its own line."""
    asked = _rarities(findings, retriever)
    total = sum(asked.values()) or 1.0
    best = findings.passages[0].chunk.section
    here = [passage.chunk for passage in findings.passages if passage.chunk.section == best]
    words = {term for chunk in here for term in retriever.terms(chunk.embedding_text())}
    text = " ".join(chunk.embedding_text() for chunk in here).lower()
    signals = {
        # Nearness in meaning of the best passage.
        "similarity": max(passage.similarity for passage in findings.passages[:LOOKED_AT]),
        # A long question is near nothing in particular, answered or not.
        "length": math.log1p(len(asked)),
        # The share of the question's words, the rare ones first, that the best section uses.
        "coverage": sum(weight for term, weight in asked.items() if term in words) / total,
        # The rarest name in the question that the best section never mentions.
        "unnamed": max(
            (
                retriever.rarity(term)
                for name in _NAME.findall(findings.question)
                for term in retriever.terms(name)
                if term not in words
            ),
            default=0.0,
        ),
        # A setting or a class that the handbook never mentions: it may not even exist.
        "invented": float(
            any(
                retriever.rarity(term) == 1
                for name in _IDENTIFIER.findall(findings.question)
                for term in retriever.terms(name)
            )
        ),
        # Another product is asked about, and the best section does not speak of it.
        "foreign": float(any(name.lower() not in text for name in _other_products(findings.question))),
        # A term of the glossary is asked for, and the section that explains it was found.
        "term": float(not findings.explained_in.isdisjoint(_best_sections(findings))),
        # How much nearer the nearest question is that the handbook answers than the nearest that it does not.
        "asked": _asked(findings),
    }
    if findings.facets and findings.lessons:
        # How near each requirement is to something, and how unusual the words are. What is usual differs from
        # one collection to the next; the weights were fitted where there are lessons.
        signals["facets"] = sum(findings.facets.values()) / len(findings.facets)
        signals["rarity"] = total / max(1, len(asked))
    return signals


def _other_products(question: str) -> list[str]:
    """The other products that a question is about."""
    named = OTHERS.finditer(question)
    return [match[0] for match in named if not _LEFT.search(question[: match.start()])]


def _answers(findings: Findings, best: float) -> float:
    """Whether one of the best sentences answers, as log-odds: the question and each of them read together.

    The pair reader has learnt from sentences, and says nothing where code is nearest.
    """
    is_code = bool(findings.sentences) and findings.sentences[0].sentence.kind == "code"
    return 0.0 if is_code else math.log((best + 0.01) / (1.01 - best))


def _asked(findings: Findings) -> float:
    """Similarity of the nearest lesson that is answered, less that of the nearest that is not."""
    nearest: dict[bool, float] = {}
    for one in findings.lessons:
        nearest.setdefault(one.lesson.answered, one.similarity)
    return nearest.get(True, 0.0) - nearest.get(False, 0.0) if nearest else WITHOUT_LESSONS


def _rarities(findings: Findings, retriever: Retriever) -> dict[str, float]:
    return {term: retriever.rarity(term) for term in retriever.terms(findings.question)}


def _best_sections(findings: Findings) -> list[str]:
    return list(dict.fromkeys(passage.chunk.section for passage in findings.passages))[:BEST_SECTIONS]
