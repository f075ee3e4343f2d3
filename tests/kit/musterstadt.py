"""Musterstadt's REST inbox, as the third-party example adapter expects it."""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from gateway.adapter import Envelope
from gateway.adapter_contract import SampleLink, Stored, Trouble
from tests.kit.xta_tls import Pki, strict_context

_PATH = re.compile(r"/inbox/([0-9a-f-]{36})/(?:files/([A-Za-z0-9][A-Za-z0-9._-]{0,99})|(complete))")


class Musterstadt:
    """The far side of the example: `wrong` names the trouble it is in."""

    def __init__(self, folder: Path, pki: Pki) -> None:
        self.folder, self.pki = folder, pki
        self.wrong: Trouble | None = None
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        (folder / "working").mkdir(parents=True)
        (folder / "stored").mkdir()

    @contextmanager
    def running(self) -> Iterator[Musterstadt]:
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), partial(_Inbox, self))
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # broken calls are the point
        context = strict_context(self.pki.server, self.pki.anchors)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def link(self) -> SampleLink:
        return SampleLink(context=self.pki.client(self.pki.authority))

    def stored(self) -> Sequence[Stored]:
        folders = sorted((self.folder / "stored").iterdir())
        return [Stored(one.name, frozenset(_digest(file) for file in one.iterdir())) for one in folders]

    def half(self) -> Sequence[str]:
        return []

    def take(self, message_id: str) -> bool:
        return False

    def restart(self) -> None:
        self.stop()
        self.start()

    def trouble(self, kind: Trouble, envelope: Envelope) -> AbstractContextManager[object] | None:
        return self._off() if kind is Trouble.ABSENT else self._wrong(kind)

    @contextmanager
    def _off(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def _wrong(self, kind: Trouble) -> Iterator[None]:
        self.wrong = kind
        try:
            yield
        finally:
            self.wrong = None


class _Inbox(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, side: Musterstadt, *args: object) -> None:
        self.side = side
        super().__init__(*args)  # type: ignore[arg-type]  # what socketserver hands on

    def do_PUT(self) -> None:
        found = _PATH.fullmatch(self.path)
        if found is None or found[2] is None:
            self._say(400, b"Name")
            self.close_connection = True
            return
        left = int(self.headers["Content-Length"])
        target = self.side.folder / "working" / found[1]
        target.mkdir(exist_ok=True)
        with (target / found[2]).open("wb") as file:
            while left and (data := self.rfile.read(min(left, 1 << 16))):
                file.write(data)
                left -= len(data)
                if self.side.wrong is Trouble.CUT:
                    raise ConnectionResetError
        if not left:
            self._say(204)

    def do_POST(self) -> None:
        found = _PATH.fullmatch(self.path)
        if found is None or self.side.wrong is Trouble.REFUSES:
            self._say(409, b"nicht vorgesehen")
            return
        working, stored = self.side.folder / "working" / found[1], self.side.folder / "stored" / found[1]
        if stored.exists():
            shutil.rmtree(working)
        else:
            working.rename(stored)
        if self.side.wrong is Trouble.ANSWER_LOST:
            raise ConnectionResetError
        self._say(200 if self.side.wrong is Trouble.GARBAGE else 204)

    def _say(self, status: int, words: bytes = b"") -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, format: str, *args: object) -> None:
        """Tests need no log."""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
