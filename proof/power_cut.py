"""The power goes: a real file system on a loop device is shut down without a last write, again and again.

`EXT4_IOC_SHUTDOWN` (no log flush) stops the file system in one instant: what was not yet confirmed by fsync, pages,
names and the file system's own journal alike, is gone, and every call from then on fails. The processes are killed,
the file system is mounted anew (it recovers by its journal, as after a real cut), and the gateway starts again.
Gateway, database, vault and the authorities' folders all lie on it; the portals do not.
"""

from __future__ import annotations

import fcntl
import gc
import os
import random
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.domain.delivery import State
from gateway.wiring import SystemClock, open_world
from proof.frame import Figure, Finding, exactly
from proof.gateways import Gateways, ended
from proof.judge import OPEN, Outcome, folders, judged, look
from proof.lossy import Wires
from proof.portals import Ledger, Portals, wishes
from proof.storm import AUTHORITIES, SETTINGS, authorities
from proof.zygote import nursery
from tests.kit.crash_ends import free_port
from tests.kit.installation import Installation, installation

SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2
PROMISE = (
    "Whatever instant the power goes at: what was acknowledged is on disk, arrives exactly once and complete at the"
    " right authority, and nothing else arrives."
)
NOT_SHOWN = (
    "A disk that loses what it has confirmed: the loop device has no cache of its own that could be lost, and the"
    " kernel here has no device mapper (dm-log-writes, dm-flakey) to model one.",
    "What the kernel had written back by itself before the cut survives although no fsync asked for it.",
)


@dataclass
class Disk:
    """An ext4 file system in a file, mounted at `place`."""

    image: Path
    place: Path

    def make(self) -> None:
        """Make and mount it. Raises: CalledProcessError where that is not allowed."""
        self.place.mkdir()
        with self.image.open("wb") as file:
            file.truncate(1_000_000_000)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.image], check=True)
        self.mount()

    def mount(self) -> None:
        """Mount it; after a cut it recovers by its journal."""
        subprocess.run(["mount", "-o", "loop,errors=remount-ro", self.image, self.place], check=True)

    def cut(self) -> None:
        """Stop it in this instant."""
        folder = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(folder)

    def refuse(self, *, all_writes: bool = True) -> None:
        """Let the device refuse every write, as a failing disk does (the file system turns read-only), or none."""
        subprocess.run(["blockdev", "--setro" if all_writes else "--setrw", self._device()], check=True)

    def turn_read_only(self) -> None:
        """Let the file system find an error in itself, upon which it is read-only under everybody who uses it.

        It is frozen for that instant: ext4 tells an fsync that is just waiting for its journal that all is well even
        though the error keeps the journal from being written, to any program, and that is not what is tried here.
        """
        error = Path(f"/sys/fs/ext4/{Path(self._device()).name}/trigger_fs_error")
        subprocess.run(["fsfreeze", "--freeze", self.place], check=True)
        try:
            error.write_text("tried on purpose")
        finally:
            subprocess.run(["fsfreeze", "--unfreeze", self.place], check=True)

    def check(self) -> None:
        """Mend the unmounted file system as an administrator does."""
        done = subprocess.run(["e2fsck", "-fy", self.image], capture_output=True, text=True, check=False)
        assert done.returncode < 4, done.stdout

    def _device(self) -> str:
        found = ["findmnt", "-no", "SOURCE", str(self.place)]
        return subprocess.run(found, check=True, capture_output=True, text=True).stdout.strip()

    def unmount(self, patience: float = 60) -> None:
        """Unmount it once nobody uses it any more."""
        until = time.monotonic() + patience
        while self.place.is_mount():
            gc.collect()  # the SFTP server of an authority, in this process, forgets files whose closing failed
            if not subprocess.run(["umount", self.place], capture_output=True, check=False).returncode:
                return
            assert time.monotonic() < until, f"{self.place} stays busy: {self._users()}"
            time.sleep(0.05)

    def _users(self) -> list[str]:
        """Return who holds what open on it."""
        found = []
        for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
            with suppress(OSError):
                target = str(descriptor.readlink())
                if target.startswith(str(self.place)):
                    found.append(f"{descriptor.parts[2]}: {target}")
        return found


@contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """Have a disk below a folder, and leave nothing mounted."""
    made = Disk(folder / "disk.img", folder / "disk")
    made.make()
    try:
        yield made
    finally:
        made.unmount()


def possible() -> bool:
    """Say whether this machine lets us: root, loop devices, ext4."""
    return os.geteuid() == 0 and Path("/dev/loop-control").exists() and "ext4" in Path("/proc/filesystems").read_text()


def run(quick: bool) -> Finding:
    """Cut the power again and again while applications are handed off."""
    if not possible():
        return Finding(PROMISE, (), (), ("Here: no root, no loop device or no ext4.",))
    count, cuts = (60, 4) if quick else (450, 30)
    outcome = struck_again_and_again(count, cuts, 3 if quick else 40, _power_cut)
    arrived, failures = what_became(outcome, count)
    figures = (
        Figure("power cuts", outcome.kills["struck"], least=cuts),
        Figure("of these, after the disk had refused all writes for up to 3 s", outcome.kills["refused"]),
        *arrived,
    )
    return Finding(PROMISE, figures, failures, NOT_SHOWN)


