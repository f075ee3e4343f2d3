"""What happens when processes die, disks fill up or others hold the lock: nothing half-stored or twice (law 1)."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy.exc import OperationalError

from gateway.domain import codes
from gateway.domain.delivery import State
from gateway.domain.errors import ConfigurationError
from gateway.domain.journal import Act, verify
from gateway.edges.store import open_store
from gateway.edges.store.faults import told
from gateway.ports import Store
from tests.kit.stores import StillClock, a_case, a_delivery, fresh_database

ROOT = Path(__file__).parents[2]
BACKENDS = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bauweiche.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{file}", StillClock(), patience=timedelta(milliseconds=500))
    yield opened
    opened.close()


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )


DIES_HALFWAY = """
import sys
from gateway.domain.journal import Act
from gateway.edges.store import open_store
from tests.kit.stores import AHLEN, StillClock, a_case, a_delivery
store = open_store(sys.argv[1], StillClock())
with store.writing() as tx:
    tx.cases.add(a_case(1))
    tx.journal.append(Act("gateway", "case.accepted", a_case(1).number))
with store.writing() as tx:
    tx.cases.add(a_case(2))
    tx.deliveries.add(a_delivery(1))
    tx.journal.append(Act("gateway", "case.accepted", a_case(2).number))
    print("halfway", flush=True)
    sys.stdin.read()
"""


@BACKENDS
def test_a_process_killed_between_two_statements_leaves_whole_blocks_only(backend: str, tmp_path: Path) -> None:
    address = fresh_database(backend, tmp_path)
    with start(DIES_HALFWAY, address) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "halfway\n"
        victim.send_signal(signal.SIGKILL)
    store = open_store(address, StillClock())
    with store.writing() as tx:
        assert tx.cases.get(a_case(1).id) == a_case(1)
        assert tx.cases.get(a_case(2).id) is None
        assert tx.deliveries.listing() == []
        assert tx.journal.append(Act("gateway", "started")).number == 2
        assert verify(tx.journal.read()) is None
    store.close()


CLAIMS = """
import sys
from datetime import timedelta
from gateway.domain.delivery import State
from gateway.domain.journal import Act
from gateway.edges.store import open_store
from tests.kit.stores import DAWN, StillClock
store = open_store(sys.argv[1], StillClock())
sys.stdin.readline()
while True:
    with store.writing() as tx:
        taken = tx.deliveries.claim(sys.argv[2], DAWN, timedelta(seconds=30), 4, 1000)
        for one in taken:
            tx.journal.append(Act("gateway", "delivery.claimed", one.message_id))
    if not taken:
        break
    with store.writing() as tx:
        for one in taken:
            assert tx.deliveries.settle(one.but(state=State.HANDED_OVER), worker=sys.argv[2], attempt=1)
    print(*(one.position for one in taken), flush=True)
