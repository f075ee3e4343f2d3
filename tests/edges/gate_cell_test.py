"""What the child that looks at a PDF may do: nothing but look, for a while, with little memory."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.domain import codes
from gateway.edges.gate_cell import OUT_OF_MEMORY, confine
from gateway.edges.gate_child import obituary
from gateway.edges.gate_streams import Limits
from gateway.edges.gate_verdict import PASSED, read_verdict, refuse

# the children only make system calls and end; Python 3.12 warns because the test runner may have threads
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


def ending(work: Callable[[], None], limits: Limits | None = None) -> int:
    """Return how a confined child ends that does `work`: its exit code, or minus the signal."""
    pid = os.fork()
    if pid == 0:
        try:
            os.closerange(3, 1000)
            confine(limits or Limits())
            work()
            os._exit(0)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except OSError:
            os._exit(13)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _calculate() -> None:
    while True:
        pass


def _allocate() -> None:
    held = [bytes(1 << 20) for _ in range(1000)]
    del held


def _open_many() -> None:
    for _ in range(5):
        os.open("/etc/passwd", os.O_RDONLY)


def _write(folder: Path) -> Callable[[], None]:
    def work() -> None:
        os.write(os.open(folder / "leak", os.O_WRONLY | os.O_CREAT, 0o600), b"x")

    return work


def _connect() -> None:
    for _ in range(4):
        socket.socket().connect(("127.0.0.1", 9))


def test_too_much_processor_time_ends_the_child_and_the_file_is_refused() -> None:
    ended = ending(_calculate, Limits(cpu=1))
    assert ended == -signal.SIGXCPU
    assert (verdict := obituary(ended)) is not None
    assert verdict.code == codes.PDF_BOMB.name


def test_too_much_memory_ends_the_child_and_the_file_is_refused() -> None:
    ended = ending(_allocate, Limits(memory=512 << 20))
    assert ended == OUT_OF_MEMORY
    assert (verdict := obituary(ended)) is not None
    assert verdict.code == codes.PDF_BOMB.name


def test_a_parser_that_crashes_has_the_file_refused() -> None:
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS):
        assert (verdict := obituary(-number)) is not None
        assert verdict.code == codes.PDF_BOMB.name


def test_an_end_from_outside_is_no_verdict() -> None:
    for ended in (0, 1, -signal.SIGKILL, -signal.SIGTERM):
        assert obituary(ended) is None


def test_the_child_opens_no_more_files_than_the_map_needs() -> None:
    assert ending(_open_many) == 13


def test_the_child_writes_no_file(tmp_path: Path) -> None:
    assert ending(_write(tmp_path)) in (13, -signal.SIGXFSZ)
    assert not (tmp_path / "leak").exists() or (tmp_path / "leak").stat().st_size == 0


def test_the_child_reaches_no_network() -> None:
    assert ending(_connect) == 13


def test_a_verdict_travels_as_one_line() -> None:
    verdict = refuse(codes.PDF_ACTIVE, "Die Datei enthält „JavaScript“.\n")
    line = verdict.line()
    assert line.count(b"\n") == 1
    assert read_verdict(line) == verdict
    assert read_verdict(PASSED.line()) == PASSED


def test_anything_else_than_a_verdict_is_none() -> None:
    for line in (
        b"",
        b"{",
        b"[]\n",
        b"null\n",
        b'{"code": "storm"}\n',
        b'{"code": 1}\n',
        b'{"other": ""}\n',
        b"{}\n",
        b"\xff\n",
    ):
        assert read_verdict(line) is None
