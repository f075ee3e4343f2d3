"""The helper process of the PDF gate: `python -m gateway.edges.gate_child <socket>`, started by gate_helper.

It imports pikepdf once and keeps fresh children ready (gate_cell). Small files that pass may share a child, one after
the other; a refusal always comes from a child that saw no other file. The helper never touches a PDF itself: it hands
them on, notices how a child ended, and ends those that take too long.
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
from gateway.edges.gate_cell import IN_DOUBT, NEXT, OUT_OF_MEMORY, SMALL, harden, serve
from gateway.edges.gate_rules import examine, limit_qpdf
from gateway.edges.gate_streams import Limits
from gateway.edges.gate_verdict import PASSED, Verdict, bomb

WALL_SECONDS = 20.0
_READY = 2
"""Fresh children kept waiting, so that a file never waits for a fork."""

MOST_FILES = 32
"""Small files that one child looks at, as long as all of them pass."""

_QUIET = 2.0
"""Milliseconds without an event after which a child is forked: not while another needs the processor."""

_IDLE = 1000.0
"""Milliseconds without an event after which used children go, and what they hold of the files they saw with them."""

_NEVER = float("inf")
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE})


@dataclass(frozen=True, slots=True)
class Child:
    """A child: process id and handle, files it looked at, its door or None when it is about to end; at work: the file
    and the place for the answer (else -1), and when it must end.
    """

    pid: int
    handle: int
    door: socket.socket | None
    served: int = 0
    file: int = -1
    reply: int = -1
    deadline: float = _NEVER

    @property
    def waits(self) -> bool:
        """Whether it can take a file."""
        return self.door is not None and self.file < 0


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
                self._rest()
            elif (descriptor := events[-1][0]) in self._children:  # one at a time: it may end what others are about
                self._bury(descriptor)
            elif descriptor != self._control.fileno():
                self._hear(descriptor)
            else:
                message, descriptors, _, _ = socket.recv_fds(self._control, 1, 2)
                if not message:
                    return
                self._hand_on(*descriptors)
            self._end_overdue()

    def _waiting(self, *, used: bool) -> list[Child]:
        return [child for child in self._children.values() if child.waits and bool(child.served) is used]

    def _keep(self, child: Child) -> None:
        self._children[child.handle] = child

    def _rest(self) -> None:
        """Use a quiet moment: fork a fresh child if any is missing, else let used ones go with what they still hold."""
        if len(self._waiting(used=False)) < _READY:
            self._fork()
            return
        for child in self._waiting(used=True):
            self._dismiss(child)

    def _fork(self) -> None:
        """Fork one more waiting child; where the machine has no room, a later round tries again."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, suppress(OSError):
            pid = os.fork()
            if pid == 0:
                ours.close()
                serve(theirs, self._sample)
            handle = os.pidfd_open(pid)
            self._keep(Child(pid, handle, ours))
            self._poll.register(handle, select.POLLIN)
            self._poll.register(ours, select.POLLIN)

    def _dismiss(self, child: Child) -> None:
        """Close a child's door: it gets no other file, and ends."""
        self._shut(child)
        self._keep(replace(child, door=None, file=-1, reply=-1, deadline=_NEVER))

    def _shut(self, child: Child) -> None:
        if child.door is not None:
            self._poll.unregister(child.door)
            child.door.close()

    def _hand_on(self, file: int, reply: int, *, fresh: bool = False) -> None:
        """Give a file to a waiting child, a small one to a used child if there is one; the helper keeps both open.

        If there is no child to be had, the closed reply tells the gateway.
        """
        child = self._choose(fresh=fresh or os.fstat(file).st_size > SMALL)
        if child is None or child.door is None:
            _close(file, reply)
            return
        with suppress(OSError):  # ended while it waited: buried next
            socket.send_fds(child.door, [b"?"], [file, reply])
        self._keep(replace(child, file=file, reply=reply, deadline=time.monotonic() + self._wall_seconds))

    def _choose(self, *, fresh: bool) -> Child | None:
        if not fresh and (used := self._waiting(used=True)):
            return used[0]
        if not self._waiting(used=False):
            self._fork()
        return next(iter(self._waiting(used=False)), None)

    def _hear(self, door: int) -> None:
        """Take note of what a child says when it is done with a file; of one that ended, the burial says the rest."""
        child = next(one for one in self._children.values() if one.door is not None and one.door.fileno() == door)
        said = os.read(door, 1)
        if said == NEXT and child.served < MOST_FILES:
            _close(child.file, child.reply)
            self._keep(replace(child, served=child.served + 1, file=-1, reply=-1, deadline=_NEVER))
            return
        if said == IN_DOUBT:
            self._dismiss(child)
            self._hand_on(child.file, child.reply, fresh=True)
        elif said:
            self._dismiss(child)
            _close(child.file, child.reply)
        else:
            self._shut(child)
            self._keep(replace(child, door=None))

    def _bury(self, handle: int) -> None:
        """Take note of a child's end: say for a fresh one what it could not say, hand on a used one's file."""
        child = self._children.pop(handle)
        self._shut(child)
        self._poll.unregister(handle)
        os.close(handle)
        verdict = obituary(os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1]))
        if child.file >= 0 and child.served:
            self._hand_on(child.file, child.reply, fresh=True)
            return
        if child.file >= 0 and verdict is not None:
            with suppress(OSError):  # the gateway no longer waits for it
                os.write(child.reply, verdict.line())
        _close(child.file, child.reply)

    def _patience(self) -> float | None:
        """Return the milliseconds until a child has to be done, or until there is time to tidy; None for no hurry."""
        if len(self._waiting(used=False)) < _READY:
            return _QUIET
        if self._waiting(used=True):
            return _IDLE
        deadline = min(child.deadline for child in self._children.values())
        return None if deadline == _NEVER else max(0.0, deadline - time.monotonic()) * 1000 + 1

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.deadline <= now:
                signal.pidfd_send_signal(child.handle, signal.SIGKILL)


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)


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
