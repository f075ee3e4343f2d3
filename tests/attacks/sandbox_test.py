"""The cage of the gate's children: what a hijacked one could still do, asked of the kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from gateway.domain.errors import SubmissionError
from gateway.edges.gate import Gate
from gateway.edges.sandbox import MACHINES, Lock, available, program
from tests.kit.pdfs_hostile import HOSTILE

ROOT = Path(__file__).parents[2]

TRIES = """
import ctypes, json, os, resource, socket, sys, threading
from gateway.edges import sandbox

listening = socket.create_server(("127.0.0.1", 0))
port = listening.getsockname()[1]
memory = os.memfd_create("upload")
os.write(memory, b"octets")
libc = ctypes.CDLL(None, use_errno=True)

def connect():
    with socket.socket() as line:
        line.connect(("127.0.0.1", port))

def thread():
    running = threading.Thread(target=lambda: None)
    running.start()
    running.join()

def traced():
    if libc.ptrace(0, 0, 0, 0) != 0:
        raise PermissionError

def other_table():
    if libc.syscall(0x40000000 + 39) < 0:  # getpid of the x32 kind
        raise PermissionError

acts = {
    "read a file": lambda: open("/etc/passwd").read(),
    "read our code": lambda: open(sandbox.__file__).read(),
    "read its own memory map": lambda: open("/proc/self/maps").read(),
    "write a file": lambda: open(sys.argv[2], "w").write("x"),
    "list a folder": lambda: os.listdir("/"),
    "remove a file": lambda: os.remove(sys.argv[3]),
    "rename a file": lambda: os.rename(sys.argv[3], sys.argv[2]),
    "make a folder": lambda: os.mkdir(sys.argv[2]),
    "make a link": lambda: os.symlink("/etc/passwd", sys.argv[2]),
    "change a mode": lambda: os.chmod(sys.argv[3], 0o777),
    "connect": connect,
    "listen": lambda: socket.create_server(("127.0.0.1", 0)),
    "send a datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 53)),
    "make a local socket": lambda: socket.socketpair(),
    "fork": lambda: os.fork() or os._exit(0),
    "start a thread": thread,
    "run a program": lambda: os.execv("/bin/true", ["true"]),
    "signal another process": lambda: os.kill(os.getppid(), 0),
    "limit another process": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU),
    "trace": traced,
    "change root": lambda: os.chroot("/"),
    "become somebody else": lambda: os.setuid(65534),
    "make a name space": lambda: os.unshare(0x10000000) if hasattr(os, "unshare") else traced(),
    "make a memory file": lambda: os.memfd_create("x"),
    "call the other table": other_table,
}
needed = {
    "limit itself": lambda: resource.setrlimit(resource.RLIMIT_CPU, (50, resource.RLIM_INFINITY)),
    "read what is open": lambda: os.pread(memory, 9, 0),
    "take memory": lambda: bytearray(50_000_000),
    "look at the clock": __import__("time").monotonic,
    "take chance": lambda: os.urandom(8),
}

def tried(act):
    try:
        act()
    except (OSError, RuntimeError):
        return "refused"
    return "done"

held = sandbox.confine(frozenset(map(sandbox.Lock, json.loads(sys.argv[1]))))
wanted = json.loads(sys.argv[4]) or list(acts)
os.write(1, json.dumps({
    "held": sorted(held),
    "acts": {name: tried(acts[name]) for name in wanted},
    "needed": {name: tried(act) for name, act in needed.items()},
}).encode())
os._exit(0)
"""


FILES_AND_PORTS = (
    "read a file", "read our code", "write a file", "list a folder", "remove a file", "rename a file", "make a folder",
    "make a link", "connect", "listen", "run a program",
)  # fmt: skip


def tried(folder: Path, *locks: Lock, acts: tuple[str, ...] = ()) -> dict[str, dict[str, str]]:
    """Return what a process with these locks could still do, of these acts or of all."""
    there = folder / "there"
    there.write_text("x")
    asked = [json.dumps(locks), str(folder / "new"), str(there), json.dumps(acts)]
    done = subprocess.run([sys.executable, "-c", TRIES, *asked], cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert there.exists()
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(Lock.SECCOMP not in available(), reason="this kernel has no seccomp filters")
@pytest.mark.parametrize("locks", [(Lock.SECCOMP,), tuple(Lock)], ids=["seccomp", "both"])
def test_a_confined_process_can_compute_and_nothing_else(locks: tuple[Lock, ...], tmp_path: Path) -> None:
    found = tried(tmp_path, *locks)
    assert {name for name, came in found["acts"].items() if came == "done"} == set()
    assert {name for name, came in found["needed"].items() if came == "refused"} == set()


@pytest.mark.skipif(Lock.LANDLOCK not in available(), reason="this kernel has no Landlock")
def test_landlock_alone_takes_away_every_file_and_every_port(tmp_path: Path) -> None:
    found = tried(tmp_path, Lock.LANDLOCK, acts=FILES_AND_PORTS)
    assert {name for name, came in found["acts"].items() if came == "done"} == set()


def test_every_lock_that_the_kernel_offers_is_taken(tmp_path: Path) -> None:
    assert set(tried(tmp_path, *Lock, acts=("connect",))["held"]) == set(available())


def test_without_the_cage_all_of_it_would_be_possible(tmp_path: Path) -> None:
    acts = ("read a file", "write a file", "list a folder", "connect", "fork", "start a thread", "make a memory file")
    assert set(tried(tmp_path, acts=acts)["acts"].values()) == {"done"}


def test_the_filter_has_one_way_in_and_two_ways_out() -> None:
    for machine in MACHINES.values():
        assert len(set(machine.allowed)) == len(machine.allowed)
        lines = program(machine)
        assert len(lines) == 8 * (len(machine.allowed) + 11)
        assert len(machine.allowed) < 255, "a jump has eight bits"


def test_a_child_of_the_real_gate_at_work_holds_the_locks() -> None:
    """Ask the kernel about a child at work: Seccomp is 2 (filter) in its status once it has confined itself."""
    if Lock.SECCOMP not in available():
        pytest.skip("this kernel has no seccomp filters")
    gate = Gate()
    gate.warm()
    slow = HOSTILE["an object stream that swells"][0]()
    file = os.memfd_create("upload")
    os.write(file, slow)
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for helper in psutil.Process().children():
                for child in helper.children():
                    try:
                        status = Path(f"/proc/{child.pid}/status").read_text()
                    except OSError:
                        continue
                    seen.update(line.split()[1] for line in status.splitlines() if line.startswith("Seccomp:"))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        with pytest.raises(SubmissionError):
            gate.check(file)
    finally:
        over.set()
        watcher.join()
        os.close(file)
        gate.close()
    assert "2" in seen
