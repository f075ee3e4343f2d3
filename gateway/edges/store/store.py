"""The store: transactions over one database, one writer at a time."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Connection

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from gateway.edges.store.cases import SqlCases
from gateway.edges.store.certificates import SqlCertificates
from gateway.edges.store.clients import SqlClients, SqlIdempotency
from gateway.edges.store.deliveries import SqlDeliveries
from gateway.edges.store.dossiers import SqlDossiers, SqlSurveys
from gateway.edges.store.engine import Engines, take_turn
from gateway.edges.store.events import SqlEvidence
from gateway.edges.store.faults import durability_lost, is_fsync, told
from gateway.edges.store.insight import SqlInsight
from gateway.edges.store.journal import SqlJournal
from gateway.edges.store.mails import SqlDuties, SqlMails
from gateway.edges.store.registry import SqlRegistry
from gateway.edges.store.replies import SqlReplies
from gateway.edges.store.turns import Turns
from gateway.edges.store.ways import SqlWays
from gateway.edges.store.webhooks import SqlWebhooks
from gateway.ports import Clock


class SqlTransaction:
    """One unit of work on one connection."""

    __slots__ = (
        "_connection",
        "cases",
        "certificates",
        "clients",
        "deliveries",
        "dossiers",
        "duties",
        "evidence",
        "idempotency",
        "insight",
        "journal",
        "mails",
        "registry",
        "replies",
        "surveys",
        "ways",
        "webhooks",
    )

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self.cases = SqlCases(connection)
        self.deliveries = SqlDeliveries(connection)
        self.ways = SqlWays(connection)
        self.insight = SqlInsight(connection)
        self.dossiers = SqlDossiers(connection)
        self.surveys = SqlSurveys(connection)
        self.journal = SqlJournal(connection, clock)
        self.registry = SqlRegistry(connection)
        self.certificates = SqlCertificates(connection)
        self.clients = SqlClients(connection)
        self.idempotency = SqlIdempotency(connection)
        self.replies = SqlReplies(connection)
        self.webhooks = SqlWebhooks(connection)
        self.evidence = SqlEvidence(connection)
        self.duties = SqlDuties(connection)
        self.mails = SqlMails(connection)


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
        self._turns = Turns(patience)
        self._durability_lost = False
        self._scrub_owed = self._sqlite

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """See one state of everything, and write nothing."""
        with (
            told(),
            self._engines.reader.connect() as connection,
        ):  # begins with the first question, ends with the block
            yield SqlTransaction(connection, self._clock)

    @contextmanager
    def writing(self) -> Iterator[SqlTransaction]:
        """Do several things as one: committed and on disk when the block is left normally, else nothing of it.

        Raises:
            ConfigurationError: STORAGE_FULL or DRAINING, when the database cannot take it; DURABILITY_LOST, from a
                failed fsync on for ever (law 1).
            RuntimeError: the thread is in a writing block already.
        """
        with self._turn(), told():
            with self._engines.writer.begin() as connection:
                take_turn(connection)
                yield SqlTransaction(connection, self._clock)
            if self._scrub_owed:
                self._truncate_log()

    def changed(self) -> int:
        """Return a number that differs once another connection has committed."""
        with told(), self._engines.watcher.connect() as connection:
            if self._sqlite:
                # counts from the first look of this one connection, of which the watcher's pool has no second
                return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())
            seen = str(connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one())
            return int.from_bytes(hashlib.blake2b(seen.encode(), digest_size=8).digest())

    def scrub(self) -> bool:
        """Wipe erased bytes from the database's own log as well; False if a reader is in the way.

        It is then done after one of the next writing blocks, and in any case after the first one of a process: an
        earlier one may have died before its scrub. PostgreSQL gets a VACUUM of the tables that held keys and parts;
        what its log and disks keep is for the operator of that server to encrypt.
        """
        with self._turn(), told():
            if self._sqlite:
                self._truncate_log()
                return not self._scrub_owed
            with self._engines.watcher.connect() as connection:
                connection.exec_driver_sql("VACUUM cases, sealed, replies, reply_sealed")
            return True

    def close(self) -> None:
        """Close every connection."""
        self._engines.dispose()

    def _truncate_log(self) -> None:
        """Bring SQLite's log into the database and empty it, or owe it; does not wait for readers: writers wait for us.

        What was committed before is on disk whatever happens here, so nothing is raised; but a failed fsync counts.
        """
        self._scrub_owed = True
        connection = self._engines.writer.raw_connection()
        cursor = connection.cursor()
        try:
            (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute("PRAGMA busy_timeout=0")
            (busy, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            cursor.execute(f"PRAGMA busy_timeout={patience}")
            self._scrub_owed = bool(busy)
        except sqlite3.OperationalError as error:
            self._durability_lost = is_fsync(error)
            connection.invalidate(error)
        finally:
            connection.close()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._turns.mine():
            if self._durability_lost:
                raise durability_lost()
            try:
                yield
            except ConfigurationError as error:
                self._durability_lost |= error.code is codes.DURABILITY_LOST
                raise
