"""What the database could not do, told in words: full, locked, read-only, gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError

_FSYNC = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})
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
_LOST = (
    codes.DURABILITY_LOST,
    "Der Datenträger der Datenbank hat eine Schreibbestätigung verweigert; dieser Prozess nimmt nichts mehr an.",
)
_HINTS = {
    codes.DURABILITY_LOST: "Bitte prüfen Sie den Datenträger und starten Sie das Gateway danach neu.",
    codes.STORAGE_FULL: "Bitte schaffen Sie Platz auf dem Datenträger; das Gateway arbeitet dann von selbst weiter.",
    codes.DRAINING: "Bitte prüfen Sie Datenbank und Datenträger; der Aufruf kann später wiederholt werden.",
}


@contextmanager
def told() -> Iterator[None]:
    """Turn a failure of the database into an error for the deployer; faults in our own statements stay as they are.

    Raises:
        ConfigurationError: STORAGE_FULL; DURABILITY_LOST after a failed fsync; DRAINING for everything else.
    """
    try:
        yield
    except TimeoutError as error:
        raise _told(_SQLITE[sqlite3.SQLITE_BUSY]) from error
    except (DBAPIError, sqlite3.Error) as error:  # a BEGIN comes from the driver itself
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise _told(meaning) from error


def locked() -> ConfigurationError:
    """Return the error of a writer whose turn did not come in time."""
    return _told(_SQLITE[sqlite3.SQLITE_BUSY])


def durability_lost() -> ConfigurationError:
    """Return the error of every writer after an fsync has failed: nobody knows any more what is on disk (law 1)."""
    return _told(_LOST)


def is_fsync(error: sqlite3.Error) -> bool:
    """Say whether it was an fsync that failed."""
    return getattr(error, "sqlite_errorcode", 0) in _FSYNC


def cannot_open() -> ConfigurationError:
    """Return the error of a database file that the operating system does not let us open."""
    return _told(_SQLITE[sqlite3.SQLITE_CANTOPEN])


def _told(meaning: tuple[codes.Code, str]) -> ConfigurationError:
    code, reason = meaning
    return ConfigurationError(code, reason, _HINTS[code])


def _meaning(error: DBAPIError | sqlite3.Error) -> tuple[codes.Code, str] | None:
    if isinstance(error, IntegrityError):
        return None
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _LOST if is_fsync(cause) else _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if cause is not None and hasattr(
        cause, "sqlstate"
    ):  # an error of psycopg, which is not imported where SQLite is used
        sqlstate: str | None = cause.sqlstate
        known = _POSTGRESQL.get(sqlstate or "")
        gone = lost or sqlstate is None or sqlstate[:2] in ("08", "57", "53")
        return known or ((codes.DRAINING, _GONE) if gone else None)
    return None
