"""The tables of evidence, deadlines and mails; no personal data of applicants (law 2)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, LargeBinary, String, Table, Text

from gateway.domain.notice_mail import MailState
from gateway.edges.store.columns import COUNTER, UtcDateTime, partial
from gateway.edges.store.tables import CASES, CATALOGUE, DELIVERIES

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


EVENTS = Table(
    "events",
    CATALOGUE,
    Column("position", COUNTER, primary_key=True),
    Column("case_number", String, nullable=False),
    Column("case_id", String, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("what", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("message_id", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("head", Text, nullable=False),
    Column("signature", String, nullable=False),
    Column("document", LargeBinary),
    Index("uq_events_sequence", "case_number", "sequence", unique=True),
    Index("ix_events_case_id", "case_id", "sequence"),
    Index("ix_events_at", "at"),
    partial("ix_events_unsigned", "position", where=UNSIGNED),
    sqlite_autoincrement=True,
)
"""A signed fact about a case; `document` is the signed manifest that belongs to an acceptance."""


ANCHORS = Table(
    "anchors",
    CATALOGUE,
    Column("first", COUNTER, primary_key=True, autoincrement=False),
    Column("last", COUNTER, nullable=False),
    Column("payload", Text, nullable=False),
    Column("head", Text, nullable=False),
    Column("signature", String, nullable=False),
)
"""A signed Merkle root over a stretch of the journal."""


ALARMS = Table(
    "alarms",
    CATALOGUE,
    Column("kind", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_alarms_at", "at"),
)
"""Something somebody was told once: what about, at which level, and when."""


CLOSED_DAYS = Table(
    "closed_days",
    CATALOGUE,
    Column("day", Date, primary_key=True),
    Column("name", String, nullable=False),
)
"""A day on which nobody works though it is no public holiday."""


MAILS = Table(
    "mails",
    CATALOGUE,
    Column("position", COUNTER, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("to", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("next_at", UtcDateTime),
    Column("reason", String, nullable=False),
    CheckConstraint(f"state IN ({MAIL_STATES})", name="state"),
    CheckConstraint("state <> 'waiting' OR next_at IS NOT NULL", name="due"),
    partial("ix_mails_due", "next_at", "position", where=WAITING),
    Index("ix_mails_at", "at"),
    sqlite_autoincrement=True,
)
"""A mail on its way; one that waits must have a time, or nobody would look."""
