"""The content key, wrapped for one certificate: `xenc:EncryptedKey` of XML Encryption 1.1.

RSA: RSA-OAEP with SHA-256 and MGF1-SHA-256 (§ 5.5.2). EC: ephemeral ECDH (§ 5.6.4), ConcatKDF with SHA-256 (§ 5.4.1),
AES-256 key wrap (RFC 3394). The same pair serves the authority's key and the gateway's own at rest.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import SealError
from gateway.seal.cipher import KEY_BYTES
from gateway.seal.keys import PrivateKeyEntry, fingerprint
from gateway.seal.trust import check_suitable
from gateway.xmlguard import safe_parse

XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
DS = "http://www.w3.org/2000/09/xmldsig#"
DSIG11 = "http://www.w3.org/2009/xmldsig11#"
SHA256 = f"{XENC}sha256"
KEY_WRAP = f"{XENC}kw-aes256"
KEY_ID = "content-key"
BYTES = 20_000
"""A wrapped key, at most."""

CURVES: dict[str, ec.EllipticCurve] = {
    "1.2.840.10045.3.1.7": ec.SECP256R1(),
    "1.3.132.0.34": ec.SECP384R1(),
    "1.3.132.0.35": ec.SECP521R1(),
    "1.3.36.3.3.2.8.1.1.7": ec.BrainpoolP256R1(),
    "1.3.36.3.3.2.8.1.1.11": ec.BrainpoolP384R1(),
    "1.3.36.3.3.2.8.1.1.13": ec.BrainpoolP512R1(),
}
"""Object identifier → curve; what RFC 5480 and RFC 5639 name and the BSI (TR-02102) recommends."""

_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
_OAEP_10 = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA256(), label=None)  # noqa: S303  # as a mask only; XML Encryption 1.0 knows no other


@dataclass(frozen=True, slots=True)
class Agreement:
    """The sender's half of an ECDH-ES: the curve's object identifier and the ephemeral public point, uncompressed."""

    curve: str
    point: bytes


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A content key for `recipient` (SHA-256 of the certificate, hex); without `agreement` it is RSA-OAEP."""

    recipient: str
    cipher: bytes
    agreement: Agreement | None = None


def wrap(content_key: bytes, certificate: x509.Certificate, *, purpose_at: datetime) -> bytes:
    """Return the `xenc:EncryptedKey` that only the holder of the certificate's private key can open.

    Raises: SealError (CERTIFICATE_EXPIRED, CERTIFICATE_WRONG, KEY_WEAK) unless the certificate serves encryption at
    `purpose_at`. Whether its issuer is believed is for `Trust.check_certificate` to say.
    """
    check_suitable(certificate, purpose="encrypt", at=purpose_at)
    key, recipient = certificate.public_key(), fingerprint(certificate)
    if isinstance(key, rsa.RSAPublicKey):
        return render_key(WrappedKey(recipient, key.encrypt(content_key, _OAEP)))
    if not isinstance(key, ec.EllipticCurvePublicKey) or (curve := _curve_id(key.curve)) is None:
        raise SealError(codes.KEY_WEAK, "Die Kurve des EC-Schlüssels im Zertifikat wird nicht unterstützt.")
    ephemeral = ec.generate_private_key(key.curve)
    point = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key_encryption_key = _derive(ephemeral.exchange(ec.ECDH(), key), recipient)
    return render_key(WrappedKey(recipient, aes_key_wrap(key_encryption_key, content_key), Agreement(curve, point)))


def wrap_as_of_2002(content_key: bytes, certificate: x509.Certificate, *, purpose_at: datetime) -> bytes:
    """Return what `wrap` does, for RSA keys in a form that the schema of XML Encryption 1.0 knows (§ 5.4.2).

    That is `rsa-oaep-mgf1p` with SHA-256 as its digest; the mask is MGF1 with SHA-1, whose weakness (collisions) OAEP
    does not depend on. For EC keys there is no such form.
    """
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return wrap(content_key, certificate, purpose_at=purpose_at)
    check_suitable(certificate, purpose="encrypt", at=purpose_at)
    wrapped = WrappedKey(fingerprint(certificate), key.encrypt(content_key, _OAEP_10))
    return render_key(wrapped).replace(_RSA_METHOD.encode(), _RSA_METHOD_10.encode(), 1)


