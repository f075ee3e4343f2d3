"""Evidence, deadlines, closed days and mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PARTIAL = (
    ("ix_cases_plans_expected", "cases", ["plans_due", "number"], "plans = 'plans_expected'"),
    ("ix_cases_plans_overdue", "cases", ["plans_due", "number"], "plans = 'plans_overdue'"),
    (
        "ix_deliveries_unfetched",
        "deliveries",
        ["authority", "available_at"],
        "(state = 'available' AND fetched_at IS NULL) IS TRUE",
    ),
)


def upgrade() -> None:
    """Make the tables and indexes."""
    for name, table, columns, where in PARTIAL:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    _evidence()
    op.create_table(
        "alarms",
        *_texts("kind", "subject"),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", "level", name=op.f("pk_alarms")),
    )
    op.create_index("ix_alarms_at", "alarms", ["at"])
    op.create_table(
        "closed_days",
        sa.Column("day", sa.Date(), nullable=False),
        *_texts("name"),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_closed_days")),
    )
    _mails()


def _evidence() -> None:
    op.create_table(
        "events",
        sa.Column("position", COUNTER, nullable=False),
        *_texts("case_number", "case_id"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        *_texts("what"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_texts("message_id"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("payload", "head")),
        *_texts("signature"),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_events_sequence", "events", ["case_number", "sequence"], unique=True)
    op.create_index("ix_events_case_id", "events", ["case_id", "sequence"])
    op.create_index("ix_events_at", "events", ["at"])
    unsigned = sa.text("signature = ''")
    op.create_index("ix_events_unsigned", "events", ["position"], sqlite_where=unsigned, postgresql_where=unsigned)
    op.create_table(
        "anchors",
        sa.Column("first", COUNTER, autoincrement=False, nullable=False),
        sa.Column("last", COUNTER, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("payload", "head")),
        *_texts("signature"),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_anchors")),
    )


def _mails() -> None:
    op.create_table(
        "mails",
        sa.Column("position", COUNTER, nullable=False),
        *_texts("id", "to", "subject"),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_texts("state"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        *_texts("reason"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name=op.f("ck_mails_state")),
        sa.CheckConstraint("state <> 'waiting' OR next_at IS NOT NULL", name=op.f("ck_mails_due")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_mails")),
        sa.UniqueConstraint("id", name=op.f("uq_mails_id")),
        sqlite_autoincrement=True,
    )
    waiting = sa.text("(state = 'waiting') IS TRUE")
    op.create_index("ix_mails_due", "mails", ["next_at", "position"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("ix_mails_at", "mails", ["at"])


def downgrade() -> None:
    """Drop what `upgrade` made."""
    for table in ("mails", "closed_days", "alarms", "anchors", "events"):
        op.drop_table(table)
    for name, table, _columns, _where in reversed(PARTIAL):
        op.drop_index(name, table)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]
