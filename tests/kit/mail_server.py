"""A mail server on loopback by aiosmtpd, with TLS or without, and servers that say anything but the truth."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from gateway.edges.mail import Encryption, MailServer
from tests.kit.xta_tls import Identity, Pki


@dataclass
class Inbox:
    """Takes every mail, except to addresses that begin with `nobody` (never) or `later` (not now)."""

    received: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address.startswith("nobody"):
            return "550 no such mailbox"
        if address.startswith("later"):
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.received.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"


def context_of(identity: Identity) -> ssl.SSLContext:
    """Return a server context that shows an identity."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.cert, identity.key)
    return context


@contextmanager
def mail_server(
    pki: Pki, encryption: Encryption | None, identity: Identity | None = None
) -> Iterator[tuple[Inbox, MailServer]]:
    """Run a server that offers STARTTLS, TLS from the start, or (None) no encryption at all."""
    inbox = Inbox()
    context = context_of(identity or pki.server)
    more: dict[str, Any] = {}
    if encryption == "starttls":
        more = {"tls_context": context, "require_starttls": True}
    elif encryption == "implicit":
        more = {"ssl_context": context}
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), **more)
    controller.start()
    try:
        yield inbox, server_at(controller.port, pki, encryption or "starttls")
    finally:
        controller.stop()


def server_at(port: int, pki: Pki, encryption: Encryption = "starttls", patience: float = 5.0) -> MailServer:
    """Return how to reach a server on loopback."""
    return MailServer("localhost", port, encryption, "bauweiche@nrw.example", anchors=pki.anchors, patience=patience)


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server that does with each connection whatever it likes; yields its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            held.append(connection)
            with suppress(OSError):
                talk(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for connection in held:
            connection.close()
        thread.join(5)


def saying(lines: Sequence[bytes]) -> Callable[[socket.socket], None]:
    """Return a talk that sends each line after one of the other side (the first at once), then hangs up."""

    def talk(connection: socket.socket) -> None:
        for number, line in enumerate(lines):
            if number:
                connection.recv(4096)
            connection.sendall(line)
        connection.recv(4096)
        connection.close()

    return talk


def free_port() -> int:
    """Return a port nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
