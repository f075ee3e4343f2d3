"""Keys as values: what signs, what unwraps, and how a key file from outside is read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)

from gateway.domain import codes
from gateway.domain.errors import SealError

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

UNREADABLE = (
    ValueError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
)  # fmt: skip
"""What `cryptography` raises when it decodes a malformed certificate."""

_HINT = "Erwartet wird eine PEM-Datei (privater Schlüssel, dazu möglichst das Zertifikat) oder eine PKCS#12-Datei."


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private EC key with the certificate that names it; `chain` are the issuers, nearest first, without the root."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class PrivateKeyEntry:
    """A private key that can unwrap; the certificate is None where a key file held the bare key."""

    key: PrivateKey
    certificate: x509.Certificate | None = None
    chain: tuple[x509.Certificate, ...] = ()


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of the certificate's DER, in lower-case hex: the key id of our envelopes."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def spki(key: PublicKey | PrivateKey) -> bytes:
    """Return the SHA-256 of the public half as SubjectPublicKeyInfo: equal for two forms of the same key."""
    public = key.public_key() if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) else key
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def belongs(certificate: x509.Certificate, key: PrivateKey) -> bool:
    """Tell whether `certificate` is for the public half of `key`."""
    public = certificate.public_key()
    return isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey) and spki(public) == spki(key)


def read_private_key(
    data: bytes, password: bytes | None = None, certificates: Sequence[x509.Certificate] = ()
) -> PrivateKeyEntry:
    """Return the private key of a PEM or PKCS#12 file, with its certificate if the file or `certificates` hold it.

    Raises: SealError KEY_UNREADABLE (no such key, wrong or missing password) or KEY_WEAK (neither RSA nor EC).
    """
    try:
        if b"-----BEGIN " in data:
            key, found = _read_pem(data, password)
        else:
            loaded, certificate, more = pkcs12.load_key_and_certificates(data, password)
            key, found = loaded, [entry for entry in (certificate, *more) if entry is not None]
    except (TypeError, *UNREADABLE) as error:
        raise SealError(codes.KEY_UNREADABLE, _unreadable(error, password), _HINT) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        kind = "keinen privaten Schlüssel" if key is None else "weder einen RSA- noch einen EC-Schlüssel"
        raise SealError(codes.KEY_UNREADABLE, f"Die Schlüsseldatei enthält {kind}.", _HINT)
    every = [*found, *certificates]
    own = next((certificate for certificate in every if belongs(certificate, key)), None)
    return PrivateKeyEntry(key, own, tuple(certificate for certificate in every if certificate != own))


def read_certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a PEM or DER file.

    Raises: SealError KEY_UNREADABLE if it holds none.
    """
    try:
        if b"-----BEGIN " in data:
            return tuple(x509.load_pem_x509_certificates(data))
        return (x509.load_der_x509_certificate(data),)
    except UNREADABLE as error:
        raise SealError(codes.KEY_UNREADABLE, "Die Datei enthält kein lesbares Zertifikat (PEM oder DER).") from error


def _read_pem(data: bytes, password: bytes | None) -> tuple[object, list[x509.Certificate]]:
    encrypted = b"ENCRYPTED" in data
    key = load_pem_private_key(data, password if encrypted else None)
    has_certificate = b"-----BEGIN CERTIFICATE-----" in data
    return key, x509.load_pem_x509_certificates(data) if has_certificate else []


def _unreadable(error: Exception, password: bytes | None) -> str:
    if isinstance(error, TypeError) or (password is None and "password" in str(error).lower()):
        return "Die Schlüsseldatei ist mit einem Passwort geschützt; es wurde keines angegeben."
    if password is not None:
        return "Die Schlüsseldatei lässt sich nicht lesen: Das Passwort ist falsch oder die Datei ist beschädigt."
    return "Die Schlüsseldatei lässt sich nicht lesen."
