"""The roll of workers: only of a process that has certainly ended it says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.edges.roll import Roll

AT_WORK = """
import sys, time
from pathlib import Path
from gateway.edges.roll import Roll
with Roll(Path(sys.argv[1])).on_duty("other"):
    print("here", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def roll(tmp_path: Path) -> Roll:
    return Roll(tmp_path / "workers")


def _other(roll: Roll) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", AT_WORK, str(roll.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "here\n"
    return started


def test_who_is_killed_is_gone_and_who_stands_still_is_not(roll: Roll) -> None:
    with _other(roll) as other:
        assert not roll.gone("other")
        other.send_signal(signal.SIGSTOP)
        assert not roll.gone("other")
        other.kill()
        other.wait()
        assert roll.gone("other")


def test_who_ends_in_order_leaves_nothing_and_clears_up_after_the_dead(roll: Roll) -> None:
    with _other(roll) as other:
        other.kill()
        other.wait()
    with roll.on_duty("me"):
        assert roll.gone("other")
        assert not roll.gone("me")
    assert list(roll.folder.iterdir()) == []
    assert not roll.gone("me")


def test_of_another_machine_or_an_earlier_boot_nothing_is_known(roll: Roll) -> None:
    with _other(roll) as other:
        other.kill()
        other.wait()
    assert not Roll(roll.folder, "another boot").gone("other")
    assert not Roll(roll.folder, "").gone("other")
    assert not roll.gone("nobody")
    assert not roll.gone(f"../{roll.folder.name}/other")


def test_where_no_file_can_be_kept_the_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "workers").write_bytes(b"a file, not a folder")
    roll = Roll(tmp_path / "workers")
    with roll.on_duty("me"):
        assert not roll.gone("me")


def test_a_forked_child_does_not_keep_the_dead_alive_for_longer_than_itself(roll: Roll) -> None:
    """A fork without exec shares the lock: until it ends nothing is known, which only costs time."""
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        with roll.on_duty("parent"):
            if os.fork() == 0:
                time.sleep(0.3)
                os._exit(0)
            os.write(go, b"x")
            os._exit(0)
    os.waitpid(child, 0)
    os.read(ready, 1)
    os.close(ready)
    os.close(go)
    seen = roll.gone("parent")
    until = time.monotonic() + 30
    while not roll.gone("parent"):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert not seen
