"""Whether the later turns of a conversation are understood: the right section, answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chat.conversation import Turn
from chat.extractive import ExtractiveAnswerer
from errors import QuestionError
from evals.metrics import distinct, hit, interval, mean
from evals.questions import half_of
from retriever.search import Retriever
from settings import Settings

OWN = Path(__file__).parent / "conversations.yaml"
FIRST = 5


@dataclass(frozen=True)
class Said:
    """One turn, what it is, and the sections that answer it; none for small talk and what is outside."""

    question: str
    kind: str
    relevant: frozenset[str]


@dataclass(frozen=True)
class Conversation:
    """Turns in their order."""

    id: str
    turns: tuple[Said, ...]


def read_conversations(path: Path = OWN) -> list[Conversation]:
    """Read conversations from YAML."""
    return [
        Conversation(
            entry["id"],
            tuple(
                Said(
                    turn["question"],
                    turn["kind"],
                    frozenset((turn["primary"], *turn.get("acceptable", ())) if turn.get("primary") else ()),
                )
                for turn in entry["turns"]
            ),
        )
        for entry in yaml.safe_load(path.read_text("utf-8"))
    ]


def measure(settings: Settings, conversations: Sequence[Conversation]) -> dict[str, Any]:
    """By kind of turn: the share answered with the right section among the first five, or left unanswered."""
    retriever = Retriever(settings)
    answerer = ExtractiveAnswerer(retriever)
    rows: list[tuple[str, str, float]] = []
    for conversation in conversations:
        history: list[Turn] = []
        for turn in conversation.turns:
            (answer,) = answerer.stream(turn.question, history)
            rows.append((half_of(conversation.id), turn.kind, _right(retriever, turn, answer)))
            if answer.mode != "small-talk":
                history.append(Turn.of(answer))
    halves = {
        "reported half": [row for row in rows if row[0] == "reported"],
        "all": rows,
    }
    return {name: _by_kind(chosen) for name, chosen in halves.items()}


def as_table(measured: Mapping[str, Any]) -> str:
    """The measurements as Markdown tables."""
    lines: list[str] = []
    for half, kinds in measured.items():
        lines += [half, "", "| Turns | count | right |", "|---|---|---|"]
        lines += [
            f"| {kind} | {row['turns']} | {row['mean']:.3f} ({row['low']:.2f}–{row['high']:.2f}) |"
            for kind, row in kinds.items()
        ]
        lines.append("")
    return "\n".join(lines)


def _right(retriever: Retriever, turn: Said, answer: Any) -> float:
    if turn.kind == "small-talk":
        return float(answer.mode == "small-talk")
    if not turn.relevant:
        return float(answer.refused)
    if answer.refused or not answer.statements:
        return 0.0
    try:
        passages = retriever.find(answer.searched_for).passages
    except QuestionError:
        return 0.0
    return hit(distinct([passage.chunk.section for passage in passages]), turn.relevant, FIRST)


def _by_kind(rows: Sequence[tuple[str, str, float]]) -> dict[str, dict[str, float]]:
    kinds = {
        "first": ("first",),
        "later, to be answered": ("follow-up", "change"),
        "follow-up": ("follow-up",),
        "change of subject": ("change",),
        "small talk": ("small-talk",),
        "outside": ("outside",),
    }
    measured = {}
    for name, members in kinds.items():
        values = [right for _, kind, right in rows if kind in members]
        low, high = interval(values)
        measured[name] = {"turns": len(values), "mean": mean(values), "low": low, "high": high}
    return measured
