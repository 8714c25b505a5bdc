"""How often the right section is at the top, ours beside what a user would build instead."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.baselines import TutorialChain, section_of
from evals.metrics import RANKING_METRICS, distinct, interval, mean
from evals.questions import EvalQuestion
from ingest.embedder import find_model
from ingest.pipeline import read_handbook
from retriever.search import Findings, Retriever
from settings import PROJECT, Settings

System = Callable[[str], Sequence[str]]
"""A question → distinct sections, best first."""


def measure(settings: Settings, questions: Sequence[EvalQuestion]) -> dict[str, Any]:
    """Each metric with its 95% interval, per system and half, over distinct sections."""
    retriever = Retriever(settings)
    retriever.open()
    with tempfile.TemporaryDirectory() as folder:
        systems = {**own_systems(retriever), "tutorial chain": _tutorial(settings, Path(folder))}
        rankings = {
            name: [distinct(search(question.question)) for question in questions]
            for name, search in systems.items()
        }
    halves = {
        "reported half": [question.half == "reported" for question in questions],
        "all": [True for _ in questions],
    }
    return {
        half: {
            "questions": sum(chosen),
            "systems": {name: _metrics(questions, found, chosen) for name, found in rankings.items()},
        }
        for half, chosen in halves.items()
    }


def own_systems(retriever: Retriever) -> dict[str, System]:
    """This search, and its parts."""
    return {
        "lakehouse mentor": lambda question: _sections(retriever.find(question)),
        "dense only": lambda question: _sections(retriever.find(question, lexical_weight=0)),
        "BM25 only": lambda question: _sections(retriever.find(question, lexical_weight=1)),
    }


def _sections(findings: Findings) -> list[str]:
    return [passage.chunk.section for passage in findings.passages]


def as_table(measured: Mapping[str, Any]) -> str:
    """The measurements as Markdown tables."""
    lines = []
    for half, table in measured.items():
        lines += [f"{half}: {table['questions']} questions", ""]
        lines.append("| System | " + " | ".join(RANKING_METRICS) + " |")
        lines.append("|---|" + "---|" * len(RANKING_METRICS))
        for name, metrics in table["systems"].items():
            row = (f"{m['mean']:.3f} ({m['low']:.2f}–{m['high']:.2f})" for m in metrics.values())
            lines.append(f"| {name} | " + " | ".join(row) + " |")
        lines.append("")
    return "\n".join(lines)


def _tutorial(settings: Settings, folder: Path) -> System:
    documents = read_handbook(settings.corpus)
    chain = TutorialChain(find_model(settings.embedder), folder)
    chain.ingest(documents, PROJECT)
    return lambda question: [section_of(chunk, documents) for chunk in chain.search(question)]


def _metrics(
    questions: Sequence[EvalQuestion], rankings: Sequence[Sequence[str]], chosen: Sequence[bool]
) -> dict[str, dict[str, float]]:
    measured = {}
    for name, metric in RANKING_METRICS.items():
        values = [
            metric(ranking, question.primary, question.relevant)
            for question, ranking, wanted in zip(questions, rankings, chosen, strict=True)
            if wanted
        ]
        low, high = interval(values)
        measured[name] = {"mean": mean(values), "low": low, "high": high}
    return measured
