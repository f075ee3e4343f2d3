"""How long `bauweiche serve` and `bauweiche worker` take from a cold start until they do their work, 10 000 queued."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from gateway.domain.ids import AuthorityKey
from gateway.flow.test_messages import send_test
from gateway.wiring import SystemClock
from proof.frame import Figure, Finding
from tests.kit.crash_ends import free_port
from tests.kit.installation import ACTOR, WARENDORF, Installation, installation
from tests.kit.stores import a_case, a_delivery

QUEUED = 10_000
BATCH = 1000
PATIENCE = 120.0


def run(quick: bool) -> Finding:
    """Kill and start both processes anew, some times, with 10 000 deliveries waiting."""
    rounds = 1 if quick else 5
    clock: Any = SystemClock()
    serves, workers = [], []
    with (
        TemporaryDirectory(prefix="bauweiche-restart-") as folder,
        installation(Path(folder), clock=clock) as installed,
    ):
        _fill(installed)
        with installed.world.store.reading() as tx:
            queued = sum(tx.deliveries.counts().values())
        for _ in range(rounds):
            serves.append(_serve(installed))
            workers.append(_worker(installed))
    idle = "a quiet machine needs little more than the processor time"
    return Finding(
        f"With {QUEUED} deliveries queued, a killed process is ready again within 10 s.",
        (
            Figure("deliveries queued", queued, least=QUEUED),
            Figure("cold starts of each process", rounds),
            Figure(
                "serve: from start to the first 200 of /readyz, worst", max(wall for wall, _ in serves), "s", most=10
            ),
            Figure("serve: its processor time until then, worst", max(cpu for _, cpu in serves), "s"),
            Figure(
                "worker: from start to the first new message laid, worst",
                max(wall for wall, _ in workers),
                "s",
                most=10,
            ),
            Figure("worker: its processor time until then, worst", max(cpu for _, cpu in workers), "s"),
        ),
        not_shown=(f"On a busy machine the time is the machine's: {idle}.",),
    )


def _fill(installed: Installation) -> None:
    """Queue deliveries of authorities that cannot be reached just now; they wait, and are due within minutes."""
    keys = [AuthorityKey(f"05{number:06d}") for number in range(1, 212)]
    now = installed.clock.now()
    for begin in range(0, QUEUED, BATCH):
        with installed.world.store.writing() as tx:
            for number in range(begin + 1, begin + BATCH + 1):
                case = a_case(number, authority=keys[number % len(keys)])
                tx.cases.add(case)
                tx.deliveries.add(a_delivery(number, case, next_at=now))
    for key in keys:
        with installed.world.store.writing() as tx:
            tx.ways.save(_paused(tx.ways.get(key)))


def _paused(way: Any) -> Any:
    return replace(way, paused=True)


@contextmanager
def _process(installed: Installation, *arguments: str) -> Iterator[tuple[float, int]]:
    """Run a command until the block ends, then kill it; yields when it was started, and which process it is."""
    command = [sys.executable, "-m", "gateway.main", "--state", str(installed.settings.state), *arguments]
    environment = os.environ | {"BAUWEICHE_DISK_RESERVE_BYTES": "0"}
    with (installed.home / "log").open("a") as log:
        begun = time.monotonic()
        running = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield begun, running.pid
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()


def _serve(installed: Installation) -> tuple[float, float]:
    port = free_port()

    def ready() -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=30, trust_env=False).status_code == 200
        return False

    with _process(installed, "serve", "--port", str(port)) as (begun, pid):
        return _until(ready) - begun, _processor(pid)


def _worker(installed: Installation) -> tuple[float, float]:
    delivery = send_test(installed.world, WARENDORF, ACTOR, "Neustart")
    folder = installed.inboxes[WARENDORF] / delivery.message_id
    with _process(installed, "worker") as (begun, pid):
        return _until(folder.exists) - begun, _processor(pid)


def _processor(pid: int) -> float:
    """Return the processor seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:13]) / os.sysconf("SC_CLK_TCK")


def _until(reached: Callable[[], bool]) -> float:
    until = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < until, "not ready"
        time.sleep(0.01)
    return time.monotonic()
