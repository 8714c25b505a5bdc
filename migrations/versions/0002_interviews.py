"""Interviews."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table of `interview/progress.py`."""
    op.create_table(
        "interview",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("changed", sa.DateTime, nullable=False, index=True),
        sa.Column("interview", sa.Text, nullable=False),
    )
