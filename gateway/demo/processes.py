"""The gateway's processes, started as an operator would start them."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

READY = "bereit: "


class GatewayProcess:
    """`bauweiche serve` or `bauweiche worker` in a process of its own; its log goes to a file."""

    def __init__(self, state: Path, *arguments: str) -> None:
        environment = os.environ | {
            "BAUWEICHE_LEASE_SECONDS": "1.5",
            "BAUWEICHE_LOOK_EVERY_SECONDS": "0.2",
            "BAUWEICHE_ALLOW_HOSTS": '["localhost"]',
            "BAUWEICHE_MAILBOX_PORT": "0",
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", "gateway.main", "--state", str(state), *arguments]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)  # noqa: S603  our own command
        self._said: queue.Queue[str] = queue.Queue()
        self._log = state.parent / f"{arguments[0]}-{self._process.pid}.log"
        threading.Thread(target=self._listen, daemon=True).start()

    def ready(self) -> str:
        """Wait until it says that something is ready, and return what it said it is (an address, or `worker`)."""
        return self._said.get(timeout=60)

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end and wait until it has."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.kill()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with self._log.open("w", encoding="utf-8") as log:
            for line in self._process.stderr:
                log.write(line)
                if line.startswith(READY):
                    self._said.put(line.removeprefix(READY).strip())
