"""Valid sample replies of an authority, for every message a portal may get and every release that has it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from lxml import etree

from gateway.domain.ids import MessageId
from gateway.domain.message import Heading, Party, Stamp
from gateway.xbau.authority import compose_reply
from gateway.xbau.detect import message_names
from gateway.xbau.official import official_schema
from gateway.xbau.reject import Ground, compose_rejection
from gateway.xbau.release import RELEASES, Release
from gateway.xbau.replies.build import MessageRef, Pen, close, open_message, refer

OFFICIAL = Path(__file__).parents[3] / "shared" / "xbau" / "official"
official_only = pytest.mark.skipif(
    not OFFICIAL.is_dir(), reason="the official XBau schemas are not beside this checkout"
)

REFERENCE = UUID("0e5a1b2c-3d4e-4f60-8a7b-9c0d1e2f3a4b")
REPLY_ID = MessageId("11111111-2222-4333-8444-555555555555")
MEANT_ID = MessageId("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
AT = datetime(2026, 11, 21, 14, 3, 7, tzinfo=UTC)
AUTHORITY = Party("bab:05315000", "Stadt Köln, Bauaufsichtsamt")
PORTAL = Party("bap:010200100000", "Bauportal.NRW")
FILE_REFERENCE = "63/B-2026/0815"
DOCUMENT_ID = "urn_uuid_f81d4fae-7dec-41d0-a765-00a0c91e6bf6"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
ABOUT = MessageRef(MEANT_ID, "0200", datetime(2026, 11, 20, 9, 0, tzinfo=UTC))
HTML = "<p>Bitte reichen Sie den Lageplan nach.</p>"
FORMELL = ("urn:xoev-de:xbau:codeliste:formellebefundeart", "2.0")

KERNEL = ("1100", "1120", "1121", "1131", "1140", "1141", "1142", "1150", "1160", "1170", "1180", "1181")
OWN = ("0201", "0203", "0205", "0206", "0602", "0901", "0912", "0953", "0955")


def heading(**changes: object) -> Heading:
    """Return the heading of a reply from the authority to the portal."""
    given: dict[str, object] = {
        "stamp": Stamp(REPLY_ID, AT),
        "addressee": PORTAL,
        "sender": AUTHORITY,
        "reference": REFERENCE,
        "file_reference": FILE_REFERENCE,
        **changes,
    }
    return Heading(**given)  # type: ignore[arg-type]  # a test helper takes any field by name


def numbers(release_name: str) -> tuple[str, ...]:
    """Return the numbers of the replies that a release has and that `sample_reply` can write."""
    release = RELEASES[release_name]
    known = {*message_names(release, kernel=False), *message_names(release, kernel=True)}
    return tuple(number for number in (*KERNEL, *OWN) if number in known)


def sample_reply(
    number: str,
    release_name: str,
    *,
    reference: UUID = REFERENCE,
    message_id: MessageId = REPLY_ID,
    test: str | None = None,
    file_reference: str | None = FILE_REFERENCE,
    about: MessageRef | None = ABOUT,
    sender: Party = AUTHORITY,
    addressee: Party = PORTAL,
    rejected: bytes = b"<kein-xbau/>",
) -> bytes:
    """Return one valid reply. `about` is the message answered, `rejected` the bytes a 1100 sends back."""
    release = RELEASES[release_name]
    head = heading(
        stamp=Stamp(message_id, AT), reference=reference, test=test, file_reference=file_reference,
        sender=sender, addressee=addressee,
    )  # fmt: skip
    if number == "1100":
        meant = about.message_id if about else None
        return compose_rejection(rejected, [Ground("X001", "Das Feld zaehler fehlt.")], head, release, meant)
    if number in ("1120", "1121", "1131", "1170"):
        return compose_reply(
            number, head, release, information=["Ihr Antrag ist eingegangen."],
            accepted=True, status="17", about=about,
        )  # fmt: skip
    if number.startswith("11"):
        root, pen = open_message(number, head, release)
    else:
        root, pen = dressed(number, head, release)
    refer(root, head, pen, about)
    BODIES[number](root, pen)
    return close(root)


def dressed(number: str, head: Heading, release: Release) -> tuple[etree._Element, Pen]:
    """Return the root of a message in XBau's own namespace: a process message dressed anew."""
    template, _ = open_message("1120", head, release)
    prefix = {"xbau": release.namespace, **{str(k): v for k, v in template.nsmap.items() if k not in ("xbau", "xbauk")}}
    root = etree.Element(f"{{{release.namespace}}}{message_names(release, kernel=False)[number]}", nsmap=prefix)
    for key, value in template.attrib.items():
        root.set(key, value)
    if release.kernel:
        root.set("standard", "XBau-Hochbau")
        root.set("version", release.name)
    root.append(template[0])
    kind = next(root.iter("nachrichtentyp"))
    kind.set("listURI", "urn:xoev-de:xbau:codeliste:xbau-nachrichten")
    next(kind.iter("code")).text = number
    return root, Pen(release, release.namespace)


