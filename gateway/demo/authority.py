"""Simulated authorities: each has keys of its own, picks up what it is sent, and opens it with the authority's tool."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option, Participation, Phase
from gateway.domain.procedure import Procedure
from gateway.edges.keys_issue import new_key, self_signed
from gateway.flow.cases import authority_of
from gateway.flow.certificates import hold
from gateway.flow.participation import change
from gateway.ports import World

ACTOR = "operator:demo"


@dataclass(frozen=True, slots=True)
class Wish:
    """How one simulated authority takes part."""

    key: str
    option: Option
    release: str = "2.6"
    redirect_url: str = ""


WISHES = (
    Wish("05570000", Option.WITH_PLANS, "2.6"),
    Wish("05570004", Option.WITH_PLANS, "2.4.0.1"),
    Wish("05515000", Option.WITHOUT_PLANS, "2.4.0.1"),
    Wish("05570028", Option.REDIRECT, redirect_url="https://bauantrag.oelde.example/start"),
)


@dataclass
class FakeAuthority:
    """One authority's side: an inbox folder, a key, and the tool."""

    wish: Wish
    name: str
    home: Path
    gateway_certificate: Path
    opened: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def inbox(self) -> Path:
        """The folder the gateway puts messages into."""
        return self.home / "eingang"

    def fetch(self) -> int:
        """Take every complete message out of the inbox, open it, and return how many there were."""
        taken = 0
        for folder in sorted(self.inbox.iterdir()):
            if folder.name.startswith(".") or not (folder / "envelope.xml").is_file():
                continue
            mine = self.home / "abgeholt" / folder.name
            folder.rename(mine)
            self.opened[folder.name] = self._open(mine)
            taken += 1
        return taken

    def _open(self, folder: Path) -> dict[str, Any]:
        command = [sys.executable, "-m", "gateway.main", "open", str(folder), "--json"]
        command += ["--key", str(self.home / "schluessel.pem"), "--gateway", str(self.gateway_certificate)]
        command += ["--to", str(self.home / "geoeffnet" / folder.name), "--authority", self.wish.key]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own command
        if done.returncode:
            return {"ok": False, "findings": [done.stderr.strip()], "files": [], "by_post": [], "applicants": []}
        report: dict[str, Any] = json.loads(done.stdout)
        return report


def set_up(world: World, home: Path, gateway_certificate: Path) -> list[FakeAuthority]:
    """Give every simulated authority keys and an inbox, and enter how it takes part, live from today."""
    made = []
    for wish in WISHES:
        key = AuthorityKey(wish.key)
        name = authority_of(world, key).title
        authority = FakeAuthority(wish, name, home / wish.key, gateway_certificate)
        if wish.option.accepts:
            _keys(world, authority, key)
            made.append(authority)
        change(world, _participation(wish, authority.inbox, world), ACTOR, "Vorführung")
    return made


def _keys(world: World, authority: FakeAuthority, key: AuthorityKey) -> None:
    for folder in (authority.inbox, authority.home / "abgeholt", authority.home / "geoeffnet"):
        folder.mkdir(parents=True)
    private = new_key()
    at = datetime.now(UTC) - timedelta(minutes=5)
    certificate = self_signed(private, "wrap", name=authority.name, at=at, days=365)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(
        Encoding.PEM
    )
    path = authority.home / "schluessel.pem"
    path.touch(mode=0o600)
    path.write_bytes(pem)
    hold(world, key, "encrypt", certificate.public_bytes(Encoding.PEM), ACTOR)


def _participation(wish: Wish, inbox: Path, world: World) -> Participation:
    accepts = wish.option.accepts
    return Participation(
        authority=AuthorityKey(wish.key),
        valid_from=world.clock.now().date() - timedelta(days=1),
        option=wish.option,
        procedures=frozenset({Procedure.BUILDING_PERMIT}) if accepts else frozenset(),
        release=wish.release if accepts else "",
        adapter="file_drop" if accepts else "",
        settings={"folder": str(inbox)} if accepts else {},
        phase=Phase.LIVE if accepts else Phase.NOT_CONNECTED,
        redirect_url=wish.redirect_url,
        source="Vorführung",
    )
