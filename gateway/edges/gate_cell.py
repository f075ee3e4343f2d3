"""The child that looks at PDFs: it gives up everything else first, and ends after the first that does not pass."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
from typing import NoReturn

from gateway.edges import sandbox
from gateway.edges.gate_rules import examine
from gateway.edges.gate_streams import Limits
from gateway.edges.gate_verdict import PASSED, Verdict, damaged

OUT_OF_MEMORY = 66
"""Exit code of a child that was refused more memory."""

NEXT, LAST, IN_DOUBT = b".", b"!", b"?"
"""What a child says at its door: answered and ready for another file; answered and about to end; about to end without
an answer, because it has seen other files and would not let this one pass."""

SMALL = 1_000_000
"""Bytes of a file that a used child may look at, and after which a child may be used again."""

_DOOR = 3
_MOST = 7
"""Descriptors below this number may exist: stdin, stdout, stderr, door, file, reply, one for the file's map."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_PRCTL = ctypes.CDLL(None, use_errno=True).prctl


def harden() -> None:
    """For this process and its children: no core dumps, no looking into our memory (law 2), no new privileges."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def serve(door: socket.socket, sample: int) -> NoReturn:
    """Wait at `door` for a file and a place for the answer, look at the file, answer; go on while small files pass.

    The sample is looked at before, so that the waiting child has its memory ready when the file comes. A refusal
    counts only from a fresh child: a used one that would refuse is in doubt, ends, and a fresh one looks again.
    """
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        examine(sample, Limits())
        os.dup2(door.detach(), _DOOR)
        os.closerange(_DOOR + 1, os.sysconf("SC_OPEN_MAX"))
        with socket.socket(fileno=_DOOR) as entrance:
            confine(Limits())
            served = 0
            while _look(entrance, fresh=served == 0):
                served += 1
        os._exit(0)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    finally:
        os._exit(1)  # never back into the helper's loop
    raise AssertionError("unreachable")


def _look(entrance: socket.socket, *, fresh: bool) -> bool:
    """Look at the next file; False if there is none, or none may follow."""
    message, descriptors, _, _ = socket.recv_fds(entrance, 1, 2)
    if not message:
        return False
    file, reply = descriptors
    sandbox.allow_time(Limits().cpu)
    verdict = _found(file)
    passed = verdict == PASSED
    if passed or fresh:
        os.write(reply, verdict.line())
    more = passed and os.fstat(file).st_size <= SMALL
    os.close(file)
    os.close(reply)
    entrance.send(NEXT if more else LAST if passed or fresh else IN_DOUBT)
    return more


def _found(file: int) -> Verdict:
    try:
        return examine(file, Limits())
    except MemoryError:
        raise
    except Exception:  # a file that trips the check itself is not a file to let through
        return damaged("Der Aufbau der Datei ist nicht auswertbar.").verdict


def confine(limits: Limits) -> None:
    """Give up what is left: files, sockets, processes, memory, time.

    With no descriptor left to open there is no network either; where the kernel can, it locks the rest away too.
    The hard limit on time stays open: the next file's is set from it; the helper's clock has the last word.
    """
    sandbox.give_up(memory=limits.memory, descriptors=_MOST)
    sandbox.allow_time(limits.cpu)
    sandbox.confine(frozenset({sandbox.Lock.SECCOMP}))  # the helper took the other lock for all its children


def _prctl(option: int, value: int) -> None:
    if _PRCTL(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")
