"""Starts `bauweiche …` processes by forking one that has imported everything; nothing else is shared with it.

The storm kills processes by the hundred; importing costs a second each time and is not what is tried. A fork has no
connection, thread or file of the product from its parent. Reads lines of JSON, answers in lines of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve orders until standard input ends; whoever still runs then is killed."""
    from gateway import api, commands, flow, main, serving, wiring  # noqa: F401
    from gateway.commands import running, seat  # noqa: F401
    from gateway.edges.holidays_nrw import closed_days

    closed_days(2026, 2027)
    for plugin in wiring.adapters().values():
        assert plugin.settings
    alive: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "kill" in order:
            answer = _ended(order["kill"], order["signal"])
            alive.discard(order["kill"])
        else:
            answer = _begun(order)
            alive.add(answer)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    for pid in alive:
        _ended(pid, signal.SIGKILL)


def _begun(order: Mapping[str, Any]) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.environ.update(order["environment"])
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for end, number in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(end, number)
        from gateway.main import app

        app(order["arguments"], standalone_mode=False)
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(status)


def _ended(pid: int, number: int) -> int:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@dataclass
class Nursery:
    """The forking process, spoken to from any thread."""

    process: subprocess.Popen[str]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, arguments: list[str], environment: Mapping[str, str], log: Path) -> int:
        """Start the command and return its process."""
        return self._ask({"arguments": arguments, "environment": dict(environment), "log": str(log)})

    def end(self, pid: int, number: int = signal.SIGKILL) -> int:
        """Send a signal, wait, and return the exit code."""
        return self._ask({"kill": pid, "signal": int(number)})

    def _ask(self, order: Mapping[str, Any]) -> int:
        with self.lock:
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            return int(self.process.stdout.readline())


@contextmanager
def nursery() -> Iterator[Nursery]:
    """Run the forking process."""
    with subprocess.Popen(
        [sys.executable, "-m", "proof.zygote"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Nursery(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()


if __name__ == "__main__":
    main()
