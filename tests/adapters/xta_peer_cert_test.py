"""Who the client is, at the TLS edge: versions, suites, strength of keys, what the application is told."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from adapters.xta_mailbox import plugin
from gateway.domain.ids import AuthorityKey
from gateway.edges.peer_cert import describe, weakness
from gateway.edges.peer_tls import mailbox_context
from tests.kit.xta_desk import FakeClock, FakeDesk, FakeIds
from tests.kit.xta_raw import XTA_ACTION, RawClient, envelope
from tests.kit.xta_setting import fault, mailbox
from tests.kit.xta_tls import Identity, Pki, key_file, make_pki, serving

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def tell(scope: MutableMapping[str, Any], receive: object, send: Send) -> None:
    """Answer with what the scope says about the client."""
    del receive
    body = json.dumps(scope.get("extensions", {}).get("tls", {})).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def port(pki: Pki) -> Iterator[int]:
    with serving(tell, pki, required=False) as port:
        yield port


def test_the_application_is_told_the_certificate_of_every_request(pki: Pki, port: int) -> None:
    with RawClient(port, pki.client(pki.authority)) as client:
        for _ in range(2):
            told = json.loads(client.post(b"").body)
            assert told["client_cert_sha256"] == pki.authority.fingerprint
            assert told["client_cert_pem"].strip() == pki.authority.cert.read_text().strip()
            assert "client_cert_error" not in told


def test_a_weak_key_is_told_and_no_certificate_is_nothing(pki: Pki, port: int) -> None:
    with RawClient(port, pki.client(pki.weak)) as client:
        assert "2048" in json.loads(client.post(b"").body)["client_cert_error"]
    with RawClient(port, pki.client()) as client:
        assert json.loads(client.post(b"").body) == {}


@pytest.mark.parametrize(
    ("version", "suite"),
    [
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES256-GCM-SHA384"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-CHACHA20-POLY1305"),
        (ssl.TLSVersion.TLSv1_3, ""),
    ],
)
def test_tls_1_2_and_1_3_are_spoken(pki: Pki, port: int, version: ssl.TLSVersion, suite: str) -> None:
    context = pki.client(pki.authority)
    context.minimum_version = context.maximum_version = version
    if suite:
        context.set_ciphers(suite)
    with RawClient(port, context) as client:
        assert client.post(b"").status == 200


@pytest.mark.parametrize("suite", ["AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA384", "DHE-RSA-AES256-GCM-SHA384"])
def test_suites_without_forward_secrecy_or_aead_are_not(pki: Pki, port: int, suite: str) -> None:
    context = pki.client(pki.authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    with pytest.raises(ssl.SSLError):
        RawClient(port, context)


@pytest.mark.parametrize(
    ("key", "weak"),
    [
        (rsa.generate_private_key(65537, 2048), True),
        (rsa.generate_private_key(65537, 3072), False),
        (ec.generate_private_key(ec.SECP192R1()), True),
        (ec.generate_private_key(ec.SECP256R1()), False),
        (ec.generate_private_key(ec.BrainpoolP384R1()), False),
        (ed25519.Ed25519PrivateKey.generate(), True),
    ],
    ids=["rsa-2048", "rsa-3072", "p-192", "p-256", "brainpool-384", "ed25519"],
)
def test_keys_are_rsa_3072_or_ec_256_at_least(key: Any, weak: bool) -> None:
    class Certificate:
        def public_key(self) -> Any:
            return key.public_key()

    certificate: Any = Certificate()
    assert bool(weakness(certificate)) is weak


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("kind", ["stranger", "expired", "weak", "self_signed", "chained"])
def test_whoever_holds_the_key_of_the_certificate_they_show_gets_an_answer(
    pki: Pki, port: int, kind: str, version: ssl.TLSVersion
) -> None:
    who: Identity = getattr(pki, kind)
    context = pki.client(who)
    context.minimum_version = context.maximum_version = version
    with RawClient(port, context) as client:
        assert json.loads(client.post(b"").body)["client_cert_sha256"] == who.fingerprint


def test_a_mailbox_shakes_hands_with_nobody_who_shows_no_certificate(pki: Pki) -> None:
    with serving(tell, pki) as port:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = pki.client()
            context.minimum_version = context.maximum_version = version
            with pytest.raises((OSError, EOFError)), RawClient(port, context) as client:
                client.post(b"")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_of_the_wrong_purpose_fails_in_the_handshake_and_that_is_told(
    pki: Pki, version: ssl.TLSVersion
) -> None:
    told: list[tuple[str, str]] = []
    context = pki.client(pki.wrong_purpose)
    context.minimum_version = context.maximum_version = version
    with (
        serving(tell, pki, turned_away=lambda *words: told.append(words)) as port,
        pytest.raises((OSError, EOFError)),
        RawClient(port, context) as client,
    ):
        client.post(b"")
    assert told == [
        (pki.wrong_purpose.fingerprint, "Das Zertifikat ist nicht für die Clientauthentisierung ausgestellt.")
    ]


def test_a_certificate_without_its_key_does_not_shake_hands(pki: Pki) -> None:
    told: list[tuple[str, str]] = []
    server = mailbox_context(key_file(pki.server), turned_away=lambda *words: told.append(words))
    client = pki.client(pki.authority)
    client.maximum_version = ssl.TLSVersion.TLSv1_2  # there the client's proof crosses the wire in clear
    assert shake(client, server, lambda flight: flight) == pki.authority.fingerprint
    with pytest.raises(ssl.SSLError):
        shake(client, server, forged)
    assert [fingerprint for fingerprint, _ in told] == [pki.authority.fingerprint]


def shake(client: ssl.SSLContext, server: ssl.SSLContext, change: Callable[[bytes], bytes]) -> str:
    """Shake hands in memory, the client's bytes changed on the way; return whom the server sees."""
    to_server, from_server, to_client, from_client = (ssl.MemoryBIO() for _ in range(4))
    here = client.wrap_bio(to_client, from_client, server_hostname="localhost")
    there = server.wrap_bio(to_server, from_server, server_side=True)
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for side in (here, there):
            try:
                if side not in done:
                    side.do_handshake()
                    done.add(side)
            except ssl.SSLWantReadError:
                pass
            to_server.write(change(from_client.read()))
            to_client.write(from_server.read())
    return hashlib.sha256(there.getpeercert(True) or b"").hexdigest()


