"""The simulated authorities: how each takes part, its keys, its end of the way, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.demo import ends
from gateway.demo.answers import Answer, compose
from gateway.demo.ends import End, FolderEnd
from gateway.demo.identity import Identity, make_identity
from gateway.demo.reading import Read
from gateway.demo.xta_client import MailboxEnd
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option, Participation, Phase, Protection
from gateway.domain.procedure import Procedure
from gateway.flow.cases import authority_of
from gateway.flow.certificates import hold
from gateway.flow.participation import change
from gateway.ports import World

ACTOR = "operator:demo"
RECEIPT = Answer("1120", "Ihr Antrag ist eingegangen.")
WAYS = {
    "file_drop": "Ablage",
    "sftp": "SFTP",
    "soap_push": "SOAP",
    "xta_mailbox": "XTA-Postfach",
    "xta_push": "XTA-Push",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """How one simulated authority takes part, what it answers to each application, and whether it fetches at all."""

    key: str
    option: Option
    release: str = "2.6"
    adapter: str = "file_drop"
    redirect_url: str = ""
    answers: tuple[Answer, ...] = ()
    fetches: bool = True


WISHES = (
    Wish("05570000", Option.WITH_PLANS, answers=(RECEIPT, Answer("1121", file_reference="63/00412-2026"))),
    Wish("05570004", Option.WITH_PLANS, "2.4.0.1", answers=(Answer("1120", "Zu {case}: eingegangen.", forgets=True),)),
    Wish("05515000", Option.WITHOUT_PLANS, "2.4.0.1", answers=(RECEIPT,)),
    Wish("05570028", Option.REDIRECT, redirect_url="https://bauantrag.oelde.example/start"),
    Wish(
        "05915000", Option.WITH_PLANS, adapter="sftp", answers=(Answer("1100", "Das Baugrundstück liegt nicht hier."),)
    ),
    Wish("05711000", Option.WITH_PLANS, adapter="xta_mailbox", answers=(RECEIPT, Answer("1170", status="02"))),
    Wish("05315000", Option.WITH_PLANS, "2.4.0.1", adapter="xta_push"),
    Wish("05314000", Option.WITH_PLANS, adapter="soap_push"),
    Wish("05913000", Option.WITH_PLANS, fetches=False),
)


@dataclass
class FakeAuthority:
    """One authority's side: what it read, and what it answered."""

    wish: Wish
    end: End
    read: dict[str, Read] = field(default_factory=dict)
    answered: list[tuple[str, str]] = field(default_factory=list)
    times: int = 0

    def fetch(self) -> int:
        """Take everything that has come, read it, answer it, and return how much it was."""
        if not self.wish.fetches:
            return 0
        found = self.end.fetch()
        for read in found:
            self.times += 1
            self.read[read.case_number] = read
            if not read.findings:
                self._answer(read)
        return len(found)

    def _answer(self, read: Read) -> None:
        for answer in self.wish.answers:
            if self.end.answer(compose(read, answer)):
                self.answered.append((read.case_number, answer.number))


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the simulated authorities live, and the gateway's certificates that they were given."""

    home: Path
    secrets: Path
    gateway_signing: Path
    gateway_tls: Path


def set_up(world: World, stage: Stage, stack: ExitStack) -> list[FakeAuthority]:
    """Give every simulated authority keys and its end of a way, and enter how it takes part, live from today."""
    made = []
    for wish in WISHES:
        if wish.adapter == "soap_push" and not ends.EXAMPLES.is_dir():
            continue
        settings: Mapping[str, Any] = {}
        if wish.option.accepts:
            end, settings = _equip(world, stage, stack, wish)
            made.append(FakeAuthority(wish, end))
        change(world, _participation(wish, settings, world), ACTOR, "Vorführung", unapproved=True)
    for authority in made:
        if isinstance(authority.end, ends.SoapEnd):
            ends.listening(authority.end.port)
    return made


