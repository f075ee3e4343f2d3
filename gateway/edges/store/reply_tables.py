"""The tables of replies and of what portals are told about them: ids and state only (law 2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, Table
from sqlmodel import Field

from gateway.domain.reply import NoticeState, ReplyState
from gateway.edges.store.columns import COUNTER, UtcDateTime, partial
from gateway.edges.store.tables import Row

REPLY_STATES = ", ".join(f"'{state.value}'" for state in ReplyState)
NOTICE_STATES = ", ".join(f"'{state.value}'" for state in NoticeState)
RELEASED = "cursor > 0"
OVER = "erased_at IS NULL AND state IN ('refused', 'discarded', 'acknowledged')"
WAITING = "(state = 'waiting') IS TRUE"
"""Conditions of partial indexes, repeated word for word in queries: only then are they used."""


class ReplyRow(Row, table=True):
    """A reply; `parts` holds [index, document id, size, SHA-256, media type], `candidates` what may be meant."""

    __tablename__ = "replies"
    __table_args__ = (
        CheckConstraint(f"state IN ({REPLY_STATES})", name="state"),
        CheckConstraint("state <> 'matched' OR (case_id <> '' AND cursor > 0)", name="matched"),
        Index("uq_replies_transport_id", "authority", "transport_id", unique=True),
        partial("ix_replies_message_id", "authority", "message_id", where="message_id <> ''"),
        partial("uq_replies_cursor", "cursor", where=RELEASED, unique=True),
        partial("ix_replies_client", "client", "cursor", where=RELEASED),
        partial("ix_replies_case_id", "case_id", where="case_id <> ''"),
        partial("ix_replies_over", "position", where=OVER),
        Index("ix_replies_state", "state", "position"),
        {"sqlite_autoincrement": True},
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    id: str = Field(unique=True)
    authority: str
    via: str
    transport_id: str
    received_at: datetime = Field(sa_type=UtcDateTime)
    proof: str
    sha256: str
    size: int = Field(sa_type=COUNTER)
    wrapped_key: bytes | None = Field(sa_type=LargeBinary)
    message_id: str
    number: str
    release: str
    test: bool
    state: str
    parts: list[Any] = Field(sa_type=JSON)
    facts: dict[str, str] = Field(sa_type=JSON)
    case_id: str
    case_number: str
    client: str
    matched_by: str
    candidates: list[Any] = Field(sa_type=JSON)
    code: str
    reason: str
    repeats: int
    answered_by: str
    cursor: int = Field(sa_type=COUNTER)
    acknowledged_at: datetime | None = Field(sa_type=UtcDateTime)
    erased_at: datetime | None = Field(sa_type=UtcDateTime)


class ReplySealedRow(Row, table=True):
    """A small sealed part of a reply: its message, or the file names of its attachments."""

    __tablename__ = "reply_sealed"

    reply_id: str = Field(primary_key=True, foreign_key="replies.id")
    name: str = Field(primary_key=True)
    octets: bytes = Field(sa_type=LargeBinary)


class RoundRow(Row, table=True):
    """When an authority's return folder is looked at next."""

    __tablename__ = "rounds"

    authority: str = Field(primary_key=True)
    next_at: datetime = Field(sa_type=UtcDateTime)
    failures: int
    reason: str


class WebhookRow(Row, table=True):
    """Where a portal wants to be told, with its wrapped secret."""

    __tablename__ = "webhooks"
    __table_args__ = (Index("ix_webhooks_client", "client"),)

    id: str = Field(primary_key=True)
    client: str
    url: str
    wrapped_secret: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled: bool


class NoticeRow(Row, table=True):
    """An event on its way to a webhook; one that waits must have a time, or nobody would look."""

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint(f"state IN ({NOTICE_STATES})", name="state"),
        CheckConstraint("state <> 'waiting' OR next_at IS NOT NULL", name="due"),
        partial("ix_notices_due", "webhook_id", "next_at", "position", where=WAITING),
        Index("ix_notices_webhook_id", "webhook_id", "position"),
        {"sqlite_autoincrement": True},
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    id: str = Field(unique=True)
    webhook_id: str = Field(foreign_key="webhooks.id")
    event: str
    data: dict[str, str] = Field(sa_type=JSON)
    at: datetime = Field(sa_type=UtcDateTime)
    state: str
    attempt: int
    next_at: datetime | None = Field(sa_type=UtcDateTime)
    status: int


REPLIES: Table = Row.metadata.tables["replies"]
REPLY_SEALED: Table = Row.metadata.tables["reply_sealed"]
ROUNDS: Table = Row.metadata.tables["rounds"]
WEBHOOKS: Table = Row.metadata.tables["webhooks"]
NOTICES: Table = Row.metadata.tables["notices"]
