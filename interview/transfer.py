"""Progress as one JSON file: taken along, looked through, and merged.

A file is somebody's text until it has been read by `read_file`: its shape is checked, and so is every
part that a page draws as Markdown. Merging adds and never takes away: of two versions of an interview
the one that goes on from the other is kept, and if neither does, the one that is here.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from database import transaction
from errors import TransferError
from interview.bank import Question
from interview.graded import Graded
from interview.progress import (
    interviews,
    read_graded,
    read_interviews,
    read_reviews,
    record,
    write_graded,
    write_interview,
)
from interview.review import Review
from interview.session import Interview

FORMAT: Literal["lakehouse-mentor progress"] = "lakehouse-mentor progress"
VERSION: Literal[1] = 1
MOST_BYTES = 200 * 1024 * 1024
MOST_FAULTS = 5
"""Named of a file that holds more."""
MOST = 10_000
"""Questions of an interview, hints, chapters: far beyond any real one, and within every database's reach."""

Fate = Literal["new", "longer", "same", "differing"]

_ID = re.compile(r"[\w.\-]{1,100}")
_SECTION = re.compile(r"(\d{1,3}\.\d{1,3})?")


@dataclass(frozen=True)
class Kept:
    """One interview with its id."""

    id: str
    changed: datetime
    interview: Interview


@dataclass(frozen=True)
class File:
    """Everything that a file holds."""

    format: Literal["lakehouse-mentor progress"]
    version: Literal[1]
    exported_at: datetime
    """The day's begin in UTC: a file of unchanged content stays the same file all day."""
    interviews: tuple[Kept, ...]
    grades: tuple[Graded, ...]
    reviews: tuple[Review, ...]
    """For other programs to read; an import makes the cards again from the grades."""


@dataclass(frozen=True)
class Merge:
    """What an import does, in numbers of interviews and of graded answers."""

    new: int
    """Interviews that are not here."""
    longer: int
    """Interviews that go on from the ones here and replace them."""
    same: int
    """Interviews that are here as they are in the file, or further on."""
    differing: int
    """Interviews that went another way here; they stay as they are here."""
    grades: int
    """Graded answers that are not here."""

    @property
    def nothing(self) -> bool:
        """Whether the import changes nothing."""
        return not (self.new or self.longer or self.grades)


def write_file(engine: sa.Engine, day: date) -> bytes:
    """Everything that is kept, as JSON in UTF-8.

    An interview that this version cannot read is left out of the file; its graded answers are in it.

    Raises:
        StorageError: the database refuses.
    """
    with transaction(engine) as connection:
        kept = tuple(
            Kept(identity, changed, interview)
            for identity, changed, text in read_interviews(connection)
            if (interview := _understood(text))
        )
        grades, reviews = read_graded(connection), read_reviews(connection)
    file = File(
        FORMAT,
        VERSION,
        datetime(day.year, day.month, day.day, tzinfo=UTC),
        kept,
        tuple(grades),
        tuple(reviews[question] for question in sorted(reviews)),
    )
    data: bytes = _files().dump_json(file)
    return data


def read_file(data: bytes) -> File:
    """Read and check a file that `write_file` made.

    Raises:
        TransferError: it is not one; the message says where it is wrong.
    """
    from pydantic import ValidationError

    if len(data) > MOST_BYTES:
        raise TransferError(f"the file has {len(data):,} bytes, and {MOST_BYTES:,} are read at most")
    try:
        header = _headers().validate_json(data)
        version = header.get("version")
        if header.get("format") == FORMAT and isinstance(version, int) and version > VERSION:
            raise TransferError(
                f"the file is of version {version}, made by a newer version of this program; "
                "update the program and import it again"
            )
        file: File = _files().validate_json(data)
    except ValidationError as error:
        faults = [f"{_place(fault['loc'])}{fault['msg']}" for fault in error.errors(include_url=False)]
        raise TransferError(_refused(faults)) from error
    faults = list(_faults(file))
    if faults:
        raise TransferError(_refused(faults))
    return file


def merge(engine: sa.Engine, file: File, bank: Mapping[str, Question], *, dry: bool = False) -> Merge:
    """Add what a file holds to what is here, all of it or nothing.

    Args:
        engine: the database.
        file: what `read_file` returned.
        bank: for graded answers that stand in the file's interviews and not among its grades.
        dry: only say what would be done.

    Raises:
        StorageError: the database refuses; nothing is changed.
    """
    with transaction(engine, exclusive=not dry) as connection:
        here = {identity: text for identity, _, text in read_interviews(connection)}
        fates = {kept.id: _fate(here.get(kept.id), kept.interview) for kept in file.interviews}
        known = {(row.interview, row.position) for row in read_graded(connection)}
        missing = [
            row
            for row in file.grades
            # Those of an interview that went another way here are of answers that are not here.
            if (row.interview, row.position) not in known and fates.get(row.interview) != "differing"
        ]
        if not dry:
            write_graded(connection, [_in_utc(row) for row in missing])
            for kept in file.interviews:
                if fates[kept.id] not in ("new", "longer"):
                    continue
                write_interview(connection, kept.id, kept.interview, kept.changed)
                record(connection, bank, kept.id, kept.interview.attempts, kept.changed.astimezone(UTC))
    count = Counter(fates.values())
    return Merge(count["new"], count["longer"], count["same"], count["differing"], len(missing))


