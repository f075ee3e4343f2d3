"""Connections: how SQLite and PostgreSQL are opened so that a commit is on disk and an erased byte is gone."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from gateway.edges.store.faults import cannot_open, durability_lost

PATIENCE = timedelta(seconds=10)
"""How long a writer waits for its turn before it gives up."""

_WRITERS_TURN = 0x42577265
_TAKE_TURN = text(f"SELECT pg_advisory_xact_lock({_WRITERS_TURN})")
_PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY", "cache_size=-16000")
_READERS = 8


@dataclass(frozen=True, slots=True)
class Engines:
    """Three ways into one database: `writer` (one transaction at a time), `reader` (can only read), `watcher`."""

    writer: Engine
    reader: Engine
    watcher: Engine

    def dispose(self) -> None:
        """Close all connections that are not in use."""
        for engine in (self.writer, self.reader, self.watcher):
            engine.dispose()


def take_turn(connection: Connection) -> None:
    """Wait until this transaction is the only one that writes; SQLite has seen to that with its BEGIN IMMEDIATE."""
    if connection.dialect.name == "postgresql":
        connection.execute(_TAKE_TURN)


def open_engines(url: str, patience: timedelta = PATIENCE) -> Engines:
    """Return the engines for `sqlite:///path` or `postgresql+psycopg://…`; a new SQLite file gets mode 0600.

    Raises:
        ConfigurationError: CONFIGURATION, the address names no database we can use; DRAINING, its file does not open.
    """
    address = read_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address, patience)
    return _postgresql(address, patience)


def settle(engines: Engines) -> None:
    """Make the names of SQLite's files durable; SQLite does so too, but goes on when it fails (law 1).

    Raises:
        ConfigurationError: DURABILITY_LOST.
    """
    if engines.writer.dialect.name != "sqlite":
        return
    folder = os.open(Path(str(engines.writer.url.database)).parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    except OSError as error:
        raise durability_lost() from error
    finally:
        os.close(folder)


def read_url(url: str) -> URL:
    """Return the parsed address of a database.

    Raises:
        ConfigurationError: CONFIGURATION, it is neither a SQLite file nor PostgreSQL by psycopg.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise _unusable() from error
    sqlite_file = address.drivername in ("sqlite", "sqlite+pysqlite") and address.database not in (None, "", ":memory:")
    if not sqlite_file and address.drivername != "postgresql+psycopg":
        raise _unusable()
    return address


def _unusable() -> ConfigurationError:
    return ConfigurationError(
        codes.CONFIGURATION,
        "Die Adresse der Datenbank ist nicht verwendbar.",
        "Erwartet wird sqlite:///pfad/zur/datei oder postgresql+psycopg://benutzer@rechner/datenbank.",
    )


def _sqlite(address: URL, patience: timedelta) -> Engines:
    path = Path(str(address.database))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise cannot_open() from error
    settings: dict[str, Any] = {
        "check_same_thread": False,
        "timeout": patience.total_seconds(),
        "isolation_level": None,
    }
    writer = create_engine(address, connect_args=settings, pool_size=1, max_overflow=0)
    reader = create_engine(address, connect_args=settings, pool_size=_READERS, max_overflow=56, pool_use_lifo=True)
    watcher = create_engine(address, connect_args=settings, pool_size=1, max_overflow=0)
    _prepare(writer, "BEGIN IMMEDIATE", "journal_mode=WAL", *_PRAGMAS)
    _prepare(reader, "BEGIN DEFERRED", *_PRAGMAS, "query_only=ON")
    _prepare(watcher, "", *_PRAGMAS, "query_only=ON")
    return Engines(writer, reader, watcher)


def _prepare(engine: Engine, begin: str, *pragmas: str) -> None:
    """Give every new SQLite connection its settings, and every transaction its kind of BEGIN."""

    @event.listens_for(engine, "connect")
    def settle(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    if begin:

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            driver: Any = connection.connection.driver_connection
            driver.execute(begin)  # past SQLAlchemy: several times per request, and nothing to compile or to fetch


def _postgresql(address: URL, patience: timedelta) -> Engines:
    settings = {"options": f"-c timezone=UTC -c lock_timeout={round(patience.total_seconds() * 1000)}"}
    writer = create_engine(address, connect_args=settings, pool_size=1, max_overflow=0, pool_pre_ping=True)
    reader = create_engine(
        address, connect_args=settings, pool_size=_READERS, max_overflow=24, pool_use_lifo=True, pool_pre_ping=True
    ).execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    watcher = create_engine(
        address, connect_args=settings, pool_size=2, max_overflow=2, pool_pre_ping=True, isolation_level="AUTOCOMMIT"
    )
    return Engines(writer, reader, watcher)
