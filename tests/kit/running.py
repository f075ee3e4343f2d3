"""The product's processes around an installation, started as an operator would start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.kit.installation import Installation

READY = "bereit: "


@dataclass(frozen=True)
class Process:
    """A running `bauweiche …`; `said` are the addresses it listens on, in the order it said them."""

    pid: int
    said: tuple[str, ...]

    def address(self, scheme: str) -> str:
        """Return the address it said for http or https."""
        return next(line for line in self.said if line.startswith(f"{scheme}://"))

    def peak_memory(self) -> float:
        """Return the peak of its resident memory (VmHWM) in MB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


@contextmanager
def process(installed: Installation, *arguments: str, lines: int = 1, **settings: object) -> Iterator[Process]:
    """Run a command on an installation until the block ends; ready once it has said so `lines` times."""
    command = [sys.executable, "-m", "gateway.main", "--state", str(installed.settings.state), *arguments]
    log = installed.home / f"{arguments[0]}.log"
    chosen = {f"BAUWEICHE_{name.upper()}": str(value) for name, value in settings.items()}
    with log.open("w") as out:
        running = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | chosen)
    try:
        yield Process(running.pid, _said(running, log, lines))
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(timeout=20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _said(running: subprocess.Popen[bytes], log: Path, lines: int) -> tuple[str, ...]:
    until = time.monotonic() + 30
    while time.monotonic() < until and running.poll() is None:
        said = [line.removeprefix(READY) for line in log.read_text().splitlines() if line.startswith(READY)]
        if len(said) >= lines:
            return tuple(said)
        time.sleep(0.02)
    raise AssertionError(f"not ready: {log.read_text()[-2000:]}")
