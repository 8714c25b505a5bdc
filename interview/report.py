"""An interview → a report to keep, as data. Pure; `report_files.py` writes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from interview.agreement import give_or_take
from interview.bank import Question
from interview.grading import Grade, Verdict
from interview.session import HINT_COST, Attempt, Interview, of_stage

WORDS = ((85, "excellent"), (65, "good"), (40, "fair"), (0, "thin"))
TONIGHT = 3
MOST_POINTS = 6
"""Strong and missed points named on the summary; the questions below it have them all."""


@dataclass(frozen=True)
class Scores:
    """What one grader made of the answers. Those of another are never averaged with them."""

    grader: str
    score: int
    graded: int
    by_chapter: tuple[tuple[str, int], ...]
    by_kind: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Reading:
    """A section to read, and how many points were missed in it."""

    section: str
    title: str
    points: int


@dataclass(frozen=True)
class Asked:
    """One question and what became of it."""

    number: int
    question: str
    section: str
    kind: str
    result: str
    """The score and its word, or why there is none."""
    said: tuple[tuple[str, str], ...]
    """What was asked (empty for the question itself) and what was answered."""
    grade: Grade | None
    model_answer: str
    stages: tuple[tuple[str, str], ...] = ()
    """Of a design problem: each stage and its result."""


@dataclass(frozen=True)
class Report:
    """All that is to be kept of an interview."""

    when: str
    mode: str
    questions: int
    """How many were to be asked; more than `asked` where the interview was ended early."""
    graded: int
    skipped: int
    by_grader: tuple[Scores, ...]
    strong: tuple[Verdict, ...]
    missed: tuple[Verdict, ...]
    reading: tuple[Reading, ...]
    """Most to gain first."""
    asked: tuple[Asked, ...]


def word(number: int) -> str:
    """A score in a word."""
    return next(name for least, name in WORDS if number >= least)


def build(
    interview: Interview,
    bank: Mapping[str, Question],
    title_of: Callable[[str], str],
    chapters: Mapping[int, str],
) -> Report:
    """Put together what the questions behind have come to.

    Args:
        interview: over, or as far as it is.
        bank: the questions by id; one that has left the bank is reported by what was said to it.
        title_of: a section's title.
        chapters: the chapters' titles by number.
    """
    verdicts = [v for a in interview.attempts if a.grade and a.score is not None for v in a.grade.verdicts]
    heaviest = sorted(verdicts, key=lambda verdict: (-verdict.key_point.weight, verdict.borderline))
    missed = [verdict for verdict in heaviest if verdict.verdict != "covered"]
    weights: dict[str, int] = {}
    for verdict in missed:
        section = verdict.key_point.section
        weights[section] = weights.get(section, 0) + verdict.key_point.weight
    return Report(
        when=f"{datetime.fromtimestamp(interview.begun, UTC):%d %B %Y}" if interview.begun else "",
        mode=interview.mode,
        questions=len(interview.questions),
        graded=sum(attempt.score is not None for attempt in interview.attempts),
        skipped=sum(attempt.skipped and not attempt.draft.strip() for attempt in interview.attempts),
        by_grader=tuple(_scores(interview.attempts, bank, chapters)),
        strong=tuple(verdict for verdict in heaviest if verdict.verdict == "covered"),
        missed=tuple(missed),
        reading=tuple(
            Reading(section, title_of(section), sum(v.key_point.section == section for v in missed))
            for section in sorted(weights, key=lambda section: -weights[section])
        ),
        asked=tuple(
            _asked(number, attempt, bank.get(attempt.question))
            for number, attempt in enumerate(interview.attempts, start=1)
        ),
    )


def result(attempt: Attempt) -> str:
    """What an attempt came to, in words."""
    if attempt.score is not None:
        cost = f" ({HINT_COST * attempt.hints} taken off for hints)" if attempt.hints else ""
        grade = attempt.grade
        doubt = ", borderline" if grade and give_or_take(grade.score, grade.grader) else ""
        return f"{attempt.score} of 100, {word(attempt.score)}{doubt}{cost}"
    if attempt.skipped:
        return "not submitted" if attempt.draft.strip() else "skipped"
    return "not graded"


def stage_score(grade: Grade, name: str) -> int | None:
    """The weighted share of a stage's points that are covered, 0 to 100; None if it has none."""
    verdicts = [verdict for verdict in grade.verdicts if verdict.key_point.stage == name]
    total = sum(verdict.key_point.weight for verdict in verdicts)
    earned = sum(verdict.key_point.weight for verdict in verdicts if verdict.verdict == "covered")
    return round(100 * earned / total) if total else None


