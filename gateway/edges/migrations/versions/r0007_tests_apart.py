"""Test messages are counted apart from applications: which cases are tests is found without reading the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TESTS = "test"


def upgrade() -> None:
    """Make the index; the version before this one works on with it."""
    tests = sa.text(TESTS)
    op.create_index("ix_cases_test", "cases", ["created_at"], sqlite_where=tests, postgresql_where=tests)


def downgrade() -> None:
    """Drop what `upgrade` made."""
    op.drop_index("ix_cases_test", "cases")
