"""Lessons: questions to each section, with the sentences that answer them, and near ones that none answers.

CORPUS/lessons/NN-slug.jsonl, one a line: `section`, `kind`, `question`, and, word for word from the
section, `first` (the sentences that answer alone, best first) and `holds` (all that a good answer holds).
`outside.jsonl` has questions that belong to no section, and nothing answers.
A question is compared with them as with passages: what it resembles tells where the answer is, which
sentences it holds, and whether there is one (expanding documents by the questions that they answer:
Nogueira et al. 2019, "Document Expansion by Query Prediction"). They are never quoted.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from errors import CorpusError

FOLDER = "lessons"
VECTORS = "lessons.npz"
"""Beside a published store: the vectors of the questions, in the form in which vectors are shipped."""
OUTSIDE = "outside"
Kind = Literal["interview", "plain", "near", "far"]
"""An interviewer's, one as people type it, one that nothing answers though it is close to a section, and one
that is close to none."""
_FIELDS: Mapping[str, type] = {"section": str, "kind": str, "question": str, "first": list, "holds": list}


@dataclass(frozen=True)
class Lesson:
    """A question, and what answers it."""

    section: str
    """Empty for a question that is close to none."""
    kind: Kind
    question: str
    first: tuple[str, ...] = ()
    """Sentences that answer alone, the best first."""
    holds: frozenset[str] = frozenset()
    """All sentences that a good answer holds; none where only the section is known."""

    @property
    def answered(self) -> bool:
        """Whether the handbook answers it."""
        return self.kind in ("interview", "plain")

    def embedding_text(self) -> str:
        """The text whose vector stands for the lesson."""
        return self.question

    @property
    def hash(self) -> str:
        """Content hash of what is embedded."""
        return hashlib.sha256(self.question.encode("utf-8")).hexdigest()


def lesson_files(corpus: Path) -> list[Path]:
    """The files of lessons, in order; none where a handbook has no lessons."""
    return sorted((corpus / FOLDER).glob("*.jsonl"))


def read_lessons(corpus: Path) -> dict[str, list[Lesson]]:
    """The lessons by chapter file, in their order.

    Raises:
        CorpusError: a line is malformed; as `path:line: message`.
    """
    return {file.stem: [lesson for _, lesson in _lessons(file)] for file in lesson_files(corpus)}


def check_lessons(corpus: Path, sentences: Mapping[str, Collection[str]]) -> Iterator[tuple[Path, int, str]]:
    """A lesson names a section and quotes sentences of it; what answers alone is held; none stands twice.

    What several sections answer together, such as a design, is a lesson of each.


    Args:
        corpus: the handbook's folder.
        sentences: those that can be quoted, by section.
    """
    seen: dict[tuple[str, str], str] = {}
    for file in lesson_files(corpus):
        if file.stem != OUTSIDE and not (corpus / f"{file.stem}.md").is_file():
            yield file, 1, f"lessons must be named like their chapter's file; there is no {file.stem}.md"
        try:
            lessons = list(_lessons(file))
        except CorpusError as error:
            line, _, message = str(error).removeprefix(f"{file}:").partition(": ")
            yield file, int(line), message
            continue
        for number, lesson in lessons:
            yield from ((file, number, fault) for fault in _faults(lesson, sentences))
            place, key = f"{file.name}:{number}", (lesson.section, lesson.question.casefold())
            if seen.setdefault(key, place) != place:
                yield file, number, f"the question stands in {seen[key]} already"


def _faults(lesson: Lesson, sentences: Mapping[str, Collection[str]]) -> Iterator[str]:
    if lesson.kind == "far":
        if lesson.section or lesson.holds or lesson.first:
            yield "a far question has no section, and nothing answers it"
        return
    if lesson.section not in sentences:
        yield f"`section` must be a section of the handbook; found {lesson.section!r}"
        return
    for quote in sorted(lesson.holds.union(lesson.first)):
        if quote not in sentences[lesson.section]:
            yield f"section {lesson.section} has no such sentence: {quote[:80]!r}"
    if not lesson.holds.issuperset(lesson.first):
        yield "`holds` must have all that `first` has"
    if lesson.holds and not lesson.answered:
        yield "a near question is answered by nothing; `holds` must be empty"


def _lessons(file: Path) -> Iterator[tuple[int, Lesson]]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{file}:1: must be readable as UTF-8 ({error})".replace("\n", " ")) from error
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            right = all(isinstance(entry[name], kind) for name, kind in _FIELDS.items())
        except (ValueError, KeyError, TypeError, RecursionError):
            right = False
        if not right or entry["kind"] not in get_args(Kind) or not entry["question"].strip():
            raise CorpusError(
                f"{file}:{number}: must be a JSON object with the texts section, kind (interview, plain, "
                "near or far) and question, and the lists first and holds"
            )
        first, holds = (tuple(map(str, entry[name])) for name in ("first", "holds"))
        yield (
            number,
            Lesson(entry["section"], cast(Kind, entry["kind"]), entry["question"], first, frozenset(holds)),
        )