def what_became(outcome: Outcome, count: int) -> tuple[tuple[Figure, ...], tuple[str, ...]]:
    """Return what became of `count` applications while the disk was struck, and what stands against the promise."""
    lost, doubled, wrong = judged(outcome)
    figures = (
        Figure("processes that had stopped by themselves by then (exit code 70)", outcome.exits["70"]),
        Figure("applications handed off meanwhile", outcome.ledger.done, least=count),
        Figure("acknowledged with 201", len(outcome.ledger.acknowledged)),
        exactly("acknowledged and not arrived", len(lost), 0),
        exactly("arrived twice", len(doubled), 0),
        exactly("arrived wrongly (not acknowledged, wrong authority, other files)", len(wrong), 0),
        exactly("not available or handed over at the end", outcome.queue_left, 0),
        exactly("files of the gateway with plaintext", len(outcome.readable), 0),
        Figure("time", outcome.minutes, "min"),
    )
    failures = [*outcome.ledger.odd, *outcome.broken, *lost[:5], *doubled[:5], *wrong[:5]]
    return figures, tuple(failures[:20])


Strike = Callable[[Disk, Gateways, Ledger, random.Random, int], None]
"""What happens to the disk, the how many-th time; the processes are killed by it or live on."""


def struck_again_and_again(count: int, cuts: int, minutes: float, strike: Strike, seed: int = 11) -> Outcome:
    """Hand `count` applications off while the disk is struck `cuts` times; return what is left."""
    clock: Any = SystemClock()
    with TemporaryDirectory(prefix="bauweiche-power-") as name, ExitStack() as stack:
        folder = Path(name)
        made = stack.enter_context(disk(folder))
        inner = stack.enter_context(ExitStack())
        wires = inner.enter_context(Wires(seed, 0).running())
        doors = [(free_port(), free_port())]
        with installation(made.place / "home", clock=clock, allow_hosts=("localhost",)) as installed:
            ends = authorities(installed, inner, wires, doors, folder)
            token = installed.token()
        os.sync()
        young = inner.enter_context(nursery())
        gateways = inner.enter_context(ended(Gateways(young, installed.settings.state, folder / "log", SETTINGS)))
        start(gateways, doors[0])
        ledger, begun = Ledger(), time.monotonic()
        until = begun + minutes * 60
        wished = wishes(count, [(key, option) for key, _, option in AUTHORITIES], seed)
        with ThreadPoolExecutor(1) as pool:
            portals = Portals([wires.to(doors[0][0], "portal")], token, ledger, until)
            handing = pool.submit(portals.hand_off, wished, 6)
            times = _Times(cuts, count, until, seed)
            done = _struck(made, gateways, ledger, doors[0], times, strike)
            handing.result()
        while time.monotonic() < until and not _settled(installed):
            time.sleep(0.5)
        gateways.kills["struck"] = done
        outcome = Outcome(ledger, gateways.kills, gateways.exits, wires.losses, (time.monotonic() - begun) / 60)
        gateways.end()
        for end in folders(ends):
            for found in sorted(installed.inboxes[end.key].iterdir()):
                if not found.name.startswith("."):
                    found.rename(end.taken / found.name)
        outcome.arrived = {key: list(end.arrived()) for key, end in ends.items()}
        _final(installed, outcome, folder / "log")
        return outcome


def start(gateways: Gateways, door: tuple[int, int]) -> None:
    """Start one `serve` and one `worker`."""
    gateways.add("serve", "serve", "--port", str(door[0]), BAUWEICHE_MAILBOX_PORT=str(door[1]))
    gateways.add("worker", "worker")


@dataclass(frozen=True, slots=True)
class _Times:
    cuts: int
    count: int
    until: float
    seed: int


def _struck(
    made: Disk, gateways: Gateways, ledger: Ledger, door: tuple[int, int], times: _Times, strike: Strike
) -> int:
    """Strike when about as many applications are through as the strikes should be apart; return how often."""
    draw, done = random.Random(times.seed), 0
    while done < times.cuts and time.monotonic() < times.until:
        wanted = min(ledger.done + draw.expovariate(times.cuts / times.count), times.count)
        while ledger.done < wanted and ledger.done < times.count and time.monotonic() < times.until:
            time.sleep(0.005)
        time.sleep(draw.random() * 0.3)
        strike(made, gateways, ledger, draw, done)
        for one in gateways.running:
            gateways.exits[str(gateways.nursery.end(one.pid, signal.SIGKILL))] += 1
        gateways.running.clear()
        made.unmount()
        made.mount()
        start(gateways, door)
        done += 1
    return done


def _power_cut(made: Disk, gateways: Gateways, _ledger: Ledger, draw: random.Random, number: int) -> None:
    if number % 4 == 3:
        made.refuse()
        time.sleep(draw.random() * 3)
        gateways.kills["refused"] += 1
    made.cut()
    made.refuse(all_writes=False)


def _settled(installed: Installation) -> bool:
    """Say whether everything lies in its authority's folder or was taken over by it."""
    world = open_world(installed.settings)
    try:
        with world.store.reading() as tx:
            counts = tx.deliveries.counts()
            lying = tx.deliveries.listing(states=frozenset({State.AVAILABLE}), limit=100_000)
    finally:
        world.store.close()
    moving = any(counts.get(state, 0) for state in OPEN if state is not State.AVAILABLE)
    return not moving and not any(delivery.adapter == "xta_mailbox" for delivery in lying)


def _final(installed: Installation, outcome: Outcome, log: Path) -> None:
    world = open_world(installed.settings)
    try:
        look(world, installed.settings.state, outcome, [log], waiting=(State.AVAILABLE,))
    finally:
        world.store.close()
