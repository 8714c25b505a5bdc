"""Plain questions, as people type them: is each answered, and by its first sentence?

`plain.jsonl` was written and labelled by hands that saw none of the other questions. Half of it is learnt
from (`evals.reading`), a quarter is tuned on, and a quarter is only reported. A sentence that came into the
handbook, or into what the search finds, after the labels were made has none, and is counted apart.
"""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from chat.extractive import ExtractiveAnswerer
from evals.metrics import mean
from evals.questions import read_json_lines
from retriever.search import Retriever
from settings import Settings

PLAIN = Path(__file__).parent / "plain.jsonl"
Part = Literal["tuning", "reported", "learnt"]
LABELS = {
    "first": "first sentence answers",
    "answers": "it answers in part",
    "beside": "it does not",
    "unlabelled": "not labelled",
    "refused": "refused",
}
"""What becomes of a question that the handbook answers."""
_PARTS: tuple[Part, ...] = ("tuning", "reported", "learnt", "learnt")


def read_plain(part: Part) -> list[dict[str, Any]]:
    """The questions of a part: `question`, `section` (empty where none answers) and `sentences`.

    Each sentence has its `section`, its `text`, and is marked `answers` where it answers and `first` where
    it would do as the first sentence of an answer. `text` is a sentence that would, where none found does.
    """
    entries = [entry for _, entry in read_json_lines(PLAIN)]
    return [e for e in entries if _PARTS[zlib.crc32(e["question"].encode()) % len(_PARTS)] == part]


def measure(settings: Settings) -> dict[str, Any]:
    """For the parts not learnt from: what becomes of those in scope, and how many others are answered."""
    answerer = ExtractiveAnswerer(Retriever(settings))
    found: dict[str, Any] = {}
    for part in ("tuning", "reported"):
        inside: list[str] = []
        outside: list[float] = []
        for entry in read_plain(part):
            (answer,) = answerer.stream(entry["question"])
            if entry["section"]:
                first = answer.statements[0].citation.quote if answer.statements else ""
                inside.append(_judged(entry, first))
            else:
                outside.append(float(not answer.refused))
        found[part] = {
            **{label: mean([float(one == label) for one in inside]) for label in LABELS},
            "in_scope": len(inside),
            "out_of_scope": len(outside),
            "wrong_answers": mean(outside),
        }
    return found


def as_table(measured: Mapping[str, Any]) -> str:
    """The measurements as a Markdown table."""
    lines = [
        f"| Plain questions | in scope | {' | '.join(LABELS.values())} | outside | answered all the same |",
        "|---|---|" + "---|" * len(LABELS) + "---|---|",
    ]
    for part, row in measured.items():
        shares = " | ".join(f"{row[label]:.3f}" for label in LABELS)
        lines.append(
            f"| {part} | {row['in_scope']} | {shares} | {row['out_of_scope']} | {row['wrong_answers']:.3f} |"
        )
    return "\n".join(lines)


def _judged(entry: Mapping[str, Any], quote: str) -> str:
    if not quote:
        return "refused"
    said = [one for one in entry["sentences"] if quote in one["text"]]
    if any(one.get("first") for one in said) or quote in entry.get("text", ""):
        return "first"
    if any(one.get("answers") for one in said):
        return "answers"
    return "beside" if said else "unlabelled"
