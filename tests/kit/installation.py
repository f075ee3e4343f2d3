"""A whole installation in a temporary folder: real store, vault, keys, gate; a clock that tests move."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.api.app import build_app
from gateway.demo.pdf import make_pdf
from gateway.domain.case import Client
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option, Participation, Phase
from gateway.domain.procedure import Procedure
from gateway.domain.tokens import PREFIX, SCOPES, token_digest
from gateway.edges.gate import Gate
from gateway.edges.keys_issue import new_key, self_signed
from gateway.flow.certificates import hold
from gateway.flow.participation import change
from gateway.flow.worker import Worker
from gateway.installing import set_up
from gateway.ports import World
from gateway.settings import Settings, load
from gateway.wiring import open_world
from tests.kit.xbau_samples import sample_antrag

ACTOR = "operator:test"
WARENDORF = AuthorityKey("05570000")
MUENSTER = AuthorityKey("05515000")
OELDE = AuthorityKey("05570028")
AHLEN = AuthorityKey("05570004")
BEELEN = "05570012"


@dataclass
class MovingClock:
    """A clock that stands until a test moves it: not at a whole second, like real clocks, and never ahead of them."""

    at: datetime = field(
        default_factory=lambda: (datetime.now(UTC) - timedelta(seconds=1)).replace(microsecond=471_102)
    )

    def now(self) -> datetime:
        return self.at

    def pass_by(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class Installation:
    """An installation and its surroundings."""

    home: Path
    settings: Settings
    world: World
    clock: MovingClock
    inboxes: dict[str, Path] = field(default_factory=dict)
    keys: dict[str, Path] = field(default_factory=dict)

    def token(self, *, name: str = "portal", scopes: frozenset[str] = SCOPES, days: float = 1) -> str:
        """Return a new token of a portal."""
        token = f"{PREFIX}{name}-{self.world.chance.uuid()}"
        client = Client(name, scopes, self.clock.now() + timedelta(days=days), str(self.world.chance.uuid()))
        with self.world.store.writing() as tx:
            tx.clients.add(client, token_digest(token))
        return token

    def client(self, name: str = "portal") -> Client:
        """Return a caller for flows that are called without HTTP."""
        return Client(name, SCOPES, self.clock.now() + timedelta(days=1), "test")

    def takes_part(self, key: AuthorityKey, **choices: Any) -> Participation:
        """Enter how an authority takes part: option 1, XBau 2.6, file drop, live, unless chosen otherwise."""
        if key not in self.inboxes:
            self._equip(key)
        given: dict[str, Any] = {
            "option": Option.WITH_PLANS,
            "procedures": frozenset({Procedure.BUILDING_PERMIT}),
            "release": "2.6",
            "adapter": "file_drop",
            "settings": {"folder": str(self.inboxes[key])},
            "phase": Phase.LIVE,
            "valid_from": (self.clock.now() - timedelta(days=2)).date(),
        }
        value = Participation(authority=key, **(given | choices))
        return change(self.world, value, ACTOR, "Test", unapproved=True)

    def _equip(self, key: AuthorityKey) -> None:
        inbox = self.home / "authorities" / key / "inbox"
        inbox.mkdir(parents=True)
        self.inboxes[key] = inbox
        private = new_key()
        begin = self.clock.now() - timedelta(days=30)
        certificate = self_signed(private, "wrap", name=f"Behörde {key}", at=begin, days=400)
        from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = inbox.parent / "key.pem"
        path.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
        self.keys[key] = path
        hold(self.world, key, "encrypt", certificate.public_bytes(Encoding.PEM), ACTOR)

    def gateway_certificate(self) -> Path:
        """Return a file with the gateway's signing certificate."""
        path = self.home / "gateway.pem"
        path.write_bytes(self.world.keyring.signer(self.clock.now()).certificate.public_bytes(Encoding.PEM))
        return path

    def work(self) -> int:
        """Let a worker do once what is due."""
        return Worker(self.world, "test-worker").turn()


@contextmanager
def installation(home: Path, *, clock: MovingClock | None = None, **settings: Any) -> Iterator[Installation]:
    """Set an installation up below `home` and close it afterwards; Kreis Warendorf takes part with option 1."""
    chosen = replace(load(home / "state"), disk_reserve_bytes=0, **settings)
    set_up(chosen, "Bauweiche Test")
    moving = clock or MovingClock()
    world = open_world(chosen, moving)
    try:
        made = Installation(home, chosen, world, moving)
        made.takes_part(WARENDORF)
        yield made
    finally:
        world.store.close()


@asynccontextmanager
async def portal(
    installed: Installation, *, gate: Gate | None = None, **token: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Open a portal's HTTP client on the application in this process."""
    the_gate = gate or Gate()
    transport = httpx.ASGITransport(app=build_app(installed.world, gate=the_gate))
    headers = {"Authorization": f"Bearer {installed.token(**token)}"}
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers=headers) as client:
            yield client
    finally:
        the_gate.close()


def overview_pdf(size: int = 3000) -> bytes:
    """Return a small valid PDF."""
    return make_pdf(["Antragsübersicht"], size)


def announcement(*files: bytes, **changes: Any) -> dict[str, Any]:
    """Return a valid announcement to Kreis Warendorf with these files; the first is the overview (1101)."""
    octets = files or (overview_pdf(),)
    attachments = [
        {
            "file_name": "Antragsübersicht.pdf" if index == 0 else f"Plan {index}.pdf",
            "bezeichnung": "Antragsübersicht" if index == 0 else f"Plan {index}",
            "anlageart": "1101" if index == 0 else "2001",
            "size": len(file),
            "sha256": hashlib.sha256(file).hexdigest(),
            "datum": "2026-05-04",
        }
        for index, file in enumerate(octets)
    ]
    value: dict[str, Any] = {
        "municipality": BEELEN,
        "procedure": "baugenehmigung",
        "portal_reference": "p-1",
        "antrag": sample_antrag(size="minimal"),
        "attachments": attachments,
    }
    return value | changes
