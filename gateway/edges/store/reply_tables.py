"""The tables of replies and of what portals are told about them: ids and state only (law 2)."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from gateway.domain.reply import NoticeState, ReplyState
from gateway.edges.store.columns import COUNTER, UtcDateTime, partial
from gateway.edges.store.tables import CATALOGUE

REPLY_STATES = ", ".join(f"'{state.value}'" for state in ReplyState)
NOTICE_STATES = ", ".join(f"'{state.value}'" for state in NoticeState)
RELEASED = "cursor > 0"
OVER = "erased_at IS NULL AND state IN ('refused', 'discarded', 'acknowledged')"
WAITING = "(state = 'waiting') IS TRUE"
"""Conditions of partial indexes, repeated word for word in queries: only then are they used."""


REPLIES = Table(
    "replies",
    CATALOGUE,
    Column("position", COUNTER, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("authority", String, nullable=False),
    Column("via", String, nullable=False),
    Column("transport_id", String, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("proof", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("size", COUNTER, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("message_id", String, nullable=False),
    Column("number", String, nullable=False),
    Column("release", String, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("parts", JSON, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("case_id", String, nullable=False),
    Column("case_number", String, nullable=False),
    Column("client", String, nullable=False),
    Column("matched_by", String, nullable=False),
    Column("candidates", JSON, nullable=False),
    Column("code", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("answered_by", String, nullable=False),
    Column("cursor", COUNTER, nullable=False),
    Column("acknowledged_at", UtcDateTime),
    Column("erased_at", UtcDateTime),
    CheckConstraint(f"state IN ({REPLY_STATES})", name="state"),
    CheckConstraint("state <> 'matched' OR (case_id <> '' AND cursor > 0)", name="matched"),
    Index("uq_replies_transport_id", "authority", "transport_id", unique=True),
    partial("ix_replies_message_id", "authority", "message_id", where="message_id <> ''"),
    partial("uq_replies_cursor", "cursor", where=RELEASED, unique=True),
    partial("ix_replies_client", "client", "cursor", where=RELEASED),
    partial("ix_replies_case_id", "case_id", where="case_id <> ''"),
    partial("ix_replies_over", "position", where=OVER),
    Index("ix_replies_state", "state", "position"),
    sqlite_autoincrement=True,
)
"""A reply; `parts` holds [index, document id, size, SHA-256, media type], `candidates` what may be meant."""


REPLY_SEALED = Table(
    "reply_sealed",
    CATALOGUE,
    Column("reply_id", String, ForeignKey("replies.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("octets", LargeBinary, nullable=False),
)
"""A small sealed part of a reply: its message, or the file names of its attachments."""


ROUNDS = Table(
    "rounds",
    CATALOGUE,
    Column("authority", String, primary_key=True),
    Column("next_at", UtcDateTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("reason", String, nullable=False),
)
"""When an authority's return folder is looked at next."""


WEBHOOKS = Table(
    "webhooks",
    CATALOGUE,
    Column("id", String, primary_key=True),
    Column("client", String, nullable=False),
    Column("url", String, nullable=False),
    Column("wrapped_secret", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Index("ix_webhooks_client", "client"),
)
"""Where a portal wants to be told, with its wrapped secret."""


NOTICES = Table(
    "notices",
    CATALOGUE,
    Column("position", COUNTER, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("webhook_id", String, ForeignKey("webhooks.id"), nullable=False),
    Column("event", String, nullable=False),
    Column("data", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("next_at", UtcDateTime),
    Column("status", Integer, nullable=False),
    CheckConstraint(f"state IN ({NOTICE_STATES})", name="state"),
    CheckConstraint("state <> 'waiting' OR next_at IS NOT NULL", name="due"),
    partial("ix_notices_due", "webhook_id", "next_at", "position", where=WAITING),
    Index("ix_notices_webhook_id", "webhook_id", "position"),
    sqlite_autoincrement=True,
)
"""An event on its way to a webhook; one that waits must have a time, or nobody would look."""
