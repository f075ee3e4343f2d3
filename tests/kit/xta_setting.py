"""A mailbox that is served over mutual TLS, and what the raw client says to it and reads from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from lxml import etree

from adapters.xta_mailbox import plugin
from gateway.adapter import Envelope
from gateway.adapter_contract.samples import sample_envelope
from gateway.domain.ids import AuthorityKey
from tests.kit import xta_official
from tests.kit.xta_desk import FakeClock, FakeDesk, FakeIds
from tests.kit.xta_raw import OSCI_ACTION, XTA_ACTION, Answer, RawClient, envelope, split
from tests.kit.xta_tls import Identity, Pki, serving

KOELN, BONN = AuthorityKey("05315000"), AuthorityKey("05314000")
NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://www.w3.org/2005/08/addressing",
    "x": "http://xoev.de/transport/xta/211",
    "o": "http://www.osci.eu/ws/2008/05/transport",
    "m": "http://www.osci.eu/ws/2014/10/transport",
    "i": "http://www.w3.org/2004/08/xop/include",
    "e": "http://www.w3.org/2001/04/xmlenc#",
}
ID = "urn:de:xta:messageid:bauweiche:"
LIST = OSCI_ACTION + "MsgBoxStatusListRequest"
FETCH = OSCI_ACTION + "MsgBoxFetchRequest"
CLOSE = OSCI_ACTION + "MsgBoxCloseRequest"
NEXT_LIST = OSCI_ACTION + "MsgBoxGetNextListRequest"
NEXT_MESSAGE = OSCI_ACTION + "MsgBoxGetNextMsgRequest"
SEND = XTA_ACTION + "SendMessage"
SOAP = "application/soap+xml"


@dataclass
class Setting:
    desk: FakeDesk
    pki: Pki
    port: int

    @contextmanager
    def connected(self, who: Identity | None = None) -> Iterator[RawClient]:
        with RawClient(self.port, self.pki.client(who or self.pki.authority)) as client:
            yield client

    def ask(self, action: str, body: str = "", *, headers: str = "", who: Identity | None = None) -> Answer:
        """Send a plain request; every answer must be valid against the official schemas."""
        with self.connected(who) as client:
            answer = client.post(envelope(action, body, headers=headers))
        judge(answer)
        return answer


def judge(answer: Answer) -> etree._Element:
    """Return the envelope of an answer, found valid by our own schemas and by the official ones if at hand."""
    data = split(answer)[0][2] if answer.header("content-type").startswith("multipart/") else answer.body
    root = etree.fromstring(data)
    xta_official.check_own(root)
    if xta_official.OFFICIAL.exists():
        xta_official.check(data)
    return root


def text(root: etree._Element, path: str) -> str:
    found = root.xpath(f"string({path})", namespaces=NS)
    assert isinstance(found, str)
    return found


def fault(answer: Answer) -> tuple[int, str, str, str]:
    """Return status, SOAP code, exception element and number of a fault."""
    root = judge(answer)
    detail = root.find(".//s:Detail/*", NS)
    name = etree.QName(detail).localname if detail is not None else ""
    return answer.status, text(root, "//s:Fault/s:Code/s:Value"), name, text(root, "//x:errorCode/code")


@contextmanager
def mailbox(pki: Pki, *, receive_limit: int = 3_000_000) -> Iterator[Setting]:
    """Serve a mailbox for three certificates: one authority's, a weak one of it, and a data centre's for two."""
    koeln = frozenset({KOELN})
    desk = FakeDesk(
        {pki.authority.fingerprint: koeln, pki.weak.fingerprint: koeln, pki.centre.fingerprint: koeln | {BONN}}
    )
    assert plugin.endpoint is not None
    options = {"now": FakeClock(), "new_id": FakeIds(), "identity": "gateway.example", "receive_limit": receive_limit}
    _, app = plugin.endpoint(desk, options)
    with serving(app, pki) as port:
        yield Setting(desk, pki, port)


def sample(number: int = 1, authority: AuthorityKey = KOELN, **more: object) -> Envelope:
    made = sample_envelope(number, protection="transport", **more)  # type: ignore[arg-type]  # passed through
    return replace(made, authority=authority, addressee=f"bab:{authority}")


def by_id(message_id: str) -> str:
    return f"<o:MsgSelector><a:MessageID>{ID}{message_id}</a:MessageID></o:MsgSelector>"


def fetch(message_id: str) -> str:
    return f"<o:MsgBoxFetchRequest>{by_id(message_id)}</o:MsgBoxFetchRequest>"


def close(*message_ids: str, request: str = "1") -> str:
    named = "".join(f"<o:LastMsgReceived>{ID}{found}</o:LastMsgReceived>" for found in message_ids)
    return f'<o:MsgBoxCloseRequest MsgBoxRequestID="{request}">{named}</o:MsgBoxCloseRequest>'


def next_of(request: str, *message_ids: str) -> str:
    named = "".join(f"<o:LastMsgReceived>{ID}{found}</o:LastMsgReceived>" for found in message_ids)
    return f'<o:MsgBoxGetNextRequest MsgBoxRequestID="{request}">{named}</o:MsgBoxGetNextRequest>'


def container(*contents: str) -> str:
    content = f"<x:ContentContainer>{''.join(contents)}</x:ContentContainer>"
    return f"<x:GenericContentContainer>{content}</x:GenericContentContainer>"


def include(name: str, cid: str, **attributes: str) -> str:
    more = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<x:{name} contentType="application/pdf"{more}><i:Include href="cid:{cid}"/></x:{name}>'


def ids_of(answer: Answer) -> list[str]:
    return [
        text(node, ".//a:MessageID").removeprefix(ID) for node in judge(answer).iterfind(".//m:MessageMetaData", NS)
    ]
