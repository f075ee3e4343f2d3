"""The signed manifest: only what was signed is ever read, by whom it must be, in the one shape we make."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import GatewayError, SealError
from gateway.seal.keys import SigningKey
from gateway.seal.manifest import Manifest, SealedPart, read_manifest, write_manifest
from gateway.seal.sign import DS, XADES, sign, verify, verify_signed
from tests.kit.envelopes import manifest_of
from tests.kit.keys import AT, certificate, certificate_authority, gateway_signer, gateway_trust, private_key
from tests.kit.wrapping import WRAPPINGS

MANIFEST = manifest_of(attachments=(b"Lageplan", b"Ansicht"))
SIGNED = sign(MANIFEST, gateway_signer(), AT)
TRUST = gateway_trust()

line = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40)
part_names = st.lists(st.integers(1, 9999), min_size=1, max_size=5, unique=True)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    parts = tuple(
        SealedPart(
            name=f"part-{number:04d}.bin",
            role=draw(st.sampled_from(["message", "attachment", "antrag"])),
            size=draw(st.integers(0, 250_000_000)),
            sha256=draw(st.binary(min_size=32, max_size=32)).hex(),
            document_id=draw(st.none() | st.just(f"urn_uuid_{number}")),  # type: ignore[arg-type]  # a NewType of str
        )
        for number in draw(part_names)
    )
    return dataclasses.replace(
        MANIFEST,
        route=draw(line),
        procedure=draw(line),
        test=draw(st.booleans()),
        created_at=AT + timedelta(microseconds=draw(st.integers(0, 10**12))),
        parts=parts,
    )


@given(manifests())
@settings(max_examples=40)
def test_any_manifest_survives_writing_signing_and_verifying(manifest: Manifest) -> None:
    assert read_manifest(write_manifest(manifest)) == manifest
    assert write_manifest(manifest) == write_manifest(dataclasses.replace(manifest))
    assert verify(sign(manifest, gateway_signer(), AT), TRUST, AT) == manifest


@pytest.mark.parametrize("kind", ["ec-p384", "ec-p521", "ec-brainpool"])
def test_every_curve_we_allow_signs_and_verifies(kind: str) -> None:
    signer = gateway_signer(kind)
    assert verify(sign(MANIFEST, signer, AT), gateway_trust(signer), AT) == MANIFEST


def test_the_signature_carries_the_time_it_was_told_and_no_second_key() -> None:
    root = etree.fromstring(SIGNED)
    assert root.findtext(f".//{{{XADES}}}SigningTime") == "2026-11-21T09:30:00+00:00"
    assert root.find(f".//{{{DS}}}KeyValue") is None


def test_the_certificate_that_vouches_is_returned() -> None:
    assert verify_signed(SIGNED, TRUST, AT)[1] == gateway_signer().certificate


@pytest.mark.parametrize(
    "bad",
    [{"route": ""}, {"route": "a\nb"}, {"message_id": "x"}, {"parts": ()}, {"parts": MANIFEST.parts * 2}],
)
def test_a_manifest_its_schema_does_not_know_is_never_signed(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a manifest"):
        sign(dataclasses.replace(MANIFEST, **bad), gateway_signer(), AT)  # type: ignore[arg-type]  # bad on purpose


def refused(data: bytes, code: codes.Code = codes.SIGNATURE_INVALID) -> None:
    with pytest.raises(SealError) as caught:
        verify(data, TRUST, AT)
    assert caught.value.code is code


# odd certificates make the library warn before we refuse them
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@given(st.integers(0, len(SIGNED) - 1), st.integers(0, 7))
@settings(max_examples=250)
@example(SIGNED.index(b"05315000"), 0)
@example(SIGNED.index(b"<ds:SignatureValue>") + 19, 1)
def test_a_flipped_bit_is_found_or_changes_nothing_that_is_read(position: int, bit: int) -> None:
    data = bytearray(SIGNED)
    data[position] ^= 1 << bit
    try:
        found = verify(bytes(data), TRUST, AT)
    except GatewayError:
        return
    assert found == MANIFEST


def test_no_change_of_what_is_listed_goes_unseen() -> None:
    for old, new in ((b"05315000", b"05315001"), (b'size="8"', b'size="9"'), (b">false<", b">true<")):
        assert old in SIGNED
        refused(SIGNED.replace(old, new))


@pytest.mark.parametrize("attack", WRAPPINGS)
def test_wrapping_moving_and_doubling_signatures_is_refused(attack: str) -> None:
    refused(WRAPPINGS[attack](SIGNED))


def test_a_comment_changes_nothing_that_is_read() -> None:
    assert verify(SIGNED.replace(b"05315000", b"0531<!-- x -->5000"), TRUST, AT) == MANIFEST


def stranger(name: str = "Bauweiche Signatur") -> SigningKey:
    key = private_key("ec", 40)
    return SigningKey(key, certificate(key, name, "digital_signature"))  # type: ignore[arg-type]  # an EC key


def test_a_stranger_with_our_name_is_not_believed() -> None:
    refused(sign(MANIFEST, stranger(), AT), codes.CERTIFICATE_UNTRUSTED)


def test_our_certificate_beside_a_strangers_key_is_not_enough() -> None:
    ours = gateway_signer().certificate
    refused(sign(MANIFEST, SigningKey(stranger().key, ours), AT))
    refused(sign(MANIFEST, dataclasses.replace(stranger(), chain=(ours,)), AT), codes.CERTIFICATE_UNTRUSTED)
    refused(sign(MANIFEST, SigningKey(stranger().key, ours, (stranger().certificate,)), AT))


def test_a_signer_under_a_known_issuer_is_believed() -> None:
    key, authority = private_key("ec", 41), certificate_authority()
    signer = SigningKey(key, certificate(key, "Gateway", "digital_signature", issuer=authority))  # type: ignore[arg-type]  # an EC key
    trust = type(TRUST)((authority.certificate,))
    assert verify(sign(MANIFEST, signer, AT), trust, AT) == MANIFEST


def test_an_expired_certificate_neither_signs_nor_verifies() -> None:
    late = gateway_signer().certificate.not_valid_after_utc + timedelta(days=1)
    for act in (lambda: sign(MANIFEST, gateway_signer(), late), lambda: verify(SIGNED, TRUST, late)):
        with pytest.raises(SealError) as caught:
            act()
        assert caught.value.code is codes.CERTIFICATE_EXPIRED


def test_a_certificate_for_encryption_does_not_sign() -> None:
    key = private_key("ec", 42)
    wrong = SigningKey(key, certificate(key, "falsch", "key_agreement"))  # type: ignore[arg-type]  # an EC key
    with pytest.raises(SealError) as caught:
        sign(MANIFEST, wrong, AT)
    assert caught.value.code is codes.CERTIFICATE_WRONG
