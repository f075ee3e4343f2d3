"""Submissions and headings to compose from: invented people, real structure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from gateway.domain.ids import DocumentId, MessageId, document_id
from gateway.domain.message import Document, Heading, Party, Stamp
from gateway.domain.procedure import Procedure
from tests.kit.xbau_parts import company, deviation, people, person, plot, project

KOELN = Party("bab:05315000", "Stadt Köln, Bauaufsichtsamt")
PORTAL = Party(
    "bap:050000100000", "Bauportal.NRW",
    street="Jürgensplatz", number="1", postcode="40219", town="Düsseldorf", email="poststelle@mhkbd.nrw.de",
)  # fmt: skip
REFERENCE = UUID("0f9619ff-8b86-4011-b42d-00c04fc964ff")
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def sample_antrag(procedure: Procedure = Procedure.BUILDING_PERMIT, size: str = "realistic") -> dict[str, Any]:
    """Return the JSON value of an `antrag`: `realistic` with everything people fill in, or `minimal`."""
    return BUILDERS[procedure](size != "minimal")


def sample_followup(number: str) -> dict[str, Any]:
    """Return the JSON value of a message about a running case: 0202, 1130 or 1142."""
    known: dict[str, dict[str, Any]] = {
        "0202": {"bauvorhaben_aenderungsdaten": project(True), "beantragte_abweichung": [deviation()]},
        "1130": {"information": "Der Antrag wird zurückgenommen.\nDie Finanzierung ist entfallen."},
        "1142": {"anschreiben": {"text_unformatiert": "Guten Tag,\nanbei der geänderte Lageplan."}},
    }
    return known[number]


def sample_heading(
    documents: int = 3,
    by_post: int = 0,
    test: str | None = None,
    addressee: Party = KOELN,
    file_reference: str | None = None,
) -> Heading:
    """Return a heading with that many documents, and more that follow by post."""
    return Heading(
        stamp=Stamp(MessageId("f81d4fae-7dec-41d0-a765-00a0c91e6bf6"), datetime(2026, 5, 4, 8, 30, tzinfo=UTC)),
        addressee=addressee,
        sender=PORTAL,
        reference=REFERENCE,
        documents=tuple(sample_document(index, index >= documents) for index in range(documents + by_post)),
        test=test,
        file_reference=file_reference,
    )


def sample_document(index: int, by_post: bool = False) -> Document:
    """Return the document of that number: the overview of the application first, then plans."""
    kind, title = DOCUMENTS[index % len(DOCUMENTS)]
    return Document(
        document_id=sample_document_id(index),
        title=title,
        kind=kind,
        file_name=f"{index:02d} {title}.pdf",
        date=date(2026, 5, 1),
        size=None if by_post else 120_000 + index,
        sha256=None if by_post else DIGEST,
        by_post=by_post,
    )


def sample_document_id(index: int) -> DocumentId:
    """Return the id of the document of that number."""
    return document_id(UUID(int=0x5EED << 64 | index + 1, version=4))


def _permit(full: bool) -> dict[str, Any]:
    known: dict[str, Any] = {"antragsteller": [person(full=full)], "bauvorhaben": project(full)}
    if full:
        known["antragsteller"].append(company())
        known["prozessmerkmale"] = {
            "absehen_nachbarbeteiligung_beantragt": False,
            "vorbescheid": {"vorgang": "63/V21/0815/2025", "datum": "2025-11-03"},
        }
        known["beantragte_abweichung"] = [deviation()]
        known["identitaet"] = {"quelle": "BundID", "vertrauensniveau": "substantiell"}
    return known


def _preliminary(full: bool) -> dict[str, Any]:
    question: dict[str, Any] = {"vorbescheidfrage": "Ist das Vorhaben nach § 34 BauGB zulässig?"}
    if full:
        question |= {"art_der_frage": "1", "beantragte_abweichung": [deviation()]}
    return {
        "antragsteller": [person(full=full)],
        "beantragter_vorbescheid": [question],
        "bauvorhaben": project(full),
    }


def _deviation(full: bool) -> dict[str, Any]:
    return {
        "antragsteller": [person(full=full)],
        "beantragte_abweichung": [deviation()],
        "bauvorhaben": project(full),
    }


def _partial(full: bool) -> dict[str, Any]:
    return {
        "antragsteller": [person(full=full)],
        "bezug": {"vorgang": "63/B21/0042/2026", "referenz": str(REFERENCE)},
        "bauvorhaben": project(full),
    }


def _extension(full: bool) -> dict[str, Any]:
    known: dict[str, Any] = {"antragsteller": [person(full=full)], "bezug": {"vorgang": "63/B21/0042/2023"}}
    return known | ({"begehrte_verlaengerung": "2027-12-31"} if full else {})


def _exemption(full: bool) -> dict[str, Any]:
    return {
        "anzeigender": [person(full=full)],
        "bauvorhaben": project(full),
        "als_bauantrag_weiterzufuehren": True,
    }


def _start_of_work(full: bool) -> dict[str, Any]:
    known: dict[str, Any] = {
        "bezug": {"mit_aktenzeichen": {"vorgang": "63/B21/0042/2026"}},
        "sachverhalt": {"baubeginn": {"datum": "2026-06-15"}},
        "nachweise": {"pruefung_standsicherheitsnachweis_erforderlich": True},
        "beteiligte": people(full),
    }
    return known | ({"verortung": {"baugrundstueck": {"grundstueck": [plot(True)]}}} if full else {})


def _start_of_use(full: bool) -> dict[str, Any]:
    known: dict[str, Any] = {
        "bezug": {"ohne_aktenzeichen": {"datum_genehmigung_erteilt": "2026-01-20"}},
        "sachverhalt": {"geplante_nutzungsaufnahme": {"datum": "2027-03-01"}},
        "nachweise": {
            "standsicherheit_bescheinigt": True,
            "brandschutz_bescheinigt": True,
            "gebaeude_der_klasse4": True,
            "wiederkehrende_pruefungen_erforderlich": False,
        },
    }
    return known | ({"beteiligte": people(True)} if full else {})


def _demolition(full: bool) -> dict[str, Any]:
    known: dict[str, Any] = {
        "anzeigender": [{"anzeigender": person(full=full), "art_des_anzeigenden": "8"}],
        "anzahl_der_gebaeude": {"anzahl_der_gebaeude_im_bauvorhaben": 1},
        "sachverhalt": {"grundstueck": [plot(full)], "ist_freistehend": True},
        "nachweise": {
            "standsicherheitsnachweis_durch_tragwerksplaner": False,
            "ueberwachung_durch_tragwerksplaner": False,
        },
    }
    if full:
        known["sachverhalt"] |= {"mbo_gebaeudeklasse": "2", "hoehe_der_baulichen_anlage": 7}
        known["beteiligte"] = people(True)
    return known


BUILDERS: dict[Procedure, Callable[[bool], dict[str, Any]]] = {
    Procedure.BUILDING_PERMIT: _permit,
    Procedure.PRELIMINARY_DECISION: _preliminary,
    Procedure.DEVIATION: _deviation,
    Procedure.PARTIAL_PERMIT: _partial,
    Procedure.EXTENSION: _extension,
    Procedure.PERMIT_EXEMPTION: _exemption,
    Procedure.START_OF_WORK: _start_of_work,
    Procedure.START_OF_USE: _start_of_use,
    Procedure.DEMOLITION: _demolition,
}
DOCUMENTS = (
    ("1101", "Antragsübersicht"),
    ("1803", "Lageplan"),
    ("2001", "Grundrisse"),
    ("2002", "Schnitte"),
    ("2003", "Ansichten"),
    ("1501", "Baubeschreibung"),
)
