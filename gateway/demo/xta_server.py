"""The XTA server of a simulated authority, to which the gateway pushes: three operations over mutual TLS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

from lxml import etree

from gateway.demo.identity import Identity
from gateway.demo.reading import Read, read_clear
from gateway.demo.xta_wire import SOAP, SPACES, envelope, text, unpack
from gateway.demo.xta_wire import contents as contents_of

LIMIT = 300_000_000


@dataclass
class XtaPushEnd:
    """What the server holds; `port` is where it listens."""

    port: int = 0
    ids: set[str] = field(default_factory=set)
    arrived: dict[str, Read] = field(default_factory=dict)
    orders: dict[str, bytes] = field(default_factory=dict)
    unread: list[Read] = field(default_factory=list)

    def fetch(self) -> Sequence[Read]:
        """Return what has come since the last time."""
        new, self.unread = self.unread, []
        return new

    def answer(self, message: bytes) -> bool:  # noqa: ARG002  the way has no way back
        """Return False: answers would go through the gateway's mailbox."""
        return False

    def work(self, root: etree._Element, action: str, parts: dict[str, bytes]) -> bytes:
        """Answer one request."""
        match action.rpartition("/")[2]:
            case "CheckAccountActive":
                return envelope(action)
            case "CreateMessageID":
                identity = f"urn:de:xta:messageid:vorfuehrung:{uuid4()}"
                self.ids.add(identity)
                return envelope(action, f"<a:MessageID>{identity}</a:MessageID>")
            case "SendMessage":
                self._take(root, parts)
                return envelope(action)
            case _:
                return envelope(action, self._report(text(root, "//s:Body/a:MessageID")))

    def _take(self, root: etree._Element, parts: dict[str, bytes]) -> None:
        identity = text(root, "//m:MsgIdentification/a:MessageID")
        if identity in self.arrived or identity not in self.ids:
            return
        message, attachments = contents_of(root, parts)
        order = root.find(".//m:MessageMetaData", SPACES)
        assert order is not None
        read = read_clear(text(root, "//m:ProcessRef/m:Requester"), message, attachments)
        self.orders[identity], self.arrived[identity] = etree.tostring(order), read
        self.unread.append(read)

    def _report(self, identity: str) -> str:
        time = "<x:ReportTime>2026-01-01T00:00:00Z</x:ReportTime><x:XTAServerIdentity>demo</x:XTAServerIdentity>"
        status = "<x:MessageStatus><x:Status>1</x:Status></x:MessageStatus>"
        return f"<x:TransportReport>{self.orders[identity].decode()}{time}{status}</x:TransportReport>"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def __init__(self, end: XtaPushEnd, *args: object) -> None:
        self.end = end
        super().__init__(*args)  # type: ignore[arg-type]  # what socketserver hands on

    def do_POST(self) -> None:
        length = min(int(self.headers["Content-Length"]), LIMIT)
        body = self.rfile.read(length)
        if len(body) < length:  # it broke off: half a message is none
            raise ConnectionResetError
        root, parts = unpack(self.headers["Content-Type"], body)
        action = text(root, "//s:Header/a:Action")
        answer = self.end.work(root, action, dict(parts))
        self.send_response(200)
        self.send_header("Content-Type", SOAP)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the table at the end tells what came."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a call that broke off."""


@contextmanager
def xta_server(identity: Identity, gateway_tls: Path, end: XtaPushEnd | None = None) -> Iterator[XtaPushEnd]:
    """Serve on this machine until the block ends; only the gateway's certificate is let in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(identity.key)
    context.load_verify_locations(gateway_tls)
    context.verify_mode = ssl.CERT_REQUIRED
    end = end or XtaPushEnd()
    server = _Server(("127.0.0.1", 0), partial(_Handler, end))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    end.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="xta-authority", daemon=True)
    thread.start()
    try:
        yield end
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
