"""Eval questions: our own in `questions.yaml`, or any file of JSON lines."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from errors import QuestionBankError

OWN = Path(__file__).parent / "questions.yaml"
OWN_SCENARIOS = Path(__file__).parent / "scenarios.yaml"
Half = Literal["tuning", "reported"]


@dataclass(frozen=True)
class EvalQuestion:
    """A question, the section that answers it best, and others that would do."""

    id: str
    question: str
    primary: str
    acceptable: tuple[str, ...] = ()
    kind: str = "any"

    @property
    def relevant(self) -> frozenset[str]:
        """Every section that would do."""
        return frozenset((self.primary, *self.acceptable))

    @property
    def half(self) -> Half:
        """Which half it belongs to."""
        return half_of(self.primary)


def half_of(section: str) -> Half:
    """Tuning or reported, by the section, so that sibling questions stay together."""
    return "tuning" if hashlib.sha256(section.encode()).digest()[0] % 2 else "reported"


def read_questions(path: Path = OWN) -> list[EvalQuestion]:
    """Read questions from YAML or JSON lines.

    Raises:
        QuestionBankError: the file cannot be read, or an entry lacks something; with the number of
            its line, or of the entry in YAML.
    """
    try:
        text = path.read_text("utf-8")
        if path.suffix not in (".yaml", ".yml"):
            return _json_lines(path, text)
        entries = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise QuestionBankError(f"{path}: cannot be read ({error})") from error
    return [
        _question(f"{path}: entry {number}", number, entry) for number, entry in enumerate(entries or (), 1)
    ]


def _json_lines(path: Path, text: str) -> list[EvalQuestion]:
    questions = []
    # Not `splitlines`, which also splits at characters that JSON text may hold.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                entry = json.loads(line)
            except ValueError as error:
                raise QuestionBankError(f"{path}:{number}: not JSON ({error})") from error
            questions.append(_question(f"{path}:{number}", number, entry))
    return questions


def _question(place: str, number: int, entry: Any) -> EvalQuestion:
    try:
        if not isinstance(entry["question"], str):
            raise TypeError(f"the question is {entry['question']!r}")
        return EvalQuestion(
            str(entry.get("id", number)),
            entry["question"],
            str(entry["primary"]),
            tuple(map(str, entry.get("acceptable") or ())),
            entry.get("kind", "any"),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise QuestionBankError(
            f'{place}: expected "question" and "primary" ({error!r} is missing or wrong)'
        ) from error
