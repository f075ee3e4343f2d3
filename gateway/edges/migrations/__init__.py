"""The tables' revisions (Alembic), and the one call that brings a database up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from gateway.edges.store.engine import Engines, open_engines, take_turn
from gateway.edges.store.faults import told
from gateway.edges.store.schema import revision

__all__ = ["migrate", "settings"]


def migrate(url: str) -> str | None:
    """Bring a database to the newest revision in one transaction and return the one it had; None: it was empty.

    Raises:
        ConfigurationError: the address is unusable, the database unreachable, or it belongs to another program.
    """
    engines = open_engines(url)
    try:
        return _migrate(engines)
    finally:
        engines.dispose()


def settings(url: str = "") -> Config:
    """Return Alembic's settings for our revisions; `url` is for its command line, `migrate` hands in a connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def _migrate(engines: Engines) -> str | None:
    sqlite = engines.writer.dialect.name == "sqlite"
    with told():
        if sqlite:
            _foreign_keys(engines, "OFF")  # a table rebuilt by Alembic must not take its children with it
        with engines.writer.begin() as connection:
            take_turn(connection)
            before = revision(connection)
            config = settings()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise RuntimeError("a revision has broken a foreign key")
    return before


def _foreign_keys(engines: Engines, state: str) -> None:
    """Switch SQLite's foreign keys on the writer's one connection; inside a transaction that would do nothing."""
    connection = engines.writer.raw_connection()
    try:
        connection.cursor().execute(f"PRAGMA foreign_keys={state}")
    finally:
        connection.close()
