"""One submission from announcement to erasure in a single thread, told so that it can be killed at any system call.

Run as a program: `python -m tests.kit.crash_story HOME`. It says on stdout what it has acknowledged to the portal.
Run again after a crash, it does what a portal does that got no answer: the same calls with the same key.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway.api.bodies import shaped
from gateway.api.shapes import AnnouncementIn
from gateway.demo.pdf import make_pdf
from gateway.domain.case import Case
from gateway.edges.arrival import Arrival
from gateway.edges.gate import Gate
from gateway.flow import acceptance, intake, purge
from gateway.flow.worker import Worker
from gateway.installing import set_up
from gateway.seal.cipher import SealingPass
from gateway.settings import Settings
from gateway.wiring import open_world
from tests.kit.installation import WARENDORF, Installation, MovingClock, announcement
from tests.kit.xbau_samples import sample_antrag

FORM_CANARY = "Canarius-Formularis"
PDF_CANARY = "KANARIENVOGEL IM PDF 4711"
NAME_CANARY = "Plan-von-Canarius"


@dataclass
class Said:
    """What the portal was told."""

    accepted: str = ""


def settings(home: Path) -> Settings:
    """Short lease, so that a story told again takes over at once."""
    return Settings(state=home / "state", disk_reserve_bytes=0, lease_seconds=0.05, look_every_seconds=0.01)


def prepare(home: Path) -> None:
    """Set the installation up and write the files that the portal will send."""
    chosen = settings(home)
    set_up(chosen, "Bauweiche Test")
    clock = MovingClock()
    world = open_world(chosen, clock)
    Installation(home, chosen, world, clock).takes_part(WARENDORF)
    world.store.close()
    for index in range(2):
        (home / f"{index}.pdf").write_bytes(make_pdf([PDF_CANARY, str(index)], 40_000))


def portal_files(home: Path) -> list[bytes]:
    """Return the files that the portal sends."""
    return [(home / f"{index}.pdf").read_bytes() for index in range(2)]


def canary_antrag() -> dict[str, Any]:
    """Return a form with a canary as the applicant's name."""
    antrag: dict[str, Any] = json.loads(json.dumps(sample_antrag(size="minimal")))
    antrag["antragsteller"][0]["natuerliche_person"]["name"]["familienname"] = FORM_CANARY
    return antrag


def announced(home: Path) -> dict[str, Any]:
    """Return the announcement, with canaries in form and file names."""
    value = announcement(*portal_files(home), antrag=canary_antrag())
    value["attachments"][1]["file_name"] = f"{NAME_CANARY}.pdf"
    return value


def tell(home: Path, out: Any = sys.stdout) -> Said:
    """Hand off, deliver, let the authority fetch, erase; resume whatever an earlier telling began."""
    said, chosen, clock = Said(), settings(home), MovingClock()
    world, gate = open_world(chosen, clock), Gate()
    installed = Installation(home, chosen, world, clock)
    client = installed.client()
    value = announced(home)
    body = json.dumps(value, sort_keys=True).encode()
    asked = shaped(AnnouncementIn, value).announcement()
    case, _ = intake.announce(world, client, asked, "key", hashlib.sha256(body).hexdigest())
    if case.accepted_at is None:
        _upload(installed, case, gate)
    accepted = acceptance.complete(world, client, case.id)
    with world.store.reading() as tx:
        said.accepted = tx.deliveries.of_case(accepted.id)[0].message_id
    print(json.dumps(asdict(said)), file=out, flush=True)
    gate.close()
    _deliver(installed, home)
    world.store.close()
    return said


def _upload(installed: Installation, case: Case, gate: Gate) -> None:
    for part, octets in zip(case.parts, portal_files(installed.home), strict=True):
        slot = intake.slot(installed.world, installed.client(), case.id, part.index)
        arrival = Arrival(
            installed.world.vault.create(case.id, part.name),
            SealingPass(slot.key, slot.nonce),
            gate.feed(),
            part.size,
            part.sha256,
            30_000_000,
        )
        arrival.feed(octets)
        arrival.finish()


def _deliver(installed: Installation, home: Path) -> None:
    """Work, let the authority take whatever lies complete in its inbox, and work until it is erased here."""
    inbox, taken = home / "authorities" / WARENDORF / "inbox", home / "taken"
    taken.mkdir(exist_ok=True)
    worker = Worker(installed.world, "story")
    installed.clock.at = MovingClock().at
    for _ in range(60):
        time.sleep(0.01)
        installed.clock.pass_by(seconds=10)
        worker.turn()
        for folder in inbox.iterdir():
            if not folder.name.startswith(".") and folder.is_dir():
                number = sum(1 for _ in taken.iterdir())
                folder.rename(taken / f"{number}-{folder.name}")
        with installed.world.store.reading() as tx:
            case = tx.cases.find("p-1")[0]
        if case.erased_at is not None:
            break
    purge.sweep(installed.world)


if __name__ == "__main__":
    tell(Path(sys.argv[1]))
