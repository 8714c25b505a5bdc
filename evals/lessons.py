"""Questions to each section, with the sentences that answer them: are those what the answers say?

`lessons.jsonl` was written by hands that saw nothing but the sections' sentences: interviewers' questions,
plain ones, and near ones that nothing answers. The pair reader learns from 87 sections (`evals.reading`);
those of 15 others are tuned on, and of 15 more only reported.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from chat.citations import Answer
from chat.extractive import ExtractiveAnswerer
from evals.metrics import mean
from evals.questions import read_json_lines
from retriever.search import Retriever
from settings import Settings

LESSONS = Path(__file__).parent / "lessons.jsonl"
Part = Literal["learnt", "tuning", "reported"]


def read_lessons(part: Part) -> list[dict[str, Any]]:
    """The questions of a part: `section`, `kind`, `question`, `first` and `holds`.

    `first` are the sentences that answer alone, the best first, and `holds` all that a good answer holds.
    """
    return [entry for _, entry in read_json_lines(LESSONS) if entry["part"] == part]


def measure(settings: Settings) -> dict[str, Any]:
    """For the parts not learnt from: what answers hold, how they begin, wrong answers and refusals."""
    answerer = ExtractiveAnswerer(Retriever(settings))
    found: dict[str, Any] = {}
    for part in ("tuning", "reported"):
        answers = [(entry, next(answerer.stream(entry["question"]))) for entry in read_lessons(part)]
        for kind in ("interview", "plain"):
            found[f"{part}, {kind}"] = _summary([pair for pair in answers if pair[0]["kind"] == kind])
        near = [answer for entry, answer in answers if entry["kind"] == "near"]
        found[f"{part}, near"] = {
            "questions": len(near),
            "wrong_answers": mean([not answer.refused for answer in near]),
        }
    return found


def as_table(measured: Mapping[str, Any]) -> str:
    """The measurements as a Markdown table."""
    lines = [
        "| Questions to sections | questions | of a good answer's sentences, found | first sentence answers "
        "| words | refused | answered though nothing does |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in measured.items():
        if "wrong_answers" in row:
            lines.append(f"| {name} | {row['questions']} | | | | | {row['wrong_answers']:.3f} |")
        else:
            lines.append(
                f"| {name} | {row['questions']} | {row['held']:.3f} | {row['first']:.3f} "
                f"| {row['words']:.0f} | {row['refused']:.3f} | |"
            )
    return "\n".join(lines)


def _summary(pairs: Sequence[tuple[Mapping[str, Any], Answer]]) -> dict[str, Any]:
    held, first, words = [], [], []
    for entry, answer in pairs:
        quotes = [statement.citation.quote for statement in answer.statements]
        held.append(len(set(quotes).intersection(entry["holds"])) / len(entry["holds"]))
        # Whoever asks several things is answered by more than one sentence.
        good = entry["holds"] if entry["kind"] == "interview" else entry["first"]
        first += [quotes[0] in good] if quotes and good else []
        words += [sum(len(quote.split()) for quote in quotes)] if quotes else []
    return {
        "questions": len(pairs),
        "held": mean(held),
        "first": mean(first),
        "words": mean(words),
        "refused": mean([answer.refused for _, answer in pairs]),
    }
