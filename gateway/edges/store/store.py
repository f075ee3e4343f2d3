"""The store: transactions over one database, one writer at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock, get_ident

from sqlalchemy import Connection

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from gateway.edges.store.cases import SqlCases
from gateway.edges.store.certificates import SqlCertificates
from gateway.edges.store.clients import SqlClients, SqlIdempotency
from gateway.edges.store.deliveries import SqlDeliveries
from gateway.edges.store.engine import Engines, take_turn
from gateway.edges.store.faults import locked, lost_on_disk, told
from gateway.edges.store.journal import SqlJournal
from gateway.edges.store.registry import SqlRegistry
from gateway.edges.store.ways import SqlWays
from gateway.ports import Clock


class SqlTransaction:
    """One unit of work on one connection."""

    __slots__ = (
        "_connection",
        "cases",
        "certificates",
        "clients",
        "deliveries",
        "idempotency",
        "journal",
        "registry",
        "ways",
    )

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self.cases = SqlCases(connection)
        self.deliveries = SqlDeliveries(connection)
        self.ways = SqlWays(connection)
        self.journal = SqlJournal(connection, clock)
        self.registry = SqlRegistry(connection)
        self.certificates = SqlCertificates(connection)
        self.clients = SqlClients(connection)
        self.idempotency = SqlIdempotency(connection)


class SqlStore:
    """Durable state on SQLite or PostgreSQL.

    Writers take turns, in this process by a lock and between processes by SQLite's write lock or an advisory lock:
    the hash chain of the journal has one end, places per authority are counted exactly, and positions appear in the
    order they are given. No two writers can wait for each other.
    """

    def __init__(self, engines: Engines, clock: Clock, patience: timedelta) -> None:
        self._engines = engines
        self._clock = clock
        self._sqlite = engines.writer.dialect.name == "sqlite"
        self._patience = patience
        self._turn = Lock()
        self._holder = 0
        self._disk_failed = False

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """See one state of everything, and write nothing."""
        with told(), self._engines.reader.begin() as connection:
            yield SqlTransaction(connection, self._clock)

    @contextmanager
    def writing(self) -> Iterator[SqlTransaction]:
        """Do several things as one: committed and on disk when the block is left normally, else nothing of it.

        Raises:
            ConfigurationError: STORAGE_FULL or DRAINING, when the database cannot take it.
            RuntimeError: the thread is in a writing block already.
        """
        with self._my_turn(), told(), self._engines.writer.begin() as connection:
            take_turn(connection)
            yield SqlTransaction(connection, self._clock)

    def changed(self) -> int:
        """Return a number that differs once another connection has committed."""
        with told(), self._engines.watcher.connect() as connection:
            if self._sqlite:
                # counts from the first look of this one connection, of which the watcher's pool has no second
                return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())
            seen = str(connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one())
            return int.from_bytes(hashlib.blake2b(seen.encode(), digest_size=8).digest())

    def scrub(self) -> bool:
        """Wipe erased bytes from the database's own log as well; False if a reader is in the way (try again later).

        PostgreSQL gets a VACUUM of the tables that held keys and parts; what its log and disks keep is for the
        operator of that server to encrypt.
        """
        with self._my_turn(), told():
            if self._sqlite:
                raw = self._engines.writer.raw_connection()
                try:
                    busy = raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]  # type: ignore[union-attr]  # a fresh checkout has a connection
                finally:
                    raw.close()
                return not busy
            with self._engines.watcher.connect() as connection:
                connection.exec_driver_sql("VACUUM cases, sealed")
            return True

    def close(self) -> None:
        """Close every connection."""
        self._engines.dispose()

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if self._holder == get_ident():
            raise RuntimeError("a writing block inside a writing block would wait for itself")
        if not self._turn.acquire(timeout=self._patience.total_seconds()):
            raise locked()
        self._holder = get_ident()
        try:
            if self._disk_failed:
                raise _disk_failed()
            yield
        except ConfigurationError as error:
            # Law 1: after a failed fsync nobody knows what is on disk; this process must not go on.
            self._disk_failed = self._disk_failed or lost_on_disk(error.__cause__)
            raise
        finally:
            self._holder = 0
            self._turn.release()


def _disk_failed() -> ConfigurationError:
    return ConfigurationError(
        codes.DRAINING,
        "Der Datenträger der Datenbank hat eine Schreibbestätigung verweigert; dieser Prozess nimmt nichts mehr an.",
        "Bitte prüfen Sie den Datenträger und starten Sie das Gateway danach neu.",
    )
