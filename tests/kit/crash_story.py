"""One submission from announcement to erasure, told so that it can be killed or failed at any system call.

Told again after a crash, it does what a portal does that got no answer: the same calls with the same key.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvicorn

from gateway.api.bodies import shaped
from gateway.api.shapes import AnnouncementIn
from gateway.demo.pdf import make_pdf
from gateway.domain import codes
from gateway.domain.case import Case
from gateway.domain.errors import GatewayError
from gateway.edges.arrival import Arrival
from gateway.edges.gate import Gate
from gateway.edges.peer_cert import PeerCertProtocol
from gateway.flow import acceptance, intake, purge
from gateway.flow.desk import MailboxDesk
from gateway.flow.worker import Worker, guarded
from gateway.installing import set_up
from gateway.ports import World
from gateway.seal.cipher import SealingPass
from gateway.serving import mailbox_tls
from gateway.settings import Settings
from gateway.wiring import open_world
from tests.kit.installation import WARENDORF, Installation, MovingClock, announcement
from tests.kit.xbau_samples import sample_antrag

FORM_CANARY = "Canarius-Formularis"
PDF_CANARY = "KANARIENVOGEL IM PDF 4711"
NAME_CANARY = "Plan-von-Canarius"
POSTED = [{"bezeichnung": f"Lageplan {NAME_CANARY}", "anlageart": "2001", "datum": "2026-05-04"}]

TRIES = 3
"""How often the portal asks the same process again before it waits for another one."""

STOPPED = 70
"""Exit code of a process that says that its disk cannot be relied on any more (law 1)."""


@dataclass
class Said:
    """What the portal was told, and how many calls to the system had been made by then (0: not counted)."""

    accepted: str = ""
    at: int = 0


@dataclass(frozen=True)
class Plan:
    """How the story's authority (Kreis Warendorf) takes part, and where the mailbox listens if it is asked for."""

    way: str = "file_drop"
    option: str = "1"
    mailbox_port: int = 0


def settings(home: Path) -> Settings:
    """Short lease, so that a story told again takes over at once."""
    return Settings(
        state=home / "state", disk_reserve_bytes=0, lease_seconds=0.05, look_every_seconds=0.01,
        allow_hosts=("localhost",),
    )  # fmt: skip


def prepare(home: Path, equip: Callable[[Installation], None] | None = None) -> None:
    """Set the installation up and write the files that the portal will send; by default to a folder, option 1."""
    chosen = settings(home)
    set_up(chosen, "Bauweiche Test")
    clock = MovingClock()
    world = open_world(chosen, clock)
    installed = Installation(home, chosen, world, clock)
    (equip or _folder)(installed)
    world.store.close()
    for index in range(2):
        (home / f"{index}.pdf").write_bytes(make_pdf([PDF_CANARY, str(index)], 40_000))


def _folder(installed: Installation) -> None:
    installed.takes_part(WARENDORF)
    taken_of(installed.home).mkdir()


def portal_files(home: Path, option: str = "1") -> list[bytes]:
    """Return the files that the portal sends: without plans, the overview alone."""
    return [(home / f"{index}.pdf").read_bytes() for index in range(2 if option == "1" else 1)]


def canary_antrag() -> dict[str, Any]:
    """Return a form with a canary as the applicant's name."""
    antrag: dict[str, Any] = json.loads(json.dumps(sample_antrag(size="minimal")))
    antrag["antragsteller"][0]["natuerliche_person"]["name"]["familienname"] = FORM_CANARY
    return antrag


def announced(home: Path, option: str = "1") -> dict[str, Any]:
    """Return the announcement, with canaries in form and file names."""
    value = announcement(*portal_files(home, option), antrag=canary_antrag())
    value["attachments"][-1]["file_name"] = f"{NAME_CANARY}.pdf"
    return value if option == "1" else value | {"posted_plans": POSTED}