def open_kernel(number: str, head: Heading, release: Release) -> tuple[etree._Element, Pen]:
    """Return the root of another message of the kernel, dressed in the same way."""
    template, pen = open_message("1120", head, release)
    name = message_names(release, kernel=True)[number]
    root = etree.Element(f"{{{release.kernel}}}{name}", nsmap=template.nsmap)
    for key, value in template.attrib.items():
        root.set(key, value)
    root.append(template[0])
    next(next(root.iter("nachrichtentyp")).iter("code")).text = number
    return root, pen


def _kernel(pen: Pen) -> Pen:
    """Return the pen for types of the kernel: unqualified, except in 2.2, which has no kernel."""
    return Pen(pen.release, "" if pen.release.kernel else pen.release.namespace)


def _words(parent: etree._Element, name: str, pen: Pen, *lines: str) -> None:
    element = pen.add(parent, name)
    for line in lines:
        _kernel(pen).add(element, "textabsatz", line)


def _formatted(parent: etree._Element, name: str, pen: Pen) -> None:
    _kernel(pen).add(pen.add(parent, name), "text", base64.b64encode(HTML.encode()).decode())


def _documents(parent: etree._Element, pen: Pen, name: str = "anlagen") -> None:
    """Append one attachment, in the form the release and the kind of message want."""
    release = pen.release
    shelf = pen.add(parent, name)
    inner = _kernel(pen)
    element = inner.add(shelf, "anlage")
    inner.add(element, "bezeichnung", "Bescheid")
    inner.add(element, "versionsnummer", "1")
    inner.add(element, "datum", "2026-11-21")
    if release.attachments == "bauvorlage":
        kind = inner.add(element, "bauvorlageart")
        inner.code(kind, "vorlageAntragstellung", "1803", "urn:xoev-de:xbau:codeliste:vorlagenantragstellung", "4.0")
        inner.code(element, "mimeType", "application/pdf", "urn:xoev-de:xbau:codeliste:xbau-mimetypes", "1.0")
        inner.add(element, "referenzPrimaerdokument", DOCUMENT_ID)
        inner.add(element, "dateinameAnhang", "Bescheid.pdf")
        return
    inner.code(element, "anlageart", "5004", *release.anlagen)
    inner.code(element, "mimeType", "application/pdf", "urn:xoev-de:xbau:codeliste:xbau-mimetypes", "1.0")
    place = inner.add(element, "anhangOderVerlinkung")
    attached = inner.add(place, "anhang", filesize="1234", hashValue=SHA256)
    inner.add(attached, "dokumentid", DOCUMENT_ID)
    inner.add(attached, "dateiname", "Bescheid.pdf")


def _findings(parent: etree._Element, pen: Pen) -> None:
    """Append one formal finding; 2.2 and 2.3.1 enumerate its kinds, each in its own way."""
    finding = pen.add(pen.add(parent, "befundliste"), "befund")
    enumerated = pen.release.header == "xinneres" and "0201" in str(parent.tag)
    own = enumerated and pen.release.unfixed_root
    pen.code(finding, "artDesBefundes", "5" if own else "05", *(() if enumerated else FORMELL))
    _words(finding, "beschreibung", pen, "Der Lageplan fehlt.")


def _formal_1140(root: etree._Element, pen: Pen) -> None:
    if pen.release.one_service:
        pen.add(root, "dokumentationVollstaendig", "false")
        parent = pen.add(root, "befundFrist")
    else:
        parent = root
    _findings(parent, pen)
    if pen.release.buildings == "element" and not pen.release.one_service:
        pen.add(root, "dokumentationVollstaendig", "false")
    pen.add(parent, "frist", "2026-12-05")
    if pen.release.one_service:
        _documents(root, pen)


