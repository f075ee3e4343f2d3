"""Keys and certificates for tests: each kind is made once per process, since an RSA key takes its time."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.edges.keyring import FolderKeyring
from gateway.edges.keys_issue import KeyPurpose
from gateway.seal.keys import PrivateKey, PrivateKeyEntry, SigningKey
from gateway.seal.trust import Trust

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
"""The moment the tests live in."""


@dataclasses.dataclass(frozen=True)
class Ca:
    """An issuer for tests."""

    key: PrivateKey
    certificate: x509.Certificate


def private_key(kind: str = "ec", number: int = 0) -> PrivateKey:
    """Return the `number`-th key of a kind: ec, ec-p384, ec-p521, ec-brainpool, ec-weak, rsa, rsa-weak."""
    return _private_key(kind, number)


@cache
def _private_key(kind: str, _number: int) -> PrivateKey:
    curves: dict[str, ec.EllipticCurve] = {
        "ec": ec.SECP256R1(), "ec-p384": ec.SECP384R1(), "ec-p521": ec.SECP521R1(),
        "ec-brainpool": ec.BrainpoolP256R1(), "ec-weak": ec.SECP224R1(),
    }  # fmt: skip
    if kind in curves:
        return ec.generate_private_key(curves[kind])
    return rsa.generate_private_key(public_exponent=65537, key_size=2048 if kind == "rsa-weak" else 3072)


def key_usage(*allowed: str) -> x509.KeyUsage:
    """Return a key usage with the named bits set."""
    bits = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
            "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{bit: bit in allowed for bit in bits})


def certificate(
    key: PrivateKey, name: str, *usage: str, issuer: Ca | None = None, start: datetime = AT - timedelta(days=30),
    days: int = 365, ca: bool = False, hash_algorithm: hashes.SHA256 | hashes.SHA224 | None = None,
    extensions: tuple[x509.ExtensionType, ...] = (), path_length: int | None = None,
) -> x509.Certificate:  # fmt: skip
    """Return a certificate for `key`, self-signed unless an issuer is given; without key usage if none is named."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )
    if usage:
        builder = builder.add_extension(key_usage(*usage), critical=True)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(issuer.key if issuer else key, hash_algorithm or hashes.SHA256())


def certificate_authority(name: str = "Prüf-CA", number: int = 90) -> Ca:
    """Return an issuer whose certificate is valid around `AT`."""
    return _certificate_authority(name, number)


@cache
def _certificate_authority(name: str, number: int) -> Ca:
    key = private_key("ec", number)
    return Ca(key, certificate(key, name, "key_cert_sign", ca=True, start=AT - timedelta(days=1000), days=3650))


def authority_keys(kind: str = "ec", number: int = 1) -> tuple[PrivateKey, x509.Certificate]:
    """Return an authority's decryption key and its self-signed certificate, valid around `AT`."""
    return _authority_keys(kind, number)


@cache
def _authority_keys(kind: str, number: int) -> tuple[PrivateKey, x509.Certificate]:
    key = private_key(kind, number)
    usage = "key_encipherment" if kind.startswith("rsa") else "key_agreement"
    return key, certificate(key, f"Bauaufsicht {kind} {number}", usage)


def authority_entry(kind: str = "ec", number: int = 1) -> PrivateKeyEntry:
    """Return the same as an entry that unwraps."""
    return PrivateKeyEntry(*authority_keys(kind, number))


def gateway_signer(kind: str = "ec", number: int = 2) -> SigningKey:
    """Return the gateway's signing key, self-signed, valid around `AT`."""
    return _gateway_signer(kind, number)


@cache
def _gateway_signer(kind: str, number: int) -> SigningKey:
    key = private_key(kind, number)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return SigningKey(key, certificate(key, "Bauweiche Signatur", "digital_signature"))


def gateway_trust(signer: SigningKey | None = None) -> Trust:
    """Return the trust of an authority that knows the gateway's certificate."""
    return Trust(((signer or gateway_signer()).certificate,))


def private_pem(key: PrivateKey, password: bytes | None = None) -> bytes:
    """Return the key as PKCS#8 PEM, encrypted if a password is given."""
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)


def certificate_pem(value: x509.Certificate) -> bytes:
    """Return the certificate as PEM."""
    return value.public_bytes(Encoding.PEM)


def gateway_keyring(folder: Path, at: datetime = AT) -> FolderKeyring:
    """Return a keyring in `folder`/keys with a signing, a wrapping and a TLS key, valid from the day before `at`."""
    keyring = FolderKeyring(folder / "keys")
    purposes: tuple[KeyPurpose, ...] = ("sign", "wrap", "tls")
    for purpose in purposes:
        hosts = ("localhost", "127.0.0.1") if purpose == "tls" else ()
        keyring.create(purpose, name=f"Bauweiche {purpose}", at=at - timedelta(days=1), hosts=hosts)
    return keyring