@dataclass
class Teller:
    """Tells the story in this process; `count` and `aside` belong to whoever counts the calls."""

    home: Path
    plan: Plan
    say: Callable[[Said], None]
    gate: Gate
    count: Callable[[], int] = lambda: 0
    aside: Callable[[Callable[[], None]], None] = lambda act: act()

    def tell(self) -> Said:
        """Hand off, deliver, let the authority fetch, erase; resume whatever an earlier telling began."""
        chosen, clock = settings(self.home), MovingClock()
        world = open_world(chosen, clock)
        installed = Installation(self.home, chosen, world, clock)
        said = self._persistent(installed)
        self.say(said)
        if said.accepted:
            with mailbox(world, self.plan.mailbox_port):
                self._deliver(installed)
        world.store.close()
        return said

    def _persistent(self, installed: Installation) -> Said:
        """Hand off as a portal does that takes no error for an answer."""
        for _ in range(TRIES):
            try:
                return self._hand_off(installed)
            except GatewayError as error:
                if error.code is codes.DURABILITY_LOST:
                    os._exit(STOPPED)
            except OSError:  # the portal would read a 500 and ask again
                pass
        return Said()

    def _hand_off(self, installed: Installation) -> Said:
        world, client = installed.world, installed.client()
        value = announced(self.home, self.plan.option)
        body = json.dumps(value, sort_keys=True).encode()
        asked = shaped(AnnouncementIn, value).announcement()
        case, _ = intake.announce(world, client, asked, "key", hashlib.sha256(body).hexdigest())
        if case.accepted_at is None:
            self._upload(installed, case)
        accepted = acceptance.complete(world, client, case.id)
        with world.store.reading() as tx:
            return Said(tx.deliveries.of_case(accepted.id)[0].message_id, self.count())

    def _upload(self, installed: Installation, case: Case) -> None:
        for part, octets in zip(case.parts, portal_files(self.home, self.plan.option), strict=True):
            slot = intake.slot(installed.world, installed.client(), case.id, part.index)
            writer = installed.world.vault.create(case.id, part.name)
            feed = self.gate.feed()
            arrival = Arrival(writer, SealingPass(slot.key, slot.nonce), feed, part.size, part.sha256, 30_000_000)
            arrival.feed(octets)
            arrival.finish()

    def _deliver(self, installed: Installation) -> None:
        """Work until it is erased here; the authority takes whatever lies complete in its folder."""
        worker = Worker(installed.world, "story")
        installed.clock.at = MovingClock().at
        for _ in range(600):
            installed.clock.pass_by(seconds=10)
            guarded(worker.turn)
            self.aside(self._fetch)
            with installed.world.store.reading() as tx:
                case = tx.cases.find("p-1")[0]
            if case.erased_at is not None:
                break
            time.sleep(0.01)
        purge.sweep(installed.world)

    def _fetch(self) -> None:
        inbox, taken = inbox_of(self.home), taken_of(self.home)
        if self.plan.way not in ("file_drop", "sftp"):
            return
        for folder in inbox.iterdir():
            if not folder.name.startswith(".") and folder.is_dir():
                number = sum(1 for _ in taken.iterdir())
                folder.rename(taken / f"{number}-{folder.name}")


def inbox_of(home: Path) -> Path:
    """Return the folder in which messages for the story's authority appear."""
    return home / "authorities" / WARENDORF / "inbox"


def taken_of(home: Path) -> Path:
    """Return the folder into which the authority takes them."""
    return home / "authorities" / WARENDORF / "taken"


def tell(home: Path) -> Said:
    """Tell the story by the plainest way in this process, undisturbed."""
    gate = Gate()
    try:
        return Teller(home, Plan(), lambda said: None, gate).tell()
    finally:
        gate.close()


def told(out: Path) -> Said:
    """Return what a telling said before it ended."""
    text = out.read_text()
    return Said(**json.loads(text)) if text.strip() else Said()


def telling(said: Said) -> str:
    """Return what is said as a line."""
    return json.dumps(asdict(said)) + "\n"


@contextmanager
def mailbox(world: World, port: int) -> Iterator[None]:
    """Serve the authority's mailbox as `bauweiche serve` does, if there is a port for it."""
    if not port:
        yield
        return
    endpoint = world.plugins["xta_mailbox"].endpoint
    assert endpoint is not None
    options = {"now": world.clock.now, "new_id": world.chance.uuid, "identity": world.policy.sender_identifier}
    _, application = endpoint(MailboxDesk(world, "xta_mailbox"), options)
    context = mailbox_tls(world)
    config = uvicorn.Config(
        application, host="127.0.0.1", port=port, http=PeerCertProtocol, lifespan="off", log_config=None,
        access_log=False, ssl_context_factory=lambda *_: context, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