def _formal_0201(root: etree._Element, pen: Pen) -> None:
    if pen.release.header == "basisnachricht":
        pen.add(root, "antragVollstaendig", "false")
        parent = pen.add(root, "befundFrist")
    else:
        parent = root
    _findings(parent, pen)
    pen.add(parent, "frist", "2026-12-05")
    _words(root, "anschreiben", pen, "Bitte reichen Sie nach.")


def _letter_1141(root: etree._Element, pen: Pen) -> None:
    _words(root, "anschreiben", pen, "Sehr geehrte Frau Muster,", "anbei Ihr Bescheid.")
    offer = pen.add(root, "angebotFuerAntwortLeser")
    link = pen.add(pen.add(offer, "linkliste"), "link")
    pen.add(link, "url", "https://bauamt.example/antwort")
    pen.add(link, "beschreibung", "Hier antworten")
    _documents(root, pen)


def _letter_1142(root: etree._Element, pen: Pen) -> None:
    _formatted(pen.add(root, "anschreiben"), "textFormatiert", pen)
    _documents(root, pen)


def _fee(root: etree._Element, pen: Pen, name: str = "gebuehrenbescheid") -> None:
    notice = pen.add(root, name)
    pen.add(notice, "istVorauszahlungsbescheid", "true")
    _words(notice, "begruendung", pen, "Gebühr nach Tarifstelle 3.1")
    costs = pen.add(notice, "kostenberechnung")
    pen.add(costs, "summe", "1250")
    payment = pen.add(notice, "zahlungsdaten")
    pen.add(payment, "iban", "DE02120300000000202051")
    pen.add(payment, "verwendungszweck", "BW 63/0815")
    _words(notice, "rechtshelfsbelehrung", pen, "Klage binnen eines Monats.")
    pen.add(root, "frist", "2026-12-31")


def _fee_1160(root: etree._Element, pen: Pen) -> None:
    misspelt = pen.release.name in ("2.4", "2.4.0.1")
    _fee(root, pen, "gebuerenbescheid" if misspelt else "gebuehrenbescheid")


def _receipt_1180(root: etree._Element, pen: Pen) -> None:
    pen.code(root, "nachrichtentyp", "0203", version="1.0")


def _decision_0205(root: etree._Element, pen: Pen) -> None:
    decision = pen.add(root, "bescheid")
    pen.add(pen.add(decision, "tenor"), "istGenehmigung", "true")
    _formatted(decision, "begruendung", pen)
    _words(decision, "rechtshelfsbelehrung", pen, "Klage binnen eines Monats.")
    _documents(root, pen)


def _hearing_0203(root: etree._Element, pen: Pen) -> None:
    _words(root, "aufforderungZurStellungnahme", pen, "Bitte äußern Sie sich.")
    if not pen.release.unfixed_root:
        pen.add(root, "frist", "2026-12-05")


def _stop(root: etree._Element, pen: Pen) -> None:
    ban = pen.add(root, "untersagung")
    pen.add(pen.add(pen.add(ban, "fehlendeUnterlagen"), "unterlage"), "bezeichnung", "Standsicherheitsnachweis")
    if pen.release.header == "xinneres":
        pen.add(ban, "anordnung", "Der Beginn wird untersagt.")
        return
    _words(ban, "anordnung", pen, "Der Beginn wird untersagt.")
    _words(root, "rechtshelfsbelehrung", pen, "Klage binnen eines Monats.")
    _documents(root, pen)


def _fetched_1181(root: etree._Element, pen: Pen) -> None:
    pen.add(root, "abrufFristgerechtErfolgt", "true")


def _refused_0912(root: etree._Element, pen: Pen) -> None:
    pen.add(root, "abnahmeErteilt", "false")


def _nothing(root: etree._Element, pen: Pen) -> None:
    """Some messages are their bezug alone."""


BODIES: dict[str, Callable[[etree._Element, Pen], None]] = {
    "1140": _formal_1140,
    "1141": _letter_1141,
    "1142": _letter_1142,
    "1150": _documents,
    "1160": _fee_1160,
    "1180": _receipt_1180,
    "1181": _fetched_1181,
    "0201": _formal_0201,
    "0203": _hearing_0203,
    "0205": _decision_0205,
    "0206": _fee,
    "0602": lambda root, pen: pen.code(root, "ergebnisDesVerfahrens", "1"),
    "0901": _stop,
    "0912": _refused_0912,
    "0953": _stop,
    "0955": _nothing,
}


def official_verdict(message: bytes, release_name: str) -> bool:
    """Tell whether the official schema takes a message."""
    return official_schema(OFFICIAL, release_name).validate(etree.fromstring(message))
