"""The listening sockets of an installation: the HTTP API, and the authorities' mailbox with mutual TLS."""

from __future__ import annotations

import gc
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from socket import SO_REUSEADDR, SOL_SOCKET, socket
from typing import Any

import structlog
import uvicorn

from gateway.api.app import build_app
from gateway.edges.gate import Gate
from gateway.edges.http_guard import GuardedProtocol
from gateway.edges.keyring import FolderKeyring
from gateway.edges.peer_cert import PeerCertProtocol
from gateway.edges.peer_tls import TurnedAway, mailbox_context
from gateway.edges.scanner import Clamd
from gateway.flow.desk import MailboxDesk
from gateway.ports import World
from gateway.settings import Settings

BACKLOG = 2048
"""Connections that may wait to be accepted."""

Say = Callable[[str], None]

_log = structlog.get_logger("serving")


def serve(world: World, settings: Settings, port: int, say: Say) -> None:
    """Serve until a signal ends it; says `bereit: …` for each address once it is listening."""
    listening = _listen(settings.host, port)
    with _mailbox(world, settings, say):
        application: Any = build_app(world, gate=open_gate(settings), environment=settings.environment, stop=_stop)
        _settle()
        say(f"bereit: http://{settings.host}:{listening.getsockname()[1]}")
        uvicorn.Server(_config(application)).run(sockets=[listening])


def open_gate(settings: Settings) -> Gate:
    """Return the PDF gate, with the virus scanner behind it if one is set. Raises: ConfigurationError."""
    scanner = Clamd(settings.scanner, settings.scanner_seconds) if settings.scanner else None
    return Gate(parallel=settings.gate_parallel, scanner=scanner)


def _settle() -> None:
    """Take what was loaded at the start out of the collector's rounds: looking through what stays makes pauses."""
    gc.collect()
    gc.freeze()


def _stop() -> None:
    """End at once: after a failed fsync nothing this process would still say could be believed (law 1)."""
    _log.error("durability lost")
    os._exit(70)


def _listen(host: str, port: int) -> socket:
    listening = socket()
    listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(BACKLOG)  # from now on a caller waits rather than being refused
    return listening


def _config(application: Any, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        **({"http": GuardedProtocol} | more),
    )


@contextmanager
def _mailbox(world: World, settings: Settings, say: Say) -> Iterator[None]:
    """Serve the mailbox beside the API, in a loop of its own, if the deployer chose a port for it."""
    plugin = world.plugins.get("xta_mailbox")
    if settings.mailbox_port is None or plugin is None or plugin.endpoint is None:
        yield
        return
    options = {"now": world.clock.now, "new_id": world.chance.uuid, "identity": settings.sender_identifier}
    desk = MailboxDesk(world, "xta_mailbox")
    prefix, application = plugin.endpoint(desk, options)
    listening = _listen(settings.mailbox_host, settings.mailbox_port)
    with ThreadPoolExecutor(1, "mailbox-journal") as clerk:
        context = mailbox_tls(world, partial(_turned_away, desk, clerk))
        config = _config(application, http=PeerCertProtocol, ssl_context_factory=lambda *_: context, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=partial(server.run, sockets=[listening]), name="mailbox")
        thread.start()
        say(f"bereit: https://{settings.mailbox_host}:{listening.getsockname()[1]}{prefix}")
        try:
            yield
        finally:
            server.should_exit = True
            thread.join()


def mailbox_tls(world: World, turned_away: TurnedAway | None = None) -> ssl.SSLContext:
    """Return the mailbox's TLS context with our TLS key; which certificate may act for whom is the desk's to say."""
    assert isinstance(world.keyring, FolderKeyring)
    return mailbox_context(world.keyring.tls_file(world.clock.now()), turned_away=turned_away)


def _turned_away(desk: MailboxDesk, clerk: ThreadPoolExecutor, fingerprint: str, why: str) -> None:
    """Journal a failed handshake without keeping the loop; that the caller holds the key was then not shown."""
    clerk.submit(desk.refuse, fingerprint, "TLS", f"{why} Ob der Aufrufer den Schlüssel hat, ist nicht erwiesen.")
