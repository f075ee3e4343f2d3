"""One application per way and option, struck at every durable call: killed, EIO, ENOSPC; then told again and judged.

The calls are counted where the process hands them to libc (tests/kit/crash_shim.c): every fsync, rename, unlink,
truncate, file write, copy, send; of the database's page writes the one before each fsync, which makes a commit.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from proof.frame import Figure, Finding, exactly
from tests.kit import crash_shim
from tests.kit.crash_ends import OPTIONS, WAYS
from tests.kit.crash_shim import Fault
from tests.kit.crash_sweep import sweep

JOBS = 3
MEMORY = Path("/dev/shm")
NAMES = {
    "F": "fsync", "D": "fsync of the database's folder", "R": "rename", "U": "unlink", "T": "truncate",
    "W": "file write", "C": "copy", "S": "send", "P": "page write before a commit",
}  # fmt: skip
PROMISE = (
    "Struck at any durable call, on every way and with both options: nothing acknowledged is lost, nothing is doubled"
    " or misrouted at the receiver, nothing is readable on disk, and after a failed fsync nothing is acknowledged."
)


@dataclass
class Swept:
    """What a sweep of one way and option found."""

    way: str
    option: str
    strikes: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: int = 0
    killed: int = 0
    stopped: int = 0
    failures: list[str] = field(default_factory=list)


def run(quick: bool) -> Finding:
    """Sweep all ways and options, some at a time."""
    if crash_shim.COMPILER is None:
        return Finding(PROMISE, (), (), (crash_shim.MISSING,))
    tasks = [(way, option, 61 if quick else 1) for way in WAYS for option in OPTIONS]
    tasks.sort(key=lambda task: task[0] != "sftp")  # the longest first
    with ProcessPoolExecutor(JOBS, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(_swept, tasks))
    by_kind: Counter[str] = Counter()
    by_fault: Counter[str] = Counter()
    for one in found:
        for (kind, fault), count in one.strikes.items():
            by_kind[kind] += count
            by_fault[fault] += count
    failures = [failure for one in found for failure in one.failures]
    figures = (
        Figure("ways and options", len(found), least=len(WAYS) * len(OPTIONS)),
        Figure("strikes", by_fault.total()),
        *(Figure(f"strikes: {fault}", by_fault[fault]) for fault in Fault.__members__),
        *(Figure(f"strikes at: {NAMES[kind]}", by_kind[kind]) for kind in NAMES),
        *(
            Figure(f"strikes on: {one.way}, option {one.option}", one.strikes.total())
            for one in sorted(found, key=lambda one: (one.way, one.option))
        ),
        Figure("processes killed", sum(one.killed for one in found)),
        Figure("processes that stopped by themselves after the fault", sum(one.stopped for one in found)),
        Figure("strikes whose call was not made that time", sum(one.missed for one in found)),
        exactly("strikes after which a promise was broken", len(failures), 0),
    )
    return Finding(PROMISE, figures, tuple(failures[:20]))


def points(journal: str) -> Sequence[tuple[int, str]]:
    """Return number and kind of the calls to strike."""
    numbered = list(enumerate(journal, 1))
    return [(number, kind) for number, kind in numbered if kind != "P" or journal[number : number + 1] == "F"]


def _swept(task: tuple[str, str, int]) -> Swept:
    way, option, step = task
    found = Swept(way, option)
    with TemporaryDirectory(prefix="bauweiche-sweep-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        library = crash_shim.build(Path(name))
        try:
            with sweep(Path(name) / "here", way, option, library) as struck:
                chosen = [(point, fault) for point in points(struck.journal()) for fault in Fault]
                for (number, kind), fault in chosen[::step]:
                    found.strikes[kind, fault.name] += 1
                    try:
                        outcome = struck.strike(number, fault, kind)
                    except AssertionError as error:
                        found.failures.append(str(error)[:500])
                        continue
                    found.missed += not outcome.fired
                    found.killed += outcome.killed
                    found.stopped += outcome.stopped
        except Exception as error:  # one way that breaks down must not hide what the others found
            found.failures.append(f"{way}, option {option}: {error} {traceback.format_exc()[-400:]}")
    return found
