"""Certificates for the console's tests."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.tui.fake_world import NOW

Issued = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def issued(name: str, *, by: Issued | None = None) -> Issued:
    """Return a certificate and its key, self-signed unless issued by another; valid for 300 days more."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=10))
        .not_valid_after(NOW + timedelta(days=300))
    )
    return builder.sign(by[1] if by else key, hashes.SHA256()), key
