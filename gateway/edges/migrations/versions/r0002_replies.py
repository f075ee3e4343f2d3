"""Replies, the rounds that collect them, and webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REPLY_STATES = (
    "state IN ('received', 'matched', 'quarantined', 'refused', 'discarded', 'acknowledged', 'erased')"
)  # fmt: skip
NOTICE_STATES = "state IN ('waiting', 'delivered', 'failed')"
RELEASED = "cursor > 0"
OVER = "erased_at IS NULL AND state IN ('refused', 'discarded', 'acknowledged')"
WAITING = "(state = 'waiting') IS TRUE"


def upgrade() -> None:
    """Make the tables, and find cases by their reference."""
    _index("ix_cases_reference", "cases", "reference")
    _replies()
    op.create_table(
        "rounds",
        *_texts("authority"),
        _moment("next_at", nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        *_texts("reason"),
        sa.PrimaryKeyConstraint("authority", name=op.f("pk_rounds")),
    )
    _webhooks()


def downgrade() -> None:
    """Drop what `upgrade` made."""
    for table in ("notices", "webhooks", "rounds", "reply_sealed", "replies"):
        op.drop_table(table)
    op.drop_index("ix_cases_reference", "cases")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _index(name: str, table: str, *columns: str, where: str = "", unique: bool = False) -> None:
    condition = sa.text(where) if where else None
    op.create_index(name, table, list(columns), unique=unique, sqlite_where=condition, postgresql_where=condition)


def _replies() -> None:
    op.create_table(
        "replies",
        sa.Column("position", COUNTER, nullable=False),
        *_texts("id", "authority", "via", "transport_id"),
        _moment("received_at", nullable=False),
        *_texts("proof", "sha256"),
        sa.Column("size", COUNTER, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        *_texts("message_id", "number", "release"),
        sa.Column("test", sa.Boolean(), nullable=False),
        *_texts("state"),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        *_texts("case_id", "case_number", "client", "matched_by"),
        sa.Column("candidates", sa.JSON(), nullable=False),
        *_texts("code", "reason"),
        sa.Column("repeats", sa.Integer(), nullable=False),
        *_texts("answered_by"),
        sa.Column("cursor", COUNTER, nullable=False),
        _moment("acknowledged_at"),
        _moment("erased_at"),
        sa.CheckConstraint(REPLY_STATES, name=op.f("ck_replies_state")),
        sa.CheckConstraint("state <> 'matched' OR (case_id <> '' AND cursor > 0)", name=op.f("ck_replies_matched")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_replies")),
        sa.UniqueConstraint("id", name=op.f("uq_replies_id")),
        sqlite_autoincrement=True,
    )
    _index("uq_replies_transport_id", "replies", "authority", "transport_id", unique=True)
    _index("ix_replies_message_id", "replies", "authority", "message_id", where="message_id <> ''")
    _index("uq_replies_cursor", "replies", "cursor", where=RELEASED, unique=True)
    _index("ix_replies_client", "replies", "client", "cursor", where=RELEASED)
    _index("ix_replies_case_id", "replies", "case_id", where="case_id <> ''")
    _index("ix_replies_over", "replies", "position", where=OVER)
    _index("ix_replies_state", "replies", "state", "position")
    op.create_table(
        "reply_sealed",
        *_texts("reply_id", "name"),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["replies.id"], name=op.f("fk_reply_sealed_reply_id")),
        sa.PrimaryKeyConstraint("reply_id", "name", name=op.f("pk_reply_sealed")),
    )


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        *_texts("id", "client", "url"),
        sa.Column("wrapped_secret", sa.LargeBinary(), nullable=False),
        _moment("created_at", nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    _index("ix_webhooks_client", "webhooks", "client")
    op.create_table(
        "notices",
        sa.Column("position", COUNTER, nullable=False),
        *_texts("id", "webhook_id", "event"),
        sa.Column("data", sa.JSON(), nullable=False),
        _moment("at", nullable=False),
        *_texts("state"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        _moment("next_at"),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.CheckConstraint(NOTICE_STATES, name=op.f("ck_notices_state")),
        sa.CheckConstraint("state <> 'waiting' OR next_at IS NOT NULL", name=op.f("ck_notices_due")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("fk_notices_webhook_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_notices")),
        sa.UniqueConstraint("id", name=op.f("uq_notices_id")),
        sqlite_autoincrement=True,
    )
    _index("ix_notices_due", "notices", "webhook_id", "next_at", "position", where=WAITING)
    _index("ix_notices_webhook_id", "notices", "webhook_id", "position")
