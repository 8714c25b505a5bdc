"""The handbook's rules: structure here, and in a file of their own those of another subject.

`check_text` has the style, `check_across` what holds across sections, `check_data` glossary and bank;
`lessons.py` checks its own.

Each rule is a generator of `(line, message)` whose docstring is the rule.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from errors import CorpusError
from ingest.check_across import check_across
from ingest.check_data import check_data
from ingest.check_text import check_text
from ingest.chunks import SKIPPED_BLOCKS, chunk_section
from ingest.lessons import check_lessons
from ingest.sections import Document, Section, read_document

Found = tuple[int, str]

CHAPTER_FILES = "[0-9][0-9]-*.md"
OUTLINE_FILE = "sections.tsv"
OUTLINE_COLUMNS = ("chapter", "chapter_title", "section", "section_title")
MONTH_OR_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-\d{2})?")
NUMBER = re.compile(r"\d+\.\d+")


@dataclass(frozen=True)
class Problem:
    """One breach of one rule."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        """The form that editors and CI turn into a link."""
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Planned:
    """What the outline says of one section."""

    chapter: int
    chapter_title: str
    title: str


@dataclass(frozen=True)
class Outline:
    """The sections that the handbook has or will have, by number, in order."""

    sections: Mapping[str, Planned]

    @property
    def chapters(self) -> dict[int, str]:
        """The chapters' titles by number."""
        return {planned.chapter: planned.chapter_title for planned in self.sections.values()}

    def numbers(self, chapter: int) -> list[str]:
        """The numbers of a chapter's sections, in order."""
        return [n for n, planned in self.sections.items() if planned.chapter == chapter]


def read_outline(folder: Path) -> Outline:
    """Read `sections.tsv`, which fixes the numbers and titles of chapters and sections.

    Raises:
        CorpusError: the file is missing or malformed; the message starts with `path:line:`.
    """
    file = folder / OUTLINE_FILE
    try:
        rows = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(
            f"{file}:1: the outline cannot be read ({error}); the corpus folder must hold it"
        ) from error
    if not rows or tuple(rows[0].split("\t")) != OUTLINE_COLUMNS:
        raise CorpusError(f"{file}:1: the columns must be {', '.join(OUTLINE_COLUMNS)} and tabs")
    sections: dict[str, Planned] = {}
    titles: dict[int, str] = {}
    for line, row in enumerate(rows[1:], start=2):
        number, planned = _outline_row(row, f"{file}:{line}")
        if number in sections:
            raise CorpusError(f"{file}:{line}: section {number} must be listed once")
        if titles.setdefault(planned.chapter, planned.chapter_title) != planned.chapter_title:
            raise CorpusError(
                f"{file}:{line}: chapter {planned.chapter} must have one title; found "
                f"{planned.chapter_title!r} after {titles[planned.chapter]!r}"
            )
        sections[number] = planned
    return Outline(sections)


def _outline_row(row: str, place: str) -> tuple[str, Planned]:
    fields = [field.strip() for field in row.split("\t")]
    if len(fields) != len(OUTLINE_COLUMNS) or not all(fields):
        raise CorpusError(f"{place}: a row must have 4 fields, tab-separated; found {row!r}")
    chapter, chapter_title, number, title = fields
    if not NUMBER.fullmatch(number) or number.split(".")[0] != chapter:
        raise CorpusError(
            f"{place}: a section's number must be N.M within its chapter; found {number!r} "
            f"in chapter {chapter!r}"
        )
    return number, Planned(int(chapter), chapter_title, title)


def check_handbook(folder: Path, root: Path | None = None) -> list[Problem]:
    """Check chapters, glossary, question bank and lessons against every rule that a machine can tell.

    Args:
        folder: The corpus.
        root: What the problems' paths are relative to, where they lie inside it.

    Returns:
        The problems by path and line. A file that cannot be read is one problem.
    """
    try:
        outline = read_outline(folder)
    except CorpusError as error:
        file = folder / OUTLINE_FILE
        return [_unreadable(error, str(file), _shown(file, root))]
    problems: list[Problem] = []
    documents: list[Document] = []
    for file in sorted(folder.glob(CHAPTER_FILES)):
        path = _shown(file, root)
        try:
            documents.append(read_document(file, path))
        except CorpusError as error:
            problems.append(_unreadable(error, path, path))
    problems += check_structure(documents, outline)
    for document in documents:
        if _chapter(document) in outline.chapters:
            for line, message in check_text(document, outline.sections):
                problems.append(Problem(document.path, line, message))
    problems += [Problem(*found) for found in check_across(documents)]
    lessons = check_lessons(folder, _sentences(documents))
    for file, line, message in (*check_data(folder, outline.sections), *lessons):
        problems.append(Problem(_shown(file, root), line, message))
    return sorted(problems, key=lambda problem: (problem.path, problem.line))


def _sentences(documents: Sequence[Document]) -> dict[str, set[str]]:
    """What can be quoted, by section."""
    return {
        section.number: {one.text for chunk in chunk_section(section, lambda _: 0) for one in chunk.sentences}
        for document in documents
        for section in document.sections
    }


def _shown(file: Path, root: Path | None) -> str:
    if root and file.resolve().is_relative_to(root.resolve()):
        file = file.resolve().relative_to(root.resolve())
    return file.as_posix()


