"""Replies of every kind and release become the same value, quirks and all; what is wrong is named at once."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import GatewayError, SubmissionError
from gateway.domain.ids import MessageId
from gateway.xbau.detect import is_reply
from gateway.xbau.read import Coded, Deficit, Fee, Ground, Link, Reply, ReplyDocument, read_reply
from gateway.xbau.release import RELEASES
from tests.kit import xbau_replies as kit
from tests.kit.xbau_replies import numbers, sample_reply

ALL = [(number, name) for name in RELEASES for number in numbers(name)]
DOCUMENT_KIND = Coded("5004", "urn:xoev-de:xbau:codeliste:anlagen", "3.0", "Anschreiben")


def changed(number: str, change: Callable[[etree._Element], object], name: str = "2.6") -> bytes:
    """Return a sample reply after a change of its tree."""
    root = etree.fromstring(sample_reply(number, name))
    change(root)
    return etree.tostring(root)


def put(local: str, value: str) -> Callable[[etree._Element], None]:
    """Return a change that sets the text of the first element of that name."""

    def change(root: etree._Element) -> None:
        next(root.iter("{*}" + local)).text = value

    return change


def drop(local: str) -> Callable[[etree._Element], None]:
    """Return a change that removes the first element of that name."""

    def change(root: etree._Element) -> None:
        element = next(root.iter("{*}" + local))
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return change


def bare(name: str, space: str) -> bytes:
    """Return a message that is its root element alone."""
    return f"<x:{name} xmlns:x='http://www.xleitstelle.de/xbau/{space}'/>".encode()


def faults_of(data: bytes) -> list[tuple[str, str]]:
    with pytest.raises(SubmissionError) as caught:
        read_reply(data)
    assert caught.value.code is codes.SCHEMA_INVALID
    return [(fault.code.name, fault.pointer) for fault in caught.value.faults]


@pytest.mark.parametrize(("number", "name"), ALL)
def test_header_and_bezug_are_read_alike_in_every_release(number: str, name: str) -> None:
    reply = read_reply(sample_reply(number, name, test="Probe" if (number, name) != ("1100", "2.2") else None))
    assert (reply.message_id, reply.number, reply.release) == (kit.REPLY_ID, number, name)
    assert reply.root.endswith(f".{number}")
    assert reply.created_at == kit.AT
    assert (reply.sender, reply.addressee) == (kit.AUTHORITY, kit.PORTAL)
    assert reply.test == ("Probe" if (number, name) != ("1100", "2.2") else None)
    if number == "1100":
        assert (reply.reference, reply.file_reference) == (None, None)
    else:
        assert (reply.reference, reply.file_reference) == (kit.REFERENCE, kit.FILE_REFERENCE)
    assert reply.in_reply_to == (None if number == "1121" else kit.MEANT_ID)


@pytest.mark.parametrize("name", RELEASES)
def test_a_rejection_names_grounds_and_the_message_meant(name: str) -> None:
    rejected = sample_reply("1120", name, message_id=kit.MEANT_ID)
    facts = read_reply(sample_reply("1100", name, rejected=rejected)).facts
    assert facts.rejected is not None
    assert facts.rejected.grounds == (Ground("X001", "Das Feld zaehler fehlt."),)
    assert facts.rejected.message_id == kit.MEANT_ID
    assert facts.rejected.number == "1120"
    assert facts.rejected.message == rejected


@pytest.mark.parametrize("name", RELEASES)
def test_findings_of_the_formal_examination_are_read(name: str) -> None:
    for number in ("1140", "0201"):
        reply = read_reply(sample_reply(number, name))
        (deficit,) = reply.facts.deficits
        assert deficit.text == "Der Lageplan fehlt."
        assert deficit.kind.code in ("05", "5")
        assert reply.facts.deadline == date(2026, 12, 5)
        assert reply.facts.paragraphs == (() if number == "1140" else ("Bitte reichen Sie nach.",))
    complete = read_reply(sample_reply("1140", name)).facts.complete
    assert complete is (False if name in ("2.5", "2.6") else None)


@pytest.mark.parametrize("name", [name for name in RELEASES if "1160" in numbers(name)])
def test_a_fee_notice_is_read_however_its_element_is_spelt(name: str) -> None:
    reply = read_reply(sample_reply("1160", name))
    assert reply.facts.fee == Fee(True, 1250, "DE02120300000000202051", "BW 63/0815")
    assert reply.facts.deadline == date(2026, 12, 31)
    assert reply.facts.remedies == ("Klage binnen eines Monats.",)
    assert reply.facts.paragraphs == ("Gebühr nach Tarifstelle 3.1",)


@pytest.mark.parametrize("name", RELEASES)
def test_letters_links_decisions_and_bans_are_read(name: str) -> None:
    letter = read_reply(sample_reply("1141", name)).facts
    assert letter.paragraphs == ("Sehr geehrte Frau Muster,", "anbei Ihr Bescheid.")
    assert letter.links == (Link("https://bauamt.example/antwort", "Hier antworten"),)
    decision = read_reply(sample_reply("0205", name)).facts
    assert decision.accepted is True
    assert decision.html == (kit.HTML,)
    assert decision.remedies == ("Klage binnen eines Monats.",)
    ban = read_reply(sample_reply("0901", name)).facts
    assert ban.paragraphs == ("Der Beginn wird untersagt.",)
    assert ban.deficits == (Deficit(Coded(""), "", "Standsicherheitsnachweis"),)
    assert read_reply(sample_reply("1131", name)).facts.accepted is True
    assert read_reply(sample_reply("0602", name)).facts.outcome == Coded("1")


def test_what_only_newer_releases_say_is_read() -> None:
    assert read_reply(sample_reply("1142", "2.3.1")).facts.html == (kit.HTML,)
    status = read_reply(sample_reply("1170", "2.5")).facts.status
    assert status == Coded("17", "urn:xoev-de:xbau:codeliste:statusbauportal", "3.0", "Unterlagen nachgefordert")
    assert read_reply(sample_reply("1180", "2.6")).facts.receipt_for == "0203"
    assert read_reply(sample_reply("1181", "2.6")).facts.fetched is True
    assert read_reply(sample_reply("0912", "2.3.1")).facts.accepted is False


def test_an_attachment_is_read_in_both_forms() -> None:
    assert read_reply(sample_reply("1150", "2.6")).documents == (
        ReplyDocument(
            kit.DOCUMENT_ID, "Bescheid", DOCUMENT_KIND, "Bescheid.pdf", "Bescheid.pdf", date(2026, 11, 21), 1, 1234,
            kit.SHA256, "application/pdf",
        ),
    )  # fmt: skip
    (old,) = read_reply(sample_reply("0205", "2.2")).documents
    assert (old.document_id, old.file_name, old.kind.code) == (kit.DOCUMENT_ID, "Bescheid.pdf", "1803")
    assert (old.size, old.sha256, old.content) == (None, None, None)


def test_bytes_inside_a_message_of_2_2_are_taken_out() -> None:
    def inline(root: etree._Element) -> None:
        place = next(root.iter("{*}referenzPrimaerdokument"))
        place.tag = place.tag.replace("referenzPrimaerdokument", "primaerdokument")
        place.text = base64.b64encode(b"%PDF-1.7 klein").decode()

    (document,) = read_reply(changed("0205", inline, "2.2")).documents
    assert (document.content, document.size, document.document_id) == (b"%PDF-1.7 klein", 14, "")


def test_a_mere_link_is_an_attachment_without_id() -> None:
    def link(root: etree._Element) -> None:
        place = next(root.iter("anhangOderVerlinkung"))
        del place[0]
        target = etree.SubElement(etree.SubElement(place, "verlinkung"), "uriVerlinkung")
        target.text = "https://bauamt.example/bescheid.pdf"

    (document,) = read_reply(changed("1150", link)).documents
    assert (document.link, document.document_id) == ("https://bauamt.example/bescheid.pdf", "")
    assert document.file_name == "Bescheid.pdf"


@pytest.mark.parametrize(
    ("local", "value", "told"),
    [
        ("nachrichtenUUID", f"urn:uuid:{kit.REPLY_ID.upper()}", lambda reply: reply.message_id == kit.REPLY_ID),
        ("referenz", f" {str(kit.REFERENCE).upper()} ", lambda reply: reply.reference == kit.REFERENCE),
        ("referenz", "63/0815", lambda reply: (reply.reference, reply.reference_as_sent) == (None, "63/0815")),
        ("referenz", "", lambda reply: (reply.reference, reply.reference_as_sent) == (None, None)),
        ("erstellungszeitpunkt", "2026-11-21T14:03:07.123456789Z", lambda reply: reply.created_at.second == 7),
        ("erstellungszeitpunkt", "2026-11-21T15:03:07", lambda reply: reply.created_at == kit.AT),
        (
            "erstellungszeitpunkt",
            "2026-07-01T15:00:00",
            lambda reply: reply.created_at.utcoffset() == timedelta(hours=2),
        ),
        ("vorgang", "   ", lambda reply: reply.file_reference is None),
        ("hashValue", "", lambda reply: True),
        ("datum", "irgendwann", lambda reply: reply.documents[0].date is None),
        ("versionsnummer", "eins", lambda reply: reply.documents[0].version is None),
    ],
)
def test_harmless_quirks_are_forgiven(local: str, value: str, told: Callable[[Reply], bool]) -> None:
    data = sample_reply("1150", "2.6") if local == "hashValue" else changed("1150", put(local, value))
    assert told(read_reply(data))


@pytest.mark.parametrize("digest", [kit.SHA256.upper(), base64.b64encode(bytes.fromhex(kit.SHA256)).decode(), ""])
def test_a_digest_is_taken_in_capitals_and_in_base64(digest: str) -> None:
    data = changed("1150", lambda root: next(root.iter("anhang")).set("hashValue", digest))
    assert read_reply(data).documents[0].sha256 == (kit.SHA256 if digest else None)


def test_a_rejection_without_the_id_it_means_is_matched_by_the_message_it_carries() -> None:
    rejected = sample_reply("1142", "2.6", message_id=kit.MEANT_ID)
    root = etree.fromstring(sample_reply("1100", "2.6", rejected=rejected))
    drop("idNachricht")(root)
    facts = read_reply(etree.tostring(root)).facts
    assert facts.rejected is not None
    assert (facts.rejected.message_id, facts.rejected.number) == (kit.MEANT_ID, "1142")


@pytest.mark.parametrize("carried", [b"", b"kein XML", b"<!DOCTYPE a><a/>", b"<fremd/>"])
def test_a_rejection_that_carries_nothing_readable_is_still_a_rejection(carried: bytes) -> None:
    root = etree.fromstring(sample_reply("1100", "2.6"))
    drop("idNachricht")(root)
    put("nachricht", base64.b64encode(carried).decode())(root)
    facts = read_reply(etree.tostring(root)).facts
    assert facts.rejected is not None
    assert (facts.rejected.message_id, facts.rejected.message) == (None, carried or None)


def test_what_a_vendor_puts_into_an_extension_is_no_fact() -> None:
    def extend(root: etree._Element) -> None:
        place = etree.SubElement(etree.SubElement(root, "anbindungFachverfahren"), "anwendungsspezifischeErweiterung")
        anlage = etree.SubElement(place, "anlage")
        etree.SubElement(anlage, "bezeichnung").text = "Fremd"
        etree.SubElement(place, "textabsatz").text = "Fremd"

    reply = read_reply(changed("1120", extend))
    assert reply.documents == ()
    assert reply.facts.paragraphs == ("Ihr Antrag ist eingegangen.",)


def test_elements_of_a_foreign_namespace_are_not_read() -> None:
    def foreign(root: etree._Element) -> None:
        next(root.iter("referenz")).tag = "{urn:example}referenz"

    assert read_reply(changed("1120", foreign)).reference is None


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.pdf", "C:\\Temp\\x.pdf", "a\u202efdp.exe.pdf", "CON.pdf", "a/b.pdf"]
)
def test_a_hostile_file_name_becomes_harmless_and_the_sent_one_is_kept(name: str) -> None:
    (document,) = read_reply(changed("1150", put("dateiname", name), "2.4.0.1")).documents
    assert document.name_as_sent == name
    assert not set(document.file_name) & set("/\\:\u202e")
    assert document.file_name != "CON.pdf"


@pytest.mark.parametrize(
    ("number", "change", "fault"),
    [
        ("1120", put("nachrichtenUUID", "0815"), ("field-invalid", "nachrichtenUUID")),
        ("1120", drop("nachrichtenUUID"), ("field-missing", "nachrichtenUUID")),
        ("1120", drop("identifikation.nachricht"), ("field-missing", "identifikation.nachricht")),
        ("1120", drop("nachrichtenkopf.g2g"), ("field-missing", "nachrichtenkopf")),
        ("1120", put("erstellungszeitpunkt", "gestern"), ("field-invalid", "erstellungszeitpunkt")),
        ("1120", put("erstellungszeitpunkt", "2026-02-30T10:00:00Z"), ("field-invalid", "erstellungszeitpunkt")),
        ("1120", put("code", "1121"), ("field-invalid", "code")),
        ("1120", drop("autor"), ("field-missing", "kennung")),
        ("1120", put("kennung", " "), ("field-missing", "kennung")),
        ("1121", drop("vorgang"), ("field-missing", "vorgang")),
        ("1131", drop("ruecknahmeAkzeptiert"), ("field-missing", "ruecknahmeAkzeptiert")),
        ("1131", put("ruecknahmeAkzeptiert", "ja"), ("field-invalid", "ruecknahmeAkzeptiert")),
        ("1170", drop("statusAntragsportal"), ("field-missing", "code")),
        ("1180", lambda root: drop("code")(root[2]), ("field-missing", "code")),
        ("1181", drop("abrufFristgerechtErfolgt"), ("field-missing", "abrufFristgerechtErfolgt")),
        ("1100", drop("rueckweisungDaten"), ("field-missing", "rueckweisungDaten")),
        ("0205", drop("tenor"), ("field-missing", "bescheid")),
        ("1140", put("frist", "bald"), ("field-invalid", "frist")),
        ("1160", put("summe", "viel"), ("field-invalid", "summe")),
        ("1150", put("dokumentid", ""), ("field-missing", "dokumentid")),
        ("1150", lambda root: next(root.iter("anhang")).set("filesize", "-1"), ("field-invalid", "anhang")),
        ("1150", lambda root: next(root.iter("anhang")).set("hashValue", "abc"), ("field-invalid", "anhang")),
    ],
)  # fmt: skip
def test_what_does_harm_is_a_fault_at_its_place(
    number: str, change: Callable[[etree._Element], object], fault: tuple[str, str]
) -> None:
    ((code, pointer),) = faults_of(changed(number, change))
    assert (code, pointer.rpartition("/")[2]) == fault


def test_two_attachments_of_one_id_are_a_fault() -> None:
    def twice(root: etree._Element) -> None:
        shelf = next(root.iter("anlagen"))
        shelf.append(etree.fromstring(etree.tostring(shelf[0])))

    assert faults_of(changed("1150", twice)) == [("attachment-duplicate", "//dokumentid")]


def test_a_flood_of_faults_is_cut_off() -> None:
    def flood(root: etree._Element) -> None:
        shelf = next(root.iter("anlagen"))
        for _ in range(600):
            etree.SubElement(etree.SubElement(shelf, "anlage"), "bezeichnung")

    assert len(faults_of(changed("1150", flood))) == 100


def test_more_attachments_than_a_case_may_have_are_a_fault() -> None:
    def flood(root: etree._Element) -> None:
        shelf = next(root.iter("anlagen"))
        for number in range(500):
            copy = etree.fromstring(etree.tostring(shelf[0]))
            next(copy.iter("dokumentid")).text = f"id{number}"
            shelf.append(copy)

    ((code, _),) = faults_of(changed("1150", flood))
    assert code == "attachments-too-many"


def test_all_faults_are_named_at_once() -> None:
    def spoil(root: etree._Element) -> None:
        for change in (put("nachrichtenUUID", "x"), put("erstellungszeitpunkt", "y"), drop("vorgang"), drop("autor")):
            change(root)

    assert [pointer.rpartition("/")[2] for _, pointer in faults_of(changed("1121", spoil))] == [
        "nachrichtenUUID", "erstellungszeitpunkt", "kennung", "vorgang",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", codes.XML_UNREADABLE),
        (b"kein XML", codes.XML_UNREADABLE),
        (b"<a", codes.XML_UNREADABLE),
        (sample_reply("1120", "2.6")[:-10], codes.XML_UNREADABLE),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", codes.XML_UNSAFE),
        (b"<a>" * 70 + b"</a>" * 70, codes.XML_UNSAFE),
        (b"<?xml version='1.0'?><?php x?><a/>", codes.XML_UNSAFE),
        (b"<a/>", codes.RELEASE_UNKNOWN),
        (bare("prozessnachrichten.aktenzeichen.1121", "kernmodul/9/9"), codes.RELEASE_UNKNOWN),
        (bare("nix", "2/6"), codes.MESSAGE_UNKNOWN),
        (bare("falsch.1121", "kernmodul/1/3/0"), codes.MESSAGE_UNKNOWN),
        (bare("prozessnachrichten.aktenzeichen.1121", "2/6"), codes.MESSAGE_UNKNOWN),
        (bare("baugenehmigung.antrag.0200", "2/6"), codes.MESSAGE_UNKNOWN),
    ],
)  # fmt: skip
def test_what_is_no_reply_at_all_is_refused_by_its_cause(data: bytes, code: codes.Code) -> None:
    with pytest.raises(SubmissionError) as caught:
        read_reply(data)
    assert caught.value.code is code


def test_a_reply_larger_than_allowed_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(SubmissionError) as caught:
        read_reply(sample_reply("1120", "2.6"), limit=1000)
    assert caught.value.code is codes.XML_UNSAFE


def test_the_same_reply_in_utf_16_reads_the_same() -> None:
    data = sample_reply("1141", "2.6")
    wide = data.decode().replace("UTF-8", "UTF-16", 1).encode("utf-16")
    assert read_reply(wide) == read_reply(data)


@pytest.mark.parametrize(
    "number", ["0200", "0202", "0260", "0600", "0900", "0950", "1130", "1200", "0300", "0500", "0700"]
)
def test_what_portals_send_is_no_reply(number: str) -> None:
    assert not is_reply(number)


def test_a_header_of_the_old_family_may_carry_the_whole_key_in_one_place() -> None:
    def whole(root: etree._Element) -> None:
        for kennung in root.iter("kennung"):
            for code in kennung.iter("code"):
                code.text = f"bab:{code.text}"

    assert read_reply(changed("1120", whole, "2.3.1")).sender.identifier == "bab:05315000"


REPLIES = [sample_reply(number, name) for number, name in ALL]


@settings(max_examples=300)
@given(st.sampled_from(REPLIES), st.data())
def test_a_damaged_reply_is_read_or_refused_but_never_breaks_the_reader(reply: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(reply)))
    end = data.draw(st.integers(start, min(len(reply), start + 200)))
    patch = data.draw(
        st.binary(max_size=20) | st.sampled_from([b"<a>", b"</a>", b"&#0;", b"&x;", b"<![CDATA[", b"\xff"])
    )
    with contextlib.suppress(GatewayError):
        read_reply(reply[:start] + patch + reply[end:])


VALUES = st.text(max_size=30) | st.sampled_from(
    [
        "",
        " ",
        "9" * 400,
        "-1",
        "true",
        "0000-00-00",
        "9999-12-31T23:59:59+14:00",
        "0001-01-01T00:00:00-14:00",
        "٣",
        "NaN",
        "==",
    ]
)


@settings(max_examples=300)
@given(st.sampled_from(REPLIES), st.data())
def test_a_reply_with_odd_values_or_elements_moved_never_breaks_the_reader(reply: bytes, data: st.DataObject) -> None:
    root = etree.fromstring(reply)
    elements = list(root.iter())
    for _ in range(data.draw(st.integers(1, 3))):
        victim = data.draw(st.sampled_from(elements))
        action = data.draw(st.sampled_from(["text", "remove", "copy", "attribute"]))
        parent = victim.getparent()
        if action == "text":
            victim.text = "".join(c for c in data.draw(VALUES) if c.isprintable() or c in "\t\n")
        elif action == "attribute":
            victim.set(data.draw(st.sampled_from(["filesize", "hashValue", "listURI", "listVersionID"])), "x")
        elif parent is not None and action == "remove":
            parent.remove(victim)
        elif parent is not None:
            parent.append(etree.fromstring(etree.tostring(victim)))
    with contextlib.suppress(GatewayError):
        read_reply(etree.tostring(root))


@given(
    st.uuids(), st.uuids(), st.sampled_from(ALL),
    st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)  # fmt: skip
def test_ids_and_times_go_through_unchanged(
    reference: UUID, identity: UUID, which: tuple[str, str], at: datetime
) -> None:
    number, name = which
    message_id = MessageId(str(identity))
    root = etree.fromstring(sample_reply(number, name, reference=reference, message_id=message_id))
    put("erstellungszeitpunkt", at.isoformat())(root)
    reply = read_reply(etree.tostring(root))
    assert (reply.message_id, reply.created_at) == (message_id, at)
    assert reply.reference == (None if number == "1100" else reference)
