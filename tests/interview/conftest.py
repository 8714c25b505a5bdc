"""What the tests of progress share: graded answers made to measure, and a database of each test's own."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from database import open_database
from interview.graded import Graded, Point

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def row(question: str = "1.1-a", score: int = 80, days: float = 0, **changes) -> Graded:
    """A graded answer so many days after noon; all its points stand in its section and have one verdict."""
    section = question.split("-")[0]
    verdict = "covered" if score >= 50 else "missed"
    defaults = {
        "interview": "i",
        "position": 0,
        "question_id": question,
        "section": section,
        "chapter": int(section.split(".")[0]),
        "kind": "concept",
        "level": "senior",
        "score": score,
        "grader": "offline",
        "hints": 0,
        "verdicts": (Point("A point.", section, 2, verdict),),
        "graded_at": NOON + timedelta(days=days),
    }
    return Graded(**(defaults | changes))


@pytest.fixture
def new_engine(tmp_path: Path) -> Iterator[Callable[[str], sa.Engine]]:
    """Opens databases by name and closes them at the end, since an unclosed one is a warning."""
    engines: list[sa.Engine] = []

    def open_(name: str = "mentor") -> sa.Engine:
        engines.append(open_database(f"sqlite:///{tmp_path / name}.db"))
        return engines[-1]

    yield open_
    for engine in engines:
        engine.dispose()
