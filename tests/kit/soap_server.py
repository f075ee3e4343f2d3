"""The example SOAP server of an authority in a thread, over mutual TLS, and what can go wrong with it."""

from __future__ import annotations

import hashlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from adapters.soap_push import Settings
from examples.soap_server.reading import Part, Reader
from examples.soap_server.server import Handler, Inbox, make_server, tls_context
from gateway.adapter import Envelope
from gateway.adapter_contract import SampleLink, Stored, Trouble
from tests.kit.xta_tls import Pki


@dataclass(slots=True)
class Faults:
    """What the server does wrong; `raw` is answered instead of the truth, `seen` keeps the last small call."""

    cut_after: int = 0
    lose_answer: bool = False
    refusal: str = ""
    raw: bytes = b""
    pause: float = 0
    seen: bytes = b""


class SoapSide:
    """The authority's service over a folder."""

    def __init__(self, folder: Path, pki: Pki) -> None:
        self.folder = folder
        self.pki = pki
        self.faults = Faults()
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @contextmanager
    def running(self) -> Iterator[SoapSide]:
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        server = make_server(Inbox(self.folder, self._decide), ("127.0.0.1", self.port), self.tls(), _with_faults(self))
        self.port = server.server_address[1]
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._server = None

    def tls(self) -> ssl.SSLContext:
        return tls_context(
            {"certificate": self.pki.server.cert, "key": self.pki.server.key, "gateway": self.pki.anchors}
        )

    def link(self) -> SampleLink:
        return SampleLink(context=self.pki.client(self.pki.authority))

    def settings(self, **changes: Any) -> Settings:
        return Settings(**({"url": f"https://localhost:{self.port}/uebergabe", "patience": 10} | changes))

    def stored(self) -> Sequence[Stored]:
        folders = [entry for entry in sorted(self.folder.iterdir()) if not entry.name.startswith(".")]
        return [Stored(entry.name, frozenset(_digests(entry))) for entry in folders]

    def half(self) -> Sequence[str]:
        folders = [entry for entry in self.folder.iterdir() if not entry.name.startswith(".")]
        return [entry.name for entry in folders if not (entry / "uebergabe.json").exists()]

    def take(self, message_id: str) -> bool:
        return False

    def restart(self) -> None:
        self.stop()
        self.start()

    def trouble(self, kind: Trouble, envelope: Envelope) -> AbstractContextManager[object] | None:
        match kind:
            case Trouble.ABSENT:
                return self._absent()
            case Trouble.CUT:
                return self.wrong(cut_after=300_000)
            case Trouble.ANSWER_LOST:
                return self.wrong(lose_answer=True)
            case Trouble.REFUSES:
                return self.wrong(refusal="nicht <zuständig> & nicht vollständig")
            case Trouble.GARBAGE:
                return self.wrong(raw=http(b"<html>Anmelden</html>", "text/html"))

    @contextmanager
    def wrong(self, **faults: Any) -> Iterator[Faults]:
        """Go wrong in this way while entered."""
        self.faults = Faults(**faults)
        try:
            yield self.faults
        finally:
            self.faults = Faults()

    @contextmanager
    def _absent(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()

    def _decide(self, message: Part, attachments: list[Part]) -> str:
        return self.faults.refusal


def http(body: bytes, media_type: str = "application/soap+xml", status: str = "200 OK") -> bytes:
    """Return a raw answer."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def _with_faults(side: SoapSide) -> type[Handler]:
    class Faulty(Handler):
        def log_message(self, format: str, *args: object) -> None:
            """Tests need no log."""

        def receive(self, reader: Reader, length: int) -> None:
            if side.faults.cut_after:
                self.rfile.read(side.faults.cut_after)
                _reset(self.connection)
                raise ConnectionResetError
            if length < 1_000_000:
                side.faults.seen = self.rfile.read(length)
                reader.feed(side.faults.seen)
            else:
                super().receive(reader, length)

        def answer(self, identity: str, result: str, reason: str) -> None:
            time.sleep(side.faults.pause)
            if side.faults.lose_answer:
                _reset(self.connection)
                self.close_connection = True
            elif side.faults.raw:
                self.wfile.write(side.faults.raw)
                self.close_connection = True
            else:
                super().answer(identity, result, reason)

    return Faulty


def _reset(connection: socket.socket) -> None:
    """Break the connection without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)


def _digests(folder: Path) -> Iterator[str]:
    for path in folder.iterdir():
        with path.open("rb") as file:
            yield hashlib.file_digest(file, "sha256").hexdigest()
