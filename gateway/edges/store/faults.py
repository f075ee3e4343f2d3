"""What the database could not do, told in words: full, locked, read-only, gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError

_SYNC = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC, sqlite3.SQLITE_IOERR_TRUNCATE})
_SQLITE = {
    sqlite3.SQLITE_FULL: (codes.STORAGE_FULL, "Der Datenträger der Datenbank ist voll; es wurde nichts gespeichert."),
    sqlite3.SQLITE_BUSY: (codes.DRAINING, "Die Datenbank ist gerade gesperrt; es wurde nichts gespeichert."),
    sqlite3.SQLITE_LOCKED: (codes.DRAINING, "Die Datenbank ist gerade gesperrt; es wurde nichts gespeichert."),
    sqlite3.SQLITE_READONLY: (codes.DRAINING, "Die Datenbank ist nur lesbar; es wurde nichts gespeichert."),
    sqlite3.SQLITE_CANTOPEN: (codes.DRAINING, "Die Datenbankdatei lässt sich nicht öffnen."),
    sqlite3.SQLITE_IOERR: (codes.DRAINING, "Der Datenträger der Datenbank meldet einen Fehler."),
    sqlite3.SQLITE_CORRUPT: (codes.DRAINING, "Die Datenbankdatei ist beschädigt."),
    sqlite3.SQLITE_NOTADB: (codes.DRAINING, "Die Datei ist keine Datenbank des Gateways."),
}
_POSTGRESQL = {
    "53100": (codes.STORAGE_FULL, "Der Datenträger der Datenbank ist voll; es wurde nichts gespeichert."),
    "25006": (codes.DRAINING, "Die Datenbank ist nur lesbar; es wurde nichts gespeichert."),
    "55P03": (codes.DRAINING, "Die Datenbank ist gerade gesperrt; es wurde nichts gespeichert."),
    "40P01": (codes.DRAINING, "Die Datenbank ist gerade gesperrt; es wurde nichts gespeichert."),
}
_GONE = "Die Datenbank ist nicht erreichbar; es wurde nichts gespeichert."
_HINTS = {
    codes.STORAGE_FULL: "Bitte schaffen Sie Platz auf dem Datenträger; das Gateway arbeitet dann von selbst weiter.",
    codes.DRAINING: "Bitte prüfen Sie Datenbank und Datenträger; der Aufruf kann später wiederholt werden.",
}


@contextmanager
def told() -> Iterator[None]:
    """Turn a failure of the database into an error for the deployer; faults in our own statements stay as they are.

    Raises:
        ConfigurationError: STORAGE_FULL, or DRAINING for everything else the database could not do.
    """
    try:
        yield
    except TimeoutError as error:
        raise locked() from error
    except DBAPIError as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        code, reason = meaning
        raise ConfigurationError(code, reason, _HINTS[code]) from error


def locked() -> ConfigurationError:
    """Return the error of a writer whose turn did not come in time."""
    code, reason = _SQLITE[sqlite3.SQLITE_BUSY]
    return ConfigurationError(code, reason, _HINTS[code])


def lost_on_disk(error: BaseException | None) -> bool:
    """Say whether an error means that an fsync failed, after which nothing this process believes on disk is certain."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) in _SYNC


def _meaning(error: DBAPIError) -> tuple[codes.Code, str] | None:
    if isinstance(error, IntegrityError):
        return None
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    if isinstance(cause, psycopg.Error):
        known = _POSTGRESQL.get(cause.sqlstate or "")
        gone = error.connection_invalidated or cause.sqlstate is None or cause.sqlstate[:2] in ("08", "57", "53")
        return known or ((codes.DRAINING, _GONE) if gone else None)
    return None
