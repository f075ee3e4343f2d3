"""What a composed message must be beyond its schema, and what is refused with which words."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import CompositionError, SubmissionError
from gateway.domain.procedure import Procedure
from gateway.xbau.compose import (
    compose,
    compose_followup,
    faults_for,
    followup_faults,
    losses,
    parse_antrag,
    parse_followup,
)
from gateway.xbau.release import RELEASES, release
from gateway.xbau.schema import message, messages, validator
from tests.kit.xbau_built import built, changed, faults, find
from tests.kit.xbau_parts import company, person
from tests.kit.xbau_samples import sample_antrag, sample_followup, sample_heading

G2G = "{http://xoev.de/schemata/basisnachricht/g2g/1_1}"
NEWEST = release("2.6")
EVERY = pytest.mark.parametrize("name", list(RELEASES))
ANTRAG = sample_antrag()


# --- the message


@EVERY
def test_the_message_names_itself_as_its_root_does(name: str) -> None:
    root = built(name)
    assert find(root, "identifikation.nachricht/nachrichtentyp/code")[0].text == "0200"
    assert root.tag == f"{{{release(name).namespace}}}baugenehmigung.antrag.0200"


@EVERY
def test_there_is_never_a_default_namespace(name: str) -> None:
    assert all(None not in element.nsmap for element in built(name).iter())


@EVERY
def test_no_element_is_empty(name: str) -> None:
    value = changed(lambda v: v["bauvorhaben"]["verortung"]["baugrundstueck"]["grundstueck"][0].update(anschrift=[{}]))
    leaves = [leaf for leaf in built(name, value).iter() if len(leaf) == 0]
    assert [leaf.tag for leaf in leaves if not (leaf.text or "").strip()] == []


def test_the_same_input_is_the_same_bytes_and_a_new_stamp_changes_only_the_header() -> None:
    antrag = parse_antrag(Procedure.BUILDING_PERMIT, ANTRAG)
    first, second = (compose(antrag, sample_heading(), NEWEST) for _ in range(2))
    assert first == second
    assert first.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<xbau:baugenehmigung.antrag.0200 ')


def test_a_test_message_says_so_at_its_root_and_a_real_one_does_not() -> None:
    assert built("2.6", heading=sample_heading(test="Anbindungstest")).get("test") == "Anbindungstest"
    assert built("2.6").get("test") is None


@EVERY
def test_persons_named_twice_do_not_share_an_xml_id_and_keep_their_uuid_where_it_is_one(name: str) -> None:
    root = built(name)
    ids = [element.text for element in find(root, "natuerlichePerson/id")]
    wanted = person()["natuerliche_person"]["id"]
    expected = {"2.2": [], "2.5": [wanted] * 3, "2.6": [wanted] * 3}.get(name, [f"urn_uuid_{wanted}"])
    assert ids == expected


@EVERY
def test_a_document_has_id_size_and_digest_and_one_by_post_has_neither_size_nor_digest(name: str) -> None:
    if name == "2.2":
        root = built(name)
        assert [e.text for e in find(root, "anlage/referenzPrimaerdokument")] == [
            document.document_id for document in sample_heading().documents
        ]
        return
    root = built(name, heading=sample_heading(1, by_post=1))
    sent, posted = find(root, "anlage/anhangOderVerlinkung/anhang")
    assert sent.get("filesize") == "120000"
    assert sent.get("hashValue") == sample_heading().documents[0].sha256
    assert dict(posted.attrib) == {}
    assert [element.text for element in find(root, "anlage/wirdNachgereicht")] == ["true"]
    assert len({element.text for element in find(root, "anhang/dokumentid")}) == 2


def test_a_document_by_post_cannot_be_told_to_a_2_2_authority() -> None:
    found = faults("2.2", sample_antrag(size="minimal"), sample_heading(1, by_post=1))
    assert [(fault.code, fault.pointer) for fault in found] == [(codes.NOT_EXPRESSIBLE, "/attachments/1/by_post")]


@EVERY
def test_equal_file_names_become_different_ones(name: str) -> None:
    heading = sample_heading(2)
    twins = tuple(replace(document, file_name="Plan.pdf") for document in heading.documents)
    root = built(name, heading=replace(heading, documents=twins))
    names = [element.text for element in find(root, "dateinameAnhang" if name == "2.2" else "anhang/dateiname")]
    assert names == ["Plan.pdf", "Plan-2.pdf"]


@EVERY
def test_the_key_of_the_municipality_names_its_list_also_where_the_schema_leaves_it_open(name: str) -> None:
    if name == "2.2":
        return
    keys = find(built(name, ANTRAG), "anschrift/gemeindeschluessel")
    assert keys[0].get("listURI") == "urn:de:bund:destatis:bevoelkerungsstatistik:schluessel:ags"


@pytest.mark.parametrize("name", ["2.4", "2.4.0.1", "2.5", "2.6"])
def test_kernel_messages_leave_out_the_version_that_published_kernels_disagree_on(name: str) -> None:
    data = compose_followup(parse_followup("1130", {}), sample_heading(0), release(name))
    kind = find(etree.fromstring(data), "identifikation.nachricht/nachrichtentyp")[0]
    assert kind.get("listURI") == "urn:xoev-de:xbau-kernmodul:codeliste:xbau-kernmodul-nachrichten"
    assert kind.get("listVersionID") is None


@EVERY
def test_a_reference_to_a_message_is_qualified_as_the_release_wants_it(name: str) -> None:
    reference = {
        "nachrichten_uuid": "f81d4fae-7dec-41d0-a765-00a0c91e6bf6",
        "nachrichtentyp": "0201",
        "erstellungszeitpunkt": "2026-05-01T08:00:00+02:00",
    }
    followup = parse_followup("0202", {"bezug": {"bezug_nachricht": reference}})
    root = etree.fromstring(compose_followup(followup, sample_heading(1), release(name)))
    tag = find(root, "bezugNachricht/nachrichtenUUID")[0].tag
    assert tag == ("" if name in ("2.2", "2.3.1") else G2G) + "nachrichtenUUID"


def test_a_person_without_first_name_is_said_to_have_none() -> None:
    value = changed(lambda v: v["antragsteller"][0]["natuerliche_person"].update(name={"familienname": "Suharto"}))
    names = find(built("2.6", value), "antragsteller/natuerlichePerson/name/vorname")
    assert [(child.tag, child.text) for child in names[0]] == [("nichtVorhanden", "true")]


def test_the_source_of_identity_stays_with_the_case_and_out_of_the_message() -> None:
    antrag = parse_antrag(Procedure.BUILDING_PERMIT, ANTRAG)
    assert antrag.identitaet is not None
    assert antrag.identitaet.vertrauensniveau == "substantiell"
    assert b"BundID" not in compose(antrag, sample_heading(), NEWEST)


# --- what moves between releases


@pytest.mark.parametrize("name", ["2.3.1", "2.4", "2.4.0.1"])
def test_the_number_of_buildings_is_told_among_the_remarks_where_it_has_no_element(name: str) -> None:
    remarks = [element.text for element in find(built(name, ANTRAG), "bauvorhaben/weitereAngaben")]
    assert remarks == [
        "Zufahrt über die Rückseite",
        "Anzahl der Gebäude im Bauvorhaben: 1",
        "Gebäude Vorderhaus: 3e4666bf-d5e5-4aa7-b8ce-cefe41c7568a",
    ]


@pytest.mark.parametrize("name", ["2.3.1", "2.4", "2.4.0.1"])
def test_a_payer_becomes_a_further_participant_unless_the_only_applicant_pays(name: str) -> None:
    roles = "weitereBeteiligte/rolle/nichtGelisteterWert"
    assert find(built(name), roles) == []
    other = changed(lambda v: v["bauvorhaben"]["beteiligte"].update(gebuehrenpflichtiger=company()))
    assert [element.text for element in find(built(name, other), roles)] == ["Gebührenpflichtiger"]
    two = changed(lambda v: v["antragsteller"].append(company()))
    assert [element.text for element in find(built(name, two), roles)] == ["Gebührenpflichtiger"]


def test_2_2_refuses_what_it_would_lose_and_leaves_it_out_when_told() -> None:
    antrag = parse_antrag(Procedure.BUILDING_PERMIT, ANTRAG)
    old = release("2.2")
    found = faults_for(antrag, sample_heading(), old)
    places = {fault.pointer for fault in found}
    assert "/antrag/bauvorhaben/gegenstand/zweck_der_nutzungsaenderung" in places
    assert "/antrag/bauvorhaben/beteiligte/gebuehrenpflichtiger" in places
    assert losses(antrag, sample_heading(), old) == found
    with pytest.raises(CompositionError) as caught:
        compose(antrag, sample_heading(), old)
    assert caught.value.faults == tuple(found)
    assert b"zweckDerNutzungsaenderung" not in compose(antrag, sample_heading(), old, lossy=True)


@pytest.mark.parametrize(("name", "pointer"), [("2.5", "gebuehrenpflichtiger"), ("2.6", "gebuehrenpflichtiger")])
def test_what_a_release_demands_and_nobody_gave_is_named(name: str, pointer: str) -> None:
    value = changed(lambda v: v["bauvorhaben"]["beteiligte"].pop(pointer))
    found = faults(name, value)
    assert [(f.code, f.pointer) for f in found] == [(codes.FIELD_MISSING, f"/antrag/bauvorhaben/beteiligte/{pointer}")]


def test_one_notice_of_demolition_fits_every_release() -> None:
    value = sample_antrag(Procedure.DEMOLITION, "minimal")
    antrag = parse_antrag(Procedure.DEMOLITION, value)
    for name in ("2.3.1", "2.4", "2.4.0.1", "2.5", "2.6"):
        root = etree.fromstring(compose(antrag, sample_heading(), release(name)))
        assert len(find(root, "datenBauabgang/flurstueck")) == (1 if name in ("2.5", "2.6") else 0)
    several = copy.deepcopy(value)
    several["anzeigender"].append({"anzeigender": company()})
    found = faults_for(parse_antrag(Procedure.DEMOLITION, several), sample_heading(), release("2.4.0.1"))
    assert [(f.code, f.pointer) for f in found] == [(codes.NOT_EXPRESSIBLE, "/antrag/anzeigender/1")]


def test_a_message_the_release_lacks_is_named() -> None:
    antrag = parse_antrag(Procedure.EXTENSION, sample_antrag(Procedure.EXTENSION))
    found = faults_for(antrag, sample_heading(), release("2.3.1"))
    assert [(fault.code, fault.pointer) for fault in found] == [(codes.MESSAGE_UNKNOWN, "/antrag")]
    with pytest.raises(SubmissionError):
        compose(antrag, sample_heading(), release("2.3.1"))
    letter = parse_followup("1142", sample_followup("1142"))
    assert [f.code for f in followup_faults(letter, sample_heading(), release("2.2"))] == [codes.MESSAGE_UNKNOWN]


# --- messages about a running case


@EVERY
def test_a_withdrawal_refers_to_the_case_by_reference_and_file_number(name: str) -> None:
    heading = sample_heading(0, file_reference="63/B21/0042/2026")
    root = etree.fromstring(compose_followup(parse_followup("1130", sample_followup("1130")), heading, release(name)))
    assert find(root, "bezug/referenz")[0].text == str(heading.reference)
    assert find(root, "bezug/vorgang")[0].text == "63/B21/0042/2026"
    assert len(find(root, "information/textabsatz")) == 2
    assert root.tag.startswith(f"{{{release(name).namespace_of('1130')}}}")


def test_a_withdrawal_never_refers_to_a_message() -> None:
    reference = {
        "nachrichten_uuid": "f81d4fae-7dec-41d0-a765-00a0c91e6bf6",
        "nachrichtentyp": "0201",
        "erstellungszeitpunkt": "2026-05-01T08:00:00+02:00",
    }
    with pytest.raises(SubmissionError) as caught:
        parse_followup("1130", {"bezug": {"bezug_nachricht": reference}})
    assert [fault.pointer for fault in caught.value.faults] == ["/nachricht"]


def test_an_unknown_message_about_a_case_is_refused() -> None:
    with pytest.raises(SubmissionError) as caught:
        parse_followup("9999", {})
    assert caught.value.code is codes.MESSAGE_UNKNOWN
    with pytest.raises(SubmissionError) as caught:
        parse_followup("1142", {"anschreiben": {}})
    assert [fault.pointer for fault in caught.value.faults] == ["/nachricht/anschreiben/text_unformatiert"]


# --- the release table


def test_an_unknown_release_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SubmissionError) as caught:
        release("2.7")
    assert caught.value.code is codes.RELEASE_UNKNOWN
    assert "2.4.0.1" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "number", "uri"),
    [
        ("2.6", "0200", "http://www.xleitstelle.de/xbau/2/6/XBau26-BH2BAB.wsdl"),
        ("2.6", "0600", "http://www.xleitstelle.de/xbau/2/6/XBau26-BH2GEM.wsdl"),
        ("2.6", "1100", "http://www.xleitstelle.de/xbau/kernmodul/1/3/0/XBauk130-Rueckweisung.wsdl"),
        ("2.4.0.1", "0210", "http://www.xleitstelle.de/xbau/2/4/0/1/XBau2401-VBV-BH2BAB.wsdl"),
        ("2.4.0.1", "1130", "http://www.xleitstelle.de/xbau/kernmodul/1/2/1/1/XBauk1211-anFachbehoerde.wsdl"),
        ("2.4", "1142", "http://www.xleitstelle.de/xbau/kernmodul/1/2/1/XBauk121-FachlicheKommunikation.wsdl"),
        ("2.3.1", "1130", "http://www.xleitstelle.de/xbau/kernmodul/1/2/XBauk12-APB-BH2BAB.wsdl"),
        ("2.2", "0950", "http://www.xleitstelle.de/xbau/2/2/XBau22-ANZ-BH2BAB.wsdl"),
    ],
)
def test_every_message_knows_its_service_in_the_dvdv(name: str, number: str, uri: str) -> None:
    assert release(name).service_uri(number) == uri


def test_a_message_without_a_service_is_refused() -> None:
    with pytest.raises(SubmissionError):
        release("2.5").service_uri("0300")


@EVERY
def test_the_release_table_and_the_schemas_say_the_same(name: str) -> None:
    for number in messages(release(name)):
        root = message(release(name), number).root
        assert root.name.endswith(f".{number}")
        assert release(name).header_element in root.names
        assert validator(release(name), number) is validator(release(name), "0200")


def test_every_procedure_has_its_message_in_the_newest_release() -> None:
    assert {procedure.number for procedure in Procedure} | {"0202", "1130", "1142"} == set(messages(NEWEST))