def _fate(here: str | None, there: Interview) -> Fate:
    """What becomes of a file's interview, given the JSON of the one with its id that is here."""
    if here is None:
        return "new"
    own = _understood(here)
    if own is None:
        return "differing"
    if own == there or _continues(own, there):
        return "same"
    return "longer" if _continues(there, own) else "differing"


def _continues(after: Interview, before: Interview) -> bool:
    """Whether all that was answered in `before` stands in `after` too, so that it may be replaced."""
    behind = len(before.attempts)
    if after.questions != before.questions or after.attempts[:behind] != before.attempts:
        return False
    current = before.current
    if current is None:
        return after.current is None and len(after.attempts) == behind
    later = after.attempts[behind] if len(after.attempts) > behind else after.current
    return (
        later is not None
        and later.question == current.question
        and later.hints >= current.hints
        and later.answers[: len(current.answers)] == current.answers
    )


def _understood(text: str) -> Interview | None:
    try:
        interview: Interview = interviews().validate_json(text)
    except ValueError:
        return None
    return interview


def _faults(file: File) -> Iterator[str]:
    """What is wrong with a file whose shape is right."""
    held: dict[str, Interview] = {}
    for at, kept in enumerate(file.interviews):
        place = f"interviews[{at}]"
        if kept.id in held:
            yield f"{place}.id: {kept.id!r} is there twice"
        held[kept.id] = kept.interview
        yield from _marks(place, kept)
        if not _dated(kept.changed):
            yield f"{place}.changed: must be a date of this time, with its time zone"
    seen = set()
    for at, row in enumerate(file.grades):
        place = f"grades[{at}]"
        if (row.interview, row.position) in seen:
            yield f"{place}: the answer at position {row.position} of {row.interview!r} is there twice"
        seen.add((row.interview, row.position))
        yield from _row_faults(place, row, held.get(row.interview))


def _row_faults(place: str, row: Graded, interview: Interview | None) -> Iterator[str]:
    if not _dated(row.graded_at):
        yield f"{place}.graded_at: must be a date of this time, with its time zone"
    if not 0 <= row.score <= 100:
        yield f"{place}.score: must be 0 to 100, is {row.score}"
    if not all(0 <= number <= MOST for number in (row.position, row.hints, row.chapter)):
        yield f"{place}: position, hints and chapter must be 0 to {MOST}"
    for name, value, pattern in (
        ("interview", row.interview, _ID),
        ("question_id", row.question_id, _ID),
        ("section", row.section, _SECTION),
    ):
        if not pattern.fullmatch(value):
            yield f"{place}.{name}: not one, {value[:40]!r}"
    for at, point in enumerate(row.verdicts):
        if not _SECTION.fullmatch(point.section) or not 1 <= point.weight <= 100:
            yield f"{place}.verdicts[{at}]: must have a section and a weight of 1 or more"
    attempts = interview.attempts if interview else ()
    if interview and (row.position >= len(attempts) or attempts[row.position].question != row.question_id):
        yield f"{place}: its interview has no answer to {row.question_id[:40]!r} at position {row.position}"


def _marks(place: str, kept: Kept) -> Iterator[str]:
    """What a page would draw as Markdown, and that no interview of this program holds."""
    if not re.fullmatch(r"\w{1,32}", kept.id):
        yield f"{place}.id: must be at most 32 letters and digits, is {kept.id[:40]!r}"
    interview = kept.interview
    for question in interview.questions:
        if not _ID.fullmatch(question):
            yield f"{place}.interview.questions: not a question's id, {question[:40]!r}"
    attempts = [*interview.attempts, *([interview.current] if interview.current else [])]
    for number, attempt in enumerate(attempts):
        grade = attempt.grade
        if not _ID.fullmatch(attempt.question) or attempt.hints < 0:
            yield f"{place}.interview.attempts[{number}]: must have a question's id and its hints"
        if grade is None:
            continue
        points = [verdict.key_point for verdict in grade.verdicts]
        sections = [point.section for point in points] + [wrong.section for wrong in grade.misconceptions]
        texts = [grade.grader, *(point.text for point in points)]
        texts += [text for wrong in grade.misconceptions for text in (wrong.claim, wrong.correction)]
        if not all(map(_SECTION.fullmatch, sections)):
            yield f"{place}.interview.attempts[{number}].grade: names a section that cannot be one"
        # An image would be fetched from wherever the file says.
        if any("![" in text for text in texts):
            yield f"{place}.interview.attempts[{number}].grade: holds an image, and no grade does"
        if grade.score is not None and not 0 <= grade.score <= 100:
            yield f"{place}.interview.attempts[{number}].grade.score: must be 0 to 100"


def _dated(at: datetime) -> bool:
    return at.tzinfo is not None and 2000 <= at.year < 2200


def _in_utc(row: Graded) -> Graded:
    return replace(row, graded_at=row.graded_at.astimezone(UTC))


def _refused(faults: list[str]) -> str:
    more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
    return (
        f"this is no export of Lakehouse Mentor that can be read: {'; '.join(faults[:MOST_FAULTS])}{more}. "
        "Nothing was changed"
    )


def _place(location: tuple[int | str, ...]) -> str:
    """Where in the file, as one would write it: `grades[3].score: `."""
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return f"{parts.removeprefix('.')}: " if parts else ""


@cache
def _headers() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(dict[str, Any])


@cache
def _files() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(File)
