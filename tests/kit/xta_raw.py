"""An XTA client of raw bytes: a TLS socket, hand-written HTTP, SOAP and MIME; shares no code with the product."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

OSCI_ACTION = "http://www.osci.eu/ws/2008/05/transport/urn/messageTypes/"
XTA_ACTION = "http://www.xta.de/XTA/"
NAMESPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" '
    'xmlns:x="http://xoev.de/transport/xta/211" xmlns:o="http://www.osci.eu/ws/2008/05/transport" '
    'xmlns:m="http://www.osci.eu/ws/2014/10/transport" xmlns:i="http://www.w3.org/2004/08/xop/include"'
)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: header names as sent, body unchunked."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def envelope(action: str, body: str = "", *, headers: str = "", message_id: str = "urn:uuid:1") -> bytes:
    """Return a SOAP 1.2 envelope; an empty action leaves the header out."""
    named = f"<a:Action>{action}</a:Action>" if action else ""
    identity = f"<a:MessageID>{message_id}</a:MessageID>" if message_id else ""
    head = f"<s:Header>{named}{identity}{headers}</s:Header>"
    return f"<s:Envelope {NAMESPACES}>{head}<s:Body>{body}</s:Body></s:Envelope>".encode()


def author(identifier: str) -> str:
    return f'<m:Author><m:Identifier type="xoev">{identifier}</m:Identifier></m:Author>'


def multipart(
    root: bytes, parts: Sequence[tuple[str, bytes]] = (), *, boundary: str = "uuid:b0", action: str = ""
) -> tuple[str, bytes]:
    """Return content type and body of an MTOM package as JAX-WS writes it."""
    info = f'application/soap+xml; action=\\"{action}\\"' if action else "application/soap+xml"
    kind = (
        f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; '
        f'start="<rootpart*x@example.jaxws.sun.com>"; start-info="{info}"'
    )
    binary = "Content-Transfer-Encoding: binary\r\n\r\n"
    root_type = f'application/xop+xml;charset=utf-8;type="{info}"'
    head = f"--{boundary}\r\nContent-Id: <rootpart*x@example.jaxws.sun.com>\r\nContent-Type: {root_type}\r\n{binary}"
    lines = [head.encode(), root]
    for identity, data in parts:
        head = f"\r\n--{boundary}\r\nContent-Id: <{identity}>\r\nContent-Type: application/octet-stream\r\n{binary}"
        lines += [head.encode(), data]
    lines.append(f"\r\n--{boundary}--".encode())
    return kind, b"".join(lines)


def metadata(message_id: str, sender: str = "bab:05315000", extra: str = "") -> str:
    """Return a MessageMetaData header block of a reply."""
    code = '<code xmlns="">'
    return (
        "<m:MessageMetaData><m:DeliveryAttributes/>"
        f'<m:Originators><m:Author><m:Identifier type="xoev">{sender}</m:Identifier></m:Author></m:Originators>'
        '<m:Destinations><m:Reader><m:Identifier type="xoev">bap:050000000000</m:Identifier></m:Reader>'
        "</m:Destinations>"
        f"<m:MsgIdentification><a:MessageID>{message_id}</a:MessageID>{extra}</m:MsgIdentification>"
        "<m:Qualifier><m:Service>http://www.xleitstelle.de/xbau/2/6/XBau26-BAB2BH.wsdl</m:Service>"
        '<m:BusinessScenario><m:Defined listURI="urn:de:xta:codeliste:business.scenario" listVersionID="1">'
        f"{code}XBAU_DATA</code></m:Defined></m:BusinessScenario>"
        '<m:MessageType listURI="urn:de:payloadSchema:elementName" listVersionID="1.0" '
        f'payloadSchema="http://www.xleitstelle.de/xbau/2/6">{code}antragseingang.1120</code></m:MessageType>'
        "</m:Qualifier></m:MessageMetaData>"
    )


class RawClient:
    """One TLS connection that is kept."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        raw = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket = context.wrap_socket(raw, server_hostname="localhost")
        self._rest = b""

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def post(
        self,
        body: bytes,
        content_type: str = "application/soap+xml; charset=utf-8",
        *,
        port: str = "MsgBoxPort",
        headers: Iterable[str] = (),
        chunked: int = 0,
        method: str = "POST",
    ) -> Answer:
        """Send a request (`chunked`: bytes per chunk, 0 = Content-Length) and read the answer."""
        self.begin(content_type, None if chunked else len(body), port=port, headers=headers, method=method)
        if chunked:
            for at in range(0, len(body), chunked):
                piece = body[at : at + chunked]
                self.socket.sendall(b"%x\r\n" % len(piece) + piece + b"\r\n")
            self.socket.sendall(b"0\r\n\r\n")
        else:
            self.socket.sendall(body)
        return self.read()

    def begin(
        self,
        content_type: str,
        length: int | None,
        *,
        port: str = "MsgBoxPort",
        headers: Iterable[str] = (),
        method: str = "POST",
    ) -> None:
        """Send the head of a request."""
        size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        lines = [
            f"{method} /services/XTAService/{port} HTTP/1.1",
            "Host: localhost",
            f"Content-Type: {content_type}",
            size,
        ]
        self.socket.sendall("\r\n".join([*lines, *headers, "", ""]).encode())

    def read(self) -> Answer:
        """Read one answer to its end."""
        head = self._until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line))
        found = {name.lower(): value for name, value in headers}
        if found.get("transfer-encoding", "") == "chunked":
            body = b""
            while size := int(self._until(b"\r\n"), 16):
                body += self._exactly(size + 2)[:-2]
            self._until(b"\r\n")
        else:
            body = self._exactly(int(found.get("content-length", "0")))
        return Answer(int(first.split(" ")[1]), headers, body)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._rest:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self._rest += data
        found, _, self._rest = self._rest.partition(mark)
        return found

    def _exactly(self, count: int) -> bytes:
        pieces, size = [self._rest], len(self._rest)
        while size < count:
            data = self.socket.recv(1 << 18)
            if not data:
                raise EOFError
            pieces.append(data)
            size += len(data)
        whole = b"".join(pieces)
        self._rest = whole[count:]
        return whole[:count]


def split(answer: Answer) -> list[tuple[dict[str, str], bytes, bytes]]:
    """Return the parts of a package as (headers, raw head, content); the framing is checked on the way."""
    match = re.search(r'boundary="([^"]+)"', answer.header("content-type"))
    assert match, answer.header("content-type")
    mark = b"--" + match[1].encode()
    assert answer.body.startswith(mark + b"\r\n"), "the package begins with its boundary"
    assert answer.body.endswith(b"\r\n" + mark + b"--\r\n"), "and ends with the closing one"
    inner = answer.body[len(mark) + 2 : -len(mark) - 6]
    parts = []
    for piece in inner.split(b"\r\n" + mark + b"\r\n"):
        head, blank, content = piece.partition(b"\r\n\r\n")
        assert blank, "a part has a head"
        headers = dict(line.split(": ", 1) for line in head.decode("ascii").split("\r\n"))
        parts.append((headers, head, content))
    return parts
