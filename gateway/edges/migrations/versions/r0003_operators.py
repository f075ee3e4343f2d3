"""Dossiers and surveys; when authorities last picked up; what happened since a moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PICKED = "handed_over_at IS NOT NULL"


def upgrade() -> None:
    """Make the tables and indexes."""
    condition = sa.text(PICKED)
    columns = ["authority", "handed_over_at"]
    op.create_index("ix_deliveries_picked", "deliveries", columns, sqlite_where=condition, postgresql_where=condition)
    op.create_index("ix_journal_at", "journal", ["at"])
    op.create_table(
        "dossiers",
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("authority", name=op.f("pk_dossiers")),
    )
    op.create_table(
        "surveys",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "name")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("actor", "state")),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys")),
    )


def downgrade() -> None:
    """Drop what `upgrade` made."""
    op.drop_table("surveys")
    op.drop_table("dossiers")
    op.drop_index("ix_journal_at", "journal")
    op.drop_index("ix_deliveries_picked", "deliveries")
