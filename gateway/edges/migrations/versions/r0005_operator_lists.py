"""Lists that stay fast however long the history is: deliveries by any filter, causes, counts of journal words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STILL = "(state IN ('held', 'waiting')) IS TRUE"


def upgrade() -> None:
    """Make the indexes; counting words by time needs no index over time alone."""
    still = sa.text(STILL)
    op.create_index("ix_deliveries_case_number", "deliveries", ["case_number", "position"])
    op.create_index("ix_deliveries_place", "deliveries", ["authority", "state", "position"])
    op.create_index(
        "ix_deliveries_still", "deliveries", ["code", "state", "position"], sqlite_where=still, postgresql_where=still
    )
    op.create_index("ix_journal_what", "journal", ["what", "at"])
    op.drop_index("ix_journal_at", "journal")


def downgrade() -> None:
    """Drop what `upgrade` made."""
    op.create_index("ix_journal_at", "journal", ["at"])
    op.drop_index("ix_journal_what", "journal")
    for name in ("ix_deliveries_still", "ix_deliveries_place", "ix_deliveries_case_number"):
        op.drop_index(name, "deliveries")
