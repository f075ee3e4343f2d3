"""Keys and certificates of the simulated authorities, each in files of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.edges.keys_issue import KeyPurpose, new_key, self_signed


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key (PEM, 0600) and its certificate (PEM)."""

    key: Path
    certificate: Path


def make_identity(folder: Path, file: str, name: str, purpose: KeyPurpose) -> Identity:
    """Make a key with a self-issued certificate for `purpose`; TLS ones are for localhost."""
    private = new_key()
    at = datetime.now(UTC) - timedelta(minutes=5)
    hosts = ("localhost",) if purpose == "tls" else ()
    certificate = self_signed(private, purpose, name=name, at=at, days=365, hosts=hosts)
    made = Identity(folder / f"{file}.pem", folder / f"{file}.crt")
    made.key.touch(mode=0o600)
    pem = certificate.public_bytes(Encoding.PEM)
    made.key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem)
    made.certificate.write_bytes(pem)
    return made