def unwrap(encrypted_key: bytes, keys: Sequence[PrivateKeyEntry]) -> bytes:
    """Return the content key in what `wrap` returned, opened by the one of `keys` it is for.

    Raises: SealError KEY_MISSING (it is for another certificate), DECRYPTION_FAILED or ENVELOPE_INVALID (changed).
    """
    wrapped = read_key(safe_parse(encrypted_key, limit=BYTES))
    if wrapped is None or render_key(wrapped) != encrypted_key:
        raise SealError(codes.ENVELOPE_INVALID, "Der verpackte Schlüssel wurde verändert.")
    return unwrap_key(wrapped, keys)


def unwrap_key(wrapped: WrappedKey, keys: Sequence[PrivateKeyEntry]) -> bytes:
    """Return the content key. An entry with a certificate is used only for that certificate, a bare key is tried.

    Raises: SealError KEY_MISSING, DECRYPTION_FAILED.
    """
    named = [entry for entry in keys if entry.certificate and fingerprint(entry.certificate) == wrapped.recipient]
    candidates = named or [entry for entry in keys if entry.certificate is None]
    if not candidates:
        raise SealError(
            codes.KEY_MISSING,
            "Der Umschlag ist für ein anderes Zertifikat verschlüsselt; die angegebenen Schlüssel passen nicht.",
            f"Nötig ist der Schlüssel zum Zertifikat mit dem SHA-256-Fingerabdruck {wrapped.recipient}.",
        )
    for entry in candidates:
        content_key = _open(wrapped, entry)
        if content_key is not None:
            return content_key
    raise SealError(
        codes.DECRYPTION_FAILED,
        "Der Inhaltsschlüssel lässt sich nicht entschlüsseln: falscher Schlüssel oder veränderter Umschlag.",
        f"Nötig ist der Schlüssel zum Zertifikat mit dem SHA-256-Fingerabdruck {wrapped.recipient}.",
    )


def _open(wrapped: WrappedKey, entry: PrivateKeyEntry) -> bytes | None:
    """Return the content key, or None if `entry` does not open it."""
    agreement = wrapped.agreement
    try:
        if agreement is None:
            found = entry.key.decrypt(wrapped.cipher, _OAEP) if isinstance(entry.key, rsa.RSAPrivateKey) else b""
        elif isinstance(entry.key, ec.EllipticCurvePrivateKey) and _curve_id(entry.key.curve) == agreement.curve:
            point = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[agreement.curve], agreement.point)
            shared = entry.key.exchange(ec.ECDH(), point)
            found = aes_key_unwrap(_derive(shared, wrapped.recipient), wrapped.cipher)
        else:
            found = b""
    except (ValueError, InvalidUnwrap):
        return None
    return found if len(found) == KEY_BYTES else None


def _derive(shared: bytes, recipient: str) -> bytes:
    """Return the key-encryption key: ConcatKDF over AlgorithmID, PartyUInfo and PartyVInfo, padding counts left out."""
    other = b"".join(bytes.fromhex(value)[1:] for value in _party_info(recipient))
    return ConcatKDFHash(hashes.SHA256(), KEY_BYTES, other).derive(shared)


def _party_info(recipient: str) -> tuple[str, str, str]:
    """Return AlgorithmID, PartyUInfo and PartyVInfo as the XML has them: hex, led by the count of padding bits (00)."""
    return "00" + KEY_WRAP.encode().hex(), "00" + b"bauweiche".hex(), "00" + recipient


def _curve_id(curve: ec.EllipticCurve) -> str | None:
    return next((identifier for identifier, known in CURVES.items() if known.name == curve.name), None)


