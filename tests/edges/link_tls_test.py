"""The TLS that the gateway lends: which servers it speaks to, and that adapters speak to no other."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from adapters import soap_push, xta_push
from gateway.adapter import Adapter, Link
from gateway.adapter_contract import sample_envelope
from gateway.domain.errors import Unreachable
from gateway.domain.ids import AuthorityKey
from gateway.edges.link import GatewayLink
from gateway.flow.certificates import hold
from gateway.wiring import SystemClock
from tests.kit.installation import ACTOR, Installation, installation

KOELN = AuthorityKey("05315000")
NAME = "localhost"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Issued:
    certificate: x509.Certificate
    key: Key
    chain: tuple[x509.Certificate, ...] = ()

    def context(self, folder: Path) -> ssl.SSLContext:
        """Return a server context that shows this certificate and would speak anything."""
        path = folder / "server.pem"
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        certificates = b"".join(one.public_bytes(Encoding.PEM) for one in (self.certificate, *self.chain))
        path.write_bytes(self.key.private_bytes(*form) + certificates)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(path)
        return context


def issue(
    key: Key,
    issuer: Issued | None = None,
    *,
    ca: bool = False,
    days: int = 300,
    hosts: tuple[str, ...] = (NAME,),
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
) -> Issued:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA" if ca else "Server")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=20))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), False)
        built = built.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    certificate = built.sign(issuer.key if issuer else key, hashes.SHA256())
    return Issued(certificate, key, (issuer.certificate, *issuer.chain) if issuer else ())


def curve() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def weak_rsa() -> Key:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def good_rsa() -> Key:
    return rsa.generate_private_key(65537, 3072)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    clock: object = SystemClock()
    with installation(tmp_path_factory.mktemp("link"), clock=clock, allow_hosts=(NAME,)) as made:  # type: ignore[arg-type]
        yield made


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue(curve(), ca=True)


@pytest.fixture(autouse=True)
def no_anchors_left(installed: Installation) -> Iterator[None]:
    yield
    with installed.world.store.writing() as tx:
        for anchor in tx.certificates.of(KOELN, "tls-anchor"):
            tx.certificates.remove(KOELN, anchor.fingerprint(hashes.SHA256()).hex())


def link(installed: Installation, *anchors: Issued, address: str = "127.0.0.1") -> GatewayLink:
    for anchor in anchors:
        hold(installed.world, KOELN, "tls-anchor", anchor.certificate.public_bytes(Encoding.PEM), ACTOR)
    world, state = installed.world, installed.settings.state
    return GatewayLink(
        world.store,
        world.keyring,  # type: ignore[arg-type]  # a FolderKeyring in every installation
        world.clock,
        state / "secrets",
        (NAME,),
        KOELN,
        lambda _host, _port: [address],
    )


def agreed(client: ssl.SSLContext, server: ssl.SSLContext, host: str = NAME) -> ssl.SSLObject:
    """Return the client's end of a handshake in memory. Raises: ssl.SSLError of whoever refused first."""
    a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
    near, far = client.wrap_bio(a, b, server_hostname=host), server.wrap_bio(b, a, server_side=True)
    open_ends = [near, far]
    for _ in range(10):
        for end in list(open_ends):
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
                open_ends.remove(end)
    assert not open_ends
    return near


def test_a_server_below_an_anchor_of_the_authority_is_spoken_to_with_tls_1_3(
    installed: Installation, root: Issued, tmp_path: Path
) -> None:
    near = agreed(link(installed, root).tls(), issue(curve(), root).context(tmp_path))
    assert near.version() == "TLSv1.3"


def test_a_server_with_an_rsa_key_of_3072_bits_is_strong_enough(
    installed: Installation, root: Issued, good_rsa: Key, tmp_path: Path
) -> None:
    server = issue(good_rsa, root).context(tmp_path)
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    near = agreed(link(installed, root).tls(), server)
    cipher = near.cipher()
    assert near.version() == "TLSv1.2"
    assert cipher is not None
    assert cipher[0].startswith("ECDHE-")


@pytest.mark.parametrize(
    "cipher", ["AES256-GCM-SHA384", "ECDHE-RSA-AES256-SHA384", "DHE-RSA-AES256-GCM-SHA384", "AES128-SHA"]
)
def test_a_server_without_forward_secrecy_or_aead_is_not_spoken_to(
    installed: Installation, root: Issued, good_rsa: Key, tmp_path: Path, cipher: str
) -> None:
    server = issue(good_rsa, root).context(tmp_path)
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    server.set_ciphers(f"{cipher}:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        agreed(link(installed, root).tls(), server)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_server_that_speaks_only_tls_1_1_is_not_spoken_to(
    installed: Installation, root: Issued, tmp_path: Path
) -> None:
    server = issue(curve(), root).context(tmp_path)
    server.minimum_version, server.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        agreed(link(installed, root).tls(), server)


def test_a_weak_server_key_is_refused(installed: Installation, root: Issued, weak_rsa: Key, tmp_path: Path) -> None:
    client = link(installed, root).tls()
    for key in (weak_rsa, ec.generate_private_key(ec.SECP224R1())):
        with pytest.raises(ssl.SSLError):
            agreed(client, issue(key, root).context(tmp_path))


