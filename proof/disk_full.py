"""The disk fills up and has room again, time after time, while applications are handed off: nothing is lost."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.wiring import SystemClock
from proof.frame import Figure, Finding, exactly
from proof.gateways import Gateways, ended
from proof.judge import OPEN, Outcome, folders, judged, look
from proof.lossy import Wires
from proof.portals import Ledger, Portals, wishes
from proof.storm import AUTHORITIES, SETTINGS, authorities
from proof.zygote import nursery
from tests.kit.crash_ends import free_port
from tests.kit.installation import Installation, installation

PROMISE = (
    "A full disk is answered with 507 or 503; when it has room again, the same processes go on, and every acknowledged"
    " application arrives exactly once."
)
ROOM = "size=400m"


def possible() -> bool:
    """Say whether this machine lets us mount."""
    return os.geteuid() == 0


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Mount a small file system in memory."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", ROOM, "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def run(quick: bool) -> Finding:
    """Fill the disk and empty it in turns."""
    if not possible():
        return Finding(PROMISE, (), (), ("Here: no root, so no disk of its own could be mounted.",))
    count, turns = (40, 2) if quick else (300, 12)
    outcome, times = _troubled(count, turns, minutes=6 if quick else 20)
    lost, doubled, wrong = judged(outcome)
    calls = outcome.ledger.calls
    figures = (
        Figure("times the disk was full", times, least=turns),
        Figure("calls answered with 507 or 503", calls["507"] + calls["503"], least=1),
        exactly("calls answered with another 5xx", calls["500"] + calls["502"] + calls["504"], 0),
        Figure("applications handed off", outcome.ledger.done, least=count),
        exactly("acknowledged and not arrived", len(lost), 0),
        exactly("arrived twice", len(doubled), 0),
        exactly("arrived wrongly (not acknowledged, wrong authority, other files)", len(wrong), 0),
        exactly("still open or held at the end", outcome.queue_left, 0),
        exactly("processes that ended", outcome.exits.total(), 0),
        Figure("time", outcome.minutes, "min"),
    )
    failures = [*outcome.ledger.odd, *outcome.broken, *lost[:5], *doubled[:5], *wrong[:5], *outcome.exits]
    return Finding(PROMISE, figures, tuple(failures[:20]))


def _troubled(count: int, turns: int, minutes: float) -> tuple[Outcome, int]:
    clock: Any = SystemClock()
    with TemporaryDirectory(prefix="bauweiche-disk-") as name, ExitStack() as stack:
        folder = Path(name)
        place = stack.enter_context(small_disk(folder / "disk"))
        wires = stack.enter_context(Wires(1, 0).running())
        door = (free_port(), free_port())
        installed = stack.enter_context(installation(place / "home", clock=clock, allow_hosts=("localhost",)))
        ends = authorities(installed, stack, wires, [door], folder)
        young = stack.enter_context(nursery())
        gateways = stack.enter_context(ended(Gateways(young, installed.settings.state, folder / "log", SETTINGS)))
        gateways.add("serve", "serve", "--port", str(door[0]), BAUWEICHE_MAILBOX_PORT=str(door[1]))
        gateways.add("worker", "worker")
        ledger, begun = Ledger(), time.monotonic()
        until = begun + minutes * 60
        wished = wishes(count, [(key, option) for key, _, option in AUTHORITIES], 5)
        with ThreadPoolExecutor(1) as pool:
            handing = pool.submit(Portals([door[0]], installed.token(), ledger, until).hand_off, wished, 4)
            times = _turns(place, ledger, turns, count, until)
            handing.result()
        _settle(installed, folders(ends), until)
        outcome = Outcome(ledger, gateways.kills, gateways.exits, wires.losses, (time.monotonic() - begun) / 60)
        _count_ended(gateways)
        gateways.end()
        outcome.arrived = {key: list(end.arrived()) for key, end in ends.items()}
        look(installed.world, installed.settings.state, outcome, [folder / "log"])
        return outcome, times


def _turns(place: Path, ledger: Ledger, turns: int, count: int, until: float) -> int:
    """Fill the disk after some progress, until portals were told, and empty it again; return how often."""
    for _ in range(turns):
        wanted = ledger.done + count / (turns + 1) * 0.8
        while ledger.done < min(wanted, count - 1) and time.monotonic() < until:
            time.sleep(0.01)
        before = ledger.calls["507"] + ledger.calls["503"]
        _fill(place / "filler")
        _noticed(ledger, before)
        (place / "filler").unlink()
    return turns


def _noticed(ledger: Ledger, before: int) -> None:
    """Wait until some portal was told, or for half a minute."""
    until = time.monotonic() + 30
    while ledger.calls["507"] + ledger.calls["503"] < before + 3 and time.monotonic() < until:
        time.sleep(0.02)


def _fill(path: Path) -> None:
    """Take every byte that is left."""
    size = 1 << 20
    with path.open("wb", buffering=0) as file:
        while size >= 512:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2


def _settle(installed: Installation, taking: Any, until: float) -> None:
    """Let the authorities take what lies there until nothing is on its way any more."""
    number = 0
    while time.monotonic() < until:
        for end in taking:
            for found in sorted(installed.inboxes[end.key].iterdir()):
                if not found.name.startswith("."):
                    found.rename(end.taken / f"{number}-{found.name}")
                    number += 1
        with installed.world.store.reading() as tx:
            counts = tx.deliveries.counts()
        if not any(counts.get(state, 0) for state in OPEN):
            return
        time.sleep(0.3)


def _count_ended(gateways: Gateways) -> None:
    for one in gateways.running:
        if not Path(f"/proc/{one.pid}").exists() or "State:\tZ" in Path(f"/proc/{one.pid}/status").read_text():
            gateways.exits[f"{one.name} ended by itself"] += 1