def forged(flight: bytes) -> bytes:
    """Return a flight with one bit of the signature in CertificateVerify turned over (RFC 5246, section 7.4.8)."""
    at = 0
    while at < len(flight):
        length = int.from_bytes(flight[at + 3 : at + 5], "big")
        if flight[at] == 22 and flight[at + 5] == 15:
            last = at + 5 + length - 1
            return flight[:last] + bytes([flight[last] ^ 1]) + flight[last + 1 :]
        at += 5 + length
    return flight


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [
        ("stranger", "9014", "keinem Postfach zugeordnet"),
        ("self_signed", "9014", "keinem Postfach zugeordnet"),
        ("expired", "9010", "abgelaufen"),
        ("weak", "9014", "2048 Bit"),
    ],
)
def test_an_unfit_certificate_is_answered_with_403_a_typed_fault_and_an_entry(
    pki: Pki, kind: str, number: str, words: str
) -> None:
    who: Identity = getattr(pki, kind)
    with mailbox(pki) as setting:
        if kind != "stranger":  # even if it is held for an authority
            setting.desk.allowed[who.fingerprint] = frozenset({AuthorityKey("05315000")})
        if kind == "self_signed":
            del setting.desk.allowed[who.fingerprint]
        with RawClient(setting.port, pki.client(who)) as client:
            answer = client.post(envelope(XTA_ACTION + "CheckAccountActive"), port="ManagementPort")
        assert fault(answer) == (403, "s12:Sender", "PermissionDeniedException", number)
        ((fingerprint, _, why),) = setting.desk.refused
        assert fingerprint == who.fingerprint
        assert words in why


def test_a_certificate_that_cannot_be_read_is_told(pki: Pki) -> None:
    assert describe(b"\x30\x00")["client_cert_error"] == "Das Zertifikat ist nicht lesbar."


def test_a_proxy_is_believed_only_when_it_is_named(pki: Pki) -> None:
    pem = quote(pki.authority.cert.read_text())
    check = envelope(XTA_ACTION + "CheckAccountActive")
    assert plugin.endpoint is not None
    for header, trusted, status in (("", "", 403), ("x-client-cert", "x-client-cert", 200), ("x-client-cert", "", 403)):
        desk = FakeDesk({pki.authority.fingerprint: frozenset({AuthorityKey("05315000")})})
        options = {"now": FakeClock(), "new_id": FakeIds(), "trusted_proxy_header": trusted}
        _, app = plugin.endpoint(desk, options)
        with serving(app, pki, required=False) as port, RawClient(port, pki.client()) as client:
            assert client.post(check, headers=[f"{header}: {pem}"] if header else []).status == status
            broken = client.post(check, headers=[f"{header}: nonsense"] if header else [])
            assert broken.status == 403


def test_the_pki_of_the_tests_is_what_it_says(pki: Pki) -> None:
    assert x509.load_pem_x509_certificate(pki.authority.cert.read_bytes()).issuer.rfc4514_string() == "CN=Test-Wurzel"
