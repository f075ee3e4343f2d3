"""The preloaded counter of durable calls (crash_shim.c): how to build it, and how a process arms itself."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")
COMPILER = shutil.which("cc") or shutil.which("gcc")
MISSING = "no C compiler to build the counter of durable calls with"


class Fault(IntEnum):
    """What becomes of the struck call: the process ends there, or the call fails."""

    KILL = 0
    EIO = errno.EIO
    ENOSPC = errno.ENOSPC


def build(folder: Path) -> Path:
    """Compile the counter into a folder and return where it is."""
    assert COMPILER is not None, MISSING
    target = folder / "crash_shim.so"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", target, SOURCE, "-ldl"], check=True)
    return target


@dataclass(frozen=True)
class Shim:
    """The counter inside a process that was started with it."""

    library: ctypes.CDLL

    @classmethod
    def preloaded(cls) -> Shim:
        """Return the counter that LD_PRELOAD brought in."""
        library = ctypes.CDLL(os.environ["LD_PRELOAD"])
        library.crash_arm.argtypes = (ctypes.c_long, ctypes.c_int)
        library.crash_count.restype = ctypes.c_long
        library.crash_journal.restype = ctypes.c_char_p
        return cls(library)

    def arm(self, number: int, fault: Fault) -> None:
        """Count from now on and strike the call of that number (0: none)."""
        self.library.crash_arm(number or -1, int(fault))

    def pause(self) -> None:
        """Do not count what follows: it is not the gateway that acts."""
        self.library.crash_disarm()

    def resume(self) -> None:
        """Count on."""
        self.library.crash_resume()

    @property
    def count(self) -> int:
        """How many calls were counted."""
        return int(self.library.crash_count())

    @property
    def journal(self) -> str:
        """A letter for each counted call, as crash_shim.c names them."""
        found: bytes = self.library.crash_journal()
        return found.decode("ascii")[: self.count]