def _unreadable(error: CorpusError, named: str, path: str) -> Problem:
    """The problem at `path` that an error reports as `named:line: message`."""
    line, _, message = str(error).removeprefix(f"{named}:").partition(": ")
    return Problem(path, int(line), message)


def check_structure(documents: Sequence[Document], outline: Outline) -> Iterator[Problem]:
    """Check only what an ingest of the handbook cannot live with."""
    for document in documents:
        for line, message in _structure(document, outline):
            yield Problem(document.path, line, message)
    yield from _chapters_stand_once(documents)
    yield from _sections_stand_once(documents)


def _structure(document: Document, outline: Outline) -> Iterator[Found]:
    yield from _front_matter(document, outline)
    chapter = _chapter(document)
    if chapter not in outline.chapters:
        return
    yield from _title(document, chapter)
    yield from _headings(document, chapter, outline)
    yield from _order(document, outline.numbers(chapter))
    yield from _none_missing(document, chapter, outline)
    yield from _text_there(document)


def _chapter(document: Document) -> int:
    """The chapter's number, or 0 where the front matter gives none."""
    chapter = document.front.get("chapter")
    return chapter if isinstance(chapter, int) and not isinstance(chapter, bool) else 0


def _front_line(document: Document, key: str) -> int:
    """The line of a key of the front matter, which has one key per line; 1 where it is missing."""
    keys = list(document.front)
    return keys.index(key) + 2 if key in keys else 1


def _front_matter(document: Document, outline: Outline) -> Iterator[Found]:
    """Front matter gives a chapter of the outline, its exact title, and the month of checking."""
    front, chapters, chapter = document.front, outline.chapters, _chapter(document)
    if chapter not in chapters:
        found = repr(front["chapter"]) if "chapter" in front else "nothing"
        yield (
            _front_line(document, "chapter"),
            f"`chapter` must be a chapter of {OUTLINE_FILE}; found {found}",
        )
    elif front.get("title") != chapters[chapter]:
        yield (
            _front_line(document, "title"),
            f"`title` must be {chapters[chapter]!r}; found {front.get('title')!r}",
        )
    verified = front.get("verified")
    if not isinstance(verified, date) and not MONTH_OR_DAY.fullmatch(str(verified)):
        yield (
            _front_line(document, "verified"),
            f"`verified` must be YYYY-MM or YYYY-MM-DD; found {verified!r}",
        )


def _title(document: Document, chapter: int) -> Iterator[Found]:
    """The chapter's heading is `# N. Title`, with the front matter's number and title."""
    expected = f"{chapter}. {document.front.get('title')}"
    if document.title != expected:
        # The heading stands right under the front matter: one line per key and two of dashes.
        line = len(document.front) + 3
        yield line, f"the first heading must be '# {expected}'; found '# {document.title}'"


def _headings(document: Document, chapter: int, outline: Outline) -> Iterator[Found]:
    """Each `##` heading is `N.M Title`, of this chapter, with exactly the outline's title."""
    for section in document.sections:
        planned = outline.sections.get(section.number)
        if not NUMBER.fullmatch(section.number):
            yield section.line, f"a `##` heading must be 'N.M Title'; found '{section.title}'"
        elif planned is None:
            yield section.line, f"section {section.number} must be in {OUTLINE_FILE}"
        elif planned.chapter != chapter:
            yield (
                section.line,
                f"a section of chapter {chapter} must be numbered {chapter}.M; found {section.number}",
            )
        elif planned.title != section.title:
            yield (
                section.line,
                f"section {section.number} must be titled '{planned.title}'; found '{section.title}'",
            )


def _order(document: Document, order: Sequence[str]) -> Iterator[Found]:
    """Sections stand in the outline's order."""
    known = [section for section in document.sections if section.number in order]
    for before, after in pairwise(known):
        if order.index(after.number) < order.index(before.number):
            yield after.line, f"section {after.number} must stand before section {before.number}"


def _none_missing(document: Document, chapter: int, outline: Outline) -> Iterator[Found]:
    """A chapter that is there has all its sections."""
    there = {section.number for section in document.sections}
    for number in outline.numbers(chapter):
        if number not in there:
            yield 1, f"section {number} '{outline.sections[number].title}' must be there"


def _text_there(document: Document) -> Iterator[Found]:
    """A section holds text that can be searched: diagrams and sources are not."""
    for section in document.sections:
        blocks = [block for block in section.blocks if block.heading not in SKIPPED_BLOCKS]
        if all(element.kind == "diagram" for block in blocks for element in block.elements):
            yield section.line, f"section {section.number} must hold text"


def _chapters_stand_once(documents: Sequence[Document]) -> Iterator[Problem]:
    """A chapter is one file."""
    first: dict[int, Document] = {}
    for document in documents:
        chapter = _chapter(document)
        if chapter and first.setdefault(chapter, document) is not document:
            line = _front_line(document, "chapter")
            message = f"chapter {chapter} must be one file; it is also {first[chapter].path}"
            yield Problem(document.path, line, message)


def _sections_stand_once(documents: Sequence[Document]) -> Iterator[Problem]:
    """A section's number is given once, within a file and across files."""
    first: dict[str, Section] = {}
    sections = [section for document in documents for section in document.sections]
    for section in sections:
        earlier = first.setdefault(section.number, section)
        if earlier is not section:
            place = f"{earlier.path}:{earlier.line}"
            message = f"section {section.number} must be given once; it is also at {place}"
            yield Problem(section.path, section.line, message)
