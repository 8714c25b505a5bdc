"""Eval questions: our own in `questions.yaml`, or any file of JSON lines."""

import hashlib
import json
from collections.abc import Iterator
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
        """Which half it belongs to, by its section, so that sibling questions stay together."""
        return half_of(self.primary)


def half_of(key: str) -> Half:
    """Which half a section, or whatever else is split, belongs to: by a hash, the same for ever."""
    return "tuning" if hashlib.sha256(key.encode()).digest()[0] % 2 else "reported"


def read_questions(path: Path = OWN) -> list[EvalQuestion]:
    """Read questions from YAML or JSON lines.

    Raises:
        QuestionBankError: the file cannot be read, or an entry lacks something; with the number of
            its line, or of the entry in YAML.
    """
    if path.suffix not in (".yaml", ".yml"):
        return [_question(f"{path}:{number}", number, entry) for number, entry in read_json_lines(path)]
    try:
        entries = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise QuestionBankError(f"{path}: cannot be read ({error})") from error
    return [
        _question(f"{path}: entry {number}", number, entry) for number, entry in enumerate(entries or (), 1)
    ]


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines, each with the number of its line.

    Raises:
        QuestionBankError: the file cannot be read, or a line is no JSON object.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionBankError(f"{path}: cannot be read ({error})") from error
    # Not `splitlines`, which also splits at characters that JSON text may hold.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                entry = json.loads(line)
            except ValueError as error:
                raise QuestionBankError(f"{path}:{number}: not JSON ({error})") from error
            if not isinstance(entry, dict):
                raise QuestionBankError(f"{path}:{number}: expected a JSON object, found {line[:40]!r}")
            yield number, entry


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
