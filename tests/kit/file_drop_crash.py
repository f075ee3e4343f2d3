"""Runs one file drop delivery in a child per system call and kills the child there: a program, run as `-m`.

    python -m tests.kit.file_drop_crash FOLDER

For every call into the operating system that a delivery makes, a forked child with the N-th one killed before, and one
killed after, delivers into a folder of its own. Prints how many there were; the folders are left for inspection.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from adapters.file_drop import Settings, plugin
from gateway.adapter_contract import SampleLink, sample_envelope
from gateway.domain.ids import MessageId
from tests.kit.adapter_samples import real_files

SIZES = (1_000, 70_000)
_CALLS = {
    "open", "close", "mkdir", "rename", "unlink", "rmdir", "fsync", "write", "stat", "listdir", "dup",
    "copy_file_range", "sendfile",
}  # fmt: skip


def main(root: Path) -> int:
    """Kill a child at every boundary, until one gets through; return how many calls there were."""
    vault = root / "vault"
    real_files(vault, sample_envelope().message_id, SIZES)
    for event in ("c_call", "c_return"):
        number = 0
        while True:
            number += 1
            folder = root / f"{event}-{number}"
            folder.mkdir()
            child = os.fork()
            if child == 0:
                _deliver(folder, vault, event, number)
            _, status = os.waitpid(child, 0)
            if not os.WIFSIGNALED(status):
                assert os.waitstatus_to_exitcode(status) == 0
                break
    return number


def _deliver(folder: Path, vault: Path, event: str, number: int) -> None:
    """Deliver, and die at the N-th event of a call into the operating system."""
    left = number

    def profile(_frame: FrameType, what: str, called: Any) -> None:
        nonlocal left
        if what == event and called.__name__ in _CALLS and called.__module__ == "posix":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    adapter = plugin.build(Settings(folder=folder), SampleLink())
    envelope = sample_envelope(sizes=SIZES, sealed=real_files(vault, MessageId(sample_envelope().message_id), SIZES))
    sys.setprofile(profile)
    adapter.deliver(envelope)
    sys.setprofile(None)
    os._exit(0)


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]))}\n")
