"""Graded answers and their reviews; the answers of interviews kept before are read into them."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

HINT_COST = 10
SECTION = re.compile(r"(\d+)\.\d+(?=-)")


def upgrade() -> None:
    """Create the tables of `interview/progress.py`."""
    graded = op.create_table(
        "graded",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("interview", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("question_id", sa.Text, nullable=False, index=True),
        sa.Column("section", sa.Text, nullable=False),
        sa.Column("chapter", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("grader", sa.Text, nullable=False),
        sa.Column("hints", sa.Integer, nullable=False),
        sa.Column("verdicts", sa.Text, nullable=False),
        sa.Column("graded_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("interview", "position"),
        # An id that is never given twice tells a reader whether anything has changed.
        sqlite_autoincrement=True,
    )
    op.create_table(
        "review",
        sa.Column("question_id", sa.Text, primary_key=True),
        sa.Column("due", sa.DateTime, nullable=False, index=True),
        sa.Column("card", sa.Text, nullable=False),
    )
    interviews = sa.table(
        "interview", sa.column("id"), sa.column("changed", sa.DateTime), sa.column("interview")
    )
    for identity, changed, text in op.get_bind().execute(sa.select(interviews)).all():
        rows = list(_answers(identity, changed, text))
        if rows:
            op.bulk_insert(graded, rows)


def _answers(identity: str, changed: datetime, text: str) -> Iterator[dict[str, Any]]:
    """The graded answers of a kept interview; none of one that cannot be read, which stays as it is.

    Kind and level stand in the bank, not in the interview, and stay empty.
    """
    try:
        attempts = json.loads(text)["attempts"]
    except (ValueError, KeyError, TypeError):
        return
    for position, attempt in enumerate(attempts):
        try:
            grade = attempt["grade"]
            if grade is None or grade["score"] is None:
                continue
            section = SECTION.match(attempt["question"])
            yield {
                "interview": identity,
                "position": position,
                "question_id": attempt["question"],
                "section": section[0] if section else "",
                "chapter": int(section[1]) if section else 0,
                "kind": "",
                "level": "",
                "score": max(0, grade["score"] - HINT_COST * attempt["hints"]),
                "grader": grade["grader"],
                "hints": attempt["hints"],
                "verdicts": json.dumps(
                    [
                        {
                            "text": verdict["key_point"]["text"],
                            "section": verdict["key_point"]["section"],
                            "weight": verdict["key_point"]["weight"],
                            "verdict": verdict["verdict"],
                        }
                        for verdict in grade["verdicts"]
                    ]
                ),
                "graded_at": changed,
            }
        except (KeyError, TypeError):
            continue
