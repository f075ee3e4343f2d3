"""Checking: the release is found, faults are named in German with path and line, by schemas and by rules."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import GatewayError, SubmissionError
from gateway.domain.procedure import Procedure
from gateway.xbau.check import OFFICIAL, OURS, RULE, Finding, check
from gateway.xbau.compose import compose, parse_antrag
from gateway.xbau.read import Ground
from gateway.xbau.release import RELEASES
from gateway.xbau.replies.door import CHILDREN
from tests.kit import xbau_replies as kit
from tests.kit.xbau_replies import numbers, official_only, sample_reply
from tests.kit.xbau_samples import sample_antrag, sample_heading

KERNEL = "{http://www.xleitstelle.de/xbau/kernmodul/1/3/0}"
Change = Callable[[etree._Element], object]


def first(root: etree._Element, name: str) -> etree._Element:
    return next(root.iter("{*}" + name))


def put(name: str, value: str) -> Change:
    def change(root: etree._Element) -> None:
        first(root, name).text = value

    return change


def found(number: str, change: Change, name: str = "2.6", official: Path | None = kit.OFFICIAL) -> tuple[Finding, ...]:
    root = etree.fromstring(sample_reply(number, name))
    change(root)
    return check(etree.tostring(root, pretty_print=True), official=official).findings


def faulty(number: str, attribute: str, name: str) -> list[Finding]:
    changed = found(number, lambda root: root.set(attribute, "9.9"), name, None)
    return [finding for finding in changed if not finding.minor]


def twin(name: str) -> Change:
    def change(root: etree._Element) -> None:
        element = first(root, name)
        element.addnext(etree.fromstring(etree.tostring(element)))

    return change


@pytest.mark.parametrize("name", RELEASES)
def test_release_and_number_are_found_by_the_root_of_either_namespace(name: str) -> None:
    for number in numbers(name):
        report = check(sample_reply(number, name))
        assert (report.release, report.number, report.ok, report.sources) == (name, number, True, (RULE,))


@official_only
def test_the_official_schema_is_asked_only_where_it_is_installed(tmp_path: Path) -> None:
    assert check(sample_reply("1120", "2.6"), official=kit.OFFICIAL).sources == (RULE, OFFICIAL)
    assert check(sample_reply("1120", "2.6"), official=tmp_path).sources == (RULE,)


def test_our_own_schema_is_asked_only_of_what_portals_write() -> None:
    assert OURS not in check(sample_reply("1142", "2.6")).sources
    assert OURS in check(sample_reply("1142", "2.6", sender=kit.PORTAL, addressee=kit.AUTHORITY)).sources


@pytest.mark.parametrize("name", RELEASES)
def test_what_we_compose_is_found_faultless(name: str) -> None:
    antrag = parse_antrag(Procedure.BUILDING_PERMIT, sample_antrag())
    message = compose(antrag, sample_heading(), RELEASES[name], lossy=True)
    report = check(message, official=kit.OFFICIAL if kit.OFFICIAL.is_dir() else None)
    assert (report.number, report.findings) == ("0200", ())
    assert OURS in report.sources


def test_our_own_schema_speaks_german_too() -> None:
    root = etree.fromstring(sample_reply("1142", "2.6", sender=kit.PORTAL, addressee=kit.AUTHORITY))
    root.remove(first(root, "bezug"))
    ours = [finding for finding in check(etree.tostring(root)).findings if finding.source == OURS]
    assert "bezug" in ours[-1].sentence
    assert ours[-1].original


@official_only
@pytest.mark.parametrize(
    ("change", "path", "sentence"),
    [
        (lambda r: r.set("version", "9"), "", "Das Attribut version muss 1.3.0 sein."),
        (lambda r: r.set("foo", "9"), "", "Das Attribut foo ist hier nicht vorgesehen."),
        (lambda r: r.attrib.pop("produkt"), "", "Das Attribut produkt fehlt."),
        (lambda r: r.remove(first(r, "bezug")), "/anlagen", "anlagen steht hier falsch, erwartet wird bezug."),
        (lambda r: r.remove(first(r, "anlagen")), "/anlagen", "Es fehlt anlagen."),
        (twin("bezug"), "/bezug[2]", "bezug steht hier falsch, erwartet wird anlagen."),
        (lambda r: setattr(first(r, "bezug"), "tag", f"{KERNEL}bezug"), "/bezug",
         "bezug steht im falschen Namensraum."),
        (put("referenz", "xx"), "/bezug/referenz", "Der Wert „xx“ hat nicht die verlangte Form."),
        (put("bezug", "xx"), "/bezug", "Zwischen den Elementen steht Text, hier dürfen nur Elemente stehen."),
        (put("datum", "gestern"), "/anlagen/anlage/datum", "Erwartet wird ein Datum (JJJJ-MM-TT), nicht „gestern“."),
        (put("versionsnummer", "0"), "/anlagen/anlage/versionsnummer", "Die Zahl muss mindestens 1 sein."),
        (put("bezeichnung", "a → b"), "/anlagen/anlage/bezeichnung",
         "Der Wert enthält Zeichen, die XBau 2.6 hier nicht erlaubt: U+2192 RIGHTWARDS ARROW."),
        (put("dateiname", "B&B.pdf"), "/anlagen/anlage/anhangOderVerlinkung/anhang/dateiname",
         "Der Wert enthält Zeichen, die XBau 2.6 hier nicht erlaubt: U+0026 AMPERSAND."),
        (put("dateiname", "Bescheid"), "/anlagen/anlage/anhangOderVerlinkung/anhang/dateiname",
         "Der Wert „Bescheid“ hat nicht die verlangte Form."),
        (lambda r: first(r, "anlageart").attrib.pop("listVersionID"), "/anlagen/anlage/anlageart",
         "Das Attribut listVersionID fehlt."),
        (lambda r: first(r, "anhang").set("filesize", "x"), "/anlagen/anlage/anhangOderVerlinkung/anhang",
         "Erwartet wird eine ganze Zahl ab 1, nicht „x“."),
        (lambda r: first(r, "bezug").set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true"), "/bezug",
         "Das Element darf nicht als leer (xsi:nil) gekennzeichnet sein."),
        (lambda r: first(r, "bezug").set("{http://www.w3.org/2001/XMLSchema-instance}type", "nix"), "",
         "Die Nachricht entspricht nicht dem Schema."),
    ],
)  # fmt: skip
def test_a_fault_of_the_schema_is_named_in_german_at_its_place(change: Change, path: str, sentence: str) -> None:
    (finding,) = [one for one in found("1150", change) if one.source == OFFICIAL]
    assert finding.path == f"/prozessnachrichten.einstellenDokumente.1150{path}"
    assert finding.sentence == sentence
    assert finding.original
    assert finding.line
    assert (finding.kennzahl, finding.minor) == ("X001", False)


@official_only
def test_a_value_outside_a_list_is_named_with_what_is_near() -> None:
    findings = found("1120", lambda root: setattr(first(root, "code"), "text", "1129"))
    official = [finding.sentence for finding in findings if finding.source == OFFICIAL]
    assert official == ["Den Wert „1129“ gibt es nicht, am ähnlichsten sind 1142, 1121, 1120."]


@pytest.mark.parametrize(
    ("number", "name", "change", "sentence", "kennzahl"),
    [
        ("1150", "2.6", put("dateiname", " "), "Das Element dateiname ist leer.", "X001"),
        ("1120", "2.6", put("code", "1121"), "Der nachrichtentyp ist 1121, das Wurzelelement sagt 1120.", "X001"),
        ("1120", "2.2", put("code", ""), "Der nachrichtentyp ist leer, das Wurzelelement sagt 1120.", "X001"),
        ("1120", "2.6", put("kennung", "Köln"),
         "Die Kennung 'Köln' hat nicht die Form praefix:ziffern (etwa bab:05315000).", "X001"),
        ("1150", "2.6", twin("anlage"), f"Die dokumentid '{kit.DOCUMENT_ID}' kommt mehrmals vor.", "X001"),
        ("0205", "2.2", twin("anlage"), "Der Dateiname 'bescheid.pdf' kommt mehrmals vor.", "X001"),
        ("1140", "2.5", lambda r: setattr(first(r, "artDesBefundes")[0], "text", "77"),
         "Den Schlüssel '77' gibt es in der Codeliste formellebefundeart 2.0 nicht.", "X011"),
    ],
)  # fmt: skip
def test_a_rule_beyond_the_schema_is_held(number: str, name: str, change: Change, sentence: str, kennzahl: str) -> None:
    rules = [one for one in found(number, change, name, None) if one.source == RULE and not one.minor]
    assert (sentence, kennzahl) in [(one.sentence.partition(" Ähnlich")[0], one.kennzahl) for one in rules]


@pytest.mark.parametrize("number", ["1120", "0205"])
@pytest.mark.parametrize("name", [name for name in RELEASES if name != "2.2"])
def test_a_root_that_says_another_release_than_its_namespace_is_refused_without_a_schema_too(
    number: str, name: str
) -> None:
    for attribute, kennzahl in (("version", "V000"), ("standard", "X001")):
        (finding,) = faulty(number, attribute, name)
        assert (finding.kennzahl, finding.minor) == (kennzahl, False)
        assert finding.sentence.startswith(f"D{'ie' if attribute == 'version' else 'er'} {attribute} ist '9.9'")
    assert faulty(number, "version", "2.2") == []


def test_where_a_rule_is_only_good_manners_it_is_a_hint() -> None:
    for change in (put("kennung", "Köln"), put("vorgang", "")):
        root = etree.fromstring(sample_reply("1120", "2.4.0.1"))
        change(root)
        report = check(etree.tostring(root))
        assert report.ok
        assert [finding.minor for finding in report.findings] == [True]
    (hint,) = found("1150", put("dokumentid", "urn:uuid:1"), official=None)
    assert hint.minor


@pytest.mark.parametrize("name", ["2.3.1", "2.4.0.1", "2.6"])
def test_xml_ids_are_unique_where_the_release_says_so(name: str) -> None:
    def ids(root: etree._Element) -> None:
        for _ in range(2):
            etree.SubElement(root, "id").text = "P1"

    twins = [one for one in found("1120", ids, name, None) if "P1" in one.sentence]
    assert len(twins) == (0 if name == "2.6" else 1)


def test_a_notice_of_demolition_names_someone_who_gives_it() -> None:
    root = f"<x:anzeige.beseitigungAbsicht.0950 xmlns:x='{RELEASES['2.6'].namespace}'/>".encode()
    assert "Die Anzeige nennt niemanden, der anzeigt (anzeigender)." in [one.sentence for one in check(root).findings]


def test_findings_become_grounds_of_a_rejection_each_once() -> None:
    root = f"standard='XBau-Kernmodul' version='1.3.0' xmlns:x='{KERNEL[1:-1]}'"
    report = check(f"<x:prozessnachrichten.eingangsbestaetigung.1120 {root}/>".encode())
    assert report.grounds() == (
        Ground("X001", "/prozessnachrichten.eingangsbestaetigung.1120: Das Element "
               "prozessnachrichten.eingangsbestaetigung.1120 ist leer."),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"<a", codes.XML_UNREADABLE), (b"<!DOCTYPE a><a/>", codes.XML_UNSAFE), (b"<a/>", codes.RELEASE_UNKNOWN)],
)
def test_what_is_no_xbau_at_all_is_refused(data: bytes, code: codes.Code) -> None:
    with pytest.raises(SubmissionError) as caught:
        check(data)
    assert caught.value.code is code


@official_only
def test_a_message_of_thousands_of_faults_is_answered_with_some_of_them_soon() -> None:
    def flood(root: etree._Element) -> None:
        shelf = first(root, "anlagen")
        for _ in range(1_000):
            etree.SubElement(shelf, "anlage")

    findings = found("1150", flood)
    assert 100 <= len(findings) <= 300
    assert OFFICIAL in {finding.source for finding in findings}


def test_a_flat_flood_is_refused_before_a_schema_sees_it() -> None:
    root = etree.fromstring(sample_reply("1150", "2.6"))
    for _ in range(CHILDREN):
        etree.SubElement(root, "anlage")
    with pytest.raises(SubmissionError) as caught:
        check(etree.tostring(root))
    assert caught.value.code is codes.XML_UNSAFE


@official_only
def test_a_message_too_long_to_explain_is_still_judged() -> None:
    root = etree.fromstring(sample_reply("1150", "2.6", sender=kit.PORTAL))
    for _ in range(6):
        shelf = etree.SubElement(root, "anlagen")
        for _ in range(1_900):
            etree.SubElement(shelf, "anlage").text = "x"
    (finding,) = [one for one in check(etree.tostring(root), official=kit.OFFICIAL).findings if one.source == OFFICIAL]
    assert finding.sentence == "Die Nachricht entspricht nicht dem Schema."
    assert "anlage" in finding.original


@official_only
@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(st.sampled_from(numbers("2.6")), st.data())
def test_any_change_is_answered_and_never_worse_than_by_the_official_schema(number: str, data: st.DataObject) -> None:
    root = etree.fromstring(sample_reply(number, "2.6"))
    victim = data.draw(st.sampled_from(list(root.iter())))
    action = data.draw(st.sampled_from(["text", "remove", "rename", "attribute", "child"]))
    parent = victim.getparent()
    if action == "text":
        victim.text = "".join(c for c in data.draw(st.text(max_size=9)) if c.isprintable())
    elif action == "remove" and parent is not None:
        parent.remove(victim)
    elif action == "rename" and parent is not None:
        victim.tag = data.draw(st.sampled_from(["{urn:x}y", "id", f"{KERNEL}bezug", "dokumentid"]))
    elif action == "attribute":
        victim.set(
            "{http://www.w3.org/2001/XMLSchema-instance}" + data.draw(st.sampled_from(["nil", "type", "a"])), "x"
        )
    else:
        etree.SubElement(victim, "anlage")
    message = etree.tostring(root)
    with contextlib.suppress(GatewayError):
        report = check(message, official=kit.OFFICIAL)
        by_hand = kit.official_verdict(message, "2.6")
        assert by_hand or not report.ok
        assert (OFFICIAL in {finding.source for finding in report.findings}) is not by_hand
