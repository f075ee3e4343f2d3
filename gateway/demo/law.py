"""The play's legal end: plans arrive, somebody has not fetched, and a bundle of evidence is checked offline."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from gateway.domain.calendar import local_date, written_date
from gateway.domain.deadlines import level_of, submitted_on
from gateway.domain.ids import CaseNumber
from gateway.domain.notice_mail import to_authority, urgent
from gateway.flow import plans
from gateway.flow.days import unfetched
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


def who_misses_the_fetch(world: World, days: int, say: Say) -> list[str]:
    """Say who is overdue with fetching once some days have passed, and what is done about it; returns the names.

    Only the clock is put ahead, and nothing is written: in earnest the mails go out on the days themselves.
    """
    later = replace(world, clock=Later(world.clock, timedelta(days=days)))
    with world.store.reading() as tx:
        found = unfetched(later, tx)
    day = written_date(local_date(later.clock.now()))
    for one in found:
        say(f"  {one.name} holt nicht ab; am {day} wären {one.missed} Arbeitstage versäumt (erlaubt ist keiner).")
        say(f"    Mail an die Behörde:     {to_authority(one, (), one.name).subject}")
        say(f"    Mail an die Leitstelle:  {urgent(level_of(one.missed), [one]).subject}")
        say(f"    {one.ready.case_number} bleibt verschlüsselt liegen: Unzugestelltes wird nie durch Alter gelöscht.")
    return [one.name for one in found]


def prove(world: World, number: CaseNumber, folder: Path, certificate: Path, out: Say, say: Say) -> bool:
    """Write a case's evidence, check it in a process without installation, and see a changed bit found out."""
    data = bundle(world, number)
    folder.mkdir()
    sound, changed = folder / f"nachweis-{number}.asice", folder / "gefaelscht.asice"
    sound.write_bytes(data)
    middle = len(data) // 2
    changed.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    with ThreadPoolExecutor(2) as both:
        good, bad = both.map(lambda file: _verify(file, certificate), (sound, changed))
    say(f"  Nachweis zu {number}, geprüft ohne Gateway, Datenbank und Netz:")
    out(good.stdout or good.stderr)
    say(f"  Ein einziges Bit geändert: {bad.stderr.splitlines()[0] if bad.stderr else 'nicht bemerkt!'}")
    return good.returncode == 0 and bad.returncode == 1


def _verify(file: Path, certificate: Path) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "gateway.main", "evidence", "verify", str(file), "--gateway", str(certificate)]
    return subprocess.run(  # noqa: S603  our own command with our own arguments
        arguments, capture_output=True, text=True, timeout=60, check=False, cwd=file.parent, env=_surroundings()
    )


def _surroundings() -> dict[str, str]:
    """Return what the other process may know: where Python finds its modules, and no installation."""
    here = str(Path(__file__).parents[2])
    known = {name: value for name, value in os.environ.items() if not name.startswith("BAUWEICHE_")}
    return known | {"PYTHONPATH": here, "PYTHONIOENCODING": "utf-8"}
