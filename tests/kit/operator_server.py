"""A real server of an installation for journeys: `python -m tests.kit.operator_server STATE CLOCK`.

CLOCK is a file with the time it is (ISO), so that a journey can move on to another day.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from socket import socket

import uvicorn

from gateway.api.app import build_app
from gateway.settings import load
from gateway.wiring import open_world


@dataclass(frozen=True)
class FileClock:
    """A clock that shows what stands in a file."""

    file: Path

    def now(self) -> datetime:
        return datetime.fromisoformat(self.file.read_text(encoding="ascii"))


@contextmanager
def running(state: Path, clock: Path) -> Iterator[str]:
    """Run the server in a process of its own and yield its address."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.kit.operator_server", str(state), str(clock)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ)
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, "the server did not start"
        yield address
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


def main() -> None:
    """Serve until terminated."""
    state, clock = Path(sys.argv[1]), Path(sys.argv[2])
    world = open_world(load(state), FileClock(clock))
    listening = socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(build_app(world), log_config=None, access_log=False, http="httptools")
    server = uvicorn.Server(config)
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # logs must not fill the pipe
    server.run(sockets=[listening])
    world.store.close()


if __name__ == "__main__":
    main()
