"""The answers we write ourselves: a 1100 in the sender's release, and the small replies of an authority."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import CompositionError, SubmissionError
from gateway.domain.ids import MessageId
from gateway.xbau.authority import REPLIES, Contact, MessageRef, compose_reply
from gateway.xbau.check import check
from gateway.xbau.codelists import codelist
from gateway.xbau.detect import message_names
from gateway.xbau.official import official_schema
from gateway.xbau.read import Ground, read_reply
from gateway.xbau.reject import NO_MESSAGE, compose_rejection, grounds_for, is_rejection
from gateway.xbau.release import RELEASES
from tests.kit import xbau_replies as kit
from tests.kit.xbau_replies import OFFICIAL, heading, numbers, official_only, sample_reply

X001 = [Ground("X001", "Das Element zaehler fehlt.")]
NAMES = list(RELEASES)


def officially_valid(data: bytes, name: str) -> bool:
    return not OFFICIAL.is_dir() or official_schema(OFFICIAL, name).validate(etree.fromstring(data))


@official_only
@pytest.mark.parametrize(("number", "name"), [(number, name) for name in RELEASES for number in numbers(name)])
def test_every_sample_reply_is_valid_by_the_official_schema(number: str, name: str) -> None:
    assert check(sample_reply(number, name, test=None), official=OFFICIAL).findings == ()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", ["1120", "0205", "1141"])
def test_a_rejection_is_valid_names_the_message_and_brings_it_back(name: str, number: str) -> None:
    rejected = sample_reply(number, name, message_id=kit.MEANT_ID)
    data = compose_rejection(rejected, [*X001, Ground("S090")], heading(), RELEASES[name])
    assert officially_valid(data, name)
    facts = read_reply(data).facts.rejected
    assert facts is not None
    assert facts.grounds == (X001[0], Ground("S090"))
    assert (facts.message_id, facts.number, facts.message) == (kit.MEANT_ID, number, rejected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rejected", [b"", b"kein XML", b"<fremd/>", b"<!DOCTYPE a><a/>", b"\xff\xfe\x00"])
def test_a_message_that_cannot_be_read_is_rejected_by_the_id_of_its_transport(name: str, rejected: bytes) -> None:
    data = compose_rejection(rejected, [Ground("X000", "kein XML")], heading(), RELEASES[name], kit.MEANT_ID)
    assert officially_valid(data, name) or rejected == b""
    facts = read_reply(data).facts.rejected
    assert facts is not None
    assert (facts.message_id, facts.message) == (kit.MEANT_ID, rejected or None)


def test_where_no_id_is_known_the_null_uuid_stands() -> None:
    facts = read_reply(compose_rejection(b"?", X001, heading(), RELEASES["2.6"])).facts.rejected
    assert facts is not None
    assert facts.message_id == NO_MESSAGE


def test_the_rejection_of_2_2_has_a_bare_root_and_a_qualified_header() -> None:
    root = etree.fromstring(
        compose_rejection(sample_reply("1120", "2.2"), X001, heading(test="Probe"), RELEASES["2.2"])
    )
    assert len(root.attrib) == 0
    assert root[0].tag == "{http://www.xleitstelle.de/xbau/2/2}nachrichtenkopf"


def test_the_list_of_fehlerkennzahlen_is_that_of_the_release() -> None:
    for name, uri in (("2.3.1", "xbau-kernmodul:codeliste"), ("2.4", "xbau:codeliste")):
        root = etree.fromstring(compose_rejection(b"?", X001, heading(), RELEASES[name]))
        assert next(root.iter("grund")).get("listURI") == f"urn:xoev-de:{uri}:xbau-fehlerkennzahlen"


@pytest.mark.parametrize("name", NAMES)
def test_a_kennzahl_that_the_release_lacks_is_sent_as_s999_and_named(name: str) -> None:
    facts = read_reply(
        compose_rejection(b"?", [Ground("A010", "id fehlt"), Ground("Q7")], heading(), RELEASES[name])
    ).facts
    assert facts.rejected is not None
    known = name == "2.6"
    assert facts.rejected.grounds == (
        Ground("A010", "id fehlt") if known else Ground("S999", "A010: id fehlt"),
        Ground("S999", "Q7"),
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_rejection_is_never_answered_by_a_rejection(name: str) -> None:
    for rejected in (
        sample_reply("1100", name),
        sample_reply("1100", name)[:-40],
        sample_reply("1100", name).decode().replace("UTF-8", "UTF-16", 1).encode("utf-16")[:-40],
        b"<rueckweisung.1100/>",
    ):
        assert is_rejection(rejected)
        with pytest.raises(CompositionError) as caught:
            compose_rejection(rejected, X001, heading(), RELEASES[name])
        assert caught.value.code is codes.STATE_CONFLICT


@pytest.mark.parametrize(
    ("data", "grounds"),
    [
        (b"<a", ["X000"]),
        (b"<a/>", ["V000"]),
        (b"<x:nix xmlns:x='http://www.xleitstelle.de/xbau/2/6'/>", ["V001"]),
        (sample_reply("1120", "2.6").replace(b"bap:", b"").replace(str(kit.REPLY_ID).encode(), b"x"), ["X001"]),
        (sample_reply("1121", "2.6").replace(b"vorgang>", b"v>").replace(b"T14:", b"T99:"), ["X001", "X001"]),
    ],
)
def test_an_error_of_reading_becomes_the_grounds_of_a_rejection(data: bytes, grounds: list[str]) -> None:
    with pytest.raises(SubmissionError) as caught:
        read_reply(data)
    found = grounds_for(caught.value)
    assert [ground.kennzahl for ground in found] == grounds
    assert all(ground.text for ground in found)


def test_a_rejection_without_a_ground_is_not_written() -> None:
    with pytest.raises(CompositionError, match="mindestens einen Grund"):
        compose_rejection(b"?", [], heading(), RELEASES["2.6"])


@settings(max_examples=60)
@given(st.sampled_from(NAMES), st.text(max_size=60), st.binary(max_size=60))
def test_any_text_and_any_bytes_make_a_valid_rejection(name: str, text: str, rejected: bytes) -> None:
    assume(not is_rejection(rejected))
    data = compose_rejection(rejected or b"?", [Ground("S999", text)], heading(), RELEASES[name], kit.MEANT_ID)
    assert officially_valid(data, name)
    assert compose_rejection(rejected or b"?", [Ground("S999", text)], heading(), RELEASES[name], kit.MEANT_ID) == data


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", REPLIES)
def test_an_authority_can_answer_in_every_release_that_has_the_answer(name: str, number: str) -> None:
    release = RELEASES[name]
    answer: dict[str, object] = {
        "information": ["Guten Tag,", "", " Ihr Antrag – „Anbau“ – ist da. "], "accepted": False, "status": "14",
        "about": MessageRef(MessageId(kit.MEANT_ID), "0200", datetime(2026, 11, 20, tzinfo=UTC)),
        "contact": Contact("bauamt@example.de", "50667", "Köln"),
    }  # fmt: skip
    if number not in message_names(release, kernel=release.kernel is not None):
        with pytest.raises(SubmissionError) as caught:
            compose_reply(number, heading(), release, **answer)  # type: ignore[arg-type]  # one dict for all numbers
        assert caught.value.code is codes.MESSAGE_UNKNOWN
        return
    data = compose_reply(number, heading(test="Probe"), release, **answer)  # type: ignore[arg-type]  # as above
    assert officially_valid(data, name)
    assert check(data, official=OFFICIAL if OFFICIAL.is_dir() else None).ok
    reply = read_reply(data)
    assert (reply.reference, reply.file_reference, reply.test) == (kit.REFERENCE, kit.FILE_REFERENCE, "Probe")
    if number in ("1120", "1131"):
        words = 'Ihr Antrag - "Anbau" - ist da.' if name == "2.2" else "Ihr Antrag – „Anbau“ – ist da."
        assert reply.facts.paragraphs == ("Guten Tag,", words)
    if number == "1131":
        assert reply.facts.accepted is False
    if number == "1170":
        assert reply.facts.html == ("<p>Guten Tag,</p><p> Ihr Antrag – „Anbau“ – ist da. </p>",)


def test_what_an_answer_needs_is_asked_for() -> None:
    release = RELEASES["2.6"]
    for number, missing in (("1121", "Aktenzeichen"), ("1131", "Rücknahme"), ("1170", "Status")):
        with pytest.raises(SubmissionError, match=missing) as caught:
            compose_reply(number, heading(file_reference=None), release)
        assert caught.value.code is codes.FIELD_MISSING
    with pytest.raises(SubmissionError) as unknown:
        compose_reply("1170", heading(), release, status="Bescheid")
    assert unknown.value.code is codes.CODE_UNKNOWN
    assert "10 Bescheid erteilt" in unknown.value.hint
    with pytest.raises(SubmissionError) as foreign:
        compose_reply("0200", heading(), release)
    assert foreign.value.code is codes.MESSAGE_UNKNOWN


def test_html_of_a_status_is_escaped() -> None:
    data = compose_reply("1170", heading(), RELEASES["2.6"], status="10", information=["<script>x</script>"])
    assert read_reply(data).facts.html == ("<p>&lt;script&gt;x&lt;/script&gt;</p>",)
    assert base64.b64encode(b"<p>&lt;script")[:8] in data


def test_every_kennzahl_we_could_send_is_in_a_list_or_is_sent_as_s999() -> None:
    known = codelist("xbau-fehlerkennzahlen", "2.2")
    assert {"X000", "X001", "X011", "V000", "V001", "S999"} <= set(known)
