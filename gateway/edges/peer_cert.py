"""Mutual TLS for uvicorn: a protocol that tells the application who the client is.

No ASGI server passes the peer certificate on; this subclass of uvicorn's httptools protocol puts it into the scope
(`extensions.tls`): `client_cert_sha256` (hex), `client_cert_pem`, and `client_cert_error` if its key is too weak.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.edges.http_guard import GuardedProtocol

RSA_BITS = 3072
EC_BITS = 256


def weakness(certificate: x509.Certificate) -> str:
    """Return a German sentence when the key is weaker than RSA 3072 or EC P-256, else ""."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return (
            "" if key.key_size >= RSA_BITS else f"Der RSA-Schlüssel hat nur {key.key_size} Bit, nötig sind {RSA_BITS}."
        )
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "" if key.key_size >= EC_BITS else f"Der EC-Schlüssel hat nur {key.key_size} Bit, nötig sind {EC_BITS}."
    return "Das Zertifikat trägt weder einen RSA- noch einen EC-Schlüssel."


def describe(der: bytes) -> dict[str, str]:
    """Return what the scope says about a client certificate."""
    facts = {"client_cert_sha256": hashlib.sha256(der).hexdigest(), "client_cert_pem": ssl.DER_cert_to_PEM_cert(der)}
    try:
        error = weakness(x509.load_der_x509_certificate(der))
    except ValueError:  # OpenSSL accepted it, but it says nothing we could rely on
        error = "Das Zertifikat ist nicht lesbar."
    return facts | {"client_cert_error": error} if error else facts


class PeerCertProtocol(GuardedProtocol):
    """The guarded protocol that knows the client; take it as `uvicorn.Config(http=PeerCertProtocol)`."""

    _tls: dict[object, object] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        session = transport.get_extra_info("ssl_object")
        der = session.getpeercert(binary_form=True) if session is not None else None
        if der:
            self._tls = {}
            self._tls.update(describe(der))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._tls is not None:
            self.scope["extensions"] = {"tls": dict(self._tls)}
