"""The tables: routing and state, no personal data (law 2); column names are the field names of the domain values."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, MetaData, Table, Text
from sqlmodel import Field, SQLModel

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


class Row(SQLModel):
    """What all tables share: one catalogue of their own, with names for every constraint (Alembic needs them)."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)


class CaseRow(Row, table=True):
    """A case or a later submission about it; `parts` holds [index, document id, size, SHA-256] per attachment."""

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(f"state IN ({STATES})", name="state"),
        partial("uq_cases_number", "number", where="follows = ''", unique=True),
        partial("ix_cases_follower", "number", where="follows <> ''"),
        Index("ix_cases_portal_reference", "portal_reference"),
        Index("ix_cases_reference", "reference"),
        partial("ix_cases_file_reference", "file_reference", where="file_reference <> ''"),
        partial("ix_cases_overview_sha256", "overview_sha256", where="overview_sha256 <> ''"),
        partial("ix_cases_draft", "expires_at", where="state = 'draft'"),
        partial("ix_cases_over", "created_at", where=OVER),
    )

    id: str = Field(primary_key=True)
    number: str
    client: str
    portal_reference: str
    municipality: str
    procedure: str
    authority: str
    option: str
    release: str
    test: bool
    reference: str
    state: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    parts: list[Any] = Field(sa_type=JSON)
    wrapped_key: bytes | None = Field(sa_type=LargeBinary)
    posted_plans: int
    accepted_at: datetime | None = Field(sa_type=UtcDateTime)
    handed_over_at: datetime | None = Field(sa_type=UtcDateTime)
    erased_at: datetime | None = Field(sa_type=UtcDateTime)
    plans: str
    plans_due: date | None
    plans_arrived_on: date | None
    file_reference: str
    overview_sha256: str
    follows: str


class SealedRow(Row, table=True):
    """A small sealed part of a case."""

    __tablename__ = "sealed"

    case_id: str = Field(primary_key=True, foreign_key="cases.id")
    name: str = Field(primary_key=True)
    octets: bytes = Field(sa_type=LargeBinary)


class DeliveryRow(Row, table=True):
    """A delivery, which is the queue (law 4); a state that waits for a time must have one, or nobody would look."""

    __tablename__ = "deliveries"
    __table_args__ = (
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
        {"sqlite_autoincrement": True},
    )

    position: int | None = Field(default=None, primary_key=True, sa_type=COUNTER)
    message_id: str = Field(unique=True)
    case_id: str = Field(foreign_key="cases.id")
    case_number: str
    authority: str
    kind: str
    number: str
    release: str
    stamped_at: datetime = Field(sa_type=UtcDateTime)
    size: int = Field(sa_type=COUNTER)
    test: bool
    state: str
    next_at: datetime | None = Field(sa_type=UtcDateTime)
    attempt: int
    worker: str
    leased_until: datetime | None = Field(sa_type=UtcDateTime)
    adapter: str
    reason: str
    code: str
    reference: str
    facts: dict[str, str] = Field(sa_type=JSON)
    available_at: datetime | None = Field(sa_type=UtcDateTime)
    fetched_at: datetime | None = Field(sa_type=UtcDateTime)
    handed_over_at: datetime | None = Field(sa_type=UtcDateTime)


class WayRow(Row, table=True):
    """The way to one authority."""

    __tablename__ = "ways"

    authority: str = Field(primary_key=True)
    paused: bool
    paused_why: str
    failures: int
    open_until: datetime | None = Field(sa_type=UtcDateTime)


class JournalRow(Row, table=True):
    """An entry of the journal; `facts` is the JSON that its digest was made over."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_subject", "subject", "number"),)

    number: int = Field(primary_key=True, sa_type=COUNTER, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    what: str
    subject: str
    why: str
    facts: str = Field(sa_type=Text)
    before: str
    digest: str


class CertificateRow(Row, table=True):
    """A certificate of an authority, DER, with the SHA-256 fingerprint in lower-case hex."""

    __tablename__ = "certificates"
    __table_args__ = (Index("ix_certificates_fingerprint", "fingerprint"),)

    authority: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    fingerprint: str = Field(primary_key=True)
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_until: datetime = Field(sa_type=UtcDateTime)
    der: bytes = Field(sa_type=LargeBinary)


class ClientRow(Row, table=True):
    """A caller's token, hashed; `scopes` separated by blanks."""

    __tablename__ = "clients"

    token_sha256: str = Field(primary_key=True)
    token_id: str = Field(unique=True)
    name: str
    scopes: str
    expires_at: datetime = Field(sa_type=UtcDateTime)


class AnsweredRow(Row, table=True):
    """An answer given to an idempotent call."""

    __tablename__ = "answered"
    __table_args__ = (Index("ix_answered_at", "at"),)

    client: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    body_sha256: str
    made: str
    at: datetime = Field(sa_type=UtcDateTime)


class ParticipationRow(Row, table=True):
    """How an authority takes part from a date on; `value` is the participation's own JSON form."""

    __tablename__ = "participations"

    authority: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    value: dict[str, Any] = Field(sa_type=JSON)


class EditionStepRow(Row, table=True):
    """Which edition of the directory is followed from a date on."""

    __tablename__ = "edition_steps"

    valid_from: date = Field(primary_key=True)
    name: str


WAYS: Table = Row.metadata.tables["ways"]
PARTICIPATIONS: Table = Row.metadata.tables["participations"]
EDITION_STEPS: Table = Row.metadata.tables["edition_steps"]
DELIVERIES: Table = Row.metadata.tables["deliveries"]
JOURNAL: Table = Row.metadata.tables["journal"]
CLIENTS: Table = Row.metadata.tables["clients"]
ANSWERED: Table = Row.metadata.tables["answered"]
CERTIFICATES: Table = Row.metadata.tables["certificates"]
CASES: Table = Row.metadata.tables["cases"]
SEALED: Table = Row.metadata.tables["sealed"]
