"""Durable state behind the ports, on SQLite or PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

from gateway.edges.store.engine import PATIENCE, open_engines, settle
from gateway.edges.store.faults import told
from gateway.edges.store.schema import ensure, revision
from gateway.edges.store.store import SqlStore
from gateway.ports import Clock

__all__ = ["open_store", "stand"]


def open_store(url: str, clock: Clock, *, patience: timedelta = PATIENCE) -> SqlStore:
    """Open `sqlite:///path` or `postgresql+psycopg://…`; an empty database gets its tables.

    `patience` is how long a writer waits for its turn.

    Raises:
        ConfigurationError: the address is unusable, the database unreachable, or its tables are of another version; its
            disk does not confirm that the files are there.
    """
    engines = open_engines(url, patience)
    try:
        ensure(engines.writer)
        settle(engines)
    except BaseException:
        engines.dispose()
        raise
    return SqlStore(engines, clock, patience)


def stand(url: str) -> str | None:
    """Return the revision of a database's tables, None if it has none yet.

    Raises:
        ConfigurationError: the address is unusable, the database unreachable, or it belongs to another program.
    """
    engines = open_engines(url)
    try:
        with told(), engines.writer.begin() as connection:
            return revision(connection)
    finally:
        engines.dispose()