def _scores(
    attempts: Sequence[Attempt], bank: Mapping[str, Question], chapters: Mapping[int, str]
) -> list[Scores]:
    by_grader: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        if attempt.grade and attempt.score is not None:
            by_grader.setdefault(attempt.grade.grader, []).append(attempt)
    found = []
    for grader, graded in by_grader.items():
        chapter: dict[str, list[int]] = {}
        kind: dict[str, list[int]] = {}
        for attempt in graded:
            number = int(attempt.question.partition(".")[0])
            chapter.setdefault(f"{number}. {chapters.get(number, '')}", []).append(attempt.score or 0)
            question = bank.get(attempt.question)
            kind.setdefault(question.kind if question else "no longer in the bank", []).append(
                attempt.score or 0
            )
        scores = [attempt.score or 0 for attempt in graded]
        in_order = sorted(chapter.items(), key=lambda entry: int(entry[0].partition(".")[0]))
        found.append(
            Scores(
                grader,
                _mean(scores),
                len(graded),
                tuple((name, _mean(values)) for name, values in in_order),
                tuple((name, _mean(values)) for name, values in kind.items()),
            )
        )
    return found


def _mean(scores: Sequence[int]) -> int:
    return round(sum(scores) / len(scores))


def _asked(number: int, attempt: Attempt, question: Question | None) -> Asked:
    stages = question.stages if question else ()
    asks = ["" for _ in attempt.answers]
    for at, step in enumerate(stages[: len(asks)]):
        asks[at] = step.ask
    # Probes come last: an interview ended while one is open has one answer fewer.
    first = len(asks) - len(attempt.probes)
    for at, probe in enumerate(attempt.probes, start=max(first, len(stages) or 1)):
        if at < len(asks):
            asks[at] = probe.text
    said = [(ask, text) for ask, text in zip(asks, attempt.answers, strict=True) if text]
    if attempt.draft.strip():
        said.append(("Typed and not submitted", attempt.draft))
    results = []
    for step in stages:
        if attempt.grade and of_stage(attempt.grade.verdicts, step):
            results.append((step.name, f"{stage_score(attempt.grade, step.name)} of 100"))
    return Asked(
        number,
        question.question if question else f"{attempt.question} (no longer in the bank)",
        question.section if question else attempt.question.partition("-")[0],
        question.kind if question else "",
        result(attempt),
        tuple(said),
        attempt.grade,
        question.model_answer if question else "",
        tuple(results),
    )


def headline(report: Report) -> str:
    """How many questions were graded, skipped and left, in a line."""
    parts = [f"{report.graded} of {report.questions} questions graded"]
    if report.skipped:
        parts.append(f"{report.skipped} skipped")
    if len(report.asked) < report.questions:
        parts.append(f"ended before {report.questions - len(report.asked)} of them")
    return ", ".join(parts) + "."


APART = (
    "More than one grader graded this interview. Their scores mean different things, so they stand apart "
    "and are never averaged together."
)
MARKS = {"covered": "✓", "missed": "○", "contradicted": "✗"}


def points_open(points: int) -> str:
    """How many points are open, in words."""
    return f"{points} point{'' if points == 1 else 's'} open"
