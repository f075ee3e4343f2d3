"""MessageMetaData: built with all its obligatory parts in order, read with patience for what the field sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from adapters.xta_wire.identity import read_id, wire_id
from adapters.xta_wire.names import META, WSA, element, grow

SCENARIO = "XBAU_DATA"
SCENARIO_LIST = "urn:de:xta:codeliste:business.scenario"
TYPE_LIST = "urn:de:payloadSchema:elementName"


@dataclass(frozen=True, slots=True)
class Party:
    """A party: identifier such as `bab:05315000`, friendly name, and the kind of identifier."""

    identifier: str
    name: str = ""
    kind: str = "xoev"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a transport order says about its message. Times are aware UTC; absent ones None, absent texts empty.

    `fetched_at` is the first fetch that was acknowledged; `service` the DVDV service WSDL; `root` and `namespace` the
    payload; `size` in bytes; `process` the sender's case number.
    """

    message_id: str
    author: Party
    reader: Party
    service: str
    root: str
    namespace: str
    size: int = 0
    test: bool = False
    process: str = ""
    in_reply_to: str = ""
    subject: str = ""
    origin: datetime | None = None
    delivered_at: datetime | None = None
    fetched_at: datetime | None = None


def time_text(moment: datetime) -> str:
    """Return xs:dateTime in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def build(data: Metadata) -> etree._Element:
    """Return the MessageMetaData element (OSCI message meta data 2.02), valid against its schema."""
    root = grow(
        element(META, "MessageMetaData"),
        _delivery(data),
        grow(element(META, "Originators"), party("Author", data.author)),
        grow(element(META, "Destinations"), party("Reader", data.reader)),
        _identification(data),
        _qualifier(data),
    )
    if data.size > 0:
        root.append(element(META, "MsgSize", str(data.size)))
    root.set("TestMsg", "true" if data.test else "false")
    return root


def party(name: str, who: Party) -> etree._Element:
    """Return a party element (Author, Reader …)."""
    identifier = element(META, "Identifier", who.identifier, type=who.kind or "xoev", name=who.name)
    return grow(element(META, name), identifier)


def read(root: etree._Element) -> Metadata:
    """Return what a MessageMetaData element says; whatever is missing stays empty, nothing is refused here."""
    service_type = root.find(f"{{{META}}}Qualifier/{{{META}}}MessageType")
    return Metadata(
        message_id=read_id(_text(root, "MsgIdentification", f"{{{WSA}}}MessageID")),
        author=read_party(root.find(f"{{{META}}}Originators/{{{META}}}Author")),
        reader=read_party(root.find(f"{{{META}}}Destinations/{{{META}}}Reader")),
        service=_text(root, "Qualifier", "Service"),
        root=_bare(service_type.findtext("{*}code") or service_type.findtext("code") or "")
        if service_type is not None
        else "",
        namespace=_bare(service_type.get("payloadSchema", "")) if service_type is not None else "",
        size=int(size) if (size := _text(root, "MsgSize")).isdecimal() and len(size) < 19 else 0,
        test=root.get("TestMsg", "").strip() in {"true", "1"},
        process=_text(root, "MsgIdentification", "ProcessRef", "Requester"),
        in_reply_to=read_id(_text(root, "MsgIdentification", "In-Reply-To")),
        subject=_text(root, "Qualifier", "Subject"),
    )


def read_party(node: etree._Element | None) -> Party:
    """Return the party of an Author, Reader or Sender element; an absent one is empty."""
    identifier = node.find(f"{{{META}}}Identifier") if node is not None else None
    if identifier is None:
        return Party("")
    return Party(_bare(identifier.text or ""), _bare(identifier.get("name", "")), identifier.get("type", ""))


def _delivery(data: Metadata) -> etree._Element:
    times = {"Origin": data.origin, "Delivery": data.delivered_at, "InitialFetch": data.fetched_at}
    found = (element(META, name, time_text(moment)) for name, moment in times.items() if moment is not None)
    return grow(element(META, "DeliveryAttributes"), *found)


def _identification(data: Metadata) -> etree._Element:
    node = grow(element(META, "MsgIdentification"), element(WSA, "MessageID", wire_id(data.message_id)))
    if data.in_reply_to:
        node.append(element(META, "In-Reply-To", wire_id(data.in_reply_to)))
    if data.process:
        node.append(grow(element(META, "ProcessRef"), element(META, "Requester", data.process)))
    return node


def _qualifier(data: Metadata) -> etree._Element:
    defined = _coded(element(META, "Defined", listURI=SCENARIO_LIST, listVersionID="1"), SCENARIO)
    kind = element(
        META, "MessageType", listURI=TYPE_LIST, listVersionID="1.0", payloadSchema=data.namespace or "urn:unbekannt"
    )
    node = element(META, "Qualifier")
    if data.subject:
        node.append(element(META, "Subject", data.subject))
    return grow(
        node,
        element(META, "Service", data.service),
        grow(element(META, "BusinessScenario"), defined),
        _coded(kind, data.root or "unbekannt"),
    )


def _coded(node: etree._Element, code: str) -> etree._Element:
    return grow(node, element("", "code", code))


def _text(root: etree._Element, *path: str) -> str:
    steps = "/".join(step if step.startswith("{") else f"{{{META}}}{step}" for step in path)
    return _bare(root.findtext(steps) or "")


def _bare(text: str) -> str:
    return " ".join(text.split())
