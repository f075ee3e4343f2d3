"""The tables of the operators' work: what is known of an authority besides its participation, and surveys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, Table
from sqlmodel import Field

from gateway.edges.store.columns import UtcDateTime, partial
from gateway.edges.store.tables import DELIVERIES, JOURNAL, Row

PICKED = "handed_over_at IS NOT NULL"
STILL = "(state IN ('held', 'waiting')) IS TRUE"

partial("ix_deliveries_picked", DELIVERIES.c.authority, DELIVERIES.c.handed_over_at, where=PICKED)
Index("ix_deliveries_case_number", DELIVERIES.c.case_number, DELIVERIES.c.position)
Index("ix_deliveries_place", DELIVERIES.c.authority, DELIVERIES.c.state, DELIVERIES.c.position)
partial("ix_deliveries_still", DELIVERIES.c.code, DELIVERIES.c.state, DELIVERIES.c.position, where=STILL)
Index("ix_journal_what", JOURNAL.c.what, JOURNAL.c.at)


class DossierRow(Row, table=True):
    """What operators keep about an authority (contacts, notes, onboarding) as JSON; `version` counts changes."""

    __tablename__ = "dossiers"

    authority: str = Field(primary_key=True)
    version: int
    value: dict[str, Any] = Field(sa_type=JSON)


class SurveyRow(Row, table=True):
    """A survey as it was read: nothing of it holds before it is applied."""

    __tablename__ = "surveys"

    id: str = Field(primary_key=True)
    name: str
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    state: str
    value: dict[str, Any] = Field(sa_type=JSON)


class SchemaFloorRow(Row, table=True):
    """The one row that says which is the oldest program that may still work on these tables, by its newest revision."""

    __tablename__ = "schema_floor"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: str


DOSSIERS: Table = Row.metadata.tables["dossiers"]
SURVEYS: Table = Row.metadata.tables["surveys"]
