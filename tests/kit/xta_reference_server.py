"""A strict XTA server: every request must be valid against the official schemas, packed as XOP wants it.

Written for the tests of the push, independent of the mailbox: own MIME splitter, own SOAP texts. It shows what an
authority's server may do, including everything that can go wrong (`plan`).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from tests.kit import xta_official

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://www.w3.org/2005/08/addressing",
    "x": "http://xoev.de/transport/xta/211",
    "m": "http://www.osci.eu/ws/2014/10/transport",
    "i": "http://www.w3.org/2004/08/xop/include",
    "e": "http://www.w3.org/2001/04/xmlenc#",
}
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """Answer with a typed fault; `after`: do the work first."""

    exception: str
    code: str
    after: bool = False


@dataclass(frozen=True)
class Http:
    """Answer with an HTTP status and a body that is no SOAP; `after`: do the work first."""

    status: int
    body: bytes = b"<html>oops</html>"
    content_type: str = "text/html"
    after: bool = False
    location: str = ""


@dataclass(frozen=True)
class Cut:
    """Break the connection: after `read` bytes of the request, or after the work, in the middle of the answer."""

    read: int = 0
    after: bool = False


@dataclass(frozen=True)
class Stall:
    """Do the work (or not) and say nothing for long."""

    seconds: float = 1
    after: bool = True


Trouble = Fault | Http | Cut | Stall


@dataclass
class Arrived:
    """A message as it was taken: its order, attributes by content, SHA-256 of each content in order."""

    message_id: str
    order: etree._Element
    container: etree._Element
    digests: list[str]
    sizes: list[int]
    first_bytes: list[bytes]
    biggest_chunk: int


@dataclass
class ReferenceServer:
    """What it holds and how it behaves: `plan` lists, per operation, what goes wrong at the next calls."""

    status: int = 1
    reason: str = "Zustellung gescheitert"
    plan: dict[str, list[Trouble]] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    multipart_answers: bool = False
    accounts: frozenset[str] = frozenset({"bap:05000000"})

    def reset(self) -> None:
        """Forget everything; the port stays."""
        self.status, self.plan, self.multipart_answers = 1, {}, False
        for held in (self.issued, self.arrived, self.calls, self.complaints):
            held.clear()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        if scope["method"] != "POST":
            await _respond(send, 405, b"", "text/plain")
            return
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        operation = re.sub(r'.*/|"', "", headers.get("soapaction", "?"))
        self.calls.append(operation)
        waiting = self.plan.get(operation, [])
        trouble = waiting.pop(0) if waiting else None
        try:
            if trouble is None or getattr(trouble, "after", False):
                package = await _read(receive, headers)
                answer = self._work(operation, headers, package)
            elif isinstance(trouble, Cut):
                await _read_some(receive, trouble.read)
            else:
                await _drain(receive)
        except ConnectionError:
            return
        except AssertionError as error:
            self.complaints.append(str(error)[:2000])
            answer = _fault("ParameterIsNotValidException", "9022")
        if trouble is None:
            await self._answer(send, 500 if b":Fault>" in answer else 200, answer)
        else:
            await self._go_wrong(trouble, send)

    def _work(self, operation: str, headers: MutableMapping[str, str], package: Package) -> bytes:
        root = xta_official.check(package.root)
        assert root.findtext(".//a:Action", namespaces=NS) == re.sub('"', "", headers["soapaction"]), (
            "action headers differ"
        )
        assert root.findtext(".//a:MessageID", namespaces=NS), "no wsa:MessageID"
        body = root.find("s:Body", NS)
        assert body is not None
        if operation == "CheckAccountActive":
            named = root.findtext("s:Header/m:Author/m:Identifier", namespaces=NS)
            return _soap("") if named in self.accounts else _fault("PermissionDeniedException", "9012")
        if operation == "CreateMessageID":
            identity = f"urn:de:xta:messageid:musterserver:{len(self.issued) + 1:04d}"
            self.issued.append(identity)
            return _soap(f"<a:MessageID>{identity}</a:MessageID>")
        if operation == "GetTransportReport":
            return self._report(body.findtext("a:MessageID", namespaces=NS) or "")
        assert operation == "SendMessage", f"unexpected operation {operation}"
        return self._take(root, body, package)

    def _take(self, root: etree._Element, body: etree._Element, package: Package) -> bytes:
        order = root.find("s:Header/m:MessageMetaData", NS)
        assert order is not None, "no MessageMetaData"
        identity = order.findtext("m:MsgIdentification/a:MessageID", namespaces=NS) or ""
        if identity not in self.issued:
            return _fault("ParameterIsNotValidException", "9021")
        if any(found.message_id == identity for found in self.arrived):
            return _fault("ParameterIsNotValidException", "9024")
        hrefs = [node.get("href", "") for node in body.iterfind(".//i:Include", NS)]
        assert hrefs, "contents must be XOP parts"
        assert [f"cid:{name}" for name in package.names] == hrefs, "every part is named once, in order"
        assert all(re.fullmatch(r"cid:[A-Za-z0-9.-]+@[A-Za-z0-9.-]+", href) for href in hrefs), hrefs
        named = [node.get("filename") for node in body.iterfind(".//x:Attachment", NS)]
        assert len({str(name).casefold() for name in named}) == len(named), "two attachments of one name"
        ids = [node.get("id") for node in body.iterfind(".//x:Attachment", NS)]
        assert all(ids), "every attachment has an id"
        assert len(set(ids)) == len(ids), "no id twice"
        self.arrived.append(
            Arrived(identity, order, body[0], package.digests, package.sizes, package.first, package.biggest_chunk)
        )
        return _soap("")

    def _report(self, identity: str) -> bytes:
        found = next((one for one in self.arrived if one.message_id == identity), None)
        if found is None:
            return _fault("InvalidMessageIDException", "9070")
        record = (
            "<x:Timestamp>2026-11-20T10:00:00Z</x:Timestamp>"
            '<x:Code listURI="urn:test" listVersionID="1"><code>1</code></x:Code>'
            f"<x:Reason>{self.reason}</x:Reason>"
        )
        lists = {
            2: f"<x:WarnList><x:Warning>{record}</x:Warning></x:WarnList>",
            3: f"<x:ErrorList><x:Error>{record}</x:Error></x:ErrorList>",
        }
        status = f"<x:MessageStatus><x:Status>{self.status}</x:Status>{lists.get(self.status, '')}</x:MessageStatus>"
        order = etree.tostring(found.order).decode()
        time = "<x:ReportTime>2026-11-20T10:00:00+01:00</x:ReportTime>"
        server = "<x:XTAServerIdentity>muster</x:XTAServerIdentity>"
        return _soap(f"<x:TransportReport>{order}{time}{server}{status}</x:TransportReport>")

    async def _answer(self, send: Send, status: int, body: bytes) -> None:
        xta_official.check(body)
        kind = "application/soap+xml; charset=utf-8"
        if self.multipart_answers:
            kind = 'multipart/related;type="application/xop+xml";start="<r@x>";boundary=edge'
            extra = b"--edge\r\nContent-ID:<other@x>\r\n\r\nnot me\r\n"
            body = (
                extra
                + b"--edge\r\nContent-ID: <r@x>\r\nContent-Type: application/xop+xml\r\n\r\n"
                + body
                + b"\r\n--edge--"
            )
        await _respond(send, status, body, kind)

    async def _go_wrong(self, trouble: Trouble, send: Send) -> None:
        if isinstance(trouble, Fault):
            await self._answer(send, 500, _fault(trouble.exception, trouble.code))
        elif isinstance(trouble, Http):
            await _respond(send, trouble.status, trouble.body, trouble.content_type, trouble.location)
        elif isinstance(trouble, Stall):
            await asyncio.sleep(trouble.seconds)
            await _respond(send, 200, b"", "text/plain")
        else:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
            await send({"type": "http.response.body", "body": b"<s:Envelope", "more_body": True})
            raise ConnectionError("cut on purpose")


class Package:
    """Splits a request as it comes: the root is kept, of every other part size, digest and first bytes."""

    def __init__(self, content_type: str) -> None:
        match = re.search(r'boundary="([^"]+)"', content_type)
        self._mark = b"--" + match[1].encode() if match else b""
        self._start = next(iter(re.findall(r'start="<([^>]+)>"', content_type)), "")
        assert not match or content_type.startswith("multipart/related;"), content_type
        assert not match or 'type="application/xop+xml"' in content_type, "type parameter"
        assert not match or r'start-info="application/soap+xml; action=\"' in content_type, "start-info parameter"
        assert match or content_type.startswith("application/soap+xml"), content_type
        self._buffer = b""
        self._inside = False
        self._ended = not match
        self._name = ""
        self.root = b""
        self.names: list[str] = []
        self.digests: list[str] = []
        self.sizes: list[int] = []
        self.first: list[bytes] = []
        self.biggest_chunk = 0
        self._hash = hashlib.sha256()
        self._size = 0

    def feed(self, data: bytes) -> None:
        self.biggest_chunk = max(self.biggest_chunk, len(data))
        if not self._mark:
            self.root += data
            return
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        if not self._inside:
            head, blank, rest = self._buffer.partition(b"\r\n\r\n")
            if not blank:
                self._ended |= self._buffer == self._mark + b"--\r\n"
                return False
            lines = head.decode("ascii").split("\r\n")
            assert lines[0].encode() == self._mark, lines
            fields = dict(line.split(": ", 1) for line in lines[1:])
            assert fields["Content-Transfer-Encoding"] == "binary"
            self._name = fields["Content-ID"].strip("<>")
            assert bool(self.root) or self._name == self._start, "the root part comes first"
            self._buffer, self._inside = rest, True
            self._hash, self._size = hashlib.sha256(), 0
            return True
        at = self._buffer.find(b"\r\n" + self._mark)
        sure = at if at >= 0 else max(0, len(self._buffer) - len(self._mark) - 2)
        self._data(self._buffer[:sure])
        self._buffer = self._buffer[sure:]
        if at < 0:
            return False
        self._buffer, self._inside = self._buffer[2:], False
        if self._name != self._start:
            self.names.append(self._name)
            self.digests.append(self._hash.hexdigest())
            self.sizes.append(self._size)
        return True

    def _data(self, data: bytes) -> None:
        if self._name == self._start:
            self.root += data
            return
        if data and self._size == 0:
            self.first.append(data[:16])
        self._hash.update(data)
        self._size += len(data)

    def close(self) -> None:
        assert self._ended, f"the package does not end as it should: {self._buffer[-40:]!r}"


async def _read(receive: Receive, headers: MutableMapping[str, str]) -> Package:
    package = Package(headers["content-type"])
    size, more = 0, True
    while more:
        event = await receive()
        if event["type"] != "http.request":
            raise ConnectionError("the client hung up")
        package.feed(event.get("body", b""))
        size += len(event.get("body", b""))
        more = event.get("more_body", False)
    package.close()
    assert size == int(headers["content-length"]), "Content-Length"
    return package


async def _read_some(receive: Receive, count: int) -> None:
    size = 0
    while size < count:
        event = await receive()
        size += len(event.get("body", b""))
        if not event.get("more_body"):
            return


async def _drain(receive: Receive) -> None:
    while (await receive()).get("more_body"):
        pass


async def _respond(send: Send, status: int, body: bytes, content_type: str, location: str = "") -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    if location:
        headers.append((b"location", location.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _soap(body: str) -> bytes:
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
    return f"<s:Envelope {spaces}><s:Header/><s:Body>{body}</s:Body></s:Envelope>".encode()


def _fault(exception: str, code: str) -> bytes:
    listed = 'listURI="urn:de:xta:webservice:codeliste:fehlernummer" listVersionID="1.0"'
    number = f"<x:errorCode {listed}><code>{code}</code><name>So nicht</name></x:errorCode>"
    detail = f"<x:{exception}>{number}</x:{exception}>"
    reason = '<s:Reason><s:Text xml:lang="de">Grund der Gegenstelle</s:Text></s:Reason>'
    sender = "<s:Code><s:Value>s:Sender</s:Value></s:Code>"
    return _soap(f"<s:Fault>{sender}{reason}<s:Detail>{detail}</s:Detail></s:Fault>")
