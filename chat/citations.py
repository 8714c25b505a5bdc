"""Answers, their statements and citations, and the check that a quote says what is cited. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ingest.chunks import Chunk, Sentence, cells

FEWEST_WORDS = 4
"""A shorter quote proves nothing; a table row or a line of code counts as it stands."""

ADVICE = "Ask with the name of a feature, a setting or an error message, or open one of these sections."

Mode = Literal["extractive", "model", "small-talk", "fault", "pending"]
"""What made an answer; a fault is a question that could not be answered, with the reason as its note, and
what is pending is a question that has not been answered yet."""


@dataclass(frozen=True)
class Citation:
    """A numbered pointer from a statement of an answer to an exact quote of a section."""

    number: int
    section: str
    title: str
    heading: str
    quote: str
    path: str
    anchor: str


@dataclass(frozen=True)
class Statement:
    """One cited piece of an answer, in Markdown."""

    kind: Literal["sentence", "item", "code"]
    text: str
    citation: Citation
    replaces: bool = False
    """The quote stands in place of what a model wrote and the passage does not say."""
    part: str = ""
    """The part of the answer that it belongs to, where an answer has parts."""


@dataclass(frozen=True)
class Place:
    """A section to go to."""

    section: str
    title: str


@dataclass(frozen=True)
class Answer:
    """What was asked, what is answered, and what it rests on."""

    question: str
    searched_for: str
    statements: tuple[Statement, ...] = ()
    note: str = ""
    """Said without a citation, because it says nothing of the subject: a refusal, a greeting, how the
    answer was made."""
    refused: bool = False
    missing: tuple[str, ...] = ()
    confidence: float = 0.0
    """0 to 1: how surely the handbook answers the question."""
    nearest: tuple[Place, ...] = ()
    understood: tuple[str, ...] = ()
    """What the requirements of a design were understood to be about."""
    mode: Mode = "extractive"
    seconds: float = 0.0
    model: str = ""
    """The model that wrote the answer; empty if none did."""
    left_out: int = 0
    """Sentences of the model that nothing came near."""
    reworded: bool = False
    """The person chose the words that were searched for."""
    within: str = ""
    """Where was searched, in words; empty for everywhere."""

    @property
    def replaced(self) -> int:
        """Sentences of the model in whose place a quote stands."""
        return sum(statement.replaces for statement in self.statements)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations in order of their numbers."""
        return tuple(statement.citation for statement in self.statements)

    @property
    def labels(self) -> tuple[str, ...]:
        """For each statement the name of the part that begins with it; empty where none does."""
        before = ("", *(statement.part for statement in self.statements))
        return tuple(
            statement.part if statement.part != last else ""
            for statement, last in zip(self.statements, before, strict=False)
        )

    @property
    def advice(self) -> str:
        """How to ask instead, after a refusal."""
        return ADVICE if self.refused and self.nearest else ""

    @property
    def _nearby(self) -> str:
        names = "; ".join(f"{place.section} {place.title}" for place in self.nearest)
        return f"The nearest it has: {names}." if self.refused and names else ""

    @property
    def text(self) -> str:
        """The whole answer in Markdown; every sentence ends in its `[n]`."""
        if not self.statements:
            return " ".join(part for part in (self.note, self._nearby, self.advice) if part)
        text = ""
        previous: Statement | None = None
        for position, (part, statement) in enumerate(zip(self.labels, self.statements, strict=True)):
            number = f"[{statement.citation.number}]"
            label = f"**{part}:** " if part else ""
            match statement.kind:
                case "code":
                    piece, gap = f"```\n{statement.text}\n```\n{number}", "\n\n"
                case "item":
                    piece = f"- {label}{statement.text} {number}"
                    gap = "\n" if previous and previous.kind == "item" else "\n\n"
                case _:
                    piece = f"{label}{statement.text} {number}"
                    # The first sentence stands alone, unless it is the first of a part.
                    follows = previous and previous.kind == "sentence" and not part
                    gap = " " if follows and (position > 1 or statement.part) else "\n\n"
            text += (gap if text else "") + piece
            previous = statement
        return text

    def record(self) -> dict[str, Any]:
        """The answer as the JSON of the `chat` command."""
        return {
            "question": self.question,
            "searched_for": self.searched_for,
            "answer": self.text,
            "refused": self.refused,
            "missing": list(self.missing),
            "confidence": round(self.confidence, 4),
            "nearest": [place.section for place in self.nearest],
            "citations": [vars(citation) for citation in self.citations],
            "mode": self.mode,
            "seconds": round(self.seconds, 4),
        } | (self._making if self.statements and self.note else {})

    @property
    def _making(self) -> dict[str, Any]:
        """What else a record says where a model was asked."""
        return {
            "model": self.model,
            "replaced": self.replaced,
            "left_out": self.left_out,
            "note": self.note,
        }


