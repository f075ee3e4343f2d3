"""Certificates out of a file that somebody was sent: PEM, DER or PKCS#12. A private key in it is never sent on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

FILE_LIMIT = 200_000
CHAIN_LIMIT = 10


class Unreadable(ValueError):
    """The file holds no certificate that can be read; the argument is a name of `authority.certificate.*` texts."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds: the certificate itself and the chain above it, and whether a private key lay beside it."""

    leaf: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    had_key: bool

    @property
    def pem(self) -> bytes:
        """The certificate alone, as it is sent."""
        return self.leaf.public_bytes(Encoding.PEM)

    @property
    def complete(self) -> bool:
        """Every certificate is issued by the next one, and the last by itself."""
        line = (self.leaf, *self.chain)
        pairs = pairwise(line)
        return line[-1].issuer == line[-1].subject and all(lower.issuer == upper.subject for lower, upper in pairs)


def read_certificate(path: Path, password: str) -> Found:
    """Return what a file holds.

    Raises:
        OSError: the file cannot be read.
        Unreadable: too large, no certificate, or the password does not open it.
    """
    with path.open("rb") as file:
        octets = file.read(FILE_LIMIT + 1)
    if len(octets) > FILE_LIMIT:
        raise Unreadable("too_large")
    if b"-----BEGIN CERTIFICATE-----" in octets:
        return _ordered(_pem(octets), b"PRIVATE KEY-----" in octets)
    try:
        return Found(x509.load_der_x509_certificate(octets), (), had_key=False)
    except ValueError:
        return _pkcs12(octets, password)


def overlap_days(found: Found, ends: Sequence[datetime]) -> int | None:
    """Return how many days the new certificate overlaps the last of those held (negative: a gap); None without any."""
    if not ends:
        return None
    return (max(ends) - found.leaf.not_valid_before_utc).days


def _pem(octets: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(octets)[:CHAIN_LIMIT]
    except ValueError as error:
        raise Unreadable("unreadable") from error


def _pkcs12(octets: bytes, password: str) -> Found:
    try:
        opened = load_pkcs12(octets, password.encode() or None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unreadable("password_wrong" if octets[:1] == b"\x30" else "unreadable") from error
    held = [one.certificate for one in (opened.cert, *opened.additional_certs) if one is not None]
    if not held:
        raise Unreadable("unreadable")
    return _ordered(held[:CHAIN_LIMIT], opened.key is not None)


def _ordered(held: Sequence[x509.Certificate], had_key: bool) -> Found:
    """Begin with the certificate that issued none of the others, and go up from there."""
    issuers = {one.issuer for one in held if one.issuer != one.subject}
    leaf = next((one for one in held if one.subject not in issuers), held[0])
    chain: list[x509.Certificate] = []
    below = leaf
    rest = [one for one in held if one is not leaf]
    while above := next((one for one in rest if one.subject == below.issuer), None):
        chain.append(above)
        rest.remove(above)
        below = above
    return Found(leaf, tuple(chain), had_key)
