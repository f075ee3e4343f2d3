"""Just enough XTA 2.1.1 for a simulated authority: SOAP envelopes and the parts of MTOM packages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from uuid import uuid4

from lxml import etree

from gateway.xmlguard import safe_parse

SPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://www.w3.org/2005/08/addressing",
    "x": "http://xoev.de/transport/xta/211",
    "o": "http://www.osci.eu/ws/2008/05/transport",
    "m": "http://www.osci.eu/ws/2014/10/transport",
    "i": "http://www.w3.org/2004/08/xop/include",
}
BOX = "http://www.osci.eu/ws/2008/05/transport/urn/messageTypes/"
XTA = "http://www.xta.de/XTA/"
SOAP = "application/soap+xml; charset=utf-8"

_DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items())


def envelope(action: str, body: str = "", headers: str = "") -> bytes:
    """Return a SOAP 1.2 envelope with its action and a message id."""
    head = f"<a:Action>{action}</a:Action><a:MessageID>urn:uuid:{uuid4()}</a:MessageID>{headers}"
    return f"<s:Envelope {_DECLARED}><s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>".encode()


def package(root: bytes, parts: Mapping[str, bytes], action: str) -> tuple[str, bytes]:
    """Return content type and body of an MTOM package."""
    boundary = f"MIME_{uuid4().hex}"
    info = f'application/soap+xml; action=\\"{action}\\"'
    kind = (
        f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; start="<root@x>"; start-info="{info}"'
    )
    heads = [("root@x", f'application/xop+xml; charset=UTF-8; type="{info}"', root)]
    heads += [(name, "application/octet-stream", octets) for name, octets in parts.items()]
    pieces = [
        f"--{boundary}\r\nContent-Type: {media}\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <{name}>\r\n\r\n".encode()
        + octets
        + b"\r\n"
        for name, media, octets in heads
    ]
    return kind, b"".join(pieces) + f"--{boundary}--\r\n".encode()


def unpack(content_type: str, body: bytes) -> tuple[etree._Element, Mapping[str, bytes]]:
    """Return the envelope of an answer or request, and its parts by content id."""
    match = re.search(r'boundary="([^"]+)"', content_type)
    if match is None:
        return safe_parse(body), {}
    mark = f"--{match[1]}".encode()
    parts = {}
    for piece in body.split(b"\r\n" + mark):
        head, _, content = piece.removeprefix(mark).partition(b"\r\n\r\n")
        if identity := re.search(rb"Content-ID: <([^>]+)>", head):
            parts[identity[1].decode()] = content
    start = re.search(r'start="<([^>]+)>"', content_type)
    root = parts.pop(start[1]) if start else parts.pop(next(iter(parts)))
    return safe_parse(root), parts


def text(root: etree._Element, path: str) -> str:
    """Return the text at a path, or an empty one."""
    return str(root.xpath(f"string({path})", namespaces=SPACES))


def contents(root: etree._Element, parts: Mapping[str, bytes]) -> tuple[bytes, Sequence[str]]:
    """Return the XBau message of a ContentContainer and the ids of its attachments that are really there."""
    message = parts.get(_part_of(root.find(".//x:ContentContainer/x:Message", SPACES)), b"")
    attachments = root.findall(".//x:ContentContainer/x:Attachment", SPACES)
    return message, [node.get("id", "") for node in attachments if _part_of(node) in parts]


def _part_of(node: etree._Element | None) -> str:
    include = node.find("i:Include", SPACES) if node is not None else None
    return include.get("href", "").removeprefix("cid:") if include is not None else ""