def citation(number: int, sentence: Sentence, chunk: Chunk) -> Citation:
    """The citation of a sentence of a chunk."""
    return Citation(
        number, chunk.section, chunk.title, chunk.heading, sentence.text, chunk.path, chunk.anchor
    )


def cite(found: Iterable[tuple[Sentence, Chunk]]) -> tuple[Statement, ...]:
    """Statements from sentences, numbered from 1; what does not stand in its chunk is left out."""
    statements: list[Statement] = []
    for sentence, chunk in found:
        if is_quotable(sentence, chunk):
            statements.append(_statement(len(statements) + 1, sentence, chunk))
    return tuple(statements)


def is_quotable(sentence: Sentence, chunk: Chunk) -> bool:
    """Whether the sentence stands in the chunk to the letter and is long enough to mean something."""
    long_enough = sentence.kind in ("row", "code") or len(sentence.text.split()) >= FEWEST_WORDS
    return long_enough and sentence.text in chunk.text


def plain(markdown: str) -> str:
    """One line of Markdown without its emphasis, code ticks and link targets."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    text = re.sub(r"(\*\*|__)(.+?)\1", r"\2", text)
    text = re.sub(r"(?<!\w)[*_](\S(?:.*?\S)?)[*_](?!\w)", r"\1", text)
    return " ".join(text.replace("`", "").split())


def says(text: str, quote: str) -> bool:
    """Whether a Markdown text holds a quote, by letters and digits alone, as the page's marker compares."""
    # The bars of a table row are not drawn.
    wanted = _letters(quote.replace("|", " "))
    return bool(wanted) and wanted in _letters(text)


def _letters(markdown: str) -> str:
    return "".join(character for character in plain(markdown).lower() if character.isalnum())


def _statement(number: int, sentence: Sentence, chunk: Chunk) -> Statement:
    source = citation(number, sentence, chunk)
    match sentence.kind:
        case "row":
            return Statement("item", _row(cells(sentence.text), _heads(chunk.text, sentence.text)), source)
        case "code":
            return Statement("code", sentence.text, source)
        case _:
            return Statement("sentence", " ".join(sentence.text.split()), source)


def _heads(chunk_text: str, row: str) -> list[str]:
    """The column heads of the table that a row stands in."""
    above = chunk_text[: chunk_text.index(row)].rstrip("\n").split("\n")
    for position in range(len(above) - 1, 0, -1):
        if re.fullmatch(r"[\s|:-]+", above[position]) and "-" in above[position]:
            return cells(above[position - 1])
    return []


def _row(values: Sequence[str], heads: Sequence[str]) -> str:
    """A table row as a line of its own: the first cell names it, the others follow their heads."""
    name, *rest = values
    labels = [*heads[1:], *[""] * len(rest)]
    parts = [
        f"{head if head[1:2].isupper() else head[:1].lower() + head[1:]}: {value}" if head else value
        for head, value in zip(labels, rest, strict=False)
        if value
    ]
    return f"**{name}**: {'; '.join(parts)}."
