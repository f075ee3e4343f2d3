"""Certificates: which ones count, for what and when."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.domain import codes
from gateway.domain.errors import SealError
from gateway.seal.keys import read_certificates
from gateway.seal.trust import Purpose, Trust, check_suitable
from tests.kit.keys import AT, Ca, authority_keys, certificate, certificate_authority, certificate_pem, private_key

LEAF = private_key("ec", 30)


def faults(trust: Trust, value: x509.Certificate, purpose: Purpose = "encrypt", **more: object) -> set[str]:
    at = more.pop("at", AT)
    with pytest.raises(SealError) as caught:
        trust.check_certificate(value, purpose=purpose, at=at, **more)  # type: ignore[arg-type]  # tests pass what they like
    assert caught.value.code is caught.value.faults[0].code
    return {fault.code.name for fault in caught.value.faults}


def issued(*usage: str, by: Ca | None = None, **more: object) -> x509.Certificate:
    issuer = by or certificate_authority()
    return certificate(LEAF, "Bauaufsicht", *usage, issuer=issuer, **more)  # type: ignore[arg-type]  # as above


CA = Trust((certificate_authority().certificate,))


@pytest.mark.parametrize("kind", ["ec", "ec-p384", "ec-brainpool", "rsa"])
def test_a_pinned_self_signed_certificate_is_believed(kind: str) -> None:
    own = authority_keys(kind)[1]
    Trust((own,)).check_certificate(own, purpose="encrypt", at=AT)


def test_a_self_signed_certificate_nobody_pinned_is_not() -> None:
    assert faults(CA, authority_keys()[1]) == {codes.CERTIFICATE_UNTRUSTED.name}


def test_a_certificate_of_a_known_issuer_is_believed() -> None:
    CA.check_certificate(issued("key_agreement"), purpose="encrypt", at=AT)


def test_the_days_before_and_after_validity_are_refused() -> None:
    value = issued("key_agreement")
    early, late = value.not_valid_before_utc - timedelta(seconds=1), value.not_valid_after_utc + timedelta(seconds=1)
    assert faults(CA, value, at=early) == {codes.CERTIFICATE_EARLY.name}
    assert faults(CA, value, at=late) == {codes.CERTIFICATE_EXPIRED.name}
    for at in (value.not_valid_before_utc, value.not_valid_after_utc):
        CA.check_certificate(value, purpose="encrypt", at=at)


@pytest.mark.parametrize(("kind", "usage"), [("rsa-weak", "key_encipherment"), ("ec-weak", "key_agreement")])
def test_a_weak_key_is_refused_even_when_pinned(kind: str, usage: str) -> None:
    weak = certificate(private_key(kind), "schwach", usage)
    assert faults(Trust((weak,)), weak) == {codes.KEY_WEAK.name}


@pytest.mark.parametrize(
    ("usage", "purpose"),
    [
        ("digital_signature", "encrypt"),
        ("key_encipherment", "encrypt"),  # right for RSA, wrong for EC
        ("key_agreement", "sign"),
        ("key_agreement", "tls-server"),
        ("key_cert_sign", "sign"),
    ],
)
def test_a_certificate_for_another_purpose_is_refused(usage: str, purpose: Purpose) -> None:
    assert faults(CA, issued(usage), purpose) == {codes.CERTIFICATE_WRONG.name}


def test_a_tls_certificate_serves_neither_signing_nor_the_other_side() -> None:
    only_server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    value = issued("digital_signature", extensions=(only_server,))
    CA.check_certificate(value, purpose="tls-server", at=AT)
    assert faults(CA, value, "tls-client") == {codes.CERTIFICATE_WRONG.name}
    assert faults(CA, value, "sign") == {codes.CERTIFICATE_WRONG.name}


def test_every_fault_is_named_at_once() -> None:
    bad = certificate(private_key("rsa-weak"), "alles falsch", "digital_signature", days=1)
    expected = {codes.CERTIFICATE_EXPIRED, codes.KEY_WEAK, codes.CERTIFICATE_WRONG, codes.CERTIFICATE_UNTRUSTED}
    assert faults(CA, bad) == {code.name for code in expected}


def between(name: str, by: Ca, number: int, **more: object) -> Ca:
    key = private_key("ec", number)
    return Ca(key, certificate(key, name, "key_cert_sign", issuer=by, ca=True, **more))  # type: ignore[arg-type]  # as above


def test_a_chain_is_followed_over_intermediates_from_either_side() -> None:
    middle = between("Zwischen", certificate_authority(), 31)
    value = issued("key_agreement", by=middle)
    assert faults(CA, value) == {codes.CERTIFICATE_UNTRUSTED.name}
    CA.check_certificate(value, purpose="encrypt", at=AT, chain=[middle.certificate])
    Trust(CA.anchors, (middle.certificate,)).check_certificate(value, purpose="encrypt", at=AT)


def test_what_is_no_issuer_cannot_issue() -> None:
    leaf = Ca(LEAF, issued("digital_signature"))
    below = certificate(private_key("ec", 32), "untergeschoben", "key_agreement", issuer=leaf)
    assert faults(CA, below, chain=[leaf.certificate]) == {codes.CERTIFICATE_UNTRUSTED.name}


def test_an_expired_intermediate_breaks_the_chain() -> None:
    middle = between("abgelaufen", certificate_authority(), 33, days=1)
    value = issued("key_agreement", by=middle)
    assert faults(CA, value, chain=[middle.certificate]) == {codes.CERTIFICATE_UNTRUSTED.name}


def test_a_path_longer_than_an_issuer_allows_is_refused() -> None:
    first = between("darf nur Blätter", certificate_authority(), 34, path_length=0)
    second = between("zu tief", first, 35)
    value = issued("key_agreement", by=second)
    chain = [first.certificate, second.certificate]
    assert faults(CA, value, chain=chain) == {codes.CERTIFICATE_UNTRUSTED.name}
    CA.check_certificate(issued("key_agreement", by=first), purpose="encrypt", at=AT, chain=chain)


def test_an_issuer_of_the_same_name_with_another_key_is_not_the_issuer() -> None:
    double = Ca(private_key("ec", 36), certificate(private_key("ec", 36), "Prüf-CA", "key_cert_sign", ca=True))
    assert faults(CA, issued("key_agreement", by=double), chain=[double.certificate]) == {
        codes.CERTIFICATE_UNTRUSTED.name
    }


def test_issuers_that_name_each_other_end_the_search() -> None:
    key = private_key("ec", 37)
    first = Ca(key, certificate(key, "A", "key_cert_sign", ca=True))
    ring = [
        certificate(key, name, "key_cert_sign", issuer=Ca(key, certificate(key, other, ca=True)), ca=True)
        for name, other in (("A", "B"), ("B", "A"))
    ]
    value = issued("key_agreement", by=first)
    assert faults(CA, value, chain=ring * 5) == {codes.CERTIFICATE_UNTRUSTED.name}


def test_an_issuer_certificate_serves_no_other_purpose_unless_pinned() -> None:
    key = private_key("ec", 38)
    value = certificate(key, "CA als Blatt", "key_agreement", issuer=certificate_authority(), ca=True)
    assert faults(CA, value) == {codes.CERTIFICATE_WRONG.name}
    Trust((value,)).check_certificate(value, purpose="encrypt", at=AT)


def test_a_critical_extension_that_is_not_understood_is_refused() -> None:
    constraint = x509.NameConstraints([x509.DNSName("example.org")], None)
    value = issued("key_agreement", extensions=(constraint,))
    assert faults(CA, value) == {codes.CERTIFICATE_WRONG.name}


def test_an_outdated_signature_hash_is_refused() -> None:
    value = issued("key_agreement", hash_algorithm=hashes.SHA224())
    assert codes.KEY_WEAK.name in faults(CA, value)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_sha1_certificate_is_refused(tmp_path: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha1",
         "-subj", "/CN=alt", "-days", "3000", "-keyout", tmp_path / "k.pem", "-out", tmp_path / "c.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    (old,) = read_certificates((tmp_path / "c.pem").read_bytes())
    assert codes.KEY_WEAK.name in faults(Trust((old,)), old, at=old.not_valid_before_utc)


def test_without_usage_extensions_a_certificate_serves_every_purpose() -> None:
    plain = issued()
    purposes: tuple[Purpose, ...] = ("sign", "encrypt", "tls-server", "tls-client")
    for purpose in purposes:
        check_suitable(plain, purpose=purpose, at=AT)


def test_trust_is_read_from_a_file_with_several_certificates() -> None:
    both = certificate_pem(authority_keys()[1]) + certificate_pem(certificate_authority().certificate)
    assert Trust.of(both).anchors == (authority_keys()[1], certificate_authority().certificate)
    with pytest.raises(SealError) as caught:
        Trust.of(b"kein Zertifikat")
    assert caught.value.code is codes.KEY_UNREADABLE
