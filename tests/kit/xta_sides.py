"""The far sides of both XTA ways, as the adapter contract wants to see them."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from adapters.xta_mailbox import Mailbox
from adapters.xta_push import Settings
from gateway.adapter import Envelope, Handover
from gateway.adapter_contract import Stored, Trouble
from gateway.domain.ids import MessageId
from tests.kit.xta_raw import envelope as soap
from tests.kit.xta_raw import split
from tests.kit.xta_reference_server import Cut, Fault, Http, ReferenceServer
from tests.kit.xta_reference_server import Trouble as Planned
from tests.kit.xta_setting import CLOSE, FETCH, Setting, close, fetch
from tests.kit.xta_tls import Identity, Pki

_MESSAGE = re.compile(r"cid:\w+\.([0-9a-f-]{36})@")


@dataclass
class FakeLink:
    """Lends what an adapter needs; every host is the loopback."""

    pki: Pki
    who: Identity
    asked: list[str] = field(default_factory=list)
    believes: bool = True

    def tls(self, *, client: bool = True) -> ssl.SSLContext:
        return self.pki.client(self.who) if self.believes else ssl.create_default_context()

    def allow(self, url: str) -> str:
        self.asked.append(url)
        return "127.0.0.1"

    def allow_host(self, host: str, port: int) -> str:
        raise AssertionError("not asked for")

    def secret(self, name: str) -> bytes:
        raise AssertionError("not asked for")

    def author(self) -> tuple[str, str]:
        return "bap:05000000", "Bauportal.NRW"

    def now(self) -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)


@dataclass
class PushSide:
    """An authority with the strict reference server; what it has is told by the content ids."""

    server: ReferenceServer
    port: int
    absent: int = 0

    def settings(self) -> Settings:
        base = f"https://localhost:{self.absent or self.port}/"
        return Settings(management_url=base + "m", send_url=base + "s", patience=10)

    def stored(self) -> Sequence[Stored]:
        hrefs = [next(node.get("href", "") for node in one.container.iter("{*}Include")) for one in self.server.arrived]
        named = [match[1] for href in hrefs if (match := _MESSAGE.match(href))]
        return [Stored(name, frozenset(one.digests)) for name, one in zip(named, self.server.arrived, strict=True)]

    def half(self) -> Sequence[str]:
        return self.server.complaints

    def take(self, message_id: str) -> bool:
        """Let the transport report turn from open to green, if the server leaves it open at first."""
        fetched, self.server.status = self.server.status == 0, 1
        return fetched

    def restart(self) -> None:
        """What it holds is what it took; nothing else could be lost."""

    def trouble(self, kind: Trouble, envelope: Envelope) -> AbstractContextManager[object] | None:
        plans: dict[Trouble, Planned] = {
            Trouble.CUT: Cut(read=100_000),
            Trouble.ANSWER_LOST: Cut(after=True),
            Trouble.REFUSES: Fault("MessageSchemaViolationException", "9050"),
            Trouble.GARBAGE: Http(200, b"\x00", "application/soap+xml"),
        }
        return self._absent() if kind is Trouble.ABSENT else self._planned(plans[kind])

    @contextmanager
    def _planned(self, trouble: Planned) -> Iterator[None]:
        self.server.plan = {"SendMessage": [trouble]}
        yield
        self.server.plan = {}

    @contextmanager
    def _absent(self) -> Iterator[None]:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.absent = closed.getsockname()[1]
            yield
            self.absent = 0


@dataclass
class MailboxSide:
    """An authority that fetches from the mailbox with its raw client."""

    setting: Setting
    fetched: list[Stored] = field(default_factory=list)

    def stored(self) -> Sequence[Stored]:
        waiting = self.setting.desk.waiting(
            frozenset(self.setting.desk.allowed[self.setting.pki.authority.fingerprint])
        )
        return [*self.fetched, *(self._fetch(row.message_id) for row in waiting)]

    def half(self) -> Sequence[str]:
        return []

    def take(self, message_id: str) -> bool:
        self.fetched.append(self._fetch(MessageId(message_id)))
        with self.setting.connected() as client:
            return client.post(soap(CLOSE, close(message_id))).status == 200

    def restart(self) -> None:
        """Every fetch is a connection of its own."""

    def trouble(self, kind: Trouble, envelope: Envelope) -> AbstractContextManager[object] | None:
        return None

    def _fetch(self, message_id: MessageId) -> Stored:
        with self.setting.connected() as client:
            answer = client.post(soap(FETCH, fetch(message_id)))
        digests = (hashlib.sha256(content).hexdigest() for _, _, content in split(answer)[1:])
        return Stored(message_id, frozenset(digests))


@dataclass
class Carrying:
    """Delivers into the mailbox as the gateway does: what the adapter let pass lies on the desk from then on."""

    mailbox: Mailbox
    setting: Setting

    def deliver(self, envelope: Envelope) -> Handover:
        handover = self.mailbox.deliver(envelope)
        if envelope.message_id not in self.setting.desk.lying:
            self.setting.desk.lay(envelope)
        return handover
