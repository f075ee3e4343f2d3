"""The tables of the operators' work: what is known of an authority besides its participation, and surveys."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, Index, Integer, String, Table

from gateway.edges.store.columns import UtcDateTime, partial
from gateway.edges.store.tables import CATALOGUE, DELIVERIES, JOURNAL

PICKED = "handed_over_at IS NOT NULL"
STILL = "(state IN ('held', 'waiting')) IS TRUE"

partial("ix_deliveries_picked", DELIVERIES.c.authority, DELIVERIES.c.handed_over_at, where=PICKED)
Index("ix_deliveries_case_number", DELIVERIES.c.case_number, DELIVERIES.c.position)
Index("ix_deliveries_place", DELIVERIES.c.authority, DELIVERIES.c.state, DELIVERIES.c.position)
partial("ix_deliveries_still", DELIVERIES.c.code, DELIVERIES.c.state, DELIVERIES.c.position, where=STILL)
Index("ix_journal_what", JOURNAL.c.what, JOURNAL.c.at)


DOSSIERS = Table(
    "dossiers",
    CATALOGUE,
    Column("authority", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("value", JSON, nullable=False),
)
"""What operators keep about an authority (contacts, notes, onboarding) as JSON; `version` counts changes."""


SURVEYS = Table(
    "surveys",
    CATALOGUE,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("state", String, nullable=False),
    Column("value", JSON, nullable=False),
)
"""A survey as it was read: nothing of it holds before it is applied."""


SCHEMA_FLOOR = Table(
    "schema_floor",
    CATALOGUE,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", String, nullable=False),
    CheckConstraint("id = 1", name="one"),
)
"""The one row that says which is the oldest program that may still work on these tables, by its newest revision."""
