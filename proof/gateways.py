"""The gateway's processes in a storm: each has its door and is started again as soon as it was killed."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from proof.zygote import Nursery

IDLE = 10.0


@dataclass
class Running:
    """One process of the product: what it is asked for, and which process that is at the moment."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    pid: int = 0
    born: float = 0.0


@dataclass
class Gateways:
    """Some processes on one state folder; `exits` counts how they ended other than by our hand."""

    nursery: Nursery
    state: Path
    log: Path
    environment: Mapping[str, str]
    running: list[Running] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, *arguments: str, **environment: str) -> None:
        """Start one more."""
        one = Running(name, arguments, dict(self.environment) | environment)
        self.running.append(one)
        self._start(one)

    def kill(self, one: Running) -> None:
        """Kill it without warning, and start it again."""
        with self.lock:
            code = self.nursery.end(one.pid)
            kind = one.name.partition(" ")[0]
            if code == -signal.SIGKILL:
                self.kills[kind] += 1
            else:
                self.exits[f"{kind}: {code}"] += 1
            self._start(one)

    def storm(self, stop: threading.Event, progress: Callable[[], int], every: float, seed: int) -> None:
        """Kill a random one whenever about `every` more applications are through (or nothing was for 10 s)."""
        draw = random.Random(seed)
        while not stop.is_set():
            wanted, until = progress() + draw.expovariate(1 / every), time.monotonic() + IDLE
            while progress() < wanted and time.monotonic() < until and not stop.wait(0.02):
                pass
            if not stop.wait(draw.random() * 0.2):
                self.kill(draw.choice(self.running))

    def end(self) -> None:
        """Ask all to end."""
        with self.lock:
            for one in self.running:
                self.nursery.end(one.pid, signal.SIGTERM)
            self.running.clear()

    def _start(self, one: Running) -> None:
        arguments = ["--state", str(self.state), *one.arguments]
        one.pid, one.born = self.nursery.start(arguments, one.environment, self.log), time.monotonic()


@contextmanager
def ended(gateways: Gateways) -> Iterator[Gateways]:
    """See to it that nothing keeps running."""
    try:
        yield gateways
    finally:
        gateways.end()
