"""A bundle of evidence: sound as it is made, and every way to tamper with it gets its exact answer."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import GatewayError
from gateway.domain.evidence import Event, Fact, canonical
from gateway.seal.evidence import INDEX, build
from gateway.seal.evidence_check import check
from gateway.seal.evidence_jws import compact, payload_of, sign_payload, verify_compact
from gateway.seal.evidence_zip import BYTES, MIMETYPE, pack, unpack
from gateway.seal.trust import Trust
from tests.kit.evidence_made import Made, made, rezipped, signed_anchor
from tests.kit.keys import AT, gateway_signer, gateway_trust


def refused(data: bytes, trust: Trust | None = None) -> str:
    """Return the German reason for which a bundle is refused."""
    with pytest.raises(GatewayError) as caught:
        check(data, trust or gateway_trust())
    return caught.value.reason


def resigned(files: dict[str, bytes], one: Made) -> bytes:
    """Return a bundle whose index our own key has signed again: what somebody inside could forge."""
    index = payload_of(verify_compact(files[INDEX].decode(), gateway_trust(), "x").payload)
    index["files"] = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(files.items())
        if name not in (INDEX, "mimetype")
    ]
    return pack(files | {INDEX: compact(canonical(index), one.signer, one.at).encode()})


def test_a_bundle_proves_its_facts_in_order() -> None:
    verified = check(made().data, gateway_trust())
    assert [one.what for one in verified.facts] == [Fact.ACCEPTED, Fact.AVAILABLE, Fact.HANDED_OVER, Fact.ERASED]
    assert verified.entries == 4
    assert verified.notes == ()


@given(place=st.integers(0, 10**9), change=st.integers(1, 255))
def test_one_changed_byte_anywhere_is_found(place: int, change: int) -> None:
    data = bytearray(made().data)
    data[place % len(data)] ^= change
    refused(bytes(data))


def test_every_single_changed_byte_of_the_container_around_the_files_is_found() -> None:
    data = made().data
    inside = set[int]()
    for content in unpack(data).values():
        begin = data.index(content)
        inside.update(range(begin, begin + len(content)))
    for place in set(range(len(data))) - inside:
        broken = bytearray(data)
        broken[place] ^= 0x01
        refused(bytes(broken))


def test_a_changed_byte_in_any_file_is_found_even_if_the_container_is_made_anew_around_it() -> None:
    """Every 23rd byte of each file, the first and the last: the checksums of the ZIP are right again each time."""
    files = {name: data for name, data in unpack(made().data).items() if name != MIMETYPE}  # `pack` writes that itself
    for name, data in files.items():
        for place in {*range(0, len(data), 23), len(data) - 1}:
            changed = data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
            with pytest.raises(GatewayError):
                check(pack(files | {name: changed}), gateway_trust())


@given(cut=st.integers(0, 10**9))
def test_a_truncated_bundle_is_refused_and_said_to_be_incomplete(cut: int) -> None:
    data = made().data
    reason = refused(data[: cut % len(data)])
    assert reason in (
        "Die Datei ist unvollständig: Ihr Ende fehlt.",
        "Die Datei ist kein Nachweisbündel.",
        "Die Datei ist beschädigt: Ihr Inhaltsverzeichnis passt nicht zum Inhalt.",
    )


@given(st.binary(max_size=400))
def test_any_other_bytes_are_refused_with_a_reason(data: bytes) -> None:
    assert refused(data)
    assert refused(b"PK\x03\x04" + data)


def test_each_way_of_packing_it_anew_has_its_own_answer() -> None:
    data = made().data
    assert refused(rezipped(data, compressed=True)).startswith("Die Datei wurde verändert oder neu verpackt")
    assert refused(rezipped(data)).startswith("Die Datei wurde verändert oder neu verpackt")
    assert refused(rezipped(data, add={"../../etc/passwd": b"x"})) == (
        "Das Bündel enthält den unzulässigen Pfad „../../etc/passwd“."
    )
    assert refused(rezipped(data, add={"/tmp/x": b"x"})) == "Das Bündel enthält den unzulässigen Pfad „/tmp/x“."
    folders = rezipped(data, add={"events/": b""})
    assert refused(folders).startswith("Die Datei wurde verändert oder neu verpackt")
    assert refused(data + b"\x00") != ""
    assert refused(b"x" * (BYTES + 1)) == "Die Datei ist größer, als ein Nachweisbündel sein kann."


def test_a_bundle_packed_in_our_form_with_more_or_less_in_it_is_refused() -> None:
    files = unpack(made().data)
    assert refused(pack(files | {"events/0009-erased.jws": b"x"})) == (
        "Das Bündel enthält etwas, das nicht dazugehört: events/0009-erased.jws."
    )
    assert refused(pack({name: data for name, data in files.items() if "0004" not in name})) == (
        "Dem Bündel fehlt etwas: events/0004-erased.jws."
    )
    assert refused(pack({name: data for name, data in files.items() if name != INDEX})) == (
        "Dem Bündel fehlt sein signiertes Verzeichnis."
    )
    assert refused(pack(files | {"LIESMICH.txt": b"Alles gut"})) == "Die Datei LIESMICH.txt im Bündel wurde verändert."
    assert refused(pack(files | {"../x": b""})) == "Das Bündel enthält den unzulässigen Pfad „../x“."


def test_even_with_our_key_no_event_can_be_left_out_moved_or_borrowed() -> None:
    one = made()
    files = unpack(one.data)
    gap = {name: data for name, data in files.items() if not name.startswith("events/0002")}
    assert "fehlt ein Ereignis, oder es ist vertauscht" in refused(resigned(gap, one))
    renamed = dict(files)
    renamed["events/0002-handed_over.jws"] = renamed.pop("events/0002-available.jws")
    assert "ein anderes Ereignis" in refused(resigned(renamed, one))
    fewer = replace(one.material, entries=one.material.entries[:-1])
    assert "Der Protokolleintrag zu Ereignis 4 fehlt oder weicht ab." in refused(build(fewer, one.signer, one.at))
    more = dict(files)
    more["extra.txt"] = b"x"
    assert "nicht dazugehört" in refused(resigned(more, one))


def test_an_entry_that_the_anchor_does_not_know_is_refused() -> None:
    one = made()
    elsewhere = signed_anchor(["00" * 32] * 24, one.signer, AT)
    reason = refused(build(replace(one.material, anchors=[elsewhere]), one.signer, one.at))
    assert "führt nicht zum signierten Anker" in reason
    assert "fehlt der Anker" in refused(build(replace(one.material, anchors=[]), one.signer, one.at))
    proved = [replace(entry, path=("zz",)) for entry in one.material.entries]
    assert refused(build(replace(one.material, entries=proved), one.signer, one.at))


def test_a_bundle_signed_by_somebody_else_is_refused() -> None:
    one = made()
    stranger = gateway_signer(number=55)
    assert "keinem anerkannten Aussteller" in refused(build(one.material, stranger, one.at))


def test_a_signature_made_before_or_after_the_certificate_was_valid_is_refused() -> None:
    one = made()
    late = one.signer.certificate.not_valid_after_utc + timedelta(seconds=1)
    assert "abgelaufen" in refused(build(one.material, one.signer, late))


def test_a_clock_that_ran_backwards_is_remarked_and_proves_nothing_false() -> None:
    one = made()
    verified = check(build(one.material, one.signer, AT - timedelta(minutes=1)), gateway_trust())
    assert verified.notes == (
        "Die Uhr des Gateways ging zeitweise zurück; die Reihenfolge der Ereignisse ist trotzdem bewiesen.",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nicht die Form"),
        ("a.b", "nicht die Form"),
        ("e30.e30.e30", "Kopf"),
        ("W10.e30.e30", "nicht das Erwartete"),
        ("e30.W10.e30", "nicht das Erwartete"),
        ("e31.e30.e30", "einen zulässigen Form"),
        ("ä.e30.e30", "nicht lesbar"),
        ("bnVs.e30.e30", "nicht lesbar"),
    ],
)
def test_what_is_no_signature_of_ours_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(GatewayError, match=reason):
        verify_compact(text, gateway_trust(), "Ereignis 1")


def test_the_algorithm_cannot_be_talked_down() -> None:
    signed = compact('{"a":1}', gateway_signer(), AT)
    head, payload, signature = signed.split(".")
    changes: tuple[dict[str, object], ...] = (
        {"alg": "none"}, {"alg": "HS256"}, {"kid": "00"}, {"crit": ["x"]}, {"x5c": []}, {"iat": "x"},
    )  # fmt: skip
    for change in changes:
        value = payload_of(base64.urlsafe_b64decode(head + "==").decode()) | change
        forged = base64.urlsafe_b64encode(canonical(value).encode()).rstrip(b"=").decode()
        with pytest.raises(GatewayError):
            verify_compact(f"{forged}.{payload}.{signature}", gateway_trust(), "Ereignis 1")


def test_signing_an_event_takes_less_than_a_third_of_a_millisecond() -> None:
    signer = gateway_signer()
    payload = made().material.events[0].payload
    times = []
    for _ in range(200):
        begun = perf_counter()
        sign_payload(payload, signer, AT)
        times.append(perf_counter() - begun)
    assert min(times) < 0.0003


def test_an_event_without_signature_has_no_jws() -> None:
    bare: Event = replace(made().material.events[0], head="", signature="")
    assert bare.jws == ""
