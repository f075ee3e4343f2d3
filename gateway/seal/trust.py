"""Which certificates count, for what, and when (law 8).

Paths are built here and not by `x509.verification`, which knows the web's rules only: it refuses the Brainpool curves
and pinned self-signed certificates that German public authorities use.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from gateway.domain import codes
from gateway.domain.calendar import written_moment
from gateway.domain.codes import Code
from gateway.domain.errors import Fault, SealError
from gateway.seal.keys import UNREADABLE, read_certificates

Purpose = Literal["sign", "encrypt", "tls-server", "tls-client"]

RSA_BITS = 3072
EC_BITS = 256
PATH = 6
"""Certificates from leaf to anchor, at most."""

_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512, hashes.SHA3_256, hashes.SHA3_384, hashes.SHA3_512)
_UNDERSTOOD = {
    ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE, ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ExtensionOID.CERTIFICATE_POLICIES,
}  # fmt: skip
_TLS = {"tls-server": ExtendedKeyUsageOID.SERVER_AUTH, "tls-client": ExtendedKeyUsageOID.CLIENT_AUTH}
_NEITHER_SIGN_NOR_ENCRYPT = {
    ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.OCSP_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING,
    ExtendedKeyUsageOID.CODE_SIGNING,
}  # fmt: skip
_HINT = "Bitte hinterlegen Sie ein gültiges Zertifikat (RSA ab 3072 Bit oder EC ab 256 Bit) für diesen Zweck."

_Found = tuple[Code, str]
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class Trust:
    """The certificates that are believed: `anchors` (roots, or pinned single ones), reached over `intermediates`."""

    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()

    @classmethod
    def of(cls, pem: bytes) -> Trust:
        """Return the trust in every certificate of a PEM or DER file."""
        return cls(read_certificates(pem))

    def check_certificate(
        self, certificate: x509.Certificate, *, purpose: Purpose, at: datetime, chain: Sequence[x509.Certificate] = ()
    ) -> None:
        """Return only if `certificate` serves `purpose` at `at` and leads to an anchor, over `chain` if need be.

        Raises: SealError with every fault: CERTIFICATE_EXPIRED, CERTIFICATE_EARLY, KEY_WEAK, CERTIFICATE_WRONG,
        CERTIFICATE_UNTRUSTED.
        """
        _decode(certificate)
        pinned = certificate in self.anchors
        found = list(_leaf(certificate, purpose, at, pinned))
        if not pinned and not self._leads_to_anchor((certificate,), at, tuple(chain[:PATH])):
            found.append((codes.CERTIFICATE_UNTRUSTED, "Das Zertifikat führt zu keinem anerkannten Aussteller."))
        _report(certificate, found)

    def _leads_to_anchor(
        self, path: tuple[x509.Certificate, ...], at: datetime, chain: tuple[x509.Certificate, ...]
    ) -> bool:
        """Tell whether an anchor issued the last certificate of `path` (leaf first), directly or over intermediates."""
        if len(path) >= PATH or not _well_signed(path[-1]):
            return False
        for issuer in (*self.anchors, *self.intermediates, *chain):
            if issuer in path or not _issued(path[-1], issuer, at, below=len(path) - 1):
                continue
            if issuer in self.anchors or self._leads_to_anchor((*path, issuer), at, chain):
                return True
        return False


def check_suitable(certificate: x509.Certificate, *, purpose: Purpose, at: datetime) -> None:
    """Return only if `certificate` itself (not its issuer) may serve `purpose` at `at`.

    Raises: SealError with every fault: CERTIFICATE_EXPIRED, CERTIFICATE_EARLY, KEY_WEAK, CERTIFICATE_WRONG.
    """
    _decode(certificate)
    _report(certificate, list(_leaf(certificate, purpose, at, pinned=True)))


def _decode(certificate: x509.Certificate) -> None:
    """Return if every field can be read: the library decodes them only when asked, and a hostile one may then fail.

    Raises: SealError CERTIFICATE_WRONG.
    """
    try:
        _ = (certificate.subject.rfc4514_string(), certificate.issuer, certificate.public_key(), certificate.extensions,
             certificate.not_valid_before_utc, certificate.not_valid_after_utc)  # fmt: skip
    except UNREADABLE as error:
        raise SealError(codes.CERTIFICATE_WRONG, "Das Zertifikat ist nicht lesbar.", _HINT) from error


def _report(certificate: x509.Certificate, found: Sequence[_Found]) -> None:
    if not found:
        return
    name = certificate.subject.rfc4514_string() or "ohne Namen"
    faults = [Fault(code, "/certificate", reason) for code, reason in found]
    reason = f"Zertifikat {name}: " + " ".join(reason for _, reason in found)
    raise SealError(found[0][0], reason, _HINT, faults)


def _leaf(certificate: x509.Certificate, purpose: Purpose, at: datetime, pinned: bool) -> Iterator[_Found]:
    yield from _in_time(certificate, at)
    yield from _strong(certificate.public_key())
    if not _well_signed(certificate):
        yield codes.KEY_WEAK, "Es ist mit einem veralteten Verfahren (MD5 oder SHA-1) unterschrieben."
    extensions = certificate.extensions
    if _unknown_critical(extensions):
        yield codes.CERTIFICATE_WRONG, "Es trägt eine kritische Erweiterung, die hier nicht ausgewertet wird."
    if _is_ca(extensions) and not pinned:
        yield codes.CERTIFICATE_WRONG, "Es ist ein Ausstellerzertifikat."
    if not _serves(certificate, extensions, purpose):
        yield codes.CERTIFICATE_WRONG, f"Seine Schlüsselverwendung erlaubt den Zweck „{_WORDS[purpose]}“ nicht."


_WORDS: dict[Purpose, str] = {
    "sign": "Signieren",
    "encrypt": "Verschlüsseln",
    "tls-server": "TLS-Server",
    "tls-client": "TLS-Anmeldung",
}


def _in_time(certificate: x509.Certificate, at: datetime) -> Iterator[_Found]:
    if at < certificate.not_valid_before_utc:
        yield codes.CERTIFICATE_EARLY, f"Es gilt erst ab {written_moment(certificate.not_valid_before_utc)}."
    if at > certificate.not_valid_after_utc:
        yield codes.CERTIFICATE_EXPIRED, f"Es ist am {written_moment(certificate.not_valid_after_utc)} abgelaufen."


def _strong(key: object) -> Iterator[_Found]:
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < RSA_BITS:
            yield codes.KEY_WEAK, f"Sein RSA-Schlüssel hat nur {key.key_size} Bit; mindestens {RSA_BITS} sind nötig."
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.key_size < EC_BITS:
            yield codes.KEY_WEAK, f"Sein EC-Schlüssel hat nur {key.key_size} Bit; mindestens {EC_BITS} sind nötig."
    else:
        yield codes.KEY_WEAK, "Sein Schlüssel ist weder RSA noch EC."


def _well_signed(certificate: x509.Certificate) -> bool:
    try:
        return isinstance(certificate.signature_hash_algorithm, _HASHES)
    except UnsupportedAlgorithm:
        return False


def _unknown_critical(extensions: x509.Extensions) -> bool:
    return any(extension.critical and extension.oid not in _UNDERSTOOD for extension in extensions)


def _is_ca(extensions: x509.Extensions) -> bool:
    found = _get(extensions, x509.BasicConstraints)
    return found is not None and found.ca


def _serves(certificate: x509.Certificate, extensions: x509.Extensions, purpose: Purpose) -> bool:
    """Tell whether (extended) key usage allows `purpose`; an extension that is absent forbids nothing (RFC 5280)."""
    usage, extended = _get(extensions, x509.KeyUsage), _get(extensions, x509.ExtendedKeyUsage)
    purposes = set(extended) if extended else None
    if purpose in _TLS:
        allowed = {_TLS[purpose], ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
        return (purposes is None or bool(purposes & allowed)) and (usage is None or usage.digital_signature)
    if purposes is not None and purposes <= _NEITHER_SIGN_NOR_ENCRYPT:
        return False
    if usage is None:
        return True
    if purpose == "sign":
        return usage.digital_signature or usage.content_commitment
    if isinstance(certificate.public_key(), ec.EllipticCurvePublicKey):
        return usage.key_agreement
    return usage.key_encipherment


def _issued(certificate: x509.Certificate, issuer: x509.Certificate, at: datetime, below: int) -> bool:
    """Tell whether `issuer` is a CA that is valid, strong and allowed to issue, and has signed `certificate`."""
    try:
        _decode(issuer)
        certificate.verify_directly_issued_by(issuer)
    except (SealError, ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    extensions = issuer.extensions
    constraints, usage = _get(extensions, x509.BasicConstraints), _get(extensions, x509.KeyUsage)
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        return False
    if constraints.path_length is not None and below > constraints.path_length:
        return False
    return not _unknown_critical(extensions) and not [*_in_time(issuer, at), *_strong(issuer.public_key())]


def _get(extensions: x509.Extensions, kind: type[_Extension]) -> _Extension | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
