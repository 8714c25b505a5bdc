"""Answers graded independently, point by point: our own in `graded.jsonl`, or any file of that form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from errors import QuestionBankError
from evals.questions import Half, half_of
from interview.bank import KeyPoint, Question

OWN_ANSWERS = Path(__file__).parent / "graded.jsonl"


@dataclass(frozen=True)
class GradedAnswer:
    """An answer, and what a person made of it."""

    question: Question
    """With its key points only, as a question from outside."""
    text: str
    level: str
    score: float
    """0 to 100."""
    verdicts: tuple[str, ...]
    """One per key point: covered, missed, contradicted."""

    @property
    def half(self) -> Half:
        """Which half it belongs to."""
        return half_of(self.question.section)


def read_answers(path: Path = OWN_ANSWERS) -> list[GradedAnswer]:
    """Read graded answers from JSON lines, the answers to a question one after the other.

    Raises:
        QuestionBankError: the file cannot be read, or a line lacks something; with its number.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionBankError(f"{path}: cannot be read ({error})") from error
    answers: list[GradedAnswer] = []
    # Not `splitlines`, which also splits at characters that JSON text may hold.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                answers += _answers(json.loads(line), number)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise QuestionBankError(
                    f'{path}:{number}: expected "section", "question", "key_points" and "answers", each with '
                    f'"level", "text", "score" and a verdict per point ({error!r} is missing or wrong)'
                ) from error
    return answers


def with_entry(question: Question, bank: Mapping[str, Question]) -> Question | None:
    """The question with what the bank knows of it: other ways to say a point, misconceptions, weights.

    The key points keep their wording; None if the bank has no such question with as many points.
    """
    entry = bank.get(question.id)
    if entry is None or len(entry.key_points) != len(question.key_points):
        return None
    points = zip(entry.key_points, question.key_points, strict=True)
    return replace(entry, key_points=tuple(replace(known, text=asked.text) for known, asked in points))


def _answers(entry: dict[str, Any], number: int) -> list[GradedAnswer]:
    section = str(entry["section"])
    points = tuple(KeyPoint(str(text), section) for text in entry["key_points"])
    question = Question(str(entry.get("id", number)), section, entry["question"], points)
    answers = []
    for answer in entry["answers"]:
        verdicts = answer.get("verdicts")
        if verdicts is None:
            verdicts = ["covered" if covered else "missed" for covered in answer["covers"]]
        if len(verdicts) != len(points) or not {*verdicts} <= {"covered", "missed", "contradicted"}:
            raise ValueError(f"verdicts {verdicts} for {len(points)} key points")
        answers.append(
            GradedAnswer(question, answer["text"], answer["level"], float(answer["score"]), tuple(verdicts))
        )
    return answers
