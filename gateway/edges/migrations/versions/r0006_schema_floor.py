"""Which is the oldest program that may still work on these tables: two versions side by side while one replaces it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table with its one row."""
    op.create_table(
        "schema_floor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_schema_floor_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_floor")),
    )
    op.execute("INSERT INTO schema_floor (id, revision) VALUES (1, '0004')")


def downgrade() -> None:
    """Drop what `upgrade` made."""
    op.drop_table("schema_floor")
