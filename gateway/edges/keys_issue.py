"""Making the gateway's own keys, self-signed certificates and certificate requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.seal.keys import PrivateKey

KeyPurpose = Literal["sign", "wrap", "tls"]

DAYS = 3 * 365
_USAGE: dict[KeyPurpose, str] = {"sign": "digital_signature", "wrap": "key_agreement", "tls": "digital_signature"}
_BITS = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a fresh EC key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def self_signed(
    key: PrivateKey, purpose: KeyPurpose, *, name: str, at: datetime, days: int = DAYS, hosts: Sequence[str] = ()
) -> x509.Certificate:
    """Return a certificate of `key` for `purpose`, valid from `at` for `days`; `hosts` are TLS names or addresses."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .issuer_name(_subject(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at)
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    for extension, critical in _extensions(purpose, hosts):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, hashes.SHA256())


def request(key: PrivateKey, purpose: KeyPurpose, *, name: str, hosts: Sequence[str] = ()) -> bytes:
    """Return the PKCS#10 certificate request for `key` as PEM."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(name))
    for extension, critical in _extensions(purpose, hosts):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _extensions(purpose: KeyPurpose, hosts: Sequence[str]) -> list[tuple[x509.ExtensionType, bool]]:
    usage = x509.KeyUsage(**{bit: bit == _USAGE[purpose] for bit in _BITS})
    if purpose != "tls":
        return [(usage, True)]
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    names = [(x509.SubjectAlternativeName([_host(host) for host in hosts]), False)] if hosts else []
    return [(usage, True), (both, False), *names]


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
