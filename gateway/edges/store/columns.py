"""Column types that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Index, Integer, MetaData, text
from sqlalchemy.types import TypeDecorator

COUNTER = BigInteger().with_variant(Integer(), "sqlite")
"""A number the database itself counts up; SQLite does that for the exact type INTEGER only."""


def partial(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    """Return an index over the rows that fit a condition; `for_postgresql` gives PostgreSQL its word of it."""
    return Index(name, *columns, sqlite_where=text(where), unique=unique)


def for_postgresql(catalogue: MetaData) -> None:
    """Give every partial index its condition on PostgreSQL too.

    It is done only before tables are made there: the options of a dialect make SQLAlchemy load all of that dialect.
    """
    for table in catalogue.tables.values():
        for index in table.indexes:
            condition = index.dialect_options["sqlite"]["where"]
            index.dialect_options["postgresql"]["where"] = condition


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in, aware UTC out, to the microsecond; SQLite keeps fixed-width text, so order is kept too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Return what the driver stores.

        Raises:
            ValueError: the time has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return the stored moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
