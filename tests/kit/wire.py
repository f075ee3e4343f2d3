"""A wire between gateway and far side that breaks on command; it sees bytes only, as a real wire does."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

BLOCK = 1 << 16


class Break(StrEnum):
    """What the wire does to connections made meanwhile."""

    REFUSED = "refused connection"
    NO_TLS = "TLS failure"
    STALL = "stall"
    CUT = "cut in the middle"
    ANSWER_LOST = "answer lost after delivery"


@dataclass
class Wire:
    """Carries connections to a port of this machine; `after` bytes from the client count as a message under way."""

    target: int
    after: int = 60_000
    port: int = 0
    connections: int = 0
    _mode: Break | None = None
    _server: socket.socket | None = None
    _open: list[socket.socket] = field(default_factory=list)
    _release: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[Wire]:
        self._listen()
        try:
            yield self
        finally:
            self._hang_up()
            for held in self._open:
                with suppress(OSError):
                    held.close()

    @contextmanager
    def broken(self, how: Break) -> Iterator[None]:
        """Break in this way while entered."""
        self._mode, self._release = how, threading.Event()
        if how is Break.REFUSED:
            self._hang_up()
        try:
            yield
        finally:
            self._mode = None
            self._release.set()
            if how is Break.REFUSED:
                self._listen()

    def _listen(self) -> None:
        self._server = socket.create_server(("127.0.0.1", self.port))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept, so that the port is free at once
            server.close()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            self.connections += 1
            if self._mode is Break.NO_TLS:
                client.sendall(b"220 post.example ESMTP\r\n" * 8)
                _drained(client)
                continue
            far = socket.create_connection(("127.0.0.1", self.target))
            for end in (client, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [client, far]
            line = _Line(self, client, far, self._mode, self._release)
            threading.Thread(target=line.forth, daemon=True).start()
            threading.Thread(target=line.back, daemon=True).start()


@dataclass
class _Line:
    wire: Wire
    client: socket.socket
    far: socket.socket
    mode: Break | None
    release: threading.Event
    sent: int = 0

    def forth(self) -> None:
        with suppress(OSError):
            while data := self.client.recv(BLOCK):
                self.sent += len(data)
                if self.mode is Break.CUT and self.sent > self.wire.after:
                    self.far.sendall(data[: len(data) // 2])
                    _reset(self.client)
                    break
                self.far.sendall(data)
        with suppress(OSError):
            self.far.shutdown(socket.SHUT_WR)

    def back(self) -> None:
        with suppress(OSError):
            while data := self.far.recv(BLOCK):
                if self.sent > self.wire.after and self.mode is Break.ANSWER_LOST:
                    self._until_quiet()
                    _reset(self.client)
                    break
                if self.sent > self.wire.after and self.mode is Break.STALL:
                    self.release.wait(30)
                    _reset(self.client)
                    break
                self.client.sendall(data)
        with suppress(OSError):
            self.client.shutdown(socket.SHUT_WR)

    def _until_quiet(self) -> None:
        """Wait until the client has sent all: what came back so far may be TLS's own, in the middle of the message."""
        before = -1
        while before != self.sent:
            before = self.sent
            time.sleep(0.15)


def _reset(connection: socket.socket) -> None:
    """Break a connection without a word."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)


def _drained(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.settimeout(0.5)
        connection.recv(BLOCK)
    connection.close()
