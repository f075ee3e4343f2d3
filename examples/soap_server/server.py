"""The server: HTTPS with client certificates, one POST, each message stored once as a folder.

    python -m examples.soap_server.server --folder eingang --port 8443 \
        --certificate server.pem --key server.key --gateway gateway-ca.pem
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

from examples.soap_server.reading import OURS, SOAP, BadRequest, Part, Reader

LIMIT = 400_000_000
CHUNK = 1 << 18
LOG = logging.getLogger("soap_server")

Decide = Callable[[Part, list[Part]], str]
"""Looks at a message whose digests are right; returns why it is refused, or an empty text."""


class Inbox:
    """The folder in which each message becomes a folder of its own, named by its id, by one rename."""

    def __init__(self, folder: Path, decide: Decide = lambda _message, _attachments: "") -> None:
        self.folder = folder
        self._decide = decide
        self._lock = threading.Lock()

    def take(self, message: Part, attachments: list[Part], work: Path) -> tuple[str, str]:
        """Return the result and, for a refusal, the reason; "angenommen" only after everything is durable."""
        identity = message.texts["kennung"]
        final = self.folder / identity
        with self._lock:
            if final.exists():
                return "bereits angenommen", ""
            reason = self._decide(message, attachments)
            if reason:
                return "abgelehnt", reason
            facts = {part.file.name: part.texts for part in (message, *attachments)}
            with (work / "uebergabe.json").open("x", encoding="utf-8") as file:
                json.dump(facts, file, ensure_ascii=False, indent=2)
                file.flush()
                os.fsync(file.fileno())
            _settle(work)
            work.rename(final)
            _settle(self.folder)
        return "angenommen", ""


class Handler(BaseHTTPRequestHandler):
    """Answers a `POST` with the result."""

    protocol_version = "HTTP/1.1"
    timeout = 120

    def __init__(self, inbox: Inbox, *args: object) -> None:
        self.inbox = inbox
        super().__init__(*args)  # type: ignore[arg-type]  # what socketserver hands on

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > LIMIT:
            self.close_connection = True
            self.send_error(413 if length.isdigit() else 411)
            return
        work = Path(tempfile.mkdtemp(prefix=".neu-", dir=self.inbox.folder))
        reader = Reader(work)
        try:
            self.receive(reader, int(length))
            message, attachments = reader.finish()
            result, reason = self.inbox.take(message, attachments, work)
            self.answer(message.texts["kennung"], result, reason)
        except BadRequest as error:
            self.close_connection = True
            self.reply(500, _fault("Sender", str(error)))
        except OSError as error:
            self.close_connection = True
            LOG.warning("%s", error)
        finally:
            reader.close()
            shutil.rmtree(work, ignore_errors=True)

    def receive(self, reader: Reader, length: int) -> None:
        """Read the announced length; a call that ends early is no call."""
        while length:
            data = self.rfile.read(min(CHUNK, length))
            if not data:
                raise ConnectionResetError("the call ended before its announced length")
            length -= len(data)
            try:
                reader.feed(data)
            except BadRequest:
                self._drain(length)  # else the fault could be lost when the connection closes on unread bytes
                raise

    def _drain(self, length: int) -> None:
        while length and (data := self.rfile.read(min(CHUNK, length))):
            length -= len(data)

    def answer(self, identity: str, result: str, reason: str) -> None:
        """Send the result."""
        grund = f"<u:grund>{escape(reason)}</u:grund>" if reason else ""
        self.reply(
            200,
            f'<u:uebergebenErgebnis xmlns:u="{OURS}"><u:kennung>{identity}</u:kennung>'
            f"<u:ergebnis>{result}</u:ergebnis>{grund}</u:uebergebenErgebnis>",
        )

    def reply(self, status: int, body: str) -> None:
        """Send a SOAP envelope."""
        data = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Write to the log instead of the terminal."""
        LOG.info(format, *args)


class Server(ThreadingHTTPServer):
    """One thread per call; a call that breaks is one line in the log."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002  # socketserver's signature
        """Note a broken call: mostly a client without a certificate of the gateway."""
        LOG.warning("%s: %s", client_address, sys.exc_info()[1])


def _settle(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fault(code: str, words: str) -> str:
    return (
        f'<s:Fault xmlns:s="{SOAP}"><s:Code><s:Value>s:{code}</s:Value></s:Code>'
        f'<s:Reason><s:Text xml:lang="de">{escape(words)}</s:Text></s:Reason></s:Fault>'
    )


def make_server(
    inbox: Inbox, address: tuple[str, int], tls: ssl.SSLContext, handler: type[Handler] = Handler
) -> Server:
    """Return the server, listening; the TLS handshake is done in the thread of each call."""
    inbox.folder.mkdir(parents=True, exist_ok=True)
    server = Server(address, partial(handler, inbox))
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def tls_context(files: Mapping[str, Path]) -> ssl.SSLContext:
    """Return a context with our certificate that lets in only who shows one issued under `gateway`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files["certificate"], files["key"])
    context.load_verify_locations(files["gateway"])
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def main() -> None:
    parser = argparse.ArgumentParser(description="Nimmt Nachrichten des Gateways entgegen.")
    for name, words in (
        ("folder", "Eingangsordner"),
        ("certificate", "Zertifikat dieses Servers (PEM)"),
        ("key", "sein privater Schlüssel (PEM)"),
        ("gateway", "Zertifikat des Gateways oder seiner CA (PEM)"),
    ):
        parser.add_argument(f"--{name}", type=Path, required=True, help=words)
    parser.add_argument("--port", type=int, default=8443, help="Port, üblich ist 8443")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with make_server(Inbox(chosen.folder), ("", chosen.port), tls_context(vars(chosen))) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
