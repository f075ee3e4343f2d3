"""The authority of the crash story on each way: what arrived there, opened with its own tools, file by file.

Everything here runs outside the process that is struck, except that folders are emptied by the story itself.
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
from lxml import etree

from adapters.xta_mailbox.app import PREFIX
from gateway.demo.ends import listening, soap_server
from gateway.demo.identity import Identity, make_identity
from gateway.demo.sftp_server import USER, sftp_server
from gateway.demo.xta_client import MailboxEnd
from gateway.demo.xta_server import XtaPushEnd, xta_server
from gateway.demo.xta_wire import SPACES, envelope, text
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option, Protection
from gateway.flow.cases import authority_of
from gateway.flow.certificates import hold
from gateway.seal.envelope import open_envelope
from gateway.seal.keys import read_private_key
from gateway.seal.trust import Trust
from tests.kit.installation import ACTOR, MUENSTER, WARENDORF, Installation
from tests.kit.ways import tls_certificate

UNKNOWN = (
    '<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="de">Unbekannt</s:Text></s:Reason>'
    '<s:Detail><x:InvalidMessageIDException><x:errorCode listURI="urn:de:xta:webservice:codeliste:fehlernummer"'
    ' listVersionID="1.0"><code>9070</code><name>Unbekannt</name></x:errorCode></x:InvalidMessageIDException>'
    "</s:Detail></s:Fault>"
)
WAYS = ("file_drop", "sftp", "soap_push", "xta_push", "xta_mailbox")
OPTIONS = ("1", "2")
PATIENCE = 5
"""Seconds the gateway waits for these authorities."""


@dataclass(frozen=True)
class Arrived:
    """One message as the authority found it: its XBau XML, SHA-256 of each attachment, what was wrong with it."""

    message: bytes
    digests: frozenset[str]
    findings: tuple[str, ...] = ()


class End(Protocol):
    """What an authority has received, each message once as its own software would keep it."""

    def arrived(self) -> Sequence[Arrived]: ...

    def reset(self) -> None: ...


def digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


@dataclass(frozen=True)
class FolderEnd:
    """Sealed folders that were taken out of the inbox, opened as `bauweiche open` does."""

    home: Path
    key: AuthorityKey
    taken: Path

    def arrived(self) -> Sequence[Arrived]:
        return [open_sealed(self.home, folder, self.key) for folder in sorted(self.taken.iterdir())]

    def reset(self) -> None:
        """Everything lies below the home, which is restored."""


def open_sealed(home: Path, folder: Path, authority: AuthorityKey) -> Arrived:
    """Open a sealed folder with the authority's key and the gateway's certificate."""
    key = read_private_key((home / "authorities" / authority / "key.pem").read_bytes())
    trust = Trust.of((home / "gateway.pem").read_bytes())
    target = home / "opened" / authority / folder.name
    opened = open_envelope(folder, [key], trust, datetime.now(UTC), target=target, addressee=authority)
    digests = frozenset(file.sha256 for file in opened.files if file.role == "attachment" and file.ok)
    return Arrived(opened.message, digests, tuple(finding.detail for finding in opened.findings))


@dataclass(frozen=True)
class SoapEnd:
    """The folder into which the example SOAP server puts messages."""

    folder: Path

    def arrived(self) -> Sequence[Arrived]:
        return [self._read(path) for path in sorted(self.folder.iterdir()) if not path.name.startswith(".")]

    def reset(self) -> None:
        """The folder is restored."""

    def _read(self, folder: Path) -> Arrived:
        facts = json.loads((folder / "uebergabe.json").read_text(encoding="utf-8"))
        attachments = [
            name for name, part in facts.items() if name != "nachricht.xml" and part["kennung"] != "manifest"
        ]
        digests = frozenset(digest((folder / name).read_bytes()) for name in attachments)
        return Arrived((folder / "nachricht.xml").read_bytes(), digests)


@dataclass
class PushEnd(XtaPushEnd):
    """The XTA server of the authority; keeps every message id it took once, as XTA wants."""

    taken: dict[str, Arrived] = field(default_factory=dict)

    def work(self, root: etree._Element, action: str, parts: dict[str, bytes]) -> bytes:
        identity = text(root, "//m:MsgIdentification/a:MessageID")
        if action.endswith("SendMessage") and identity in self.ids:
            self.taken.setdefault(identity, container(root, parts))
        if action.endswith("GetTransportReport") and text(root, "//s:Body/a:MessageID") not in self.orders:
            return envelope(action, UNKNOWN)
        return super().work(root, action, parts)

    def received(self) -> Sequence[Arrived]:
        return list(self.taken.values())


@dataclass(frozen=True)
class Pushed:
    """The far end of a push, as an end."""

    server: PushEnd

    def arrived(self) -> Sequence[Arrived]:
        return self.server.received()

    def reset(self) -> None:
        self.server.taken.clear()


def container(root: etree._Element, parts: Mapping[str, bytes]) -> Arrived:
    """Return what a content container holds."""
    message = b""
    digests = []
    for node in root.iterfind(".//x:ContentContainer/*", SPACES):
        include = node.find("i:Include", SPACES)
        octets = parts[include.get("href", "").removeprefix("cid:")] if include is not None else b""
        if etree.QName(node).localname == "Message":
            message = octets
        else:
            digests.append(digest(octets))
    return Arrived(message, frozenset(digests))


@dataclass
class MailboxClient(MailboxEnd):
    """Lists, fetches and closes by XTA; what it fetched before it could close is fetched again and kept once."""

    taken: dict[str, Arrived] = field(default_factory=dict)

    def _call(
        self, port: str, action: str, body: str, header: str = "", parts: Mapping[str, bytes] | None = None
    ) -> tuple[etree._Element, Mapping[str, bytes]]:
        root, received = super()._call(port, action, body, header, parts)
        if action.endswith("MsgBoxFetchRequest"):
            self.taken[text(root, "//m:MsgIdentification/a:MessageID")] = container(root, received)
        return root, received


@dataclass
class Mailbox:
    """An authority's client that never stops asking, and its ledger."""

    client: MailboxClient
    pause: float = 0.02
    stop: threading.Event = field(default_factory=threading.Event)

    def arrived(self) -> Sequence[Arrived]:
        return list(self.client.taken.values())

    def reset(self) -> None:
        self.client.taken.clear()

    def run(self) -> None:
        while not self.stop.wait(self.pause):
            try:
                self.client.fetch()
            except (httpx.HTTPError, etree.Error, KeyError, OSError):  # the gateway died in the middle: ask again
                self.client.close()
                self.client._http.clear()


