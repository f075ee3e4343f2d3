"""A small PKI and an HTTPS server with mutual TLS in a thread, for the XTA tests."""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.edges.peer_cert import PeerCertProtocol
from gateway.edges.peer_tls import TurnedAway, mailbox_context

NOWHERE = "xta.musterstadt.example"
"""A name that no resolver knows and every certificate here carries."""

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
"""From when the certificates hold: before the time of every test's clock."""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Identity:
    """A certificate on disk, its key and its SHA-256 fingerprint."""

    cert: Path
    key: Path
    fingerprint: str


@dataclass(frozen=True)
class Pki:
    """One root and who it certified."""

    anchors: Path
    server: Identity
    authority: Identity
    centre: Identity
    stranger: Identity
    weak: Identity
    expired: Identity
    wrong_purpose: Identity
    self_signed: Identity
    chained: Identity

    def client(self, who: Identity | None = None) -> ssl.SSLContext:
        """Return a client context that trusts the root and shows `who`."""
        context = ssl.create_default_context(cafile=str(self.anchors))
        if who is not None:
            context.load_cert_chain(who.cert, who.key)
        return context


class _Root:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test-Wurzel")])
        built = _begin(self.name, self.name, self.key, days=3650).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        built = built.add_extension(_usage(ca=True), critical=True)
        self.certificate = built.sign(self.key, hashes.SHA256())
        (folder / "root.pem").write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self,
        name: str,
        *,
        key: Key | None = None,
        server: bool = False,
        days: int = 365,
        by_itself: bool = False,
        with_root: bool = False,
    ) -> Identity:
        mine = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        names = [x509.DNSName("localhost"), x509.DNSName(NOWHERE), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        certificate = (
            _begin(subject, subject if by_itself else self.name, mine, days=days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key((mine if by_itself else self.key).public_key()),
                critical=False,
            )
            .sign(mine if by_itself else self.key, hashes.SHA256())
        )
        chain = self.certificate.public_bytes(serialization.Encoding.PEM) if with_root else b""
        cert, private = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + chain)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        private.write_bytes(mine.private_bytes(*form))
        return Identity(cert, private, certificate.fingerprint(hashes.SHA256()).hex())


def make_pki(folder: Path) -> Pki:
    """Write a root and its certificates into `folder`."""
    root = _Root(folder)
    return Pki(
        anchors=folder / "root.pem",
        server=root.issue("server", server=True),
        authority=root.issue("authority"),
        centre=root.issue("centre"),
        stranger=root.issue("stranger"),
        weak=root.issue("weak", key=rsa.generate_private_key(65537, 2048)),
        expired=root.issue("expired", days=-1),
        wrong_purpose=root.issue("wrong-purpose", server=True),
        self_signed=root.issue("self-signed", by_itself=True),
        chained=root.issue("chained", with_root=True),
    )


def _begin(subject: x509.Name, issuer: x509.Name, key: Key, *, days: int) -> x509.CertificateBuilder:
    until = datetime.now(UTC) + timedelta(days=days) if days > 0 else BEGIN + timedelta(days=30)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGIN)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def strict_context(who: Identity, anchors: Path) -> ssl.SSLContext:
    """Return the context of a server in the authority's house: only clients that lead to its anchors shake hands."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(anchors))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(who.cert, who.key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def key_file(who: Identity) -> Path:
    """Return one file with key and certificate, as the gateway keeps its own."""
    both = who.key.with_suffix(".both.pem")
    both.write_bytes(who.key.read_bytes() + who.cert.read_bytes())
    return both


@contextmanager
def serving(
    app: Any, pki: Pki, *, required: bool = True, turned_away: TurnedAway | None = None, anchors: Path | None = None
) -> Iterator[int]:
    """Serve an ASGI application with mutual TLS on the loopback and yield its port.

    As the mailbox does; with `anchors` strictly, as a server of an authority would.
    """
    context = (
        strict_context(pki.server, anchors)
        if anchors
        else mailbox_context(key_file(pki.server), required=required, turned_away=turned_away)
    )
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http=PeerCertProtocol,
        lifespan="off",
        log_level="critical",
        ssl_context_factory=lambda *_: context,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        for connection in list(server.server_state.connections):
            # a client that keeps its connection would hold the shutdown up for long
            connection.loop.call_soon_threadsafe(connection.transport.abort)
        thread.join(10)
