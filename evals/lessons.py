"""Questions to sections of which nothing was learnt: are they answered, and with the sentences they need?

The lessons (`corpus/lessons`) were written by hands that saw nothing but the sections' sentences. The pair
reader learns from those of 87 sections (`evals.reading`); those of 15 others are tuned on, and of 15 more
only reported. Here the handbook is indexed without any lessons, and those of the 30 sections are asked: it
fares with them as with a document of anybody's.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from chat.citations import Answer
from chat.extractive import ExtractiveAnswerer
from evals.metrics import mean
from ingest.lessons import FOLDER, Lesson, read_lessons
from ingest.pipeline import ingest_handbook
from retriever.search import Retriever
from settings import Settings

Part = Literal["learnt", "tuning", "reported"]
TUNING, REPORTED = ((1, 1), (2, 7)), ((12, 5), (14, 3))
"""The first and the last section of a part; the others are learnt from."""


def part_of(section: str) -> Part:
    """The part that a section's lessons are for; what belongs to no section may be learnt from."""
    chapter, _, number = section.partition(".")
    place = (int(chapter), int(number)) if section else (0, 0)
    if TUNING[0] <= place <= TUNING[1]:
        return "tuning"
    return "reported" if REPORTED[0] <= place <= REPORTED[1] else "learnt"


def lessons_of(corpus: Path, part: Part) -> list[Lesson]:
    """The lessons of a part."""
    taught = (lesson for lessons in read_lessons(corpus).values() for lesson in lessons)
    return [lesson for lesson in taught if part_of(lesson.section) == part]


def measure(settings: Settings) -> dict[str, Any]:
    """For the parts not learnt from: what answers hold, how they begin, wrong answers and refusals."""
    with tempfile.TemporaryDirectory() as name:
        answerer = ExtractiveAnswerer(Retriever(_without_lessons(settings, Path(name))))
        return _measured(answerer, settings.corpus)


def as_table(measured: dict[str, Any]) -> str:
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


def _without_lessons(settings: Settings, folder: Path) -> Settings:
    """The handbook, indexed in a folder without lessons."""
    corpus = Path(shutil.copytree(settings.corpus, folder / "corpus"))
    shutil.rmtree(corpus / FOLDER)
    data_dir = folder / "data"
    data_dir.mkdir()
    (data_dir / "encoder").symlink_to(settings.data_dir / "encoder")
    apart = replace(settings, corpus=corpus, data_dir=data_dir)
    ingest_handbook(apart)
    return apart


def _measured(answerer: ExtractiveAnswerer, corpus: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in ("tuning", "reported"):
        lessons = [lesson for lesson in lessons_of(corpus, part) if lesson.holds or not lesson.answered]
        answers = [(lesson, next(answerer.stream(lesson.question))) for lesson in lessons]
        for kind in ("interview", "plain"):
            found[f"{part}, {kind}"] = _summary([pair for pair in answers if pair[0].kind == kind])
        near = [answer for lesson, answer in answers if lesson.kind == "near"]
        found[f"{part}, near"] = {
            "questions": len(near),
            "wrong_answers": mean([not answer.refused for answer in near]),
        }
    return found


def _summary(pairs: Sequence[tuple[Lesson, Answer]]) -> dict[str, Any]:
    held, first, words = [], [], []
    for lesson, answer in pairs:
        quotes = [statement.citation.quote for statement in answer.statements]
        held.append(len(lesson.holds.intersection(quotes)) / len(lesson.holds))
        # Whoever asks several things is answered by more than one sentence.
        good = lesson.holds if lesson.kind == "interview" else lesson.first
        first += [quotes[0] in good] if quotes and good else []
        words += [sum(len(quote.split()) for quote in quotes)] if quotes else []
    return {
        "questions": len(pairs),
        "held": mean(held),
        "first": mean(first),
        "words": mean(words),
        "refused": mean([answer.refused for _, answer in pairs]),
    }
