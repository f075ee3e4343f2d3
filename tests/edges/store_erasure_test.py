"""What is erased is gone from every file of the database, and nobody else may read them (law 2)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.case import Way
from gateway.edges.store import open_store
from gateway.edges.store.store import SqlStore
from gateway.ports import Store
from tests.kit.stores import AHLEN, StillClock, a_case

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bauweiche.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{file}", StillClock())
    yield opened
    opened.close()


def test_only_the_owner_may_read_the_database(store: Store, file: Path) -> None:
    with store.writing() as tx:
        tx.cases.add(a_case(1))
    modes = {path.name: path.stat().st_mode & 0o777 for path in file.parent.iterdir()}
    assert modes == {"bauweiche.db": 0o600, "bauweiche.db-wal": 0o600, "bauweiche.db-shm": 0o600}


def test_every_connection_is_as_careful_as_it_must_be(store: Store) -> None:
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
    assert isinstance(store, SqlStore)
    with store.writing() as tx:
        found = [tx._connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() for pragma in pragmas]
    assert found == ["wal", 2, 1, 1, 10_000]


KEY = b"a wrapped key that must vanish: \x01\x02\x03"


def test_an_erased_key_is_in_no_file_of_the_database_after_a_scrub(store: Store, file: Path) -> None:
    def files_with_key() -> list[str]:
        return sorted(path.name for path in file.parent.iterdir() if KEY in path.read_bytes())

    case = a_case(1, wrapped_key=KEY * 30)
    with store.writing() as tx:
        tx.ways.save(Way(AHLEN))
    with store.writing() as tx:
        tx.cases.add(case)
        tx.cases.put_sealed(case.id, "xbau.xml", KEY * 900)
    assert store.scrub()
    assert files_with_key() == ["bauweiche.db"]
    with store.writing() as tx:
        tx.cases.put_sealed(case.id, "xbau.xml", KEY * 800)
    with store.writing() as tx:
        tx.cases.save(replace(case, wrapped_key=None))
        tx.cases.drop_sealed(case.id)
    assert "bauweiche.db-wal" in files_with_key()
    assert store.scrub()
    assert files_with_key() == []


def test_a_scrub_that_a_reader_blocks_says_so_at_once_and_is_made_up_for(store: Store, file: Path) -> None:
    with store.writing() as tx:
        tx.ways.save(Way(AHLEN))
    with store.writing() as tx:
        tx.cases.add(a_case(1, wrapped_key=KEY))
    with store.reading() as tx:
        assert tx.cases.get("nobody") is None
        with store.writing() as writing:
            writing.cases.save(a_case(1, wrapped_key=None))
        assert not store.scrub()
        assert KEY in file.with_name("bauweiche.db-wal").read_bytes()
    with store.writing() as tx:
        tx.ways.save(Way(AHLEN))
    assert [path.name for path in file.parent.iterdir() if KEY in path.read_bytes()] == []


DIES_BEFORE_THE_SCRUB = """
import os, sys
from gateway.edges.store import open_store
from tests.kit.stores import AHLEN, StillClock, a_case
store = open_store(sys.argv[1], StillClock())
with store.writing() as tx:
    tx.cases.add(a_case(2))
with store.writing() as tx:
    tx.cases.add(a_case(1, wrapped_key=bytes.fromhex(sys.argv[2])))
with store.writing() as tx:
    tx.cases.save(a_case(1, wrapped_key=None))
os._exit(9)
"""


def test_what_a_process_left_in_the_log_when_it_died_is_wiped_by_the_next(file: Path) -> None:
    address = f"sqlite:///{file}"
    command = [sys.executable, "-c", DIES_BEFORE_THE_SCRUB, address, KEY.hex()]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode == 9
    assert KEY in file.with_name("bauweiche.db-wal").read_bytes()
    store = open_store(address, StillClock())
    with store.writing() as tx:
        tx.ways.save(Way(AHLEN))
    assert [path.name for path in file.parent.iterdir() if KEY in path.read_bytes()] == []
    store.close()
