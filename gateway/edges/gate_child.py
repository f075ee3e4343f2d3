"""The helper process of the PDF gate: `python -m gateway.edges.gate_child <socket>`, started by gate_helper.

It imports pikepdf once and keeps a fresh child ready; every PDF gets a child of its own (gate_cell). The helper never
touches a PDF itself: it hands them on, notices how a child ended, and ends those that take too long.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pikepdf
from pikepdf import Encryption

from gateway.domain import codes
from gateway.edges import sandbox
from gateway.edges.gate_cell import OUT_OF_MEMORY, harden, serve
from gateway.edges.gate_rules import examine, limit_qpdf
from gateway.edges.gate_streams import Limits
from gateway.edges.gate_verdict import PASSED, Verdict, bomb

WALL_SECONDS = 20.0
_READY = 2
"""Children kept waiting, so that a file never waits for a fork."""

_QUIET = 2.0
"""Milliseconds without an event after which a child is forked: not while another needs the processor."""

_NEVER = float("inf")
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE})


@dataclass(frozen=True, slots=True)
class Child:
    """A child: process id and handle, the door where it waits or -1, where its answer goes or -1, when it must end."""

    pid: int
    handle: int
    door: int
    reply: int = -1
    deadline: float = _NEVER


class Nursery:
    """The children of the helper, waiting or at work."""

    def __init__(self, control: socket.socket, sample: int, wall_seconds: float) -> None:
        self._control = control
        self._wall_seconds = wall_seconds
        self._sample = sample
        self._children: dict[int, Child] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def run(self) -> None:
        """Serve checks until the gateway goes away; children still at work die with us."""
        while True:
            events = self._poll.poll(self._patience())
            if not events:
                self._refill()
            for descriptor, _ in events:
                if descriptor != self._control.fileno():
                    self._bury(descriptor)
                    continue
                message, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
                if not message:
                    return
                self._hand_on(*descriptors)
            self._end_overdue()

    def _waiting(self) -> list[Child]:
        return [child for child in self._children.values() if child.door >= 0]

    def _refill(self) -> None:
        """Fork one more waiting child if any is missing; where the machine has no room, a later round tries again."""
        if len(self._waiting()) == _READY:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, suppress(OSError), ours:
            pid = os.fork()
            if pid == 0:
                serve(theirs, self._sample)
            child = Child(pid, os.pidfd_open(pid), ours.detach())
            self._children[child.handle] = child
            self._poll.register(child.handle, select.POLLIN)

    def _hand_on(self, file: int, reply: int) -> None:
        """Give a file to a waiting child; if there is none, the closed reply tells the gateway."""
        if not self._waiting():
            self._refill()
        for child in self._waiting()[:1]:
            with socket.socket(fileno=child.door) as door, suppress(OSError):  # ended while it waited: buried next
                socket.send_fds(door, [b"?"], [file, reply])
            deadline = time.monotonic() + self._wall_seconds
            self._children[child.handle] = replace(child, door=-1, reply=os.dup(reply), deadline=deadline)
        os.close(file)
        os.close(reply)

    def _bury(self, handle: int) -> None:
        """Take note of a child's end, and say for it what it could not say itself."""
        child = self._children.pop(handle)
        self._poll.unregister(handle)
        _, status = os.waitpid(child.pid, 0)
        verdict = obituary(os.waitstatus_to_exitcode(status))
        if child.reply >= 0 and verdict is not None:
            with suppress(OSError):  # the gateway no longer waits for it
                os.write(child.reply, verdict.line())
        for descriptor in (child.door, child.reply, handle):
            if descriptor >= 0:
                os.close(descriptor)

    def _patience(self) -> float | None:
        """Return the milliseconds until a child has to be done, or until there is time to fork; None for no hurry."""
        if len(self._waiting()) < _READY:
            return _QUIET
        deadline = min(child.deadline for child in self._children.values())
        return None if deadline == _NEVER else max(0.0, deadline - time.monotonic()) * 1000 + 1

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.deadline <= now:
                signal.pidfd_send_signal(child.handle, signal.SIGKILL)


def obituary(ended: int) -> Verdict | None:
    """Return the verdict that follows from how a child ended (exit code, or minus the signal).

    None: it had its say, or was ended from outside; then nothing was checked, and that is no verdict on the file. So
    with one that was ended for its time on the clock: without using up its processor time it was the machine that
    was slow.
    """
    if ended == -signal.SIGXCPU:
        return bomb("Die Prüfung der Datei kostet mehr Rechenzeit als erlaubt.").verdict
    if ended == OUT_OF_MEMORY:
        return bomb("Die Prüfung der Datei braucht mehr Speicher als erlaubt.").verdict
    if -ended in _CRASHES:
        return bomb("Die Prüfung der Datei bricht ab.").verdict
    return None


def warm_up() -> int:
    """Return a small file that was checked here, so that no child has to load anything: soon it could not.

    A locked one is looked at too, because the ciphers are loaded when first asked for.
    """
    files = []
    for lock in (Encryption(owner="", user=""), False):
        files.append(os.memfd_create("sample"))
        with pikepdf.new() as pdf, os.fdopen(files[-1], "w+b", closefd=False) as stream:
            pdf.add_blank_page()
            pdf.save(stream, encryption=lock)
    locked, still = files
    if examine(locked, Limits()).code != codes.PDF_ENCRYPTED.name or examine(still, Limits()) != PASSED:
        raise RuntimeError("the gate does not tell a locked page from an empty one")
    os.close(locked)
    return still


def main(control: socket.socket, wall_seconds: float = WALL_SECONDS) -> None:
    """Prepare everything that children share, then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the gateway, which ends us in its own time
    harden()
    limit_qpdf(Limits())
    sample = warm_up()
    with Path(os.devnull).open("wb") as nowhere:  # from here on a parser's complaints may quote content (law 2)
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    gc.collect()
    gc.disable()
    gc.freeze()  # the collector would write to, and so copy, every page that children share
    sandbox.confine(frozenset({sandbox.Lock.LANDLOCK}))  # no file and no port from here on, for our children too
    Nursery(control, sample, wall_seconds).run()


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
