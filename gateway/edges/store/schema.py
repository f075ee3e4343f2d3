"""Which version of the tables a database has, and how an empty one gets them."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError
from gateway.edges.store.columns import for_postgresql
from gateway.edges.store.engine import take_turn
from gateway.edges.store.faults import told
from gateway.edges.store.tables import CATALOGUE

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""The revisions under gateway/edges/migrations, oldest first; a test compares them."""

HEAD = REVISIONS[-1]

FLOOR = "0004"
"""The newest revision of the oldest program that may still work on tables of revision HEAD."""

APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER journal_never_changed BEFORE UPDATE ON journal"
        " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
        "CREATE TRIGGER journal_never_deleted BEFORE DELETE ON journal"
        " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$",
        "CREATE TRIGGER journal_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON journal"
        " FOR EACH STATEMENT EXECUTE FUNCTION journal_append_only()",
    ),
}
"""Statements that make the journal append-only, per database."""


def ensure(writer: Engine) -> None:
    """Give an empty database all tables; accept one of our own version, and a newer one that still has room for us.

    While one version replaces another, programs of both work on the newer tables: what a revision adds, the older
    program does not see, and what it takes away waits until no older program runs (docs/betrieb.md).

    Raises:
        ConfigurationError: CONFIGURATION, the tables are older than this program, or too new for it.
    """
    with told(), writer.begin() as connection:
        take_turn(connection)
        found = revision(connection)
        if found is None:
            create(connection)
        elif found in REVISIONS[:-1]:
            raise ConfigurationError(
                codes.CONFIGURATION,
                f"Die Datenbank hat den Stand {found}, dieses Programm braucht {HEAD}.",
                "Bitte bringen Sie die Datenbank mit `bauweiche init` auf den Stand des Programms.",
            )
        elif found != HEAD and _floor(connection) not in REVISIONS:
            raise ConfigurationError(
                codes.CONFIGURATION,
                f"Die Datenbank hat den Stand {found}; dieses Programm ist dafür zu alt, es kennt bis {HEAD}.",
                "Bitte installieren Sie die neuere Version des Gateways.",
            )


def revision(connection: Connection) -> str | None:
    """Return the version of the tables; None for an empty database.

    Raises:
        ConfigurationError: CONFIGURATION, there are tables, but not ours.
    """
    names = set(inspect(connection).get_table_names())
    if "alembic_version" in names:
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        if found is not None:
            return found
    if names - {"alembic_version", "sqlite_sequence"}:
        raise ConfigurationError(
            codes.CONFIGURATION,
            "Die Datenbank enthält fremde Tabellen.",
            "Bitte geben Sie dem Gateway eine eigene, leere Datenbank.",
        )
    return None


def create(connection: Connection) -> None:
    """Create all tables at once and note the version: the same as migrating from nothing, only faster."""
    if connection.dialect.name == "postgresql":
        for_postgresql(CATALOGUE)
    CATALOGUE.create_all(connection, checkfirst=False)
    for statement in APPEND_ONLY[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(
        "CREATE TABLE IF NOT EXISTS alembic_version"
        " (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})
    connection.execute(text("INSERT INTO schema_floor (id, revision) VALUES (1, :floor)"), {"floor": FLOOR})


def _floor(connection: Connection) -> str | None:
    found: str | None = connection.execute(text("SELECT revision FROM schema_floor")).scalar_one_or_none()
    return found
