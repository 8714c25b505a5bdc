"""How often the right section is at the top, ours beside what a user would build instead."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evals.baselines import TutorialChain, section_of
from evals.metrics import RANKING_METRICS, distinct, interval, mean, recall
from evals.questions import EvalQuestion
from ingest.embedder import find_model
from ingest.pipeline import read_handbook
from retriever.search import Findings, Retriever
from settings import PROJECT, Settings

System = Callable[[str], Sequence[str]]
"""A question → distinct sections, best first."""

OURS = "lakehouse mentor"
WITHOUT = "without the re-ranker"
FIRST = 8
"""Sections that a person designing something reads."""
GOLD = "gold in the first 8"


def measure(
    settings: Settings, questions: Sequence[EvalQuestion], scenarios: Sequence[EvalQuestion]
) -> dict[str, Any]:
    """Each metric with its 95% interval over distinct sections, per system, by half and by kind.

    Args:
        settings: which handbook and index.
        questions: each with the section that answers it best.
        scenarios: each with all the sections that a good design draws on.
    """
    retriever = Retriever(settings)
    retriever.open()
    plain = Retriever(replace(settings, reranker=""))
    without = {WITHOUT: _of(plain)} if settings.reranker else {}
    with tempfile.TemporaryDirectory() as folder:
        systems = {
            **own_systems(retriever),
            **without,
            "tutorial chain": _tutorial(settings, Path(folder)),
        }
        rankings = {name: _rankings(search, questions) for name, search in systems.items()}
        designs = {name: _rankings(search, scenarios) for name, search in systems.items()}
    reported = [question.half == "reported" for question in questions]
    kinds = sorted({question.kind for question in questions})
    of_kind = {
        kind: [half and q.kind == kind for half, q in zip(reported, questions, strict=True)] for kind in kinds
    }
    return {
        "reported half": _table(questions, rankings, reported),
        "all": _table(questions, rankings, [True] * len(questions)),
        "reported half by kind": {
            kind: _table(questions, {OURS: rankings[OURS]}, chosen) for kind, chosen in of_kind.items()
        },
        "scenarios, reported half": _designs(
            scenarios, designs, [scenario.half == "reported" for scenario in scenarios]
        ),
        "scenarios, all": _designs(scenarios, designs, [True] * len(scenarios)),
    }


def own_systems(retriever: Retriever) -> dict[str, System]:
    """This search, and its parts."""
    return {
        OURS: _of(retriever),
        "dense only": lambda question: _sections(retriever.find(question, lexical_weight=0)),
        "BM25 only": lambda question: _sections(retriever.find(question, lexical_weight=1)),
    }


def as_table(measured: Mapping[str, Any]) -> str:
    """The measurements as Markdown tables."""
    lines: list[str] = []
    for title, table in measured.items():
        if "systems" in table:
            lines += _printed(f"{title}: {table['questions']} questions", "System", table["systems"])
        else:
            rows = {
                f"{kind} ({part['questions']})": part["systems"][OURS]
                for kind, part in table.items()
                if part["questions"]
            }
            lines += _printed(title, "Kind", rows)
    return "\n".join(lines)


def _printed(title: str, head: str, rows: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    names = list(next(iter(rows.values()), {}))
    lines = [title, "", f"| {head} | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for name, metrics in rows.items():
        cells = (f"{m['mean']:.3f} ({m['low']:.2f}–{m['high']:.2f})" for m in metrics.values())
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _of(retriever: Retriever) -> System:
    return lambda question: _sections(retriever.find(question))


def _sections(findings: Findings) -> list[str]:
    return [passage.chunk.section for passage in findings.passages]


def _rankings(search: System, questions: Sequence[EvalQuestion]) -> list[list[str]]:
    return [distinct(search(question.question)) for question in questions]


def _tutorial(settings: Settings, folder: Path) -> System:
    documents = read_handbook(settings.corpus)
    chain = TutorialChain(find_model(settings.embedder), folder)
    chain.ingest(documents, PROJECT)
    return lambda question: [section_of(chunk, documents) for chunk in chain.search(question)]


def _table(
    questions: Sequence[EvalQuestion],
    rankings: Mapping[str, Sequence[Sequence[str]]],
    chosen: Sequence[bool],
) -> dict[str, Any]:
    """Every ranking metric of the chosen questions, by system."""
    systems = {}
    for name, found in rankings.items():
        systems[name] = {
            metric: _summary(
                [
                    of(ranking, question.primary, question.relevant)
                    for question, ranking, wanted in zip(questions, found, chosen, strict=True)
                    if wanted
                ]
            )
            for metric, of in RANKING_METRICS.items()
        }
    return {"questions": sum(chosen), "systems": systems}


def _designs(
    scenarios: Sequence[EvalQuestion],
    rankings: Mapping[str, Sequence[Sequence[str]]],
    chosen: Sequence[bool],
) -> dict[str, Any]:
    """The share of the gold sections among the first eight, by system."""
    systems = {
        name: {
            GOLD: _summary(
                [
                    recall(ranking, scenario.relevant, FIRST)
                    for scenario, ranking, wanted in zip(scenarios, found, chosen, strict=True)
                    if wanted
                ]
            )
        }
        for name, found in rankings.items()
    }
    return {"questions": sum(chosen), "systems": systems}


def _summary(values: Sequence[float]) -> dict[str, float]:
    low, high = interval(values)
    return {"mean": mean(values), "low": low, "high": high}
