"""Mail over SMTP: encrypted or not at all, bounded in time, and each failure with its own answer."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.errors import ConfigurationError, GatewayError, Refused, Unreachable
from gateway.domain.notice_mail import Mail, address, subject
from gateway.edges.mail import Encryption, SmtpMailer, as_message
from tests.kit.mail_server import free_port, mail_server, raw_server, saying, server_at
from tests.kit.xta_tls import Pki, make_pki

MAIL = Mail(
    "0d4b6d52-0000-4000-8000-000000000001",
    "bauamt@münster.example".replace("ü", "ue"),
    "Nicht abgeholte Vorgänge: Kreis Warendorf",
    "Guten Tag,\n\nfür Sie liegen 3 Vorgänge bereit – bitte abholen. Größe: ß\n",
    datetime(2026, 11, 23, 7, 0, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("mail-pki"))


@pytest.mark.parametrize("encryption", ["starttls", "implicit"])
def test_a_mail_arrives_encrypted_with_umlauts_and_the_same_id_at_every_attempt(
    pki: Pki, encryption: Encryption
) -> None:
    with mail_server(pki, encryption) as (inbox, server):
        SmtpMailer(server).send(MAIL)
        SmtpMailer(server).send(MAIL)
    first, second = inbox.received
    assert first["Subject"] == MAIL.subject
    assert first["To"] == MAIL.to
    assert first["Message-ID"] == second["Message-ID"] == f"<{MAIL.id}@nrw.example>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_content().replace("\r\n", "\n") == MAIL.body


def refusal(server: object) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        SmtpMailer(server).send(MAIL)  # type: ignore[arg-type]
    return caught.value


def test_a_server_without_encryption_gets_nothing(pki: Pki) -> None:
    with mail_server(pki, None) as (inbox, server):
        error = refusal(server)
    assert error.reason == (
        "Der Mailserver localhost bietet keine Verschlüsselung (STARTTLS) an; es wurde nichts gesendet."
    )
    assert isinstance(error, Unreachable)
    assert inbox.received == []


def test_a_server_with_a_certificate_of_somebody_else_gets_nothing(pki: Pki, tmp_path: Path) -> None:
    other = make_pki(tmp_path)
    encryptions: tuple[Encryption, ...] = ("starttls", "implicit")
    for encryption in encryptions:
        with mail_server(pki, encryption, other.server) as (inbox, server):
            assert "nicht vertrauenswürdig" in refusal(server).reason
        assert inbox.received == []


def test_an_address_the_server_does_not_know_is_given_up_and_a_busy_one_tried_again(pki: Pki) -> None:
    with mail_server(pki, "starttls") as (_, server):
        with pytest.raises(Refused, match=r"nimmt diese Adresse nicht an \(550\)"):
            SmtpMailer(server).send(replace(MAIL, to="nobody@example.org"))
        with pytest.raises(Unreachable, match=r"vertröstet \(451\)"):
            SmtpMailer(server).send(replace(MAIL, to="later@example.org"))


def test_nobody_listening_is_unreachable(pki: Pki) -> None:
    assert isinstance(refusal(server_at(free_port(), pki)), Unreachable)


@pytest.mark.parametrize(
    "lines",
    [
        [b"554 go away\r\n"],
        [b"hello\r\n"],
        [b"220 " + b"x" * 20_000 + b"\r\n"],
        [b"220 ok\r\n", b"250 ok\r\n"],
        [b"220 ok\r\n", b"\xff\xfe\xfd\r\n"],
        [b"220 ok\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n", b"250 injected\r\n"],
        [b"220 ok\r\n", b"250-x\r\n250 STARTTLS\r\n", b"454 no\r\n"],
        [b"220 ok\r\n", b""],
    ],
)
def test_a_server_that_lies_is_unreachable_and_nothing_else(pki: Pki, lines: list[bytes]) -> None:
    with raw_server(saying(lines)) as port:
        assert isinstance(refusal(server_at(port, pki, patience=1)), Unreachable)


@pytest.mark.parametrize("encryption", ["starttls", "implicit"])
def test_a_server_that_drips_bytes_is_cut_off_when_its_time_is_up(pki: Pki, encryption: Encryption) -> None:
    line, sent = b"220-" + b"slow " * 200, 0

    def drip(connection: socket.socket) -> None:
        nonlocal sent
        for byte in line:
            connection.sendall(bytes([byte]))
            sent += 1
            time.sleep(0.05)

    with raw_server(drip) as port:
        server = server_at(port, pki, encryption, patience=0.6)
        assert isinstance(refusal(server), Unreachable)
        assert sent < len(line)


@pytest.mark.parametrize(
    "text",
    [
        "bauamt@example.org\nBcc: alle@example.org",
        "bauamt@example.org\r\nSubject: x",
        "a@b.de, c@d.de",
        "a@b.de;c@d.de",
        "Bauamt <a@b.de>",
        "a b@example.org",
        '"a b"@example.org',
        "a@@example.org",
        "a@example..org",
        ".a@example.org",
        "a.@example.org",
        "a@-example.org",
        "",
        "@",
        "ä@example.org",
        "a@example.org\x00",
        "a@example.org\u2028b",
        "x" * 65 + "@example.org",
    ],
)
def test_an_address_that_could_carry_more_than_one_receiver_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="keine zulässige E-Mail-Adresse"):
        address(text)


def test_plain_addresses_pass() -> None:
    assert address(" bauamt+gw@stadt-ahlen.de ") == "bauamt+gw@stadt-ahlen.de"


def test_a_line_break_never_becomes_a_header() -> None:
    assert subject("Zeile\r\nBcc: x\u2028y") == "Zeile Bcc: x y"
    with pytest.raises(ValueError, match=r"linefeed|newline|CR|header"):
        as_message(replace(MAIL, subject="x\r\nBcc: y@example.org"), "a@b.de")
