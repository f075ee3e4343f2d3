"""What a composed message must be beyond its schema, and what is refused with which words."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import CompositionError, Fault, SubmissionError
from gateway.domain.message import Heading, Party
from gateway.domain.procedure import Procedure
from gateway.xbau.antrag import followup_schema
from gateway.xbau.compose import (
    antrag_schema,
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
from tests.kit.xbau_samples import company, person, sample_antrag, sample_followup, sample_heading

G2G = "{http://xoev.de/schemata/basisnachricht/g2g/1_1}"
NEWEST = release("2.6")
EVERY = pytest.mark.parametrize("name", list(RELEASES))
ANTRAG = sample_antrag()


def built(
    name: str, value: dict[str, Any] | None = None, heading: Heading | None = None, lossy: bool = False
) -> etree._Element:
    """Compose a building permit and read it back."""
    antrag = parse_antrag(Procedure.BUILDING_PERMIT, value or sample_antrag(size="minimal"))
    return etree.fromstring(compose(antrag, heading or sample_heading(), release(name), lossy=lossy))


def find(root: etree._Element, path: str) -> list[Any]:
    """Find elements by local names: `a/b` anywhere below the root."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    found = root.xpath(f".//{steps}")
    assert isinstance(found, list)
    return found


def faults(name: str, value: dict[str, Any], heading: Heading | None = None) -> list[Fault]:
    antrag = parse_antrag(Procedure.BUILDING_PERMIT, value)
    return faults_for(antrag, heading or sample_heading(), release(name))


def changed(change: Callable[[dict[str, Any]], object], size: str = "minimal") -> dict[str, Any]:
    value = copy.deepcopy(sample_antrag(size=size))
    change(value)
    return value


def refused(value: object, procedure: Procedure = Procedure.BUILDING_PERMIT) -> list[tuple[str, str]]:
    """Return what parsing refuses, as pairs of code and pointer."""
    with pytest.raises(SubmissionError) as caught:
        parse_antrag(procedure, value)
    assert caught.value.code is codes.FAULTS
    return [(fault.code.name, fault.pointer) for fault in caught.value.faults]


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


# --- codes and characters


def test_an_unknown_code_is_refused_with_the_nearest_known_ones() -> None:
    value = changed(lambda v: v["bauvorhaben"]["gegenstand"].update(art_der_massnahme=["Errichtung"]))
    (fault,) = faults("2.6", value)
    assert (fault.code, fault.pointer) == (codes.CODE_UNKNOWN, "/antrag/bauvorhaben/gegenstand/art_der_massnahme/0")
    assert "11 (Errichtung)" in fault.detail


def test_a_code_of_a_later_list_is_refused_by_an_older_release() -> None:
    value = changed(lambda v: v["beantragte_abweichung"][0].update(art="4"), "realistic")
    assert faults("2.4.0.1", value) == []
    assert [fault.pointer for fault in faults("2.3.1", value)] == ["/antrag/beantragte_abweichung/0/art"]


def test_the_kind_of_an_attachment_is_checked_against_the_list_of_the_release() -> None:
    heading = sample_heading(1)
    heading = replace(heading, documents=(replace(heading.documents[0], kind="7777"),))
    (fault,) = faults("2.6", sample_antrag(size="minimal"), heading)
    assert (fault.code, fault.pointer) == (codes.CODE_UNKNOWN, "/attachments/0/kind")


@EVERY
def test_letters_of_another_script_are_named_and_typographic_ones_replaced(name: str) -> None:
    foreign = changed(lambda v: v["bauvorhaben"].update(bezeichnung_des_bauvorhabens="Дом"))
    (fault,) = faults(name, foreign)
    assert (fault.code, fault.pointer) == (codes.CHARACTERS, "/antrag/bauvorhaben/bezeichnung_des_bauvorhabens")
    assert "U+0414" in fault.detail
    quoted = changed(lambda v: v["bauvorhaben"].update(bezeichnung_des_bauvorhabens="„Haus“ – u\u0308ber 3 m"))
    assert find(built(name, quoted), "bezeichnungDesBauvorhabens")[0].text == '"Haus" - über 3 m'


def test_text_that_looks_like_markup_stays_text() -> None:
    value = changed(lambda v: v["bauvorhaben"].update(bezeichnung_des_bauvorhabens='<b a="1">&amp;]]>'))
    assert find(built("2.6", value), "bezeichnungDesBauvorhabens")[0].text == '<b a="1">&amp;]]>'
    named = built("2.6", heading=sample_heading(test='"><x a="'))
    assert named.get("test") == '"><x a="'


# --- heading and attachments


def test_an_application_without_any_attachment_is_refused() -> None:
    (fault,) = faults("2.6", sample_antrag(size="minimal"), sample_heading(0))
    assert (fault.code, fault.pointer) == (codes.ATTACHMENTS_MISSING, "/attachments")


