"""Many authorities that take 200 ms each: what more worker processes bring, what a case costs, and what it leaves.

The authority is a folder whose delivery sleeps for 200 ms; everything else is the product: real worker processes on
PostgreSQL (and on SQLite), a queue that was filled beforehand, ways opened at once. Each process may have two
deliveries at a time, so the bound is clear: 10 deliveries a second and process. On a machine that does other work too
the processors are the bound; then only longer waits (BENCH_SLOW) show what more processes bring.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.site import TICKS
from gateway.adapter import Adapter, Envelope, Handover, Pickup, Watching
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.domain.participation import Participation
from gateway.edges.gate import Gate
from gateway.edges.store.engine import open_engines
from gateway.flow import operate
from gateway.flow.worker import Worker
from gateway.logs import configure
from gateway.ports import World
from gateway.settings import load
from gateway.wiring import SystemClock, open_world
from tests.kit.installation import Installation, MovingClock, announcement, installation, overview_pdf, portal
from tests.kit.stores import fresh_database

SLOW = float(os.environ.get("BENCH_SLOW", "0.2"))
"""Seconds that an authority takes; BENCH_SLOW=4 shows on a busy machine what waiting alone allows."""

SLOTS = 2
PROCESSES = (1, 2, 4)
BACKLOG = 240
TOWNS = {
    "05515000": "05515000", "05570000": "05570012", "05113000": "05113000", "05111000": "05111000",
    "05315000": "05315000", "05314000": "05314000", "05711000": "05711000", "05913000": "05913000",
    "05911000": "05911000", "05112000": "05112000", "05116000": "05116000", "05124000": "05124000",
}  # fmt: skip
"""Authorities, and a municipality of each."""


@dataclass(frozen=True, slots=True)
class SlowWay:
    """An adapter that takes its time before it does its work."""

    way: Adapter

    def deliver(self, envelope: Envelope) -> Handover:
        """Deliver after 200 ms."""
        time.sleep(SLOW)
        return self.way.deliver(envelope)

    def look(self, message_id: MessageId, state: Mapping[str, str]) -> Pickup:
        """Look as the way itself does."""
        assert isinstance(self.way, Watching)
        return self.way.look(message_id, state)


@dataclass(frozen=True, slots=True)
class Round:
    """One backlog carried away: seconds, processor seconds of the workers and of the database server."""

    seconds: float
    workers: float
    database: float


def run(quick: bool) -> list[Figure]:
    """Measure one, two and four worker processes in turns, on both databases."""
    configure(level=logging.CRITICAL)  # a line per request would drown the figures
    figures: list[Figure] = []
    for backend in ("postgresql", "sqlite"):
        figures += _measured(backend, 40 if quick else BACKLOG, 1 if quick else 3)
    return figures


def _measured(backend: str, backlog: int, rounds: int) -> list[Figure]:
    found: dict[int, list[Round]] = {count: [] for count in PROCESSES}
    with tempfile.TemporaryDirectory(prefix="bauweiche-bench-", dir=os.environ.get("BENCH_DIR")) as place:
        clock: Any = SystemClock()
        database = fresh_database(backend, Path(place))
        with installation(Path(place), clock=clock, database=database) as installed:
            for key in TOWNS:
                installed.takes_part(AuthorityKey(key))
            for _ in range(rounds):
                for count in PROCESSES:
                    _switch(installed.world, pause=True)
                    asyncio.run(_fill(installed, backlog))
                    found[count].append(_round(installed, database, count))
            left = _bytes_per_case(installed, database, backlog * rounds * len(PROCESSES))
    return [*_figures(backend, found, backlog), left]


def _figures(backend: str, found: dict[int, list[Round]], backlog: int) -> Iterator[Figure]:
    alone = [backlog / one.seconds for one in found[1]]
    for count, rounds in found.items():
        rates = tuple(backlog / one.seconds for one in rounds)
        what = f"{count} Worker-Prozesse, je Behörde {SLOW * 1000:.0f} ms"
        yield Figure(f"worker.{backend}.{count}", what, "je s", rates)
        if count > 1:
            gained = tuple(rate / one for rate, one in zip(rates, alone, strict=True))
            yield Figure(f"worker.{backend}.{count}.gewinn", f"gegen einen (höchstens {count})", "", gained)
        own = tuple(1000 * one.workers / backlog for one in rounds)
        yield Figure(f"worker.{backend}.{count}.cpu", "Prozessorzeit der Worker je Übermittlung", "ms", own)
        if backend == "postgresql":
            server = tuple(1000 * one.database / backlog for one in rounds)
            yield Figure(f"worker.{backend}.{count}.cpu-db", "dazu der Datenbankserver", "ms", server)


async def _fill(installed: Installation, backlog: int) -> None:
    """Hand applications off as portals do, in turns to all authorities."""
    towns = list(TOWNS.values())
    gate = Gate()
    async with portal(installed, gate=gate, name=secrets.token_hex(4)) as line:
        for number in range(backlog):
            pdf = overview_pdf(20_000)
            asked = announcement(pdf, municipality=towns[number % len(towns)])
            begun = await line.post("/v1/submissions", json=asked, headers={"Idempotency-Key": secrets.token_hex(8)})
            case = begun.raise_for_status().json()
            put = await line.put(
                case["attachments"][0]["upload_url"], content=pdf, headers={"Content-Type": "application/pdf"}
            )
            put.raise_for_status()
            (await line.post(f"/v1/submissions/{case['id']}/complete")).raise_for_status()


def _switch(world: World, *, pause: bool) -> None:
    for key in TOWNS:
        (operate.pause if pause else operate.resume)(world, AuthorityKey(key), "operator:bench", "Messung")


def _round(installed: Installation, database: str, processes: int) -> Round:
    with _workers(installed, processes) as pids:
        before = _cpu(pids), _database_cpu(database)
        begun = time.perf_counter()
        _switch(installed.world, pause=False)
        while _open(installed.world):
            if time.perf_counter() - begun > 600:
                raise RuntimeError("not carried away")
            time.sleep(0.05)
        seconds = time.perf_counter() - begun
        return Round(seconds, _cpu(pids) - before[0], _database_cpu(database) - before[1])


def _open(world: World) -> int:
    with world.store.reading() as tx:
        counts = tx.deliveries.counts()
    return sum(counts.get(state, 0) for state in (State.ACCEPTED, State.WAITING, State.UNDER_WAY))


@contextmanager
def _workers(installed: Installation, count: int) -> Iterator[list[int]]:
    command = [sys.executable, "-m", "bench.workers", str(installed.settings.state), installed.settings.database]
    with (installed.home / "workers.log").open("a") as log:
        started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) for _ in range(count)]
    try:
        for one in started:
            assert one.stdout is not None
            one.stdout.readline()
        time.sleep(1)
        yield [one.pid for one in started]
    finally:
        for one in started:
            one.send_signal(signal.SIGTERM)
        for one in started:
            one.wait(120)
            assert one.stdout is not None
            one.stdout.close()


def _cpu(pids: list[int]) -> float:
    return sum(_seconds(pid) for pid in pids)


def _database_cpu(database: str) -> float:
    """Return the processor seconds of the database server with its children, ended ones too; 0 for a file."""
    if not database.startswith("postgresql"):
        return 0.0
    folder = database.partition("host=")[2]
    server = int((Path(folder) / "data" / "postmaster.pid").read_text().splitlines()[0])
    children = (Path("/proc") / str(server) / "task" / str(server) / "children").read_text().split()
    return sum(_seconds(int(pid)) for pid in (server, *children))


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS


def _bytes_per_case(installed: Installation, database: str, cases: int) -> Figure:
    """Let everything be fetched and erased, and return what a case leaves in the database for good."""
    for inbox in installed.inboxes.values():
        for folder in inbox.iterdir():
            if folder.name[0] != ".":
                folder.rename(installed.home / folder.name)
    worker = Worker(_later(installed.world), "bench", stop=threading.Event())
    while worker.turn() or _lying(installed.world):
        pass
    size = _size(installed.world, database)
    name = "postgresql" if database.startswith("postgresql") else "sqlite"
    return Figure(f"bleibt.{name}", "Datenbank je Vorgang nach Übergabe und Löschung", "KB", (size / cases / 1000,))


def _size(world: World, database: str) -> int:
    """Return the bytes of a database without what was deleted."""
    if database.startswith("sqlite"):
        world.store.close()
        path = database.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("VACUUM")
        return Path(path).stat().st_size
    engines = open_engines(database)
    with engines.watcher.connect() as connection:
        connection.exec_driver_sql("VACUUM FULL")
        tables = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace ="
        size = int(connection.exec_driver_sql(f"{tables} 'public'::regnamespace").scalar_one())
    engines.dispose()
    return size


def _lying(world: World) -> int:
    with world.store.reading() as tx:
        return tx.deliveries.counts().get(State.AVAILABLE, 0)


def _later(world: World) -> World:
    """Return the world some minutes later, when every folder is due to be looked at."""
    return replace(world, clock=MovingClock(world.clock.now() + timedelta(minutes=20)))


def main() -> None:
    """Be one worker process with slow authorities."""
    world = open_world(load(Path(sys.argv[1])).model_copy(update={"database": sys.argv[2]}))

    def build(key: AuthorityKey, participation: Participation) -> Adapter:
        return SlowWay(world.build(key, participation))

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    print("ready", flush=True)
    Worker(replace(world, build=build), f"bench-{os.getpid()}", SLOTS, stop).run()
    world.store.close()


if __name__ == "__main__":
    main()
