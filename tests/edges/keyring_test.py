"""The folder of keys: closed to others, durable, and rotated without losing an old envelope."""

from __future__ import annotations

import os
import ssl
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError, SealError
from gateway.edges.keyring import FolderKeyring
from gateway.seal.keys import fingerprint
from gateway.seal.sign import sign, verify
from gateway.seal.wrap import wrap
from tests.kit.envelopes import manifest_of
from tests.kit.keys import (
    AT,
    authority_keys,
    certificate,
    certificate_authority,
    certificate_pem,
    gateway_keyring,
    private_key,
    private_pem,
)

MANIFEST = manifest_of()
LATER = AT + timedelta(days=200)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keyring(tmp_path: Path) -> FolderKeyring:
    return gateway_keyring(tmp_path)


def test_keys_lie_in_a_closed_folder_in_closed_files(keyring: FolderKeyring, folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir()} == {"sign-0001.pem", "wrap-0001.pem", "tls-0001.pem"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_the_ring_signs_wraps_and_unwraps(keyring: FolderKeyring) -> None:
    signed = sign(MANIFEST, keyring.signer(AT), AT)
    assert verify(signed, keyring.trust(), AT) == MANIFEST
    wrapped = wrap(bytes(32), keyring.wrapping_certificate(AT), purpose_at=AT)
    assert keyring.unwrap(wrapped) == bytes(32)


def test_another_ring_in_the_same_folder_sees_the_same_keys(keyring: FolderKeyring, folder: Path) -> None:
    again = FolderKeyring(folder)
    assert again.list() == keyring.list()
    keyring.rotate("sign", name="neu", at=AT)
    assert again.signer(AT).certificate == keyring.signer(AT).certificate


def test_the_list_says_what_people_need(keyring: FolderKeyring) -> None:
    sign_key = keyring.list()[0]
    assert (sign_key.file, sign_key.purpose, sign_key.algorithm) == ("sign-0001.pem", "sign", "EC secp256r1")
    assert (sign_key.subject, sign_key.pending) == ("CN=Bauweiche sign", False)
    assert sign_key.fingerprint == fingerprint(keyring.signer(AT).certificate)


def test_an_empty_or_missing_folder_has_no_keys_and_says_how_to_make_one(folder: Path) -> None:
    keyring = FolderKeyring(folder)
    assert keyring.list() == ()
    with pytest.raises(ConfigurationError) as caught:
        keyring.signer(AT)
    assert caught.value.code is codes.KEY_MISSING
    assert "bauweiche keys create sign" in caught.value.hint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_file_others_may_reach_is_refused(keyring: FolderKeyring, folder: Path, mode: int) -> None:
    keyring.signer(AT)  # read once, and still looked at the next time
    (folder / "sign-0001.pem").chmod(mode)
    with pytest.raises(ConfigurationError, match=f"{mode:04o}"):
        keyring.signer(AT)


def test_a_folder_others_may_reach_is_refused(keyring: FolderKeyring, folder: Path) -> None:
    folder.chmod(0o750)
    with pytest.raises(ConfigurationError, match="0750"):
        keyring.list()


def test_a_link_is_not_taken_for_a_key(keyring: FolderKeyring, folder: Path, tmp_path: Path) -> None:
    (folder / "sign-0001.pem").rename(tmp_path / "woanders.pem")
    (folder / "sign-0001.pem").symlink_to(tmp_path / "woanders.pem")
    with pytest.raises(ConfigurationError, match="Verweis"):
        keyring.signer(AT)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_file_of_another_user_is_refused(keyring: FolderKeyring, folder: Path) -> None:
    os.chown(folder / "wrap-0001.pem", 65534, 65534)
    with pytest.raises(ConfigurationError, match="gehört"):
        keyring.wrapping_certificate(AT)


def test_creating_a_second_first_key_is_refused(keyring: FolderKeyring) -> None:
    with pytest.raises(ConfigurationError, match="schon"):
        keyring.create("sign", name="noch einer", at=AT)


def test_after_rotation_the_new_key_signs_and_the_old_signature_still_verifies(keyring: FolderKeyring) -> None:
    old = keyring.signer(AT)
    before = sign(MANIFEST, old, AT)
    keyring.rotate("sign", name="Bauweiche sign 2", at=LATER)
    assert keyring.signer(AT).certificate == old.certificate
    assert keyring.signer(LATER).certificate != old.certificate
    after = sign(MANIFEST, keyring.signer(LATER), LATER)
    assert verify(before, keyring.trust(), LATER) == verify(after, keyring.trust(), LATER) == MANIFEST


def test_after_rotation_old_wrapped_keys_still_open_even_when_the_old_certificate_has_expired(tmp_path: Path) -> None:
    keyring = FolderKeyring(tmp_path / "keys")
    keyring.create("wrap", name="alt", at=AT, days=10)
    old = wrap(bytes(32), keyring.wrapping_certificate(AT), purpose_at=AT)
    with pytest.raises(ConfigurationError):
        keyring.wrapping_certificate(LATER)
    keyring.rotate("wrap", name="neu", at=LATER)
    new = wrap(bytes(32), keyring.wrapping_certificate(LATER), purpose_at=LATER)
    assert keyring.unwrap(old) == keyring.unwrap(new) == bytes(32)


def test_rotating_what_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigurationError):
        FolderKeyring(folder).rotate("sign", name="x", at=AT)


