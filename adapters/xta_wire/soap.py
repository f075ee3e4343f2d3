"""SOAP 1.2 envelopes with WS-Addressing: reading what came, writing what goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from adapters.xta_wire.faults import SoapFault, XtaFault
from adapters.xta_wire.names import DS, META, OSCI, S12, WSA, XTA, element, grow
from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.xmlguard import safe_parse

ENVELOPE_LIMIT = 10_000_000
"""Bytes of one envelope: libxml2 holds no longer text anyhow; larger contents travel as MTOM parts."""

_UNDERSTOOD = frozenset({WSA, XTA, OSCI, META, DS})
_OURS = frozenset({"", f"{S12}/role/next", f"{S12}/role/ultimateReceiver"})


@dataclass(frozen=True, slots=True)
class Soap:
    """An envelope as read: `payload` is the first element of the body; `action` and `message_id` may be empty."""

    action: str
    message_id: str
    header: etree._Element | None
    body: etree._Element
    payload: etree._Element | None


def read(data: bytes) -> Soap:
    """Return the envelope in `data`.

    Raises: SoapFault (SOAP 1.1, an obligatory header block unknown to us), XtaFault 9023 (too large) or 9022
    (no XML, forbidden XML, no SOAP).
    """
    root = _parse(data)
    if root.tag != f"{{{S12}}}Envelope":
        if etree.QName(root).localname == "Envelope":
            raise SoapFault("VersionMismatch", "Nur SOAP 1.2 wird angenommen.", header=_upgrade())
        raise XtaFault("9022", "Die Anfrage ist kein SOAP-Envelope.")
    header, body = root.find(f"{{{S12}}}Header"), root.find(f"{{{S12}}}Body")
    if body is None:
        raise XtaFault("9022", "Dem SOAP-Envelope fehlt der Body.")
    if header is not None:
        _check_understood(header)
    payload = next(iter(body), None)
    return Soap(text_of(header, WSA, "Action"), text_of(header, WSA, "MessageID"), header, body, payload)


def write(
    payload: etree._Element | None,
    *,
    action: str,
    message_id: str,
    relates_to: str,
    blocks: Sequence[etree._Element] = (),
) -> bytes:
    """Return an envelope around `payload` (None: empty body) with addressing headers and further header blocks."""
    envelope = etree.Element(
        f"{{{S12}}}Envelope", nsmap={"s12": S12, "wsa": WSA, "xta": XTA, "osci": OSCI, "oscimeta": META}
    )
    header = grow(element(S12, "Header"), element(WSA, "Action", action), element(WSA, "MessageID", message_id))
    if relates_to:
        header.append(element(WSA, "RelatesTo", relates_to))
    grow(header, *blocks)
    body = element(S12, "Body")
    if payload is not None:
        body.append(payload)
    grow(envelope, header, body)
    etree.cleanup_namespaces(envelope, keep_ns_prefixes=["s12", "wsa", "q"])  # faults name them inside values
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def text_of(parent: etree._Element | None, space: str, name: str) -> str:
    """Return the stripped text of a child, or "" if it or the parent is absent."""
    child = parent.find(f"{{{space}}}{name}") if parent is not None else None
    return (child.text or "").strip() if child is not None else ""


def _parse(data: bytes) -> etree._Element:
    try:
        return safe_parse(data, limit=ENVELOPE_LIMIT)
    except SubmissionError as error:
        if error.code == codes.XML_UNSAFE and len(data) > ENVELOPE_LIMIT:
            raise XtaFault(
                "9023", f"Der SOAP-Envelope ist größer als {ENVELOPE_LIMIT} Byte; bitte MTOM verwenden."
            ) from error
        raise XtaFault("9022", error.reason) from error


def _check_understood(header: etree._Element) -> None:
    """Raise MustUnderstand for obligatory blocks meant for us that we do not know (SOAP 1.2 part 1, section 5.2.3)."""
    for block in header:
        obligatory = block.get(f"{{{S12}}}mustUnderstand", "").strip() in {"1", "true"}
        name = etree.QName(block)
        if obligatory and block.get(f"{{{S12}}}role", "") in _OURS and name.namespace not in _UNDERSTOOD:
            missing = etree.Element(f"{{{S12}}}NotUnderstood", nsmap={"s12": S12, "q": name.namespace or ""})
            missing.set("qname", f"q:{name.localname}")
            raise SoapFault("MustUnderstand", f"Der Kopfblock {name.localname} wird nicht verstanden.", header=missing)


def _upgrade() -> etree._Element:
    supported = etree.Element(f"{{{S12}}}SupportedEnvelope", nsmap={"s12": S12})
    supported.set("qname", "s12:Envelope")
    return grow(element(S12, "Upgrade"), supported)
