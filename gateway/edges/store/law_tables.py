"""The tables of evidence, deadlines and mails; no personal data of applicants (law 2)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, Table, Text
from sqlmodel import Field

from gateway.domain.notice_mail import MailState
from gateway.edges.store.columns import COUNTER, UtcDateTime, partial
from gateway.edges.store.tables import CASES, DELIVERIES, Row

MAIL_STATES = ", ".join(f"'{state.value}'" for state in MailState)
UNSIGNED = "signature = ''"
WAITING = "(state = 'waiting') IS TRUE"
EXPECTED = "plans = 'plans_expected'"
OVERDUE = "plans = 'plans_overdue'"
UNFETCHED = "(state = 'available' AND fetched_at IS NULL) IS TRUE"
"""Conditions of partial indexes, repeated word for word in queries: only then are they used."""

for _name, _where in (("ix_cases_plans_expected", EXPECTED), ("ix_cases_plans_overdue", OVERDUE)):
    partial(_name, CASES.c.plans_due, CASES.c.number, where=_where)
partial("ix_deliveries_unfetched", DELIVERIES.c.authority, DELIVERIES.c.available_at, where=UNFETCHED)


class EventRow(Row, table=True):
    """A signed fact about a case; `document` is the signed manifest that belongs to an acceptance."""

    __tablename__ = "events"
    __table_args__ = (
        Index("uq_events_sequence", "case_number", "sequence", unique=True),
        Index("ix_events_case_id", "case_id", "sequence"),
        Index("ix_events_at", "at"),
        partial("ix_events_unsigned", "position", where=UNSIGNED),
        {"sqlite_autoincrement": True},
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    case_number: str
    case_id: str
    sequence: int
    what: str
    at: datetime = Field(sa_type=UtcDateTime)
    message_id: str
    payload: str = Field(sa_type=Text)
    head: str = Field(sa_type=Text)
    signature: str
    document: bytes | None = Field(sa_type=LargeBinary)


class AnchorRow(Row, table=True):
    """A signed Merkle root over a stretch of the journal."""

    __tablename__ = "anchors"

    first: int = Field(primary_key=True, sa_type=COUNTER, sa_column_kwargs={"autoincrement": False})
    last: int = Field(sa_type=COUNTER)
    payload: str = Field(sa_type=Text)
    head: str = Field(sa_type=Text)
    signature: str


class AlarmRow(Row, table=True):
    """Something somebody was told once: what about, at which level, and when."""

    __tablename__ = "alarms"
    __table_args__ = (Index("ix_alarms_at", "at"),)

    kind: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    level: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)


class ClosedDayRow(Row, table=True):
    """A day on which nobody works though it is no public holiday."""

    __tablename__ = "closed_days"

    day: date = Field(primary_key=True)
    name: str


class MailRow(Row, table=True):
    """A mail on its way; one that waits must have a time, or nobody would look."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(f"state IN ({MAIL_STATES})", name="state"),
        CheckConstraint("state <> 'waiting' OR next_at IS NOT NULL", name="due"),
        partial("ix_mails_due", "next_at", "position", where=WAITING),
        Index("ix_mails_at", "at"),
        {"sqlite_autoincrement": True},
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    id: str = Field(unique=True)
    to: str
    subject: str
    body: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=UtcDateTime)
    state: str
    attempt: int
    next_at: datetime | None = Field(sa_type=UtcDateTime)
    reason: str


EVENTS: Table = Row.metadata.tables["events"]
ANCHORS: Table = Row.metadata.tables["anchors"]
ALARMS: Table = Row.metadata.tables["alarms"]
CLOSED_DAYS: Table = Row.metadata.tables["closed_days"]
MAILS: Table = Row.metadata.tables["mails"]
