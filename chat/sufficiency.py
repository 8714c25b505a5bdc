"""Does the handbook answer this at all? Relevance is not sufficiency, so nearness is not enough."""

import math
import re
from collections.abc import Mapping

from retriever.search import Findings, FoundSentence, Retriever

ANSWERED = 0.5
"""Least confidence to answer."""
LOOKED_AT = 5
"""How many of the best passages speak for the handbook."""
BEST_SECTIONS = 3
"""How many of the best sections may explain a term."""
READ = 2
"""How many sentences are read beside the question, the likeliest first."""
SHARED = 0.25
"""Weight of the question's words in the choice of those."""
BIAS = -5.70
WEIGHTS: Mapping[str, float] = {
    "similarity": 2.46,
    "length": 2.69,
    "coverage": 1.87,
    "unnamed": -0.32,
    "foreign": -3.37,
    "invented": -2.82,
    "term": 4.89,
    "answers": 0.73,
}
"""Of the signals, in the logistic model: what `python -m evals abstention --fit` finds."""

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
_IDENTIFIER = re.compile(r"`[^`]+`|\b\w+(?:[._]\w+)+\b|\b[a-z]+[A-Z]\w+\b|\b[A-Z][a-z]+[A-Z]\w+\b")
_NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w.+-]*")


def confidence(findings: Findings, retriever: Retriever) -> float:
    """How surely the handbook answers, 0 to 1."""
    if not findings.passages:
        return 0.0
    found = signals(findings, retriever)
    score = BIAS + sum(weight * found[name] for name, weight in WEIGHTS.items())
    return 1 / (1 + math.exp(-score))


def signals(findings: Findings, retriever: Retriever) -> dict[str, float]:
    """What speaks for and against an answer; each is explained by its own line."""
    asked = _rarities(findings, retriever)
    total = sum(asked.values()) or 1.0
    best = findings.passages[0].chunk.section
    here = [passage.chunk for passage in findings.passages if passage.chunk.section == best]
    words = {term for chunk in here for term in retriever.terms(chunk.embedding_text())}
    text = " ".join(chunk.embedding_text() for chunk in here).lower()
    return {
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
        "foreign": float(any(name.lower() not in text for name in OTHERS.findall(findings.question))),
        # A term of the glossary is asked for, and the section that explains it was found.
        "term": float(not findings.explained_in.isdisjoint(_best_sections(findings))),
        # Whether the nearest sentences answer, the question and each of them read together.
        "answers": _answers(findings, retriever),
    }


def likeliest(findings: Findings, retriever: Retriever) -> list[FoundSentence]:
    """The sentences found, code left out, in the order in which they are read beside the question."""
    asked = _rarities(findings, retriever)
    total = sum(asked.values()) or 1.0

    def likely(found: FoundSentence) -> float:
        said = set(retriever.terms(found.sentence.text))
        return found.similarity + SHARED * sum(asked[term] for term in asked if term in said) / total

    prose = (found for found in findings.sentences if found.sentence.kind != "code")
    return sorted(prose, key=likely, reverse=True)


def _rarities(findings: Findings, retriever: Retriever) -> dict[str, float]:
    return {term: retriever.rarity(term) for term in retriever.terms(findings.question)}


def _best_sections(findings: Findings) -> list[str]:
    return list(dict.fromkeys(passage.chunk.section for passage in findings.passages))[:BEST_SECTIONS]


def _answers(findings: Findings, retriever: Retriever) -> float:
    """The log-odds that the likeliest of the nearest sentences answers; 0, even, where code is the nearest.

    The pair reader has learnt from sentences, and says nothing of code.
    """
    if findings.sentences and findings.sentences[0].sentence.kind == "code":
        return 0.0
    nearest = likeliest(findings, retriever)[:READ]
    pairs = [(findings.question, found.sentence.embedding_text()) for found in nearest]
    best = float(retriever.pairs.answers(pairs).max(initial=0.0))
    return math.log((best + 0.01) / (1.01 - best))
