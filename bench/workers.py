"""Many authorities that take 200 ms each: what more worker processes bring, what a case costs, and what it leaves.

The authority is a folder whose delivery waits for 200 ms; everything else is the product: real worker processes, a
queue that was filled beforehand, ways opened at once. With one place per process the bound is clear: at most five
deliveries a second and process, so what more processes bring shows before the processors are full. With the 16 places
that a process has as delivered, one process alone fills a processor: what more of them bring then is what the machine
has left. Also measured: what else the machine did meanwhile, and what a case costs from the portal's call to erasure.
"""

from __future__ import annotations

import asyncio
import base64
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
from bench.processors import cpu, database_cpu, machine_cpu, own_cpu
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

SLOW = 0.2
"""Seconds that an authority takes."""

PLAN = ((1, 1), (1, 2), (1, 4), (16, 1), (16, 2))
"""Places per process and number of processes, measured in turns."""

EACH, MANY = 30, 120
"""How many deliveries wait per process with one place, and in all with sixteen."""

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
    """One backlog carried away: seconds; processor seconds of workers, database server and everybody else here."""

    backlog: int
    seconds: float
    workers: float
    database: float
    others: float

    @property
    def rate(self) -> float:
        """Deliveries a second."""
        return self.backlog / self.seconds


@dataclass(frozen=True, slots=True)
class Cost:
    """What one case costs in milliseconds of processor time, and what it leaves in the database, in KB."""

    handed_off: float
    carried: float
    erased: float
    left: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The rounds by (places, processes), and the cost of a case."""

    rounds: Mapping[tuple[int, int], list[Round]]
    cost: Cost


def run(quick: bool) -> list[Figure]:
    """Measure on both databases."""
    configure(level=logging.CRITICAL)  # a line per request would drown the figures
    figures: list[Figure] = []
    for backend in ("postgresql", "sqlite"):
        figures += _figures(backend, measured(backend, quick))
    return figures


def measured(backend: str, quick: bool) -> Measured:
    """Carry backlogs away in turns, and return every round."""
    found: dict[tuple[int, int], list[Round]] = {one: [] for one in PLAN}
    with tempfile.TemporaryDirectory(prefix="bauweiche-bench-", dir=os.environ.get("BENCH_DIR")) as place:
        clock: Any = SystemClock()
        database = fresh_database(backend, Path(place))
        with installation(Path(place), clock=clock, database=database) as installed:
            for key in TOWNS:
                installed.takes_part(AuthorityKey(key))
            filled, handed_off, before = 0, 0.0, database_cpu(database)
            for _ in range(1 if quick else 2):
                for places, processes in PLAN:
                    backlog = (EACH * processes if places == 1 else MANY) // (4 if quick else 1)
                    _switch(installed.world, pause=True)
                    before = own_cpu() + database_cpu(database)
                    asyncio.run(_fill(installed, backlog))
                    handed_off += own_cpu() + database_cpu(database) - before
                    filled += backlog
                    found[places, processes].append(_round(installed, database, backlog, places, processes))
            erased, left = _erased(installed, database)
    alone = list(found[1, 1])
    carried = sum(one.workers + one.database for one in alone) / sum(one.backlog for one in alone)
    cost = Cost(1000 * handed_off / filled, 1000 * carried, 1000 * erased / filled, left / filled / 1000)
    return Measured(found, cost)


def _figures(backend: str, measured: Measured) -> Iterator[Figure]:
    for (places, processes), rounds in measured.rounds.items():
        name = f"worker.{backend}.{places}x{processes}"
        what = f"{processes} Worker-Prozesse, je {places} gleichzeitig, je Behörde {SLOW * 1000:.0f} ms"
        yield Figure(name, what, "je s", tuple(one.rate for one in rounds))
        own = tuple(1000 * one.workers / one.backlog for one in rounds)
        yield Figure(f"{name}.cpu", "Prozessorzeit der Worker je Übermittlung", "ms", own)
        if backend == "postgresql":
            server = tuple(1000 * one.database / one.backlog for one in rounds)
            yield Figure(f"{name}.cpu-db", "dazu der Datenbankserver", "ms", server)
        yield Figure(f"{name}.fremd", "Kerne, die währenddessen anderes taten", "", tuple(map(_elsewhere, rounds)))
    cost = measured.cost
    yield Figure(f"vorgang.{backend}.annehmen", "Annahme in einem Aufruf, mit Datenbank", "ms", (cost.handed_off,))
    yield Figure(f"vorgang.{backend}.uebermitteln", "Übermittlung, mit Datenbank", "ms", (cost.carried,))
    yield Figure(f"vorgang.{backend}.loeschen", "Nachsehen, Nachweis und Löschung", "ms", (cost.erased,))
    yield Figure(f"vorgang.{backend}.bleibt", "Datenbank je Vorgang danach", "KB", (cost.left,))


def _elsewhere(one: Round) -> float:
    return one.others / one.seconds


async def _fill(installed: Installation, backlog: int) -> None:
    """Hand applications off as portals do, in turns to all authorities, each in one call."""
    towns = list(TOWNS.values())
    gate = Gate()
    async with portal(installed, gate=gate, name=secrets.token_hex(4)) as line:
        for number in range(backlog):
            pdf = overview_pdf(20_000)
            asked = announcement(pdf, municipality=towns[number % len(towns)])
            asked["attachments"][0]["content"] = base64.b64encode(pdf).decode()
            said = await line.post("/v1/submissions", json=asked, headers={"Idempotency-Key": secrets.token_hex(8)})
            assert said.raise_for_status().json()["status"] == "accepted"


def _switch(world: World, *, pause: bool) -> None:
    for key in TOWNS:
        (operate.pause if pause else operate.resume)(world, AuthorityKey(key), "operator:bench", "Messung")


def _round(installed: Installation, database: str, backlog: int, places: int, processes: int) -> Round:
    with _workers(installed, places, processes) as pids:
        before = cpu(pids), database_cpu(database), machine_cpu()
        begun = time.perf_counter()
        _switch(installed.world, pause=False)
        while _open(installed.world):
            if time.perf_counter() - begun > 600:
                raise RuntimeError("not carried away")
            time.sleep(0.1)
        seconds = time.perf_counter() - begun
        workers, server = cpu(pids) - before[0], database_cpu(database) - before[1]
        others = max(0.0, machine_cpu() - before[2] - workers - server)
        return Round(backlog, seconds, workers, server, others)


def _open(world: World) -> int:
    with world.store.reading() as tx:
        counts = tx.deliveries.counts()
    return sum(counts.get(state, 0) for state in (State.ACCEPTED, State.WAITING, State.UNDER_WAY))


@contextmanager
def _workers(installed: Installation, places: int, count: int) -> Iterator[list[int]]:
    state, database = str(installed.settings.state), installed.settings.database
    command = [sys.executable, "-m", "bench.workers", state, database, str(places)]
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


def _erased(installed: Installation, database: str) -> tuple[float, int]:
    """Let everything be fetched and erased; return the processor seconds of that, and the bytes left for good."""
    for inbox in installed.inboxes.values():
        for folder in inbox.iterdir():
            if folder.name[0] != ".":
                folder.rename(installed.home / folder.name)
    before = own_cpu() + database_cpu(database)
    worker = Worker(_later(installed.world), "bench", stop=threading.Event())
    while worker.turn() or _lying(installed.world):
        pass
    return own_cpu() + database_cpu(database) - before, _size(installed.world, database)


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
    world = open_world(replace(load(Path(sys.argv[1])), database=sys.argv[2]))

    def build(key: AuthorityKey, participation: Participation) -> Adapter:
        return SlowWay(world.build(key, participation))

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    print("ready", flush=True)
    Worker(replace(world, build=build), f"bench-{os.getpid()}", int(sys.argv[3]), stop).run()
    world.store.close()


if __name__ == "__main__":
    main()
