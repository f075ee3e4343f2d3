"""Certificates of authorities."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, delete, insert, select, text

from gateway.domain.expiry import Held
from gateway.domain.ids import AuthorityKey
from gateway.edges.store.tables import CERTIFICATES

if TYPE_CHECKING:
    from cryptography import x509

_NEWEST = (CERTIFICATES.c.valid_from.desc(), CERTIFICATES.c.valid_until.desc(), CERTIFICATES.c.fingerprint)
_ADD = insert(CERTIFICATES)
_OF = (
    select(CERTIFICATES.c.der)
    .where(CERTIFICATES.c.authority == bindparam("key"), CERTIFICATES.c.purpose == bindparam("use"))
    .order_by(*_NEWEST)
)
_ALL = select(CERTIFICATES.c.authority, CERTIFICATES.c.purpose, CERTIFICATES.c.der).order_by(
    CERTIFICATES.c.authority, CERTIFICATES.c.purpose, *_NEWEST
)
_HEADS = select(
    CERTIFICATES.c.authority,
    CERTIFICATES.c.purpose,
    CERTIFICATES.c.fingerprint,
    CERTIFICATES.c.valid_from,
    CERTIFICATES.c.valid_until,
).order_by(CERTIFICATES.c.authority, CERTIFICATES.c.purpose, *_NEWEST)
_HEADS_OF = _HEADS.where(CERTIFICATES.c.authority == bindparam("key"))
_HELD = select(CERTIFICATES.c.purpose).where(
    CERTIFICATES.c.authority == bindparam("key"),
    CERTIFICATES.c.purpose == bindparam("use"),
    CERTIFICATES.c.fingerprint == bindparam("print"),
)
_SAME = CERTIFICATES.c.fingerprint == bindparam("print")
_REMOVE = delete(CERTIFICATES).where(CERTIFICATES.c.authority == bindparam("key"), _SAME)
_ACCOUNTS = select(CERTIFICATES.c.authority).where(text("purpose = 'tls'"), _SAME)


class SqlCertificates:
    """The certificates of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, authority: AuthorityKey, purpose: str) -> Sequence[x509.Certificate]:
        """Return certificates for `encrypt`, `sign` or `tls`, newest validity first."""
        found = self._connection.execute(_OF, {"key": authority, "use": purpose}).scalars()
        return [_certificate(der) for der in found]

    def add(self, authority: AuthorityKey, purpose: str, certificate: x509.Certificate) -> None:
        """Keep a certificate; once more is the same as once."""
        der = _der(certificate)
        fingerprint = hashlib.sha256(der).hexdigest()
        held = {"key": authority, "use": purpose, "print": fingerprint}
        if self._connection.execute(_HELD, held).first() is not None:
            return
        values = {
            "authority": authority,
            "purpose": purpose,
            "fingerprint": fingerprint,
            "valid_from": certificate.not_valid_before_utc,
            "valid_until": certificate.not_valid_after_utc,
            "der": der,
        }
        self._connection.execute(_ADD, values)

    def remove(self, authority: AuthorityKey, fingerprint: str) -> None:
        """Forget a certificate of an authority, for every purpose."""
        self._connection.execute(_REMOVE, {"key": authority, "print": _tidy(fingerprint)})

    def accounts(self, fingerprint: str) -> frozenset[AuthorityKey]:
        """Return the authorities that a TLS client certificate (SHA-256, hex) may act for."""
        found = self._connection.execute(_ACCOUNTS, {"print": _tidy(fingerprint)}).scalars()
        return frozenset(AuthorityKey(key) for key in found)

    def all(self) -> Iterable[tuple[AuthorityKey, str, x509.Certificate]]:
        """Return every certificate with its authority and purpose."""
        return [
            (AuthorityKey(row.authority), row.purpose, _certificate(row.der)) for row in self._connection.execute(_ALL)
        ]

    def held(self, authority: AuthorityKey | None = None) -> Sequence[Held]:
        """Return what is held of one authority, or of all, without reading the certificates; newest validity first."""
        query, binds = (_HEADS, {}) if authority is None else (_HEADS_OF, {"key": authority})
        return [Held(*row) for row in self._connection.execute(query, binds)]


def _certificate(der: bytes) -> x509.Certificate:
    from cryptography import x509  # lists of certificates are shown without reading one

    return x509.load_der_x509_certificate(bytes(der))


def _der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def _tidy(fingerprint: str) -> str:
    return fingerprint.replace(":", "").strip().lower()
