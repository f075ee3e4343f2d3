"""TLS looked at from outside with OpenSSL's own client, on a real `bauweiche serve`: versions, suites, who gets in."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.flow.certificates import hold
from tests.kit.installation import ACTOR, WARENDORF, installation
from tests.kit.running import process
from tests.kit.xta_tls import Identity, Pki, make_pki

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@dataclass(frozen=True)
class Doors:
    """The mailbox's port with mutual TLS, the portals' and operators' port, and a certificate authority's world."""

    mailbox: int
    portal: int
    path: str
    pki: Pki


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    pki = make_pki(tmp_path_factory.mktemp("pki"))
    with installation(tmp_path_factory.mktemp("tls")) as installed:
        hold(installed.world, WARENDORF, "tls", pki.authority.cert.read_bytes(), ACTOR)
        with process(installed, "serve", "--port", "0", lines=2, mailbox_port=0) as running:
            found = re.fullmatch(r"https://[^:]+:(\d+)(/.*)?", running.address("https"))
            assert found is not None
            portal = int(running.address("http").rpartition(":")[2])
            yield Doors(int(found[1]), portal, found[2] or "/", pki)


def openssl(port: int, *options: str, who: Identity | None = None) -> str:
    """Return what OpenSSL's client says of a handshake."""
    shown = ["-cert", str(who.cert), "-key", str(who.key)] if who else []
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *shown, *options],
        input=b"", capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    return (done.stdout + done.stderr).decode(errors="replace")


def agreed(said: str) -> str:
    """Return the suite that was agreed on, "" if none was."""
    found = re.search(r"^\s*(?:New, \S+, Cipher is|Cipher\s+:) (\S+)", said, re.MULTILINE)
    return "" if found is None or found[1] in ("(NONE)", "0000") else found[1]


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_not_spoken(doors: Doors, version: str) -> None:
    said = openssl(doors.mailbox, version, "-cipher", "ALL:@SECLEVEL=0", who=doors.pki.authority)
    assert agreed(said) == ""


@pytest.mark.parametrize(
    "suite",
    ["AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA",
     "ECDHE-RSA-AES128-SHA256", "DHE-RSA-AES256-GCM-SHA384", "AECDH-AES256-SHA", "ADH-AES256-GCM-SHA384", "NULL-SHA256",
     "ECDHE-ECDSA-NULL-SHA", "PSK-AES256-GCM-SHA384", "CAMELLIA256-SHA", "ECDHE-ECDSA-AES256-CCM8"],
)  # fmt: skip
def test_suites_without_forward_secrecy_or_aead_are_not_agreed_on(doors: Doors, suite: str) -> None:
    said = openssl(doors.mailbox, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0", who=doors.pki.authority)
    assert agreed(said) == ""


@pytest.mark.parametrize(
    ("options", "suite"),
    [
        (["-tls1_3"], "TLS_AES_256_GCM_SHA384"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"], "ECDHE-ECDSA-AES256-GCM-SHA384"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], "ECDHE-ECDSA-CHACHA20-POLY1305"),
    ],
)
def test_what_the_bsi_recommends_is_agreed_on(doors: Doors, options: list[str], suite: str) -> None:
    said = openssl(doors.mailbox, *options, who=doors.pki.authority)
    assert agreed(said) == suite
    assert "Compression: NONE" in said
    assert "Server Temp Key: X25519" in said or "Server Temp Key: ECDH" in said
    assert "TLS session ticket:" not in said


def test_our_own_key_is_strong_and_signed_with_sha256(doors: Doors) -> None:
    said = openssl(doors.mailbox, "-showcerts", who=doors.pki.authority)
    pem = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", said, re.DOTALL)
    assert pem is not None
    told = subprocess.run(
        ["openssl", "x509", "-noout", "-text"], input=pem[0].encode(), capture_output=True, check=True
    ).stdout.decode()
    assert "Public-Key: (256 bit)" in told
    assert "ecdsa-with-SHA256" in told


def answered(doors: Doors, who: Identity | None) -> int:
    """Return the HTTP status that a caller gets, 0 if TLS itself turns it away."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # what is asked here is who we let in
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if who is not None:
        context.load_cert_chain(who.cert, who.key)
    line = http.client.HTTPSConnection("127.0.0.1", doors.mailbox, context=context, timeout=60)
    try:
        line.request("POST", doors.path, b"<x/>", {"Content-Type": "application/soap+xml"})
        return line.getresponse().status
    except (ssl.SSLError, ConnectionError):
        return 0
    finally:
        line.close()


def test_only_the_certificate_that_is_held_gets_past_the_door(doors: Doors) -> None:
    found = {
        name: answered(doors, who)
        for name, who in {
            "held": doors.pki.authority,
            "of another authority": doors.pki.stranger,
            "self-signed": doors.pki.self_signed,
            "expired": doors.pki.expired,
            "for servers": doors.pki.wrong_purpose,
            "RSA 2048": doors.pki.weak,
            "none": None,
        }.items()
    }
    assert found.pop("held") not in (0, 403)
    assert set(found.values()) <= {0, 403}
    assert (found["none"], found["for servers"]) == (0, 0)


def test_the_right_certificate_with_another_key_is_turned_away(doors: Doors, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(doors.pki.authority.cert.read_bytes())
    impostor = Identity(both, doors.pki.stranger.key, "")
    with pytest.raises(ssl.SSLError):  # our own client library refuses the pair; OpenSSL's tool too
        answered(doors, impostor)
    assert agreed(openssl(doors.mailbox, who=impostor)) == ""


def test_clear_text_on_the_tls_port_and_tls_on_the_clear_port_get_nothing(doors: Doors) -> None:
    with socket.create_connection(("127.0.0.1", doors.mailbox), timeout=60) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            received = line.recv(4096)
        except ConnectionResetError:
            received = b""
    assert b"HTTP" not in received
    assert agreed(openssl(doors.portal)) == ""
