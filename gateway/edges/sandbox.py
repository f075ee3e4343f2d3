"""The cage around a process that reads hostile bytes: no files, no network, no new processes (Linux).

Two locks of the kernel, each on its own enough for the worst: Landlock takes away every path and every TCP port,
seccomp every system call but those that computing on an open file needs. Where the kernel has only one of them, or
none, `confine` says so and does what there is; resource limits and an empty environment stand before it in any case.
"""

from __future__ import annotations

import ctypes
import errno
import math
import os
import resource
import struct
from dataclasses import dataclass
from enum import StrEnum

_PR_SET_DUMPABLE, _PR_GET_SECCOMP, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_SET_NO_NEW_PRIVS = 4, 21, 22, 2, 38
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT, _LANDLOCK_VERSION = 444, 446, 1

_FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""Landlock version → how many rights over files it knows (as bits from 0)."""

_LIBC = ctypes.CDLL(None, use_errno=True)


class Lock(StrEnum):
    """A lock of the kernel."""

    LANDLOCK = "landlock"
    SECCOMP = "seccomp"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a filter must know of a processor: the kernel's audit name, and the numbers of calls: those allowed, and
    prlimit64, which is allowed for the process itself.
    """

    audit: int
    limit: int
    allowed: tuple[int, ...]


_X86_64 = Machine(
    0xC000003E,
    302,
    (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 24, 25, 28, 35, 39, 44, 47, 60, 72, 96, 98, 186, 202,
     204, 228, 230, 231, 262, 318, 334),
)  # fmt: skip
_AARCH64 = Machine(
    0xC00000B7,
    261,
    (25, 29, 57, 62, 63, 64, 65, 66, 67, 68, 79, 80, 93, 94, 98, 101, 113, 115, 123, 124, 134, 135, 139, 165, 169, 172,
     178, 206, 212, 214, 215, 216, 222, 226, 233, 278, 293),
)  # fmt: skip
"""read write close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn ioctl pread64
pwrite64 readv writev sched_yield mremap madvise nanosleep getpid exit fcntl gettimeofday getrusage gettid futex
sched_getaffinity clock_gettime clock_nanosleep exit_group newfstatat getrandom rseq; sendto recvmsg on the
socket to the helper (no other can be made)."""

MACHINES = {"x86_64": _X86_64, "aarch64": _AARCH64}
"""What is known, by the name that `uname` has for it."""

_LOAD, _EQUAL, _ABOVE, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _DENY = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
_X32 = 0x40000000
"""System calls of the x32 kind carry this bit: another table, so none of them."""


BOTH = frozenset(Lock)


def confine(locks: frozenset[Lock] = BOTH) -> frozenset[Lock]:
    """Lock this process in for good and return which locks hold; call it single-threaded, after all imports.

    Afterwards opening a path, connecting, starting a program and forking fail with EPERM or EACCES; descriptors that
    are open stay usable. Children inherit a lock: a process that still forks takes LANDLOCK, its children SECCOMP,
    which saves each of them the price of the first. Never raises: a kernel that refuses a lock leaves the others.
    """
    if _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return frozenset()
    ways = {Lock.LANDLOCK: _landlock, Lock.SECCOMP: _seccomp}
    return frozenset(lock for lock in sorted(locks) if ways[lock]())


def keep_memory() -> None:
    """For this process and those it forks: no core dump, no other process of the account looks in (law 2)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def give_up(*, memory: int, descriptors: int, written: int = 0) -> None:
    """Limit this process for good: bytes of memory, open files, bytes written to a file; no processes."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def allow_time(seconds: int) -> None:
    """Allow this process so many processor seconds from now on; past them the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = math.ceil(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, resource.RLIM_INFINITY))


def available() -> frozenset[Lock]:
    """Return the locks that this kernel offers, without locking anything."""
    offered = {Lock.LANDLOCK} if _landlock_version() > 0 else set()
    # asked for the present mode, a kernel without seccomp answers EINVAL
    return frozenset(offered | {Lock.SECCOMP} if _PROGRAM and _has_seccomp() else offered)


def _has_seccomp() -> bool:
    return int(_LIBC.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0)) >= 0


def _landlock_version() -> int:
    return int(_LIBC.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), _LANDLOCK_VERSION))


def _landlock() -> bool:
    """Handle every right that this kernel's Landlock knows and allow none."""
    version = _landlock_version()
    if version < 1:
        return False
    files = (1 << max(count for since, count in _FILE_RIGHTS if since <= version)) - 1
    rules = struct.pack("QQQ", files, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    handle = int(_LIBC.syscall(_LANDLOCK_CREATE, rules, ctypes.c_size_t(size), 0))
    if handle < 0:
        return False
    try:
        return int(_LIBC.syscall(_LANDLOCK_RESTRICT, handle, 0)) == 0
    finally:
        os.close(handle)


def _seccomp() -> bool:
    """Install the filter of allowed system calls."""
    if not _PROGRAM:
        return False
    code = ctypes.create_string_buffer(_PROGRAM)
    head = struct.pack("HxxxxxxQ", len(_PROGRAM) // 8, ctypes.addressof(code))
    return int(_LIBC.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, head, 0, 0)) == 0


def program(machine: Machine) -> bytes:
    """Return the filter for a processor in the kernel's BPF: a wrong processor kills, what is not listed is denied."""
    numbers = machine.allowed
    lines = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_ABOVE, len(numbers) + 4, 0, _X32),
        (_EQUAL, 0, 3, machine.limit),
        (_LOAD, 0, 0, 16),  # whose limit: the first argument
        (_EQUAL, len(numbers) + 2, 0, 0),
        (_RETURN, 0, 0, _DENY),
        *((_EQUAL, len(numbers) - place, 0, number) for place, number in enumerate(numbers)),
        (_RETURN, 0, 0, _DENY),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


_HERE = MACHINES.get(os.uname().machine)
_PROGRAM = program(_HERE) if _HERE else b""
"""Made once, so that every child of a forked process finds it ready."""
