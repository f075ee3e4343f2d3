"""The child that looks at one PDF: it gives up everything else first, says what it found, and ends."""

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
from gateway.edges.gate_verdict import Verdict, damaged

OUT_OF_MEMORY = 66
"""Exit code of a child that was refused more memory."""

_DOOR = 3
_MOST = 6
"""Descriptors below this number may exist: stdin, stdout, stderr, the file, the reply, one for the file's map."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_PRCTL = ctypes.CDLL(None, use_errno=True).prctl


def harden() -> None:
    """For this process and its children: no core dumps, no looking into our memory (law 2), no new privileges."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def serve(door: socket.socket, sample: int) -> NoReturn:
    """Wait at `door` for a file and a place for the answer, look at the file, answer, end.

    The sample is looked at before, so that the waiting child has its memory ready when the file comes.
    """
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        examine(sample, Limits())
        os.dup2(door.detach(), _DOOR)
        os.closerange(_DOOR + 1, os.sysconf("SC_OPEN_MAX"))
        with socket.socket(fileno=_DOOR) as entrance:
            message, descriptors, _, _ = socket.recv_fds(entrance, 1, 2)
        if message:
            file, reply = descriptors
            confine(Limits())
            os.write(reply, _found(file).line())
            os._exit(0)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    finally:
        os._exit(1)  # never back into the helper's loop
    raise AssertionError("unreachable")


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
    """
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MOST, _MOST))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu, limits.cpu + 1))
    sandbox.confine(frozenset({sandbox.Lock.SECCOMP}))  # the helper took the other lock for all its children


def _prctl(option: int, value: int) -> None:
    if _PRCTL(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")
