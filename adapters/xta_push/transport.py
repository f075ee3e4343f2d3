"""What zeep sends through: our own httpx client, XOP parts that stream, and answers read without loss.

zeep cannot send XOP and cuts line ends off binary parts it receives; here its envelope is only the root part.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from lxml import etree

from adapters.xta_push import outcomes
from adapters.xta_wire import faults, mime, soap
from adapters.xta_wire.container import include
from adapters.xta_wire.faults import SoapFault, XtaFault
from adapters.xta_wire.mime import MultipartReader, Package, Part
from adapters.xta_wire.names import S12, WSA
from gateway.adapter import Link, Unconfirmed, Unreachable
from gateway.domain.errors import DeliveryError

ANSWER_LIMIT = 5_000_000
SOAP_TYPES = frozenset({"application/soap+xml", "text/xml", "multipart/related"})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the shape zeep reads: an envelope alone."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    encoding: str = "utf-8"


class StreamingTransport:
    """Carries the calls of one zeep client; `parts` replace the `cid:` texts of its envelopes.

    `patience` is how many seconds the far side may be silent after everything was sent.
    """

    def __init__(self, link: Link, patience: float, parts: Sequence[Part] = ()) -> None:
        self._link, self._patience, self._parts = link, patience, parts

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> Answer:
        """Send the envelope with its parts and return the envelope that came back.

        Raises: XtaFault (their fault), DeliveryError (no SOAP answer).
        """
        del headers  # zeep's are for an envelope alone
        action = _action(envelope)
        body = _Body(_package(envelope, self._parts, action))
        sent = {"Content-Type": body.package.content_type, "SOAPAction": f'"{action}"', "Accept": ", ".join(SOAP_TYPES)}
        status, kind, content = self._post(address, body, sent)
        content_type = mime.read_content_type(kind)
        if content_type.media not in SOAP_TYPES or status not in {200, 400, 403, 500}:
            raise outcomes.of_status(status)
        return _read(status, _root(content_type, content))

    def _post(self, url: str, body: _Body, headers: Mapping[str, str]) -> tuple[int, str, bytes]:
        address = urlsplit(url)
        pinned = self._link.allow(url)
        host = f"[{pinned}]" if ":" in pinned else pinned
        target = address._replace(netloc=f"{host}:{address.port or 443}").geturl()
        all_headers = {
            **headers,
            "Host": address.netloc,
            "Content-Length": str(body.package.length),
            "User-Agent": "Bauweiche",
        }
        client = httpx.Client(
            verify=self._link.tls(),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(60.0, connect=30.0, read=self._patience),
        )
        names = {"sni_hostname": address.hostname}
        try:
            with client, client.stream("POST", target, content=body, headers=all_headers, extensions=names) as response:
                return response.status_code, response.headers.get("Content-Type", ""), _limited(response)
        except httpx.HTTPError as error:
            raise _failed(error, body) from error


class _Body:
    """The bytes of a package; knows whether all of them were given out."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.complete = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self.package.chunks()
        self.complete = True


def _action(envelope: etree._Element) -> str:
    """Return the action that zeep wrote into the addressing headers."""
    return soap.text_of(envelope.find(f"{{{S12}}}Header"), WSA, "Action")


def _package(envelope: etree._Element, parts: Sequence[Part], action: str) -> Package:
    known = {f"cid:{part.identity}": part for part in parts}
    for node in list(envelope.iter()):
        if isinstance(node.tag, str) and (part := known.get(node.text or "")):
            node.text = None
            node.append(include(part.identity))
    root = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
    if not parts:
        return mime.plain(root, action)
    # the envelope holds zeep's random MessageID, so nobody can foresee the boundary and put it into a file
    token = hashlib.sha256(root).hexdigest()[:32]
    return mime.package(root, parts, boundary=f"MIME_{token}", root_id=f"root.{token}@bauweiche", action=action)


class _RootPart:
    """Keeps the root part of an answer."""

    def __init__(self, start: str) -> None:
        self._start, self._seen, self._open = start, 0, False
        self.content = bytearray()

    def begin(self, headers: Mapping[str, str]) -> None:
        identity = mime.content_id(headers.get("content-id", ""))
        self._open = identity == self._start if self._start else self._seen == 0
        self._seen += 1

    def data(self, data: bytes) -> None:
        if self._open:
            self.content += data

    def end(self) -> None:
        self._open = False


def _root(content_type: mime.ContentType, content: bytes) -> bytes:
    if content_type.media != "multipart/related":
        return content
    root = _RootPart(mime.content_id(content_type.parameters.get("start", "")))
    try:
        reader = MultipartReader(content_type.parameters.get("boundary", ""), root)
        reader.feed(content)
        reader.close()
    except XtaFault as error:
        raise garbage(error.reason) from error
    return bytes(root.content)


def _read(status: int, root: bytes) -> Answer:
    try:
        answer = soap.read(root)
    except (XtaFault, SoapFault) as error:
        raise garbage(error.reason) from error
    if fault := faults.read(answer.body):
        raise fault
    if status != 200:
        raise outcomes.of_status(status)
    return Answer(status, {"Content-Type": "application/soap+xml"}, root)


def garbage(why: str) -> Unconfirmed:
    """Return the error for an answer that cannot be understood."""
    error = outcomes.make(Unconfirmed, f"Die Antwort des XTA-Servers ist nicht verständlich: {outcomes.line(why)}.")
    assert isinstance(error, Unconfirmed)
    return error


def _limited(response: httpx.Response) -> bytes:
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > ANSWER_LIMIT:
            raise garbage(f"sie ist größer als {ANSWER_LIMIT} Byte")
    return bytes(content)


def _failed(error: httpx.HTTPError, body: _Body) -> DeliveryError:
    """Nothing arrived as long as not every byte was given out; after that nobody knows, unless TLS refused us."""
    if words := _tls_words(error):
        return outcomes.make(
            Unreachable,
            f"Die TLS-Verbindung zum XTA-Server kam nicht zustande ({words}).",
            "Bitte prüfen Sie auf beiden Seiten Zertifikat, Kette und Gültigkeit.",
        )
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return outcomes.make(
            Unreachable,
            "Der XTA-Server der Behörde ist nicht zu erreichen.",
            "Bitte prüfen Sie Adresse, Port und Firewall.",
        )
    if not body.complete:
        return outcomes.make(Unreachable, "Die Verbindung brach beim Senden ab.", "Es wird erneut versucht.")
    return outcomes.make(
        Unconfirmed,
        "Nach dem Senden kam keine vollständige Antwort.",
        "Vor dem nächsten Versuch wird der Transportbericht gefragt.",
    )


def _tls_words(error: BaseException) -> str:
    """Return OpenSSL's name of what went wrong, if TLS did; an end of the stream is no such thing."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError) and not isinstance(seen, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return (seen.reason or "TLS").replace("_", " ").lower()
        seen = seen.__cause__ or seen.__context__
    return ""