def test_two_attachments_with_one_id_are_refused() -> None:
    heading = sample_heading(1)
    found = faults("2.6", sample_antrag(size="minimal"), replace(heading, documents=heading.documents * 2))
    assert {(fault.code, fault.pointer) for fault in found} == {
        (codes.ATTACHMENT_DUPLICATE, "/attachments/0"),
        (codes.ATTACHMENT_DUPLICATE, "/attachments/1"),
    }


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"addressee": Party("BAB-05315000", "Stadt")}, "/heading/addressee/identifier"),
        ({"addressee": Party("bab:05315000", " ")}, "/heading/addressee/name"),
        ({"sender": Party("bap", "Portal")}, "/heading/sender/identifier"),
    ],
)
def test_a_heading_that_is_not_right_is_found_before_composing(change: dict[str, Party], pointer: str) -> None:
    heading = replace(sample_heading(), **change)  # type: ignore[arg-type]  # only parties are changed here
    found = faults("2.6", sample_antrag(size="minimal"), heading)
    assert [fault.pointer for fault in found] == [pointer]


def test_a_moment_without_its_zone_is_found_before_composing() -> None:
    heading = sample_heading()
    naive = datetime(2026, 5, 4, 8, 30)  # noqa: DTZ001  # the fault under test
    heading = replace(heading, stamp=replace(heading.stamp, at=naive))
    assert [f.pointer for f in faults("2.6", sample_antrag(size="minimal"), heading)] == ["/heading/stamp"]


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


# --- parsing


@pytest.mark.parametrize("value", [None, 7, "x", [], [[]], True])
def test_what_is_no_object_is_refused(value: object) -> None:
    assert refused(value) == [("field-invalid", "/antrag")]


def test_all_faults_are_named_at_once_with_their_places() -> None:
    value = changed(
        lambda v: v.update(
            {
                "a/b~c": 1,
                "antragsteller": [{}],
                "bauvorhaben": {**v["bauvorhaben"], "bezeichnung_des_bauvorhabens": " "},
            }
        )
    )
    assert sorted(refused(value)) == [
        ("field-invalid", "/antrag/bauvorhaben/bezeichnung_des_bauvorhabens"),
        ("field-missing", "/antrag/antragsteller/0"),
        ("field-unknown", "/antrag/a~1b~0c"),
    ]


def klass(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = value["bauvorhaben"]["gegenstand"]["bauordnungsrechtliche_klassifikation"]
    return found


@pytest.mark.parametrize("number", [math.nan, math.inf, 1e300, -1, True, "viel", "1.005", None.__class__, [], {}])
def test_a_measure_that_is_no_sane_number_is_refused(number: object) -> None:
    value = changed(lambda v: klass(v).update(hoehe_nach_mbo=number), "realistic")
    place = "/antrag/bauvorhaben/gegenstand/bauordnungsrechtliche_klassifikation/hoehe_nach_mbo"
    assert refused(value) == [("field-invalid", place)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\0b", "characters"),
        ("a\x1b[31m", "characters"),
        ("a\ud800b", "characters"),
        ("a\ufffeb", "characters"),
        (" \t\n", "field-invalid"),
        ("x" * 10_000_000, "field-invalid"),
        (5, "field-invalid"),
    ],
    ids=["nul", "escape", "surrogate", "nonchar", "blank", "10 MB", "number"],
)
def test_a_hostile_text_is_refused(text: object, code: str) -> None:
    value = changed(lambda v: v["bauvorhaben"].update(bezeichnung_des_bauvorhabens=text))
    assert refused(value) == [(code, "/antrag/bauvorhaben/bezeichnung_des_bauvorhabens")]


@pytest.mark.parametrize("day", ["2026-02-30", "morgen", 20260501, 1.5, "2026-05-01T10:00:00", True])
def test_a_day_that_is_none_is_refused(day: object) -> None:
    value = changed(lambda v: v["prozessmerkmale"]["vorbescheid"].update(datum=day), "realistic")
    assert refused(value) == [("field-invalid", "/antrag/prozessmerkmale/vorbescheid/datum")]


def test_every_fault_has_a_german_sentence_of_its_own() -> None:
    value = changed(lambda v: v.update(antragsteller=[{**person(), **company()}], bauvorhaben=7), "realistic")
    with pytest.raises(SubmissionError) as caught:
        parse_antrag(Procedure.BUILDING_PERMIT, value)
    assert [fault.detail for fault in caught.value.faults] == [
        "Geben Sie genau eine dieser Angaben an: natuerliche_person, organisation.",
        "Hier wird ein Objekt erwartet.",
    ]


@pytest.mark.parametrize("procedure", Procedure)
def test_every_procedure_describes_its_antrag_for_openapi(procedure: Procedure) -> None:
    schema = antrag_schema(procedure)
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) <= schema["properties"].keys()


def test_every_message_about_a_case_describes_itself_for_openapi() -> None:
    assert followup_schema("1142")["required"] == ["anschreiben"]


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
