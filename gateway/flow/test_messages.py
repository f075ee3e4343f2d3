"""Test messages of the onboarding: a real 0200 in the authority's release, marked as a test, about nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from gateway.domain import codes, limits
from gateway.domain.authority import Authority, edition_on
from gateway.domain.calendar import local_date, written_date
from gateway.domain.case import TEST_MESSAGE, Case, Delivery, Part
from gateway.domain.delivery import State
from gateway.domain.errors import RoutingError
from gateway.domain.ids import AuthorityKey, MessageId, case_number, document_id
from gateway.domain.journal import Act
from gateway.domain.message import Stamp
from gateway.domain.participation import Participation, in_force
from gateway.domain.procedure import Procedure
from gateway.domain.reply import ONBOARDING
from gateway.flow import announcement as announced
from gateway.flow.announcement import ANNOUNCEMENT, OVERVIEW_KIND, Announcement, Attached
from gateway.flow.cases import authority_of, document_identity
from gateway.flow.composing import MANIFEST, MESSAGE, Composed, compose_application
from gateway.flow.proofs import named, noted, subject, without_test
from gateway.ports import Transaction, World
from gateway.seal.cipher import seal
from gateway.seal.wrap import wrap

SENT = "onboarding.test_sent"

_NOBODY = "00000000-0000-4000-8000-00000000000"


def send_test(world: World, key: AuthorityKey, actor: str, why: str) -> Delivery:
    """Queue a test message by the authority's present way; the worker carries it like any other.

    Its fate is evidence: delivered, opened, answered. The message sent before it no longer counts.

    Raises:
        RoutingError: STATE_CONFLICT unless the authority is connected at least for tests today.
        CompositionError: the message would not be valid in the authority's release.
    """
    authority = authority_of(world, key)
    with world.store.reading() as tx:
        participation = _reachable(tx, authority, local_date(world.clock.now()))
        municipality = _a_municipality(world, tx, key)
    page = _page(authority)
    asked = _announcement(municipality, page, local_date(world.clock.now()))
    content = world.chance.octets(32)
    case = _case(world, authority, participation, asked, content)
    stamp = Stamp(MessageId(str(world.chance.uuid())), world.clock.now().replace(microsecond=0))
    composed = compose_application(world, case, asked, participation, stamp)
    _put(world, case, seal(page, content, world.chance.octets(12)))
    delivery = _delivery(world, case, composed, stamp)
    small = {ANNOUNCEMENT: announced.to_bytes(asked), MESSAGE: composed.message, MANIFEST: composed.manifest}
    with world.store.writing() as tx:
        if tx.cases.by_number(case.number) is not None:  # it stands in the signed manifest and cannot be changed
            raise RoutingError(codes.STATE_CONFLICT, "Die Vorgangsnummer war schon vergeben.", "Bitte wiederholen.")
        tx.cases.add(case)
        for name, octets in small.items():
            tx.cases.put_sealed(case.id, name, seal(octets, content, world.chance.octets(12)))
        tx.deliveries.add(delivery)
        _note(world, tx, key, delivery, actor, why)
    return delivery


def _reachable(tx: Transaction, authority: Authority, on: date) -> Participation:
    found = in_force(tx.registry.history(authority.key), on)
    if found is None or not found.option.accepts or not found.phase.reachable or not found.adapter:
        raise RoutingError(
            codes.STATE_CONFLICT,
            f"{authority.name} ist am {written_date(on)} nicht angebunden; eine Testnachricht hat keinen Weg.",
            "Bitte zuerst die Angaben vervollständigen (Option 1 oder 2, Weg, XBau-Version) und „Angaben da“ setzen.",
        )
    return found


def _a_municipality(world: World, tx: Transaction, key: AuthorityKey) -> str:
    """Return a municipality of the authority, from the edition in force if it stands there."""
    first = edition_on(tx.registry.edition_plan(), local_date(world.clock.now()))
    for name in (first, *world.directory.editions):
        found = world.directory.editions[name].municipalities_of(key)
        if found:
            return found[0]
    raise RoutingError(codes.MUNICIPALITY_UNKNOWN, "Zu dieser Behörde gehört keine Gemeinde.")


def _case(
    world: World, authority: Authority, participation: Participation, asked: Announcement, content: bytes
) -> Case:
    now, reference = world.clock.now(), world.chance.uuid()
    page = asked.attachments[0]
    return Case(
        id=str(world.chance.uuid()),
        number=case_number(now.year, world.chance.uuid()),
        client=ONBOARDING,
        portal_reference="",
        municipality=asked.municipality,
        procedure=asked.procedure.value,
        authority=authority.key,
        option=participation.option.value,
        release=participation.release,
        test=True,
        reference=reference,
        state=State.ACCEPTED,
        created_at=now,
        expires_at=now + timedelta(hours=limits.DRAFT_HOURS),
        parts=(Part(0, document_id(document_identity(reference, 0)), page.size, page.sha256),),
        wrapped_key=wrap(content, world.keyring.wrapping_certificate(now), purpose_at=now),
        accepted_at=now,
        overview_sha256=page.sha256,
    )


def _put(world: World, case: Case, sealed: bytes) -> None:
    writer = world.vault.create(case.id, case.parts[0].name)
    try:
        writer.write(sealed)
        writer.commit()
    except BaseException:
        writer.abort()
        raise


def _delivery(world: World, case: Case, composed: Composed, stamp: Stamp) -> Delivery:
    return Delivery(
        message_id=stamp.message_id,
        case_id=case.id,
        case_number=case.number,
        authority=case.authority,
        kind=TEST_MESSAGE,
        number=composed.number,
        release=case.release,
        stamped_at=stamp.at,
        size=case.size + len(composed.message),
        test=True,
        state=State.ACCEPTED,
        next_at=world.clock.now(),
    )


def _note(world: World, tx: Transaction, key: AuthorityKey, delivery: Delivery, actor: str, why: str) -> None:
    now = world.clock.now()
    dossier = noted(tx.dossiers.get(key), actor, now, f"Testnachricht {delivery.case_number} eingestellt.")
    of = named(subject(tx.registry.history(key), local_date(now)), tx.certificates.held(key))
    onboarding = without_test(dossier.onboarding) if dossier.onboarding else None
    tx.dossiers.save(replace(dossier, onboarding=onboarding, test_message=delivery.message_id, test_of=of))
    facts = {"message_id": delivery.message_id, "authority": key, "release": delivery.release}
    for about in (key, delivery.case_number):
        tx.journal.append(Act(actor, SENT, about, why, facts))


def _announcement(municipality: str, page: bytes, today: date) -> Announcement:
    attached = Attached(
        file_name="Antragsübersicht Test.pdf",
        title="Antragsübersicht (Test)",
        kind=OVERVIEW_KIND,
        date=today,
        size=len(page),
        sha256=hashlib.sha256(page).hexdigest(),
    )
    return Announcement(municipality, Procedure.BUILDING_PERMIT, _antrag(), (attached,), test=True)


def _antrag() -> Mapping[str, Any]:
    """Return a building application of an invented person, with the least that every release asks for."""
    person = {
        "natuerliche_person": {
            "id": f"{_NOBODY}1",
            "name": {"anrede": "Frau", "familienname": "Testantrag", "vorname": "Erika"},
            "anschrift": {"strasse": "Testweg", "hausnummer": "1", "postleitzahl": "40213", "ort": "Düsseldorf"},
        }
    }
    parcel = {
        "bundesland": "05",
        "kodierung_flurstueck": {"gemarkung": {"nummer": "0001"}, "flur": "1", "zaehler": "1", "nenner": "1"},
    }
    return {
        "antragsteller": [person],
        "bauvorhaben": {
            "bezeichnung_des_bauvorhabens": "Testnachricht der Anbindung – kein Bauantrag",
            "beteiligte": {"bauherr": [{"bauherr": person}], "gebuehrenpflichtiger": person},
            "gegenstand": {
                "anzahl_der_gebaeude": {"anzahl_der_gebaeude_im_bauvorhaben": 1},
                "art_der_massnahme": ["11"],
            },
            "verortung": {"baugrundstueck": {"grundstueck": [{"flurstueck": [parcel]}]}},
        },
    }


def _page(authority: Authority) -> bytes:
    """Return a one-page PDF that says what it is."""
    lines = ("Testnachricht der Anbindung", f"an {authority.title}", "Dies ist kein Bauantrag.")
    shown = "".join(f"({_escaped(line)}) Tj T* " for line in lines)
    text = f"BT /F1 14 Tf 20 TL 60 780 Td {shown}ET".encode("cp1252", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    written, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, octets in enumerate(objects, start=1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, octets)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 6\n0000000000 65535 f \n" + rows + b"trailer\n<< /Size 6 /Root 1 0 R >>\n"
    return written + table + b"startxref\n%d\n%%%%EOF\n" % len(written)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