def answer(request: bytes, *usage: str) -> bytes:
    """Return what a certification authority sends back: the certificate and its own."""
    wanted, authority = x509.load_pem_x509_csr(request), certificate_authority()
    assert wanted.is_signature_valid
    key = wanted.public_key()

    class Public:
        """Stands in for a key of which we hold only the public half."""

        def public_key(self) -> object:
            return key

    issued = certificate(Public(), "Bauweiche Zertifikat", *usage, issuer=authority)  # type: ignore[arg-type]  # see above
    return certificate_pem(authority.certificate) + certificate_pem(issued)


def test_a_requested_certificate_comes_home_to_its_key(keyring: FolderKeyring) -> None:
    request = keyring.csr("sign", name="Bauweiche")
    assert [key.pending for key in keyring.list() if key.purpose == "sign"] == [False, True]
    assert keyring.signer(AT).certificate.subject.rfc4514_string() == "CN=Bauweiche sign"
    info = keyring.import_certificate(answer(request, "digital_signature"), at=AT)
    assert (info.file, info.subject, info.pending) == ("sign-0002.pem", "CN=Bauweiche Zertifikat", False)
    signer = keyring.signer(AT)
    assert signer.certificate.subject.rfc4514_string() == "CN=Bauweiche Zertifikat"
    assert signer.chain == (certificate_authority().certificate,)


def test_asking_twice_requests_the_same_key(keyring: FolderKeyring) -> None:
    first, second = (x509.load_pem_x509_csr(keyring.csr("wrap", name="x")) for _ in range(2))
    assert first.public_key() == second.public_key()
    assert len([key for key in keyring.list() if key.purpose == "wrap"]) == 2


def test_a_renewed_certificate_for_the_same_key_leaves_the_old_one_in_place(keyring: FolderKeyring) -> None:
    request = keyring.csr("wrap", name="x")
    keyring.import_certificate(answer(request, "key_agreement"), at=AT)
    old = wrap(bytes(32), keyring.wrapping_certificate(AT), purpose_at=AT)
    info = keyring.import_certificate(answer(request, "key_agreement"), at=AT)
    assert info.file == "wrap-0003.pem"
    assert keyring.unwrap(old) == bytes(32)


def test_a_certificate_for_a_key_that_is_not_here_is_refused(keyring: FolderKeyring) -> None:
    with pytest.raises(ConfigurationError, match="keinen Schlüssel"):
        keyring.import_certificate(certificate_pem(authority_keys()[1]), at=AT)


def test_a_certificate_for_the_wrong_use_is_refused_and_changes_nothing(keyring: FolderKeyring) -> None:
    request = keyring.csr("sign", name="x")
    before = keyring.list()
    with pytest.raises(SealError) as caught:
        keyring.import_certificate(answer(request, "key_agreement"), at=AT)
    assert caught.value.code is codes.CERTIFICATE_WRONG
    assert keyring.list() == before


def test_key_and_certificate_together_come_in_as_pkcs12(keyring: FolderKeyring) -> None:
    key, own = private_key("rsa", 5), certificate(private_key("rsa", 5), "RSA", "key_encipherment")
    data = pkcs12.serialize_key_and_certificates(b"x", key, own, None, BestAvailableEncryption(b"geheim"))
    with pytest.raises(ConfigurationError, match="Zweck"):
        keyring.import_certificate(data, at=AT, password=b"geheim")
    with pytest.raises(SealError):
        keyring.import_certificate(data, at=AT, password=b"falsch", purpose="wrap")
    assert keyring.import_certificate(data, at=AT, password=b"geheim", purpose="wrap").algorithm == "RSA 3072"
    assert keyring.unwrap(wrap(bytes(32), keyring.wrapping_certificate(AT), purpose_at=AT)) == bytes(32)


def test_an_rsa_key_is_not_taken_for_signing(keyring: FolderKeyring) -> None:
    key = private_key("rsa", 5)
    data = private_pem(key) + certificate_pem(certificate(key, "RSA", "digital_signature"))
    with pytest.raises(SealError, match="ECDSA"):
        keyring.import_certificate(data, at=AT, purpose="sign")


def test_the_tls_file_is_what_the_standard_library_loads(keyring: FolderKeyring) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keyring.tls_file(AT))
    leaf = x509.load_pem_x509_certificate(keyring.tls_file(AT).read_bytes().partition(b"-----END PRIVATE KEY-----")[2])
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]


def test_leftovers_of_a_crash_are_ignored(keyring: FolderKeyring, folder: Path) -> None:
    (folder / "sign-0002.123.tmp").write_bytes(b"-----BEGIN PRIV")
    (folder / "notizen.txt").write_text("nichts")
    assert len(keyring.list()) == 3


def test_a_damaged_key_file_is_named(keyring: FolderKeyring, folder: Path) -> None:
    (folder / "wrap-0001.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----\nkaputt\n-----END PRIVATE KEY-----\n")
    with pytest.raises(SealError) as caught:
        keyring.wrapping_certificate(AT)
    assert caught.value.code is codes.KEY_UNREADABLE
    assert "wrap-0001.pem" in caught.value.reason