def _equip(world: World, stage: Stage, stack: ExitStack, wish: Wish) -> tuple[End, Mapping[str, Any]]:
    """Return an authority's end and the settings the gateway needs to get there."""
    key = AuthorityKey(wish.key)
    home = stage.home / wish.key
    inbox = home / "eingang"
    for folder in (inbox, home / "abgeholt", home / "geoeffnet"):
        folder.mkdir(parents=True)
    name = authority_of(world, key).title
    if wish.adapter == "file_drop":
        _sealing_key(world, key, home, name)
        return FolderEnd(inbox, home, wish.key, stage.gateway_signing), {"folder": str(inbox)}
    if wish.adapter == "sftp":
        from gateway.demo.sftp_server import USER, sftp_server

        _sealing_key(world, key, home, name)
        server = stack.enter_context(sftp_server(inbox.parent))
        secret = stage.secrets / f"sftp-{wish.key}"
        secret.touch(mode=0o600)
        secret.write_bytes(server.client_key)
        reached = {"host": "localhost", "port": server.port, "user": USER, "key": secret.name, "folder": "/eingang"}
        return FolderEnd(inbox, home, wish.key, stage.gateway_signing), reached | {"host_key": server.host_key}
    identity = make_identity(home, "tls", name, "tls")
    return _by_tls(world, stage, stack, wish, identity)


def _by_tls(
    world: World, stage: Stage, stack: ExitStack, wish: Wish, identity: Identity
) -> tuple[End, Mapping[str, Any]]:
    key = AuthorityKey(wish.key)
    certificate = identity.certificate.read_bytes()
    if wish.adapter == "xta_mailbox":
        hold(world, key, "tls", certificate, ACTOR)
        author, reader = authority_of(world, key).dvdv_key, world.policy.sender_identifier
        mailbox = MailboxEnd(author, reader, identity, stage.gateway_tls)
        stack.callback(mailbox.close)
        return mailbox, {}
    hold(world, key, "tls-anchor", certificate, ACTOR)
    if wish.adapter == "xta_push":
        from gateway.demo.xta_server import xta_server

        pushed = stack.enter_context(xta_server(identity, stage.gateway_tls))
        base = f"https://localhost:{pushed.port}/XTAService"
        return pushed, {"management_url": f"{base}/ManagementPort", "send_url": f"{base}/SendXtaPort"}
    inbox = stage.home / wish.key / "eingang"
    soap = stack.enter_context(ends.soap_server(inbox, identity, stage.gateway_tls))
    return soap, {"url": f"https://localhost:{soap.port}/uebergabe"}


def _sealing_key(world: World, key: AuthorityKey, home: Path, name: str) -> None:
    made = make_identity(home, "schluessel", name, "wrap")
    hold(world, key, "encrypt", made.certificate.read_bytes(), ACTOR)


def _participation(wish: Wish, settings: Mapping[str, Any], world: World) -> Participation:
    accepts = wish.option.accepts
    sealed = wish.adapter in ("file_drop", "sftp")
    return Participation(
        authority=AuthorityKey(wish.key),
        valid_from=world.clock.now().date() - timedelta(days=1),
        option=wish.option,
        procedures=frozenset({Procedure.BUILDING_PERMIT}) if accepts else frozenset(),
        release=wish.release if accepts else "",
        adapter=wish.adapter if accepts else "",
        settings=settings,
        protection=Protection.END_TO_END if sealed else Protection.TRANSPORT,
        phase=Phase.LIVE if accepts else Phase.NOT_CONNECTED,
        redirect_url=wish.redirect_url,
        source="Vorführung",
    )


def mailboxes(authorities: Sequence[FakeAuthority], base: str) -> None:
    """Tell the authorities that fetch by XTA where the gateway's mailbox is."""
    for authority in authorities:
        if isinstance(authority.end, MailboxEnd):
            authority.end.base = base.replace("127.0.0.1", "localhost")
