"""uvicorn's httptools protocol with what a server on an open port needs besides: bounded heads, no endless waiting.

llhttp is strict about framing (of the corpus of smuggling attempts it lets none through), but counts nothing and waits
for ever: a head of any size is kept in memory, a connection that says a byte a minute stays. Here a head has a size and
a time, a body a least pace, and an HTTP/1.1 request exactly one plain Host and no transfer coding but chunked.
"""

from __future__ import annotations

import asyncio
import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 65_536
"""Request line and headers together, at most."""

WINDOW_BYTES = 30_000
"""A body brings this many bytes in every window; two lean windows running end the connection."""

_ONCE = (b"host", b"authorization", b"content-type", b"idempotency-key", b"transfer-encoding")
"""Said twice, two readers could believe two things."""

_HIDDEN = (b"%2f", b"%5c", b"%00")
"""Encoded separators: what stands before us and we ourselves would see two paths."""

_HOST = re.compile(rb"[A-Za-z0-9._:\[\]-]{1,260}")
_WORDS = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large"}


class Refused(Exception):
    """Ends a request from within the parser."""


class GuardedProtocol(HttpToolsProtocol):
    """Take it as `uvicorn.Config(http=GuardedProtocol)`."""

    head_seconds = 20.0
    """A head is complete this long after its connection was made or its first byte came, or there is no answer."""

    window_seconds = 30.0

    _in_head = True
    _head_bytes = 0
    _pending = 0
    _window = 0
    _lean = 0
    _status = 400
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._expect(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count, then parse."""
        if self.transport.is_closing():
            return
        if self._in_head:
            self._pending += len(data)
            if self._watch is None:
                self._expect(self.head_seconds)
        else:
            self._window += len(data)
        super().data_received(data)
        if self._in_head and self._pending > HEAD_BYTES and not self.transport.is_closing():
            self._status = 431
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Count a new head from nothing."""
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count a piece of the request line."""
        self._spend(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._spend(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Look at the head as a whole, and begin to watch the pace of the body."""
        self._in_head = False
        self._pending = self._window = self._lean = 0
        if not _is_plain(self.parser.get_http_version(), self.url, self.headers):
            raise Refused
        self._expect(self.window_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Nothing is waited for any more, until the first byte of another head."""
        self._in_head = True
        self._relax()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  the base class hands it in
        """Answer what cannot be answered otherwise, without a word about the request, and hang up."""
        self._relax()
        head = b"HTTP/1.1 %d %s\r\n" % (self._status, _WORDS[self._status])
        self.transport.write(head + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()

    def _spend(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > HEAD_BYTES:
            self._status = 431
            raise Refused

    def _expect(self, seconds: float) -> None:
        self._relax()
        self._watch = self.loop.call_later(seconds, self._overdue)

    def _relax(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _overdue(self) -> None:
        self._watch = None
        if self.transport.is_closing():
            return
        if not self._in_head:
            lean = self._window < WINDOW_BYTES and not self.flow.read_paused  # paused: it is we who are slow
            self._lean = self._lean + 1 if lean else 0
            self._window = 0
            if self._lean < 2:
                self._expect(self.window_seconds)
                return
        if self.cycle is None or self.cycle.response_complete:
            self._status = 408
            self.send_400_response("")
        else:
            self.transport.abort()  # an answer is under way or still possible: nobody may take a 408 for it


def _is_plain(version: str, url: bytes, headers: list[tuple[bytes, bytes]]) -> bool:
    """Tell whether a head leaves no doubt about whom it is for, what it asks and where it ends (RFC 9112, 3.2, 6.1)."""
    said = {name: [value for other, value in headers if other == name] for name in _ONCE}
    path = url.partition(b"?")[0].lower()
    if any(len(values) > 1 for values in said.values()) or any(hidden in path for hidden in _HIDDEN):
        return False
    hosts, codings = said[b"host"], said[b"transfer-encoding"]
    if version == "1.0":
        return not codings
    return len(hosts) == 1 and bool(_HOST.fullmatch(hosts[0])) and codings in ([], [b"chunked"])
