"""Compact JWS over ECDSA (RFC 7515, 7518): our events and anchors; strict, one form per content.

The header names the certificate (`kid`: its SHA-256, `x5c`: the chain) and the time of signing (`iat`), which is when
the certificate had to be valid: evidence outlives certificates.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode, urlsafe_b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.domain import codes
from gateway.domain.errors import SealError
from gateway.domain.evidence import canonical, encoded
from gateway.seal.keys import UNREADABLE, SigningKey, fingerprint
from gateway.seal.trust import Trust

TYPE = "bauweiche-evidence"
CERTIFICATES = 6
CHARACTERS = 4_000_000

_ALGORITHMS = {256: ("ES256", hashes.SHA256()), 384: ("ES384", hashes.SHA384()), 521: ("ES512", hashes.SHA512())}


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature vouches for, by whom, and when it was made."""

    payload: str
    certificate: x509.Certificate
    signed_at: datetime

    @property
    def value(self) -> dict[str, Any]:
        """The payload as JSON."""
        found: dict[str, Any] = json.loads(self.payload)
        return found


def sign_payload(payload: str, signer: SigningKey, at: datetime) -> tuple[str, str]:
    """Return header and signature (base64url) of the compact JWS over a payload."""
    name, digest = _ALGORITHMS[signer.key.key_size]
    chain = [b64encode(one.public_bytes(Encoding.DER)).decode("ascii") for one in (signer.certificate, *signer.chain)]
    head = {"alg": name, "typ": TYPE, "kid": fingerprint(signer.certificate), "iat": int(at.timestamp()), "x5c": chain}
    first = encoded(canonical(head).encode())
    signing_input = f"{first}.{encoded(payload.encode())}".encode("ascii")
    r, s = decode_dss_signature(signer.key.sign(signing_input, ec.ECDSA(digest)))
    width = (signer.key.key_size + 7) // 8
    return first, encoded(r.to_bytes(width) + s.to_bytes(width))


def compact(payload: str, signer: SigningKey, at: datetime) -> str:
    """Return the compact JWS over a payload."""
    head, signature = sign_payload(payload, signer, at)
    return f"{head}.{encoded(payload.encode())}.{signature}"


def certificate_of(head: str) -> x509.Certificate:
    """Return the signer's certificate from a header of our own making."""
    value = json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return x509.load_der_x509_certificate(b64decode(value["x5c"][0]))


def payload_of(payload: str) -> dict[str, Any]:
    """Return a payload of our own making as JSON."""
    found: dict[str, Any] = json.loads(payload)
    return found


def verify_compact(text: str, trust: Trust, what: str) -> Signed:
    """Return what a compact JWS says, if a certificate that `trust` believed at the time of signing vouches for it.

    `what` names it in German sentences.
    Raises: SealError SIGNATURE_INVALID, or what the certificate lacks.
    """
    head, payload, signature = _split(text, what)
    certificate, chain, signed_at, digest = _header(head, what)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(_der(signature, key, what), text.rpartition(".")[0].encode("ascii"), ec.ECDSA(digest))
    except InvalidSignature as error:
        raise _invalid(what, "Sie passt nicht zum Inhalt.") from error
    trust.check_certificate(certificate, purpose="sign", at=signed_at, chain=chain)
    return Signed(payload, certificate, signed_at)


def _split(text: str, what: str) -> tuple[dict[str, Any], str, bytes]:
    parts = text.split(".")
    if len(parts) != 3 or len(text) > CHARACTERS:
        raise _invalid(what, "Sie hat nicht die Form einer Signatur (JWS).")
    head, payload, signature = (_decoded(part, what) for part in parts)
    try:
        value = json.loads(head)
        said = payload.decode()
        if not isinstance(value, dict) or not isinstance(json.loads(said), dict):
            raise _invalid(what, "Sie enthält nicht das Erwartete.")
    except (ValueError, RecursionError) as error:
        raise _invalid(what, "Ihr Inhalt ist nicht lesbar.") from error
    return value, said, signature


def _header(
    head: dict[str, Any], what: str
) -> tuple[x509.Certificate, tuple[x509.Certificate, ...], datetime, hashes.HashAlgorithm]:
    if set(head) != {"alg", "typ", "kid", "iat", "x5c"} or head["typ"] != TYPE:
        raise _invalid(what, "Ihr Kopf ist nicht der erwartete.")
    try:
        chain = tuple(
            x509.load_der_x509_certificate(b64decode(one, validate=True)) for one in head["x5c"][:CERTIFICATES]
        )
        signed_at = datetime.fromtimestamp(int(head["iat"]), UTC)
        key = chain[0].public_key()
    except (TypeError, IndexError, OverflowError, OSError, Base64Error, *UNREADABLE) as error:
        raise _invalid(what, "Ihr Zertifikat oder ihre Zeit ist nicht lesbar.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.key_size not in _ALGORITHMS:
        raise _invalid(what, "Ihr Schlüssel ist kein EC-Schlüssel.")
    name, digest = _ALGORITHMS[key.key_size]
    if head["alg"] != name or head["kid"] != fingerprint(chain[0]):
        raise _invalid(what, "Verfahren oder Schlüsselkennung passen nicht zum Zertifikat.")
    return chain[0], chain[1:], signed_at, digest


def _der(signature: bytes, key: ec.EllipticCurvePublicKey, what: str) -> bytes:
    width = (key.key_size + 7) // 8
    if len(signature) != 2 * width:
        raise _invalid(what, "Sie hat eine falsche Länge.")
    return encode_dss_signature(int.from_bytes(signature[:width]), int.from_bytes(signature[width:]))


def _decoded(part: str, what: str) -> bytes:
    """Return base64url bytes, only from the one way to write them: otherwise a changed bit could go unseen."""
    try:
        octets = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (ValueError, Base64Error) as error:
        raise _invalid(what, "Sie ist nicht lesbar.") from error
    if encoded(octets) != part:
        raise _invalid(what, "Sie ist nicht in der einen zulässigen Form geschrieben.")
    return octets


def _invalid(what: str, reason: str) -> SealError:
    return SealError(codes.SIGNATURE_INVALID, f"Die Signatur von {what} ist ungültig. {reason}")
