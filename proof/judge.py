"""The judge of a storm: what the portals were told against what the authorities' tools found in what arrived."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.domain.delivery import State
from gateway.domain.journal import verify
from gateway.ports import World
from proof.lossy import Loss
from proof.portals import CANARY, Ledger
from tests.kit.crash_ends import Arrived, End, FolderEnd
from tests.kit.installation import Installation

OPEN = (State.ACCEPTED, State.UNDER_WAY, State.WAITING, State.AVAILABLE)
"""States of a delivery that is on its way."""

_ID = re.compile(rb"nachrichtenUUID>\s*([0-9a-f-]{36})")
_INDEPENDENT = Path(__file__).parents[1] / "tests" / "proof" / "independent_open.py"


@dataclass
class Outcome:
    """What is known after a storm."""

    ledger: Ledger
    kills: Counter[str]
    exits: Counter[str]
    losses: Counter[tuple[str, Loss]]
    minutes: float
    arrived: dict[str, Sequence[Arrived]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    independent: int = 0
    queue_left: int = 0
    readable: list[str] = field(default_factory=list)


def folders(ends: dict[str, End]) -> list[FolderEnd]:
    """Return the ends into whose folder messages are laid."""
    return [end for end in ends.values() if isinstance(end, FolderEnd)]


def opened_independently(installed: Installation, ends: dict[str, End], broken: list[str], most: int = 100) -> int:
    """Open a sample of the sealed folders with the program that knows only the documented format."""
    opened = 0
    for end in folders(ends):
        taken = sorted(end.taken.iterdir())
        for folder in taken[:: max(1, len(taken) * 4 // most)]:
            target = installed.home / "independent" / end.key / folder.name
            target.mkdir(parents=True)
            command = [sys.executable, str(_INDEPENDENT), str(folder), str(installed.keys[end.key]), str(target)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            opened += done.returncode == 0
            if done.returncode:
                broken.append(f"{folder.name} cannot be opened independently: {done.stderr[-300:]}")
    return opened


def look(
    world: World, state: Path, outcome: Outcome, searched: Sequence[Path], waiting: Collection[State] = ()
) -> None:
    """Look at what is left with the gateway: queue (what is `waiting` may lie there), journal, plaintext."""
    with world.store.reading() as tx:
        counts = tx.deliveries.counts()
        outcome.queue_left = sum(
            count for found, count in counts.items() if found in (*OPEN, State.HELD) and found not in waiting
        )
        broken = verify(tx.journal.read())
        if broken is not None:
            outcome.broken.append(f"the journal's chain is broken: {broken}")
    for log in (place for place in searched if place.is_file()):
        unforeseen = [line[:300] for line in log.read_text("utf-8").splitlines() if '"event": "unforeseen"' in line]
        outcome.broken.extend(unforeseen[:5])
    for place in (state, *searched):
        for path in place.rglob("*") if place.is_dir() else [place]:
            if path.is_file() and CANARY.encode() in path.read_bytes():
                outcome.readable.append(path.name)


def judged(outcome: Outcome) -> tuple[list[str], list[str], list[str]]:
    """Return what was lost, what arrived twice, and what arrived where it should not have."""
    expected = {one.message_id: one for one in outcome.ledger.acknowledged.values()}
    seen: Counter[str] = Counter()
    lost, doubled, wrong = [], [], []
    for key, found in outcome.arrived.items():
        for one in found:
            match = _ID.search(one.message)
            identity = match[1].decode() if match else "?"
            seen[identity] += 1
            known = expected.get(identity)
            if known is None:
                wrong.append(f"{identity} at {key} was never acknowledged")
            elif known.authority != key:
                wrong.append(f"{identity} for {known.authority} arrived at {key}")
            elif one.digests != known.digests or one.findings:
                wrong.append(f"{identity} arrived with other files: {one.findings}")
    lost = [f"{identity} for {one.authority}" for identity, one in expected.items() if not seen[identity]]
    doubled = [identity for identity, times in seen.items() if times > 1]
    return lost, doubled, wrong
