"""The question bank: `corpus/questions/*.yaml` → questions."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, cast, get_args

import yaml

from errors import QuestionBankError

Kind = Literal["concept", "trade-off", "scenario", "troubleshooting", "design"]
Level = Literal["senior", "architect"]
StageName = Literal["clarify", "high-level design", "deep dive", "failure and cost"]
"""How a design problem unfolds, in this order."""
HALF_KNOWN = 0.5
"""The mastery of a section that nobody has practised: less urgent than one known to be weak."""


@dataclass(frozen=True)
class KeyPoint:
    """One binary thing that a good answer states."""

    text: str
    section: str
    weight: int = 1
    says: tuple[str, ...] = ()
    """Other ways in which a good candidate puts it."""
    stage: str = ""
    """The stage of a design problem in which it is said; empty for other questions."""


@dataclass(frozen=True)
class Stage:
    """One step of a design problem, asked when the one before has been answered."""

    name: str
    ask: str


@dataclass(frozen=True)
class Misconception:
    """A wrong statement that people make."""

    claim: str
    correction: str
    section: str


@dataclass(frozen=True)
class Question:
    """A question of the bank, or one brought from outside with its key points only."""

    id: str
    section: str
    question: str
    key_points: tuple[KeyPoint, ...]
    misconceptions: tuple[Misconception, ...] = ()
    kind: Kind = "concept"
    level: Level = "senior"
    also: tuple[str, ...] = ()
    why: str = ""
    probes: tuple[str, ...] = ()
    model_answer: str = ""
    stages: tuple[Stage, ...] = ()
    """Of a design problem that unfolds; else empty."""


def read_bank(corpus: Path) -> dict[str, Question]:
    """Read every question of the handbook in `corpus`, by id, in the order of the chapters.

    Raises:
        QuestionBankError: a file cannot be read or a question lacks what grading needs; the message
            starts with `path:line`, and `python -m ingest --check` lists every fault with its line.
    """
    questions: dict[str, Question] = {}
    for path in bank_files(corpus):
        for position, entry in enumerate(_entries(path)):
            try:
                question = _question(entry)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                name = entry.get("id") if isinstance(entry, dict) else entry
                raise QuestionBankError(
                    f"{path}:{_line(path, position)}: question {str(name)[:60]!r} is malformed ({error}); "
                    "run `python -m ingest --check`"
                ) from error
            if question.id in questions:
                place = f"{path}:{_line(path, position)}"
                raise QuestionBankError(f"{place}: question {question.id} is there twice; give one a new id")
            questions[question.id] = question
    return questions


def bank_files(corpus: Path) -> list[Path]:
    """The files of the bank of the handbook in `corpus`, in the order of the chapters."""
    return sorted((corpus / "questions").glob("*.yaml"))


def choose(
    questions: Sequence[Question],
    chapters: Sequence[int],
    count: int,
    seed: int,
    *,
    role: Level | None = None,
    kinds: Sequence[Kind] = (),
    sections: Sequence[str] = (),
    deep: bool = False,
    mastery: Mapping[str, float] | None = None,
) -> tuple[Question, ...]:
    """Draw at most `count` questions, spread over the sections; the same arguments draw the same ones.

    Args:
        questions: what to draw from.
        chapters: only these; all if empty.
        count: how many, unless fewer fit.
        seed: of the draw.
        role: `senior` takes the questions of that level, `architect` a mix with more of its own.
        kinds: only these; all if empty.
        sections: only these; all if empty.
        deep: only design problems in stages, of any level and kind, that draw on what is named.
            Otherwise these long ones are drawn only where chapters or sections are named.
        mastery: how well a section is known, 0 to 1; the least known are drawn first, and one that is
            not named counts as half known.
    """
    shuffle = random.Random(seed)  # noqa: S311 - a draw of questions, not a secret
    named = bool(chapters or sections)
    by_section: dict[str, list[Question]] = {}
    for question in questions:
        # A deep design draws on many sections; of other questions, only the first one counts.
        about = (question.section, *question.also) if deep else (question.section,)
        if (
            (not chapters or any(int(section.split(".")[0]) in chapters for section in about))
            and (not sections or any(section in sections for section in about))
            and (bool(question.stages) if deep else named or not question.stages)
            and (deep or not kinds or question.kind in kinds)
            and (deep or role != "senior" or question.level == "senior")
        ):
            by_section.setdefault(question.section, []).append(question)
    piles = [shuffle.sample(pile, len(pile)) for pile in by_section.values()]
    if role == "architect":
        # A random key raised to a smaller power is larger more often: twice the chance to come first.
        piles = [
            sorted(pile, key=lambda q: -(shuffle.random() ** (0.5 if q.level == "architect" else 1.0)))
            for pile in piles
        ]
    shuffle.shuffle(piles)
    if mastery:
        piles.sort(key=lambda pile: mastery.get(pile[0].section, HALF_KNOWN))
    deepest = max(map(len, piles), default=0)
    rounds = (pile[turn] for turn in range(deepest) for pile in piles if turn < len(pile))
    return tuple(islice(rounds, count))


def _entries(path: Path) -> list[Any]:
    try:
        # The C parser reads the bank ten times faster, where PyYAML was built with it.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        entries = yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line, why = (mark.line + 1, getattr(error, "problem", error)) if mark else (1, error)
        raise QuestionBankError(
            f"{path}:{line}: cannot be read ({why}); run `python -m ingest --check`"
        ) from error
    if not isinstance(entries, list):
        raise QuestionBankError(f"{path}:1: expected a list of questions, found {type(entries).__name__}")
    return entries


def _line(path: Path, position: int) -> int:
    """The line on which an entry begins."""
    root = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    return int(root.value[position].start_mark.line) + 1 if root else 1


def _question(entry: dict[str, Any]) -> Question:
    if entry["kind"] not in get_args(Kind) or entry["level"] not in get_args(Level):
        raise ValueError(f"kind {entry['kind']!r}, level {entry['level']!r}")
    if not entry["key_points"]:
        raise ValueError("no key points")
    return Question(
        id=str(entry["id"]),
        section=str(entry["section"]),
        question=" ".join(entry["question"].split()),
        key_points=tuple(
            KeyPoint(
                point["text"],
                str(point["section"]),
                int(point["weight"]),
                tuple(point["says"]),
                point.get("stage", ""),
            )
            for point in entry["key_points"]
        ),
        misconceptions=tuple(
            Misconception(wrong["claim"], wrong["correction"], str(wrong["section"]))
            for wrong in entry["misconceptions"]
        ),
        kind=cast(Kind, entry["kind"]),
        level=cast(Level, entry["level"]),
        also=tuple(map(str, entry.get("also") or ())),
        why=entry["why"],
        probes=tuple(entry.get("probes") or ()),
        model_answer=" ".join(entry["model_answer"].split()),
        stages=tuple(Stage(stage["stage"], stage["ask"]) for stage in entry.get("stages") or ()),
    )
