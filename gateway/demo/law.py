"""The play's legal end: plans arrive, somebody has not fetched, and a bundle of evidence is checked offline."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from gateway.domain.calendar import local_date, written_date
from gateway.domain.deadlines import submitted_on
from gateway.domain.ids import CaseNumber
from gateway.flow import clocks, plans
from gateway.flow.evidence import bundle
from gateway.ports import Clock, World

Say = Callable[[str], None]

ACTOR = "operator:demo"


@dataclass(frozen=True, slots=True)
class Later:
    """A clock that runs some time ahead of another."""

    clock: Clock
    by: timedelta

    def now(self) -> datetime:
        """Return the later time, aware UTC."""
        return self.clock.now() + self.by


def plans_arrive(world: World, number: str, say: Say) -> bool:
    """Record today's arrival of a case's posted plans; True if it counts as submitted by that."""
    today = local_date(world.clock.now())
    case = plans.plans_arrived(world, number, today, ACTOR, "Begleitschein gescannt")
    submitted = submitted_on(case)
    if submitted:
        say(f"  Pläne zu {number} sind eingegangen: eingereicht am {written_date(submitted)}.")
    return submitted is not None


def who_would_be_overdue(world: World, days: int, say: Say) -> list[str]:
    """Say who would be overdue with fetching in some days if nobody fetched until then; returns the names."""
    later = replace(world, clock=Later(world.clock, timedelta(days=days)))
    with world.store.reading() as tx:
        found = clocks.unfetched(later, tx)
    for one in found:
        say(f"  In {days} Tagen hätte {one.name} seit {one.missed} Arbeitstagen nicht abgeholt.")
    return [one.name for one in found]


def prove(world: World, number: CaseNumber, folder: Path, certificate: Path, out: Say, say: Say) -> bool:
    """Write a case's evidence, check it in a process without installation, and see a changed byte found out."""
    data = bundle(world, number)
    sound, changed = folder / f"nachweis-{number}.asice", folder / "gefaelscht.asice"
    sound.write_bytes(data)
    changed.write_bytes(data[:-100] + bytes([data[-100] ^ 1]) + data[-99:])
    good, bad = (_verify(file, certificate) for file in (sound, changed))
    out(good.stdout)
    say(f"  Ein einziges Bit geändert: {bad.stderr.splitlines()[0] if bad.stderr else 'nicht bemerkt!'}")
    return good.returncode == 0 and bad.returncode == 1


def _verify(file: Path, certificate: Path) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "gateway.main", "evidence", "verify", str(file), "--gateway", str(certificate)]
    return subprocess.run(  # noqa: S603  our own command with our own arguments
        arguments, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2]
    )
