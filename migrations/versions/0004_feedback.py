"""Answers given anew, what conversations are found by, and what people think of answers."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add to the tables of `chat/history.py`."""
    op.add_column("answer", sa.Column("instead_of", sa.Integer))
    op.add_column("answer", sa.Column("said", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "feedback",
        sa.Column("answer", sa.Integer, sa.ForeignKey("answer.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("useful", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("searched_for", sa.Text, nullable=False),
        sa.Column("passages", sa.Text, nullable=False),
        sa.Column("given", sa.DateTime, nullable=False),
    )
    answers = sa.table("answer", sa.column("id"), sa.column("answer"), sa.column("said"))
    connection = op.get_bind()
    for identity, text in connection.execute(sa.select(answers.c.id, answers.c.answer)).all():
        connection.execute(answers.update().where(answers.c.id == identity).values(said=_said(text)))


def _said(text: str) -> str:
    """Question and answer of a kept answer; nothing of one that cannot be read, which stays as it is."""
    try:
        answer = json.loads(text)
        statements = [statement["text"] for statement in answer["statements"]]
        return "\n".join([answer["question"], *statements]).casefold()
    except (ValueError, KeyError, TypeError):
        return ""
