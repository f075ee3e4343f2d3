"""Wrapped content keys and key files: only the right key opens, and every form of key file is read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import GatewayError, SealError
from gateway.seal.keys import PrivateKeyEntry, fingerprint, read_private_key
from gateway.seal.wrap import unwrap, wrap
from tests.kit.keys import AT, authority_entry, authority_keys, certificate, certificate_pem, private_key, private_pem

KINDS = ["ec", "ec-p384", "ec-p521", "ec-brainpool", "rsa"]
CONTENT_KEY = bytes(range(32))


def wrapped(kind: str = "ec", number: int = 1) -> bytes:
    return wrap(CONTENT_KEY, authority_keys(kind, number)[1], purpose_at=AT)


@pytest.mark.parametrize("kind", KINDS)
def test_the_addressee_opens_what_was_wrapped_for_it_among_other_keys(kind: str) -> None:
    others = [authority_entry("ec", 9), authority_entry("rsa", 1), authority_entry("ec-p384", 9)]
    assert unwrap(wrapped(kind), [*others, authority_entry(kind)]) == CONTENT_KEY


@pytest.mark.parametrize("kind", KINDS)
def test_a_bare_key_without_certificate_opens_too(kind: str) -> None:
    bare = [PrivateKeyEntry(private_key("ec", 8)), PrivateKeyEntry(authority_keys(kind)[0])]
    assert unwrap(wrapped(kind), bare) == CONTENT_KEY


def test_two_wrappings_of_one_key_differ() -> None:
    assert wrapped() != wrapped()


@pytest.mark.parametrize("kind", KINDS)
def test_another_certificates_key_does_not_open_and_the_right_one_is_named(kind: str) -> None:
    with pytest.raises(SealError) as caught:
        unwrap(wrapped(kind), [authority_entry("ec", 9)])
    assert caught.value.code is codes.KEY_MISSING
    assert fingerprint(authority_keys(kind)[1]) in caught.value.hint


@pytest.mark.parametrize("kind", KINDS)
def test_a_bare_key_that_is_another_one_does_not_open(kind: str) -> None:
    with pytest.raises(SealError) as caught:
        unwrap(wrapped(kind), [PrivateKeyEntry(private_key(kind, 7) if kind != "rsa" else private_key("ec", 7))])
    assert caught.value.code is codes.DECRYPTION_FAILED


EXAMPLES = {kind: wrapped(kind) for kind in ("ec", "rsa")}


@pytest.mark.parametrize("kind", EXAMPLES)
@given(data=st.data())
@settings(max_examples=150)
def test_any_flipped_bit_of_a_wrapped_key_is_found(kind: str, data: st.DataObject) -> None:
    octets = bytearray(EXAMPLES[kind])
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(GatewayError):
        unwrap(bytes(octets), [authority_entry(kind)])


def test_a_point_that_is_not_on_the_curve_is_refused() -> None:
    root = etree.fromstring(EXAMPLES["ec"])
    point = root.find(".//{http://www.w3.org/2009/xmldsig11#}PublicKey")
    assert point is not None
    text = point.text or ""
    changed = EXAMPLES["ec"].replace(text.encode(), b"BAAA" + text[4:].encode())
    with pytest.raises(SealError) as caught:
        unwrap(changed, [authority_entry("ec")])
    assert caught.value.code is codes.DECRYPTION_FAILED


def refusal(value: x509.Certificate) -> codes.Code:
    with pytest.raises(SealError) as caught:
        wrap(CONTENT_KEY, value, purpose_at=AT)
    return caught.value.code


def test_nothing_is_wrapped_for_an_expired_weak_or_wrong_certificate() -> None:
    assert refusal(certificate(private_key("ec", 1), "alt", "key_agreement", days=1)) is codes.CERTIFICATE_EXPIRED
    future = certificate(private_key("ec", 1), "neu", "key_agreement", start=AT + timedelta(days=1))
    assert refusal(future) is codes.CERTIFICATE_EARLY
    assert refusal(certificate(private_key("rsa-weak"), "kurz", "key_encipherment")) is codes.KEY_WEAK
    assert refusal(certificate(private_key("ec", 1), "signiert nur", "digital_signature")) is codes.CERTIFICATE_WRONG


def pkcs12_file(kind: str, password: bytes | None) -> bytes:
    key, own = authority_keys(kind)
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"bauaufsicht", key, own, None, protection)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_every_form_of_key_file_is_read(kind: str) -> None:
    key, own = authority_keys(kind)
    pem = private_pem(key)
    traditional = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert read_private_key(pem).certificate is None
    assert read_private_key(traditional).certificate is None
    assert read_private_key(pem, certificates=[own]).certificate == own
    assert read_private_key(pem + certificate_pem(own)).certificate == own
    assert read_private_key(certificate_pem(own) + pem, b"unused").certificate == own
    assert (
        read_private_key(private_pem(key, b"Umlaut \xc3\xa4") + certificate_pem(own), b"Umlaut \xc3\xa4").certificate
        == own
    )
    assert read_private_key(pkcs12_file(kind, b"geheim"), b"geheim").certificate == own
    assert read_private_key(pkcs12_file(kind, None)).certificate == own


def test_the_certificate_of_another_key_is_not_taken_for_its_own() -> None:
    strange = authority_keys("ec", 9)[1]
    entry = read_private_key(private_pem(authority_keys()[0]) + certificate_pem(strange))
    assert entry.certificate is None
    assert entry.chain == (strange,)


@pytest.mark.parametrize(
    ("data", "password", "word"),
    [
        (private_pem(authority_keys()[0], b"geheim"), None, "Passwort geschützt"),
        (private_pem(authority_keys()[0], b"geheim"), b"falsch", "Passwort ist falsch"),
        (pkcs12_file("ec", b"geheim"), None, "Passwort geschützt"),
        (pkcs12_file("ec", b"geheim"), b"falsch", "Passwort ist falsch"),
        (certificate_pem(authority_keys()[1]), None, "nicht lesen"),
        (private_pem(private_key())[:80], None, "nicht lesen"),
        (b"", None, "nicht lesen"),
        (bytes(range(256)), None, "nicht lesen"),
    ],
    ids=["locked", "wrong-password", "locked-p12", "wrong-password-p12", "no-key", "cut", "empty", "binary"],
)
def test_an_unreadable_key_file_says_in_german_what_is_wrong(data: bytes, password: bytes | None, word: str) -> None:
    with pytest.raises(SealError) as caught:
        read_private_key(data, password)
    assert caught.value.code is codes.KEY_UNREADABLE
    assert word in caught.value.reason


def test_a_key_that_is_neither_rsa_nor_ec_is_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(SealError, match="weder"):
        read_private_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
