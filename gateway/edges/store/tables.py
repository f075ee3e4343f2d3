"""The tables: routing and state, no personal data (law 2); column names are the field names of the domain values."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from gateway.domain.delivery import State
from gateway.edges.store.columns import COUNTER, UtcDateTime, partial

STATES = ", ".join(f"'{state.value}'" for state in State)
DUE = "(state IN ('accepted', 'waiting')) IS TRUE"
LEASED = "(state = 'under_way') IS TRUE"
AVAILABLE = "(state = 'available') IS TRUE"
"""Conditions of partial indexes, repeated word for word in queries: only then are they used. `IS TRUE` keeps planners
from reaching for the index over all states instead, where the whole history stands."""

OVER = "erased_at IS NULL AND state IN ('handed_over', 'confirmed', 'rejected', 'withdrawn', 'expired')"
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


CATALOGUE = MetaData(naming_convention=NAMES)
"""All tables, with names for every constraint (Alembic needs them)."""


CASES = Table(
    "cases",
    CATALOGUE,
    Column("id", String, primary_key=True),
    Column("number", String, nullable=False),
    Column("client", String, nullable=False),
    Column("portal_reference", String, nullable=False),
    Column("municipality", String, nullable=False),
    Column("procedure", String, nullable=False),
    Column("authority", String, nullable=False),
    Column("option", String, nullable=False),
    Column("release", String, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("reference", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("parts", JSON, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("posted_plans", Integer, nullable=False),
    Column("accepted_at", UtcDateTime),
    Column("handed_over_at", UtcDateTime),
    Column("erased_at", UtcDateTime),
    Column("plans", String, nullable=False),
    Column("plans_due", Date),
    Column("plans_arrived_on", Date),
    Column("file_reference", String, nullable=False),
    Column("overview_sha256", String, nullable=False),
    Column("follows", String, nullable=False),
    CheckConstraint(f"state IN ({STATES})", name="state"),
    partial("uq_cases_number", "number", where="follows = ''", unique=True),
    partial("ix_cases_follower", "number", where="follows <> ''"),
    Index("ix_cases_portal_reference", "portal_reference"),
    Index("ix_cases_reference", "reference"),
    partial("ix_cases_test", "created_at", where="test"),
    partial("ix_cases_file_reference", "file_reference", where="file_reference <> ''"),
    partial("ix_cases_overview_sha256", "overview_sha256", where="overview_sha256 <> ''"),
    partial("ix_cases_draft", "expires_at", where="state = 'draft'"),
    partial("ix_cases_over", "created_at", where=OVER),
)
"""A case or a later submission about it; `parts` holds [index, document id, size, SHA-256] per attachment."""


SEALED = Table(
    "sealed",
    CATALOGUE,
    Column("case_id", String, ForeignKey("cases.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("octets", LargeBinary, nullable=False),
)
"""A small sealed part of a case."""


DELIVERIES = Table(
    "deliveries",
    CATALOGUE,
    Column("position", COUNTER, primary_key=True),
    Column("message_id", String, nullable=False, unique=True),
    Column("case_id", String, ForeignKey("cases.id"), nullable=False),
    Column("case_number", String, nullable=False),
    Column("authority", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("number", String, nullable=False),
    Column("release", String, nullable=False),
    Column("stamped_at", UtcDateTime, nullable=False),
    Column("size", COUNTER, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("next_at", UtcDateTime),
    Column("attempt", Integer, nullable=False),
    Column("worker", String, nullable=False),
    Column("leased_until", UtcDateTime),
    Column("adapter", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("code", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("available_at", UtcDateTime),
    Column("fetched_at", UtcDateTime),
    Column("handed_over_at", UtcDateTime),
    CheckConstraint(f"state IN ({STATES})", name="state"),
    CheckConstraint("state NOT IN ('accepted', 'waiting') OR next_at IS NOT NULL", name="due"),
    CheckConstraint("state <> 'available' OR available_at IS NOT NULL", name="available"),
    CheckConstraint("state <> 'under_way' OR (worker <> '' AND leased_until IS NOT NULL)", name="leased"),
    Index("ix_deliveries_case_id", "case_id"),
    Index("ix_deliveries_authority", "authority", "position"),
    Index("ix_deliveries_state", "state", "position"),
    partial("ix_deliveries_due", "authority", "next_at", "position", where=DUE),
    partial("ix_deliveries_leased", "authority", "leased_until", where=LEASED),
    partial("ix_deliveries_look", "next_at", where=AVAILABLE),
    partial("ix_deliveries_available", "authority", "available_at", "position", where=AVAILABLE),
    sqlite_autoincrement=True,
)
"""A delivery, which is the queue (law 4); a state that waits for a time must have one, or nobody would look."""


WAYS = Table(
    "ways",
    CATALOGUE,
    Column("authority", String, primary_key=True),
    Column("paused", Boolean, nullable=False),
    Column("paused_why", String, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("open_until", UtcDateTime),
)
"""The way to one authority."""


JOURNAL = Table(
    "journal",
    CATALOGUE,
    Column("number", COUNTER, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("what", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("why", String, nullable=False),
    Column("facts", Text, nullable=False),
    Column("before", String, nullable=False),
    Column("digest", String, nullable=False),
    Index("ix_journal_subject", "subject", "number"),
)
"""An entry of the journal; `facts` is the JSON that its digest was made over."""


CERTIFICATES = Table(
    "certificates",
    CATALOGUE,
    Column("authority", String, primary_key=True),
    Column("purpose", String, primary_key=True),
    Column("fingerprint", String, primary_key=True),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime, nullable=False),
    Column("der", LargeBinary, nullable=False),
    Index("ix_certificates_fingerprint", "fingerprint"),
)
"""A certificate of an authority, DER, with the SHA-256 fingerprint in lower-case hex."""


CLIENTS = Table(
    "clients",
    CATALOGUE,
    Column("token_sha256", String, primary_key=True),
    Column("token_id", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("scopes", String, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)
"""A caller's token, hashed; `scopes` separated by blanks."""


ANSWERED = Table(
    "answered",
    CATALOGUE,
    Column("client", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("body_sha256", String, nullable=False),
    Column("made", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_answered_at", "at"),
)
"""An answer given to an idempotent call."""


PARTICIPATIONS = Table(
    "participations",
    CATALOGUE,
    Column("authority", String, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("value", JSON, nullable=False),
)
"""How an authority takes part from a date on; `value` is the participation's own JSON form."""


EDITION_STEPS = Table(
    "edition_steps",
    CATALOGUE,
    Column("valid_from", Date, primary_key=True),
    Column("name", String, nullable=False),
)
"""Which edition of the directory is followed from a date on."""
