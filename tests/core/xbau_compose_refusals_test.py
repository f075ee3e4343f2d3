"""What is refused, where and with which words: codes, characters, headings and malformed values."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.message import Party
from gateway.domain.procedure import Procedure
from gateway.xbau.antrag import followup_schema
from gateway.xbau.compose import (
    antrag_schema,
    parse_antrag,
)
from gateway.xbau.release import RELEASES, release
from tests.kit.xbau_built import built, changed, faults, find, refused
from tests.kit.xbau_parts import company, person
from tests.kit.xbau_samples import sample_antrag, sample_heading

G2G = "{http://xoev.de/schemata/basisnachricht/g2g/1_1}"
NEWEST = release("2.6")
EVERY = pytest.mark.parametrize("name", list(RELEASES))
ANTRAG = sample_antrag()


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