Through = Callable[[int], int]
"""Returns the port to use for a port of this machine: the same, or that of something lossy in between."""


@dataclass(frozen=True)
class Place:
    """Where an authority's end is to stand."""

    installed: Installation
    key: AuthorityKey
    stack: ExitStack
    mailbox: int = 0
    pause: float = 0.02
    through: Through = lambda port: port
    apart: Path | None = None
    """Where a server of the authority keeps its things, if not beside the gateway's."""

    @property
    def home(self) -> Path:
        return self.installed.home / "authorities" / self.key

    def taken(self) -> Path:
        """Return the folder into which the authority takes what it finds."""
        folder = self.home / "taken"
        folder.mkdir(exist_ok=True)
        return folder

    def identity(self, purpose: Literal["tls", "tls-anchor"]) -> Identity:
        """Return a TLS key of the authority, whose certificate the gateway holds for a purpose."""
        made = make_identity(self.home, f"tls-{purpose}", f"Behörde {self.key}", "tls")
        hold(self.installed.world, self.key, purpose, made.certificate.read_bytes(), ACTOR)
        return made


@contextmanager
def equipped(installed: Installation, way: str, option: str, mailbox_port: int = 0) -> Iterator[End]:
    """Let Kreis Warendorf take part by this way with this option, and a neighbour who must get nothing."""
    installed.takes_part(MUENSTER)
    with ExitStack() as stack:
        yield settled(Place(installed, WARENDORF, stack, mailbox_port), way, option)


def settled(place: Place, way: str, option: str) -> End:
    """Let an authority take part by a way with an option from today on, and return its end."""
    installed, key = place.installed, place.key
    installed.takes_part(key)  # equips it with a folder and a key; the way follows
    installed.gateway_certificate()
    end, given, sealed = _MAKERS[way](place)
    protection = Protection.END_TO_END if sealed else Protection.TRANSPORT
    installed.takes_part(key, option=Option(option), adapter=way, settings=given, protection=protection)
    return end


Made = tuple[End, Mapping[str, Any], bool]


def _file_drop(place: Place) -> Made:
    inbox = place.installed.inboxes[place.key]
    return FolderEnd(place.installed.home, place.key, place.taken()), {"folder": str(inbox)}, True


def _sftp(place: Place) -> Made:
    inbox = place.installed.inboxes[place.key]
    server = place.stack.enter_context(sftp_server(inbox.parent))
    secret = place.installed.settings.state / "secrets" / f"sftp-{place.key}"
    secret.touch(mode=0o600)
    secret.write_bytes(server.client_key)
    port = place.through(server.port)
    reached = {"host": "localhost", "port": port, "user": USER, "key": secret.name, "folder": f"/{inbox.name}"}
    end = FolderEnd(place.installed.home, place.key, place.taken())
    return end, reached | {"host_key": server.host_key, "patience": PATIENCE}, True


def _soap_push(place: Place) -> Made:
    folder = (place.apart or place.home) / f"soap-{place.key}" / "inbox"
    folder.mkdir(parents=True)
    made = place.identity("tls-anchor")
    server = place.stack.enter_context(soap_server(folder, made, tls_certificate(place.installed)))
    listening(server.port)
    url = f"https://localhost:{place.through(server.port)}/uebergabe"
    return SoapEnd(folder), {"url": url, "patience": PATIENCE}, False


def _xta_push(place: Place) -> Made:
    made = place.identity("tls-anchor")
    server = PushEnd()
    place.stack.enter_context(xta_server(made, tls_certificate(place.installed), server))
    base = f"https://localhost:{place.through(server.port)}/"
    return Pushed(server), {"management_url": base + "m", "send_url": base + "s", "patience": PATIENCE}, False


def _xta_mailbox(place: Place) -> Made:
    made, world = place.identity("tls"), place.installed.world
    author, reader = authority_of(world, place.key).dvdv_key, world.policy.sender_identifier
    base = f"https://localhost:{place.mailbox}{PREFIX}"
    end = Mailbox(MailboxClient(author, reader, made, tls_certificate(place.installed), base), place.pause)
    thread = threading.Thread(target=end.run, daemon=True)
    thread.start()
    place.stack.callback(thread.join)
    place.stack.callback(end.stop.set)
    return end, {}, False


_MAKERS = {
    "file_drop": _file_drop,
    "sftp": _sftp,
    "soap_push": _soap_push,
    "xta_push": _xta_push,
    "xta_mailbox": _xta_mailbox,
}


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