def test_a_weak_key_in_the_chain_is_refused_unless_the_anchor_lies_below_it(
    installed: Installation, weak_rsa: Key, tmp_path: Path
) -> None:
    old_root = issue(weak_rsa, ca=True)
    below = issue(curve(), old_root, ca=True)
    server = issue(curve(), below).context(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        agreed(link(installed, old_root).tls(), server)
    agreed(link(installed, below).tls(), server)


def test_the_certificate_of_the_server_itself_may_be_the_anchor(
    installed: Installation, root: Issued, tmp_path: Path
) -> None:
    mine = issue(curve(), root)
    agreed(link(installed, mine).tls(), mine.context(tmp_path))
    with pytest.raises(ssl.SSLCertVerificationError):
        agreed(link(installed, mine).tls(), issue(curve(), root).context(tmp_path))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("expired", "expired"),
        ("another name", "Hostname mismatch"),
        ("for clients", "purpose"),
        ("stranger", "issuer|signature"),
    ],
)
def test_a_wrong_certificate_is_refused(
    installed: Installation, root: Issued, tmp_path: Path, how: str, words: str
) -> None:
    made: dict[str, Callable[[], Issued]] = {
        "expired": lambda: issue(curve(), root, days=-1),
        "another name": lambda: issue(curve(), root, hosts=("andere.example",)),
        "for clients": lambda: issue(curve(), root, purpose=ExtendedKeyUsageOID.CLIENT_AUTH),
        "stranger": lambda: issue(curve(), issue(curve(), ca=True)),
    }
    with pytest.raises(ssl.SSLCertVerificationError, match=words):
        agreed(link(installed, root).tls(), made[how]().context(tmp_path))


def test_anchors_of_one_authority_count_for_nobody_else(installed: Installation, root: Issued, tmp_path: Path) -> None:
    hold(installed.world, AuthorityKey("05314000"), "tls-anchor", root.certificate.public_bytes(Encoding.PEM), ACTOR)
    other = issue(curve(), ca=True)
    with pytest.raises(ssl.SSLCertVerificationError):
        agreed(link(installed, other).tls(), issue(curve(), root).context(tmp_path))
    with pytest.raises(ssl.SSLCertVerificationError):  # without an anchor of its own the system's roots count
        agreed(GatewayLink.tls(_without_anchors(installed)), issue(curve(), root).context(tmp_path))


def _without_anchors(installed: Installation) -> GatewayLink:
    world = installed.world
    keyring = world.keyring
    return GatewayLink(world.store, keyring, world.clock, Path(), (), AuthorityKey("05378000"))  # type: ignore[arg-type]


def test_the_gateway_shows_its_certificate_only_where_it_is_wanted(
    installed: Installation, root: Issued, tmp_path: Path
) -> None:
    server = issue(curve(), root).context(tmp_path)
    own = tmp_path / "own.pem"
    own.write_bytes(installed.world.keyring.tls_file(installed.clock.now()).read_bytes())  # type: ignore[attr-defined]
    server.load_verify_locations(own)
    server.verify_mode = ssl.CERT_REQUIRED
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    agreed(link(installed, root).tls(), server)
    with pytest.raises(ssl.SSLError):
        agreed(link(installed).tls(client=False), server)


# the adapters: only to the pinned address, under the name of the service, and never further


@dataclass
class Redirecting:
    """An HTTPS server on one loopback address that answers everything with a redirect."""

    context: ssl.SSLContext
    address: str
    to: str = ""
    port: int = 0
    names: list[str] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[Redirecting]:
        self.context.sni_callback = lambda _end, name, _context: self.names.append(name or "")
        with socket.create_server((self.address, self.port)) as server:
            self.port = server.getsockname()[1]
            thread = threading.Thread(target=self._serve, args=(server,), daemon=True)
            thread.start()
            yield self
            server.shutdown(socket.SHUT_RDWR)
        thread.join(5)

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                raw, _ = server.accept()
            except OSError:
                return
            with suppress(OSError), self.context.wrap_socket(raw, server_side=True) as line:
                self._answer(line)

    def _answer(self, line: ssl.SSLSocket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            received += line.recv(65_536)
        head, _, body = received.partition(b"\r\n\r\n")
        self.heads.append(head)
        length = next(int(row[15:]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:"))
        left = length - len(body)
        while left > 0:
            left -= len(line.recv(65_536))
        line.sendall(
            f"HTTP/1.1 307 X\r\nLocation: {self.to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )


def _soap(url: str, lent: Link) -> Adapter:
    return soap_push.SoapPush(soap_push.Settings(url=url, patience=5), lent)


def _xta(url: str, lent: Link) -> Adapter:
    return xta_push.plugin.build(xta_push.Settings(management_url=url, send_url=url, patience=5), lent)


@pytest.mark.parametrize("build", [_soap, _xta])
def test_an_adapter_goes_to_the_pinned_address_under_the_name_of_the_service_and_follows_no_redirect(
    installed: Installation, root: Issued, tmp_path: Path, build: Callable[[str, Link], Adapter]
) -> None:
    context = issue(curve(), root).context(tmp_path)
    with Redirecting(context, "127.0.0.1").running() as elsewhere:
        here = Redirecting(context, "127.0.0.2", f"https://localhost:{elsewhere.port}/", elsewhere.port)
        with here.running():
            url = f"https://localhost:{here.port}/dienst"
            adapter = build(url, link(installed, root, address="127.0.0.2"))
            with pytest.raises(Unreachable):
                adapter.deliver(sample_envelope(protection="transport"))
        assert elsewhere.heads == []  # neither the system's own resolution of localhost nor the redirect
    assert here.names == [NAME]
    assert len(here.heads) == 1
    assert f"\r\nHost: localhost:{here.port}\r\n".encode() in here.heads[0] + b"\r\n"
