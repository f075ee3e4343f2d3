"""The gateway's side of the PDF gate's helper process: started when first needed, and anew when it has died."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from gateway.edges.gate_verdict import Verdict, read_verdict

ANSWER_SECONDS = 25.0
"""Longer than a child may take (gate_child.WALL_SECONDS): the helper's own word comes first."""

_LONGEST_ANSWER = 4096
_ROOT = Path(__file__).parents[2]


class Helper:
    """Hands files to the helper process and brings back what it says; thread-safe."""

    def __init__(self, command: tuple[str, ...] = (sys.executable, "-P", "-m", "gateway.edges.gate_child")) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def check(self, file: int) -> Verdict | None:
        """Return the verdict on an open memory file, or None if nobody could look at it."""
        answer, reply = os.pipe()
        try:
            try:
                self._send(file, reply)
            except OSError:
                return None
            finally:
                os.close(reply)
            return read_verdict(_line(answer))
        finally:
            os.close(answer)

    def warm(self) -> None:
        """Start the process if it does not run: it needs a tenth of a second, better before the first file is there."""
        with self._lock:
            self._alive()

    def stop(self) -> None:
        """End the process; its children die with it."""
        with self._lock:
            self._discard()

    def _send(self, file: int, reply: int) -> None:
        with self._lock:
            socket.send_fds(self._alive(), [b"?"], [file, reply])

    def _alive(self) -> socket.socket:
        """Return the way to a running process. Raises: OSError if none can be started."""
        if self._control is not None and self._process is not None and self._process.poll() is None:
            return self._control
        self._discard()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                    [*self._command, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env={"PYTHONPATH": str(_ROOT)},  # nothing of ours: there may be secrets in it
                    start_new_session=True,
                )
        except OSError:
            ours.close()
            raise
        self._control = ours
        return ours

    def _discard(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _line(answer: int) -> bytes:
    """Read one line, or what there is of it when the other side closes or the time is up."""
    deadline = time.monotonic() + ANSWER_SECONDS
    poll = select.poll()
    poll.register(answer, select.POLLIN)
    line = b""
    while not line.endswith(b"\n") and len(line) < _LONGEST_ANSWER:
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            break
        more = os.read(answer, _LONGEST_ANSWER)
        if not more:
            break
        line += more
    return line
