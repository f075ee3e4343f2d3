"""What a reply says beyond its header, found by the names XBau has used from 2.2 to 2.6."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import GatewayError
from gateway.domain.ids import MessageId
from gateway.xbau.codelists import codelist, newest, versions
from gateway.xbau.detect import detect
from gateway.xbau.replies.door import parse_message
from gateway.xbau.replies.header import header_element
from gateway.xbau.replies.values import Coded, Deficit, Fee, Ground, Link, Rejected, ReplyFacts
from gateway.xbau.replies.walk import (
    Faults,
    below,
    boolean_in,
    bytes_in,
    child,
    children,
    date_in,
    message_id_in,
    path_of,
    text,
)

ACCEPTANCE = {
    "1131": ("ruecknahmeAkzeptiert",),
    "0912": ("abnahmeErteilt",),
    "02x5": ("bescheid", "tenor", "istGenehmigung"),
}
"""Where a message says yes or no, by number."""

COMPLETENESS = ("dokumentationVollstaendig", "antragVollstaendig")
STATUS_LIST = "urn:xoev-de:xbau:codeliste:statusbauportal"


def read_facts(root: etree._Element, number: str, faults: Faults) -> ReplyFacts:
    """Return the facts of a reply; what its number demands and does not have is noted as a fault."""
    return ReplyFacts(
        rejected=_rejected(root, faults) if number == "1100" else None,
        accepted=_accepted(root, number, faults),
        complete=_first_boolean(root, COMPLETENESS, faults),
        fetched=_boolean(root, "abrufFristgerechtErfolgt", faults, needed=number == "1181"),
        status=_status(root, faults) if number == "1170" else None,
        outcome=coded(child(root, "ergebnisDesVerfahrens")),
        receipt_for=_receipt(root, faults) if number == "1180" else None,
        deadline=_deadline(root, faults),
        deficits=tuple(_deficits(root)),
        fee=_fee(root, faults),
        links=tuple(Link(text(link, "url"), text(link, "beschreibung")) for link in below(root, "link")),
        paragraphs=tuple(_paragraphs(root, lambda above: not above & {"befund", "rechtshelfsbelehrung"})),
        remedies=tuple(_paragraphs(root, lambda above: "rechtshelfsbelehrung" in above)),
        html=tuple(_formatted(root)),
    )


def coded(element: etree._Element | None) -> Coded | None:
    """Return a code with its list and, where we hold the list, its label; None if there is no code."""
    code = text(element, "code")
    if element is None or not code:
        return None
    uri, version = element.get("listURI", ""), element.get("listVersionID", "")
    return Coded(code, uri, version, label_of(code, uri, version) or text(element, "name"))


def label_of(code: str, uri: str, version: str) -> str:
    """Return the label of a code in its list, by the newest version we hold if we do not hold that one."""
    name = uri.rpartition(":")[2]
    held = versions(name)
    if not held:
        return ""
    return (codelist(name, version) if version in held else newest(name)).label(code)


def _rejected(root: etree._Element, faults: Faults) -> Rejected:
    data = child(root, "rueckweisungDaten")
    if data is None:
        faults.missing(root, "rueckweisungDaten")
        return Rejected((), None, None, None)
    grounds = tuple(
        Ground(text(ground, "grund", "code"), text(ground, "fehlertext"))
        for ground in children(data, "rueckweisungsgrund")
    )
    message = bytes_in(text(data, "nachricht")) or None
    identity, number = _meant(data, message)
    return Rejected(grounds, identity, number, message)


def _meant(data: etree._Element, message: bytes | None) -> tuple[MessageId | None, str | None]:
    """Return id and number of the message a 1100 means: as it says, or else as the message it carries says."""
    identity = message_id_in(text(data, "idNachricht", "nachrichtenUUID"))
    number = text(data, "idNachricht", "nachrichtentyp", "code") or None
    if identity is not None or message is None:
        return identity, number
    try:
        carried = parse_message(message)
        identification = child(header_element(carried), "identifikation.nachricht")
        return message_id_in(text(identification, "nachrichtenUUID")), detect(carried).number
    except GatewayError:  # often it was rejected just because it cannot be read
        return None, number


def _accepted(root: etree._Element, number: str, faults: Faults) -> bool | None:
    path = ACCEPTANCE.get(number) or (ACCEPTANCE["02x5"] if number[:2] == "02" and number[3] == "5" else None)
    if path is None:
        return None
    parent = child(root, *path[:-1])
    if parent is None:
        faults.missing(root, path[0])
        return None
    return _boolean(parent, path[-1], faults, needed=True)


def _first_boolean(root: etree._Element, names: tuple[str, ...], faults: Faults) -> bool | None:
    found = (_boolean(root, name, faults, needed=False) for name in names)
    return next((value for value in found if value is not None), None)


def _boolean(parent: etree._Element, name: str, faults: Faults, *, needed: bool) -> bool | None:
    element = child(parent, name)
    if element is None or not text(element):
        if needed:
            faults.missing(parent, name)
        return None
    value = boolean_in(text(element))
    if value is None:
        faults.add(codes.FIELD_INVALID, element, f"{name} muss true oder false sein.")
    return value


def _status(root: etree._Element, faults: Faults) -> Coded | None:
    status = coded(child(root, "statusAntragsportal"))
    if status is None:
        faults.missing(root, "statusAntragsportal/code")
        return None
    if status.label:
        return status
    # the list of 1170 is free (type 4); vendors that name none mean the one XBau publishes for it
    return Coded(
        status.code, status.uri, status.version, label_of(status.code, status.uri or STATUS_LIST, status.version)
    )


def _receipt(root: etree._Element, faults: Faults) -> str | None:
    number = text(root, "nachrichtentyp", "code")
    if not number:
        faults.missing(root, "nachrichtentyp/code")
    return number or None


def _deadline(root: etree._Element, faults: Faults) -> date | None:
    element = child(root, "frist")
    if element is None:
        element = child(root, "befundFrist", "frist")
    if element is None:
        element = child(root, "fristinformation")
    if element is None or not text(element):
        return None
    day = date_in(text(element))
    if day is None:
        faults.add(codes.FIELD_INVALID, element, f"Die Frist {text(element)!r} ist kein Datum.")
    return day


def _deficits(root: etree._Element) -> Iterator[Deficit]:
    """Yield formal findings (1140, 02x1), findings of law (0203) and missing documents (0901, 0911, 0953)."""
    for finding in below(root, "befund"):
        kind = coded(child(finding, "artDesBefundes")) or coded(child(finding, "rechtsbereich")) or Coded("")
        said = [text(paragraph) for paragraph in below(child(finding, "beschreibung"), "textabsatz")]
        said += [text(finding, name) for name in ("bezeichnungRegelverstoss", "begruendung")]
        yield Deficit(kind, "\n".join(line for line in said if line), text(finding, "refAnlage", "bezeichnung"))
    for paper in below(child(root, "untersagung"), "unterlage"):
        yield Deficit(Coded(""), text(paper, "erlaeuterung"), text(paper, "bezeichnung"))


def _fee(root: etree._Element, faults: Faults) -> Fee | None:
    notice = child(root, "gebuehrenbescheid")
    if notice is None:
        notice = child(root, "gebuerenbescheid")  # misspelt so in the schemas of 2.4 and 2.4.0.1
    if notice is None:
        return None
    total = text(notice, "kostenberechnung", "summe")
    amount = int(total) if total.isascii() and total.isdigit() and len(total) <= 15 else None
    if total and amount is None:
        faults.add(codes.FIELD_INVALID, f"{path_of(notice)}/kostenberechnung/summe", "Die Summe ist keine ganze Zahl.")
    return Fee(
        advance=bool(_boolean(notice, "istVorauszahlungsbescheid", faults, needed=False)),
        total=amount,
        iban=text(notice, "zahlungsdaten", "iban"),
        purpose=text(notice, "zahlungsdaten", "verwendungszweck"),
    )


def _paragraphs(root: etree._Element, wanted: Callable[[set[str]], bool]) -> Iterator[str]:
    for paragraph in below(root, "textabsatz"):
        above = {etree.QName(one).localname for one in paragraph.iterancestors()}
        if text(paragraph) and wanted(above):
            yield text(paragraph)
    order = text(root, "untersagung", "anordnung")  # not in paragraphs up to 2.3.1
    if order and wanted({"untersagung"}):
        yield order


def _formatted(root: etree._Element) -> Iterator[str]:
    """Yield the HTML bodies of formatted texts (TextFormatiert/text is base64 of UTF-8)."""
    for element in below(root, "text"):
        body = bytes_in(text(element))
        if body:
            yield body.decode("utf-8", errors="replace")