def render_key(wrapped: WrappedKey) -> bytes:
    """Return the one XML form of a wrapped key."""
    recipient = (
        f'<ds:X509Data><dsig11:X509Digest Algorithm="{SHA256}">{_base64(bytes.fromhex(wrapped.recipient))}'
        "</dsig11:X509Digest></ds:X509Data>"
    )
    method, key_info = _RSA_METHOD, recipient
    if wrapped.agreement is not None:
        method, key_info = _EC_METHOD, _render_agreement(wrapped.agreement, wrapped.recipient, recipient)
    return (
        f'<xenc:EncryptedKey xmlns:xenc="{XENC}" xmlns:xenc11="{XENC11}" xmlns:ds="{DS}" xmlns:dsig11="{DSIG11}"'
        f' Id="{KEY_ID}">\n{method}\n<ds:KeyInfo>{key_info}</ds:KeyInfo>\n'
        f"<xenc:CipherData><xenc:CipherValue>{_base64(wrapped.cipher)}</xenc:CipherValue></xenc:CipherData>\n"
        "</xenc:EncryptedKey>"
    ).encode()


_RSA_METHOD = (
    f'<xenc:EncryptionMethod Algorithm="{XENC11}rsa-oaep"><ds:DigestMethod Algorithm="{SHA256}"/>'
    f'<xenc11:MGF Algorithm="{XENC11}mgf1sha256"/></xenc:EncryptionMethod>'
)
_RSA_METHOD_10 = (
    f'<xenc:EncryptionMethod Algorithm="{XENC}rsa-oaep-mgf1p"><ds:DigestMethod Algorithm="{SHA256}"/>'
    "</xenc:EncryptionMethod>"
)
_EC_METHOD = f'<xenc:EncryptionMethod Algorithm="{KEY_WRAP}"/>'


def _render_agreement(agreement: Agreement, recipient: str, recipient_info: str) -> str:
    algorithm, party_u, party_v = _party_info(recipient)
    return (
        f'\n<xenc:AgreementMethod Algorithm="{XENC11}ECDH-ES">\n'
        f'<xenc11:KeyDerivationMethod Algorithm="{XENC11}ConcatKDF">'
        f'<xenc11:ConcatKDFParams AlgorithmID="{algorithm}" PartyUInfo="{party_u}" PartyVInfo="{party_v}">'
        f'<ds:DigestMethod Algorithm="{SHA256}"/></xenc11:ConcatKDFParams></xenc11:KeyDerivationMethod>\n'
        f'<xenc:OriginatorKeyInfo><ds:KeyValue><dsig11:ECKeyValue><dsig11:NamedCurve URI="urn:oid:{agreement.curve}"/>'
        f"<dsig11:PublicKey>{_base64(agreement.point)}</dsig11:PublicKey></dsig11:ECKeyValue></ds:KeyValue>"
        f"</xenc:OriginatorKeyInfo>\n<xenc:RecipientKeyInfo>{recipient_info}</xenc:RecipientKeyInfo>\n"
        "</xenc:AgreementMethod>\n"
    )


def read_key(element: etree._Element) -> WrappedKey | None:
    """Return the values of an `xenc:EncryptedKey`, or None if it lacks one.

    Nothing else in it is looked at: the caller renders the values again and compares (what is not equal was changed).
    """
    try:
        recipient = b64decode(_text(element, f".//{{{DSIG11}}}X509Digest")).hex()
        cipher = b64decode(_text(element, f"{{{XENC}}}CipherData/{{{XENC}}}CipherValue"))
        curve = element.find(f".//{{{DSIG11}}}NamedCurve")
        if curve is None:
            return WrappedKey(recipient, cipher)
        identifier = (curve.get("URI") or "").removeprefix("urn:oid:")
        point = b64decode(_text(element, f".//{{{DSIG11}}}PublicKey"))
    except ValueError:
        return None
    return WrappedKey(recipient, cipher, Agreement(identifier, point)) if identifier in CURVES else None


def _text(element: etree._Element, path: str) -> str:
    return element.findtext(path) or ""


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