store.close()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "processes"), [("sqlite", 4), ("postgresql", 2)])
def test_processes_share_two_hundred_deliveries_and_each_is_taken_once(
    backend: str, processes: int, tmp_path: Path
) -> None:
    address = fresh_database(backend, tmp_path)
    store = open_store(address, StillClock())
    with store.writing() as tx:
        tx.cases.add(a_case(1))
        for number in range(1, 201):
            tx.deliveries.add(a_delivery(number, a_case(1)))
    workers = [start(CLAIMS, address, f"w{number}") for number in range(processes)]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    outputs = [worker.communicate(timeout=60)[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * processes
    assert sorted(int(position) for output in outputs for position in output) == list(range(1, 201))
    with store.reading() as tx:
        assert tx.deliveries.counts() == {State.HANDED_OVER: 200}
        assert {delivery.attempt for delivery in tx.deliveries.listing(limit=500)} == {1}
        entries = list(tx.journal.read())
        assert len({entry.act.subject for entry in entries}) == 200
        assert verify(entries) is None
    store.close()


def test_many_threads_write_without_losing_or_locking_each_other_out(store: Store) -> None:
    def submit(first: int) -> None:
        for number in range(first, first + 10):
            with store.writing() as tx:
                tx.cases.add(a_case(number))
                tx.journal.append(Act("gateway", "case.accepted", a_case(number).number))
            with store.reading() as tx:
                assert tx.cases.get(a_case(number).id) is not None

    threads = [Thread(target=submit, args=(first,)) for first in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as tx:
        assert sum(1 for _ in tx.journal.read()) == 80
        assert verify(tx.journal.read()) is None


def failing(store: Store) -> ConfigurationError:
    """Try to write a case with much in it, and return the error."""
    with pytest.raises(ConfigurationError) as caught, store.writing() as tx:
        tx.cases.add(replace(a_case(2), portal_reference="x" * 10**6))
    return caught.value


def test_a_full_disk_is_told_and_stores_nothing_and_space_cures_it(store: Store) -> None:
    with store.writing() as tx:
        tx.cases.add(a_case(1))
        tx._connection.exec_driver_sql("PRAGMA max_page_count=1")  # type: ignore[attr-defined]  # SQLite's own way to be full
    error = failing(store)
    assert error.code == codes.STORAGE_FULL
    assert "voll" in error.reason
    with store.writing() as tx:
        tx._connection.exec_driver_sql("PRAGMA max_page_count=1000000")  # type: ignore[attr-defined]  # as above
        assert tx.cases.get(a_case(2).id) is None
        tx.cases.add(a_case(2))


def test_a_database_locked_by_others_is_told_after_the_patience_and_not_before_it(store: Store, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    error = failing(store)
    assert (error.code, "gesperrt" in error.reason) == (codes.DRAINING, True)
    other.execute("ROLLBACK")
    other.close()
    with store.writing() as tx:
        tx.cases.add(a_case(2))


def test_a_writer_whose_turn_does_not_come_in_time_is_told_so(store: Store) -> None:
    errors: list[ConfigurationError] = []
    with store.writing() as tx:
        waiting = Thread(target=lambda: errors.append(failing(store)))
        waiting.start()
        waiting.join(5)
        tx.cases.add(a_case(1))
    assert [error.code for error in errors] == [codes.DRAINING]


@BACKENDS
def test_a_writer_of_another_process_is_waited_for_and_then_given_up(backend: str, tmp_path: Path) -> None:
    address = fresh_database(backend, tmp_path)
    mine, theirs = (open_store(address, StillClock(), patience=timedelta(milliseconds=300)) for _ in range(2))
    with theirs.writing() as tx:
        tx.cases.add(a_case(1))
        assert failing(mine).code is codes.DRAINING
    with mine.writing() as tx:
        assert tx.cases.get(a_case(1).id) == a_case(1)
    mine.close()
    theirs.close()


def test_a_lost_connection_is_told_and_the_next_block_has_a_new_one(tmp_path: Path) -> None:
    store = open_store(fresh_database("postgresql", tmp_path), StillClock())

    def cut() -> None:
        with store.writing() as tx:
            tx.cases.add(a_case(1))
            with store._engines.watcher.connect() as other:
                other.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            tx.cases.add(a_case(2))

    with pytest.raises(ConfigurationError) as caught:
        cut()
    assert caught.value.code is codes.DRAINING
    with store.writing() as tx:
        assert tx.cases.get(a_case(1).id) is None
        tx.cases.add(a_case(1))
    store.close()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(file: Path) -> None:
    file.write_bytes(b"Das ist keine Datenbank. " * 400)
    with pytest.raises(ConfigurationError, match="keine Datenbank"):
        open_store(f"sqlite:///{file}", StillClock())
    assert file.read_bytes() == b"Das ist keine Datenbank. " * 400


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "in the way").touch()
    with pytest.raises(ConfigurationError, match="nicht öffnen"):
        open_store(f"sqlite:///{tmp_path}/in the way/bauweiche.db", StillClock())


def test_a_database_server_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigurationError, match="nicht erreichbar"):
        open_store("postgresql+psycopg://postgres@/none?host=/nowhere", StillClock())


class FsyncFailed(sqlite3.OperationalError):
    """What SQLite raises when the disk does not confirm."""

    sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC


def test_after_a_failed_fsync_the_process_writes_nothing_more(store: Store) -> None:
    with pytest.raises(ConfigurationError) as caught, store.writing():
        raise OperationalError("COMMIT", {}, FsyncFailed("disk I/O error"))
    assert caught.value.code is codes.DURABILITY_LOST
    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught, store.writing() as tx:
            tx.cases.add(a_case(1))
        assert caught.value.code is codes.DURABILITY_LOST
    with pytest.raises(ConfigurationError, match="nimmt nichts mehr an"):
        store.scrub()
    with store.reading() as tx:
        assert tx.cases.get(a_case(1).id) is None


def test_a_fault_of_our_own_is_not_dressed_up_as_the_databases(store: Store) -> None:
    with pytest.raises(OperationalError, match="no such table"), store.reading() as tx:
        tx._connection.exec_driver_sql("SELECT * FROM nowhere")  # type: ignore[attr-defined]  # looks under the port
    with pytest.raises(ZeroDivisionError), told():
        _ = 1 / 0
