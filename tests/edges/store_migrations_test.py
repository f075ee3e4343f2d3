"""Tables made at once and tables made by revisions are the same, and foreign or unknown ones are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from gateway.domain.errors import ConfigurationError
from gateway.domain.journal import Act
from gateway.edges.migrations import migrate, settings
from gateway.edges.store import open_store
from gateway.edges.store.engine import open_engines
from gateway.edges.store.schema import FLOOR, HEAD, REVISIONS
from gateway.edges.store.tables import CATALOGUE
from tests.kit.stores import StillClock, a_case, fresh_postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def addresses(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two addresses of empty databases."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}"
    else:
        yield fresh_postgres(empty=True), fresh_postgres(empty=True)


def test_the_program_and_the_revisions_agree_on_the_newest() -> None:
    scripts = ScriptDirectory.from_config(settings())
    assert scripts.get_heads() == [HEAD]
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(REVISIONS)


def test_migrating_makes_the_same_tables_as_creating_them_at_once(addresses: tuple[str, str]) -> None:
    created, migrated = addresses
    open_store(created, StillClock()).close()
    assert migrate(migrated) is None
    assert shape(created) == shape(migrated)
    assert floor(created) == floor(migrated) == FLOOR


def test_migrated_tables_are_what_the_models_say(addresses: tuple[str, str]) -> None:
    migrate(addresses[0])
    engines = open_engines(addresses[0])
    with engines.writer.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, CATALOGUE) == []
    engines.dispose()


def test_migrating_again_changes_nothing_and_keeps_what_is_stored(addresses: tuple[str, str]) -> None:
    migrate(addresses[0])
    store = open_store(addresses[0], StillClock())
    with store.writing() as tx:
        tx.cases.add(a_case(1))
        entry = tx.journal.append(Act("gateway", "noted"))
    store.close()
    assert migrate(addresses[0]) == HEAD
    store = open_store(addresses[0], StillClock())
    with store.reading() as tx:
        assert tx.cases.get(a_case(1).id) == a_case(1)
        assert list(tx.journal.read()) == [entry]
    store.close()


def floor(address: str) -> str:
    engines = open_engines(address)
    with engines.reader.begin() as connection:
        found: str = connection.exec_driver_sql("SELECT revision FROM schema_floor").scalar_one()
    engines.dispose()
    return found


def execute(address: str, statement: str) -> None:
    engines = open_engines(address)
    with engines.writer.begin() as connection:
        connection.exec_driver_sql(statement)
    engines.dispose()


def test_a_database_of_another_version_is_refused_with_what_to_do(addresses: tuple[str, str]) -> None:
    migrate(addresses[0])
    execute(addresses[0], "UPDATE alembic_version SET version_num = '0003'")
    with pytest.raises(ConfigurationError, match="0003") as older:
        open_store(addresses[0], StillClock())
    assert "bauweiche init" in older.value.hint
    execute(addresses[0], "UPDATE alembic_version SET version_num = '9999'")
    execute(addresses[0], "UPDATE schema_floor SET revision = '9998'")
    with pytest.raises(ConfigurationError, match="9999") as newer:
        open_store(addresses[0], StillClock())
    assert "neuere Version" in newer.value.hint


def test_tables_of_the_next_version_serve_this_program_as_long_as_they_say_so(addresses: tuple[str, str]) -> None:
    migrate(addresses[0])
    execute(addresses[0], "UPDATE alembic_version SET version_num = '9999'")
    execute(addresses[0], f"UPDATE schema_floor SET revision = '{HEAD}'")
    store = open_store(addresses[0], StillClock())
    with store.writing() as tx:
        tx.cases.add(a_case(1))
    store.close()


def test_a_database_of_somebody_else_is_left_alone(addresses: tuple[str, str]) -> None:
    execute(addresses[0], "CREATE TABLE theirs (id INTEGER)")
    with pytest.raises(ConfigurationError, match="fremde Tabellen"):
        open_store(addresses[0], StillClock())
    with pytest.raises(ConfigurationError, match="fremde Tabellen"):
        migrate(addresses[0])


@pytest.mark.parametrize("address", ["", "sqlite://", "sqlite:///:memory:", "mysql://x/y", "postgresql://x/y", "???"])
def test_an_address_of_no_usable_database_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="nicht verwendbar"):
        open_store(address, StillClock())


def shape(address: str) -> set[tuple[str, ...]]:
    """Return everything a database has, word by word, whatever the order it was made in."""
    engines = open_engines(address)
    with engines.reader.begin() as connection:
        found = sqlite_shape(connection) if connection.dialect.name == "sqlite" else postgres_shape(connection)
    engines.dispose()
    return found


def sqlite_shape(connection: Connection) -> set[tuple[str, ...]]:
    rows = connection.exec_driver_sql("SELECT type, name, coalesce(sql, '') FROM sqlite_master").all()
    return {(kind, name, *sorted(re.findall(r"[\w'<>=]+", sql))) for kind, name, sql in rows}


def postgres_shape(connection: Connection) -> set[tuple[str, ...]]:
    queries = (
        "SELECT table_name, column_name, ordinal_position::text, data_type, is_nullable, coalesce(column_default, '')"
        " FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace",
        "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    )
    return {tuple(map(str, row)) for query in queries for row in connection.exec_driver_sql(query)}
