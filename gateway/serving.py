"""The listening sockets of an installation: the HTTP API, and the authorities' mailbox with mutual TLS."""

from __future__ import annotations

import gc
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from socket import SO_REUSEADDR, SOL_SOCKET, socket
from typing import Any

import structlog
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.api.app import build_app
from gateway.edges.gate import Gate
from gateway.edges.http_guard import GuardedProtocol
from gateway.edges.keyring import FolderKeyring
from gateway.edges.peer_cert import PeerCertProtocol, tls_context
from gateway.edges.scanner import Clamd
from gateway.flow.desk import MailboxDesk
from gateway.ports import World
from gateway.settings import Settings

REFRESH = 2.0
"""Seconds between two looks for certificates that an operator has added meanwhile."""

BACKLOG = 2048
"""Connections that may wait to be accepted."""

Say = Callable[[str], None]

_log = structlog.get_logger("serving")


def serve(world: World, settings: Settings, port: int, say: Say) -> None:
    """Serve until a signal ends it; says `bereit: …` for each address once it is listening."""
    listening = _listen(settings.host, port)
    with _mailbox(world, settings, say):
        application: Any = build_app(world, gate=open_gate(settings), environment=settings.environment)
        _settle()
        say(f"bereit: http://{settings.host}:{listening.getsockname()[1]}")
        uvicorn.Server(_config(application)).run(sockets=[listening])


def open_gate(settings: Settings) -> Gate:
    """Return the PDF gate, with the virus scanner behind it if one is set. Raises: ConfigurationError."""
    scanner = Clamd(settings.scanner, settings.scanner_seconds) if settings.scanner else None
    return Gate(parallel=settings.gate_parallel, scanner=scanner)


def _settle() -> None:
    """Take what was loaded at the start out of the collector's rounds: it stays, and looking through it takes time."""
    gc.collect()
    gc.freeze()


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
    prefix, application = plugin.endpoint(MailboxDesk(world, "xta_mailbox"), options)
    listening = _listen(settings.mailbox_host, settings.mailbox_port)
    context = mailbox_tls(world)
    config = _config(application, http=PeerCertProtocol, ssl_context_factory=lambda *_: context, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=partial(server.run, sockets=[listening]), name="mailbox")
    stop = threading.Event()
    refresher = threading.Thread(target=_refresh, args=(world, context, stop), name="mailbox-anchors")
    thread.start()
    refresher.start()
    say(f"bereit: https://{settings.mailbox_host}:{listening.getsockname()[1]}{prefix}")
    try:
        yield
    finally:
        stop.set()
        server.should_exit = True
        thread.join()
        refresher.join()


def mailbox_tls(world: World) -> ssl.SSLContext:
    """Return the mailbox's TLS context: our TLS key, and as anchors every client certificate that is held."""
    assert isinstance(world.keyring, FolderKeyring)
    tls_file = world.keyring.tls_file(world.clock.now())
    with tempfile.NamedTemporaryFile(suffix=".pem") as anchors:
        anchors.write(_anchors(world) or tls_file.read_bytes())
        anchors.flush()
        return tls_context(tls_file, tls_file, Path(anchors.name))


def _anchors(world: World) -> bytes:
    """Return the held client certificates as PEM; which of them may act for whom is the desk's to say."""
    with world.store.reading() as tx:
        held = [certificate for _, purpose, certificate in tx.certificates.all() if purpose.startswith("tls")]
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in held)


def _refresh(world: World, context: ssl.SSLContext, stop: threading.Event) -> None:
    """Believe certificates that were added meanwhile; a removed one still shakes hands, but the desk turns it away."""
    seen = _anchors(world)
    while not stop.wait(REFRESH):
        found = _anchors(world)
        if found and found != seen:
            context.load_verify_locations(cadata=found.decode("ascii"))
            seen = found
            _log.info("client certificates reloaded")
