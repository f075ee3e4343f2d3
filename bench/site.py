"""A real installation to measure on: state folder, participating authorities, `bauweiche serve` in its own process."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.domain.case import Client
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option
from gateway.domain.tokens import PREFIX, SCOPES, token_digest
from gateway.ports import World
from gateway.settings import Settings
from gateway.wiring import SystemClock
from tests.kit.installation import MUENSTER, WARENDORF, Installation, installation

READY = re.compile("bereit: (?!https:)(.+)")
"""What it says once it listens; a mailbox, which has TLS, may be ready before the API."""

TICKS = os.sysconf("SC_CLK_TCK")
WITH_PLANS, WITHOUT_PLANS = "05570012", "05515000"
"""Municipalities whose authorities take part with option 1 and option 2."""


@dataclass(frozen=True, slots=True)
class Site:
    """An installation, and the token of a portal that may submit there."""

    home: Path
    settings: Settings
    world: World
    token: str
    inboxes: Mapping[str, Path]

    @property
    def warendorf(self) -> Path:
        """Inbox of the authority with option 1."""
        return self.inboxes[WARENDORF]


@contextmanager
def site() -> Iterator[Site]:
    """Set an installation up in a temporary folder (below BENCH_DIR if that is set) and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="bauweiche-bench-", dir=os.environ.get("BENCH_DIR")) as folder:
        clock: Any = SystemClock()
        with installation(Path(folder), clock=clock) as installed:
            installed.takes_part(MUENSTER, option=Option.WITHOUT_PLANS)
            yield sited(installed)


def sited(installed: Installation) -> Site:
    """Return an installation as a site, with a token for a portal."""
    return Site(installed.home, installed.settings, installed.world, _token(installed), _inboxes(installed))


def _token(installed: Installation) -> str:
    token = PREFIX + secrets.token_urlsafe(32)
    client = Client("bench", SCOPES, installed.clock.now() + timedelta(days=1), "bench")
    with installed.world.store.writing() as tx:
        tx.clients.add(client, token_digest(token))
    return token


def _inboxes(installed: Installation) -> dict[str, Path]:
    return {AuthorityKey(key): folder for key, folder in installed.inboxes.items()}


class Service:
    """`bauweiche serve`, `worker` or `run` on a site, in a process of its own; its log goes to a file.

    `settings` are added to the environment.
    """

    def __init__(self, where: Site, *arguments: str, **settings: str) -> None:
        command = [sys.executable, "-m", "gateway.main", "--state", str(where.settings.state), *arguments]
        self._log = where.home / f"{arguments[0]}.log"
        environment = os.environ | {"BAUWEICHE_DISK_RESERVE_BYTES": "0", "PYTHONUNBUFFERED": "1"} | settings
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.pid = self._process.pid
        self.said = self._wait()

    @property
    def port(self) -> int:
        """The port of its API."""
        return int(self.said.rpartition(":")[2])

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def cpu(self) -> float:
        """Return the processor seconds of the process, its helper, and the helper's ended children."""
        return sum(_seconds(pid) for pid in (self.pid, *self._children()))

    def helper_cpu(self) -> float:
        """Return the processor seconds of the PDF gate's helper and its ended children."""
        return sum(_seconds(pid) for pid in self._children())

    def peak_memory(self) -> float:
        """Return the peak of the resident memory (VmHWM) in MB."""
        return _peak(self.pid)

    def helper_memory(self) -> float:
        """Return the peak of the resident memory of the gate's helper in MB (0 if it does not run)."""
        return max((_peak(pid) for pid in self._children()), default=0.0)

    def _children(self) -> list[int]:
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        tasks = Path(f"/proc/{self.pid}/task")
        found = [listed.read_text()] if not tasks.is_dir() else [(t / "children").read_text() for t in tasks.iterdir()]
        return [int(pid) for line in found for pid in line.split()]

    def _wait(self) -> str:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            for line in self._log.read_text().splitlines():
                if (said := READY.fullmatch(line)) is not None:
                    return said[1]
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"not ready: {self._log.read_text()}")


@contextmanager
def service(where: Site, *arguments: str, **settings: str) -> Iterator[Service]:
    """Run a command of the product for as long as the block lasts."""
    running = Service(where, *arguments, **settings)
    try:
        yield running
    finally:
        running.stop()


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS


def _peak(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


class Line:
    """One kept-alive connection of a portal; written by hand: the caller shares the processors with the server."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._common = f"Host: bench\r\nAuthorization: Bearer {token}\r\n"

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def get(self, target: str) -> Any:
        """GET and return the JSON of the answer."""
        return self.call("GET", target, b"", "")

    def post(self, target: str, body: bytes = b"", **headers: str) -> Any:
        """POST JSON and return the JSON of the answer; header names with `_` for `-`."""
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        return self.call("POST", target, body, f"Content-Type: application/json\r\n{more}")

    def put(self, target: str, body: bytes | memoryview) -> Any:
        """PUT a PDF and return the JSON of the answer."""
        return self.call("PUT", target, body, "Content-Type: application/pdf\r\n")

    def call(self, method: str, target: str, body: bytes | memoryview, headers: str) -> Any:
        """Make one request. Raises: RuntimeError for any answer but 2xx."""
        head = f"{method} {target} HTTP/1.1\r\n{self._common}{headers}Content-Length: {len(body)}\r\n\r\n".encode()
        if len(body) < 1 << 16:
            self._socket.sendall(head + bytes(body))
        else:
            self._socket.sendall(head)
            self._socket.sendall(body)
        status, content = self._answer()
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {target}: {status} {content[:500]!r}")
        return json.loads(content)

    def _answer(self) -> tuple[int, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, content = received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:"))
        while len(content) < length:
            content += self._more()
        return int(lines[0].split()[1]), content

    def _more(self) -> bytes:
        more = self._socket.recv(1 << 18)
        if not more:
            raise RuntimeError("the server hung up")
        return more


@contextmanager
def line(server: Service, where: Site) -> Iterator[Line]:
    """Open a portal's connection for as long as the block lasts."""
    opened = Line(server.port, where.token)
    try:
        yield opened
    finally:
        opened.close()
