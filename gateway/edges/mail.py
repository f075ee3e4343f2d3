"""Mail by SMTP: always encrypted, the server's certificate always checked, every attempt bounded in time."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

from gateway.domain import codes
from gateway.domain.errors import GatewayError, Refused, Unreachable
from gateway.domain.notice_mail import Mail

Encryption = Literal["starttls", "implicit"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails go. `patience` is the time one attempt may take in all, in seconds; `password` is asked each time."""

    host: str
    port: int
    encryption: Encryption
    sender: str
    user: str = ""
    password: Callable[[], str] = lambda: ""
    anchors: Path | None = None
    patience: float = 30.0


class SmtpMailer:
    """Fulfils `gateway.ports.Mailer`."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def send(self, mail: Mail) -> None:
        """Hand a mail to the server; returns once it has taken it.

        Raises:
            Refused: the server will never take it; Unreachable: not now, or not safely.
        """
        message = as_message(mail, self._server.sender)
        try:
            with self._connected() as smtp:
                smtp.send_message(message, self._server.sender, [mail.to])
        except (smtplib.SMTPException, OSError, ValueError) as error:
            # a lying server makes smtplib raise ValueError as well
            raise _as_ours(error, self._server.host) from error

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        context = ssl.create_default_context(cafile=str(server.anchors) if server.anchors else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        smtp = smtplib.SMTP(local_hostname=socket.gethostname(), timeout=server.patience)
        raw = socket.create_connection((server.host, server.port), server.patience)
        smtp.sock = raw
        try:
            with _bounded(raw, server.patience):
                if server.encryption == "implicit":
                    smtp.sock = context.wrap_socket(raw, server_hostname=server.host)
                _greeted(smtp)
                smtp.ehlo_or_helo_if_needed()
                if server.encryption == "starttls":
                    _start_tls(smtp, context, server.host)
                if server.user:
                    smtp.login(server.user, server.password())
                yield smtp
                with suppress(smtplib.SMTPException, OSError):
                    smtp.quit()
        finally:
            smtp.close()


def _greeted(smtp: smtplib.SMTP) -> None:
    code, text = smtp.getreply()
    if code != 220:
        raise smtplib.SMTPConnectError(code, text)


def _start_tls(smtp: smtplib.SMTP, context: ssl.SSLContext, host: str) -> None:
    """Encrypt the connection, and forget everything the server said before (RFC 3207 § 4.2)."""
    if not smtp.has_extn("starttls"):
        raise _plain(host)
    code, text = smtp.docmd("STARTTLS")
    if code != 220:
        raise smtplib.SMTPResponseException(code, text)
    assert smtp.sock is not None
    smtp.sock = context.wrap_socket(smtp.sock, server_hostname=host)
    smtp.file = None
    smtp.helo_resp = smtp.ehlo_resp = None
    smtp.esmtp_features = {}
    smtp.does_esmtp = False
    smtp.ehlo()


def as_message(mail: Mail, sender: str) -> EmailMessage:
    """Return a mail as it goes over the wire; a line break in a header is an error, never a second header."""
    message = EmailMessage(policy=WIRE)
    message["From"] = sender
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body, charset="utf-8", cte="quoted-printable")
    return message


@contextmanager
def _bounded(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Cut the connection once the time is up: a server that drips bytes holds a socket's own timeout off for ever."""
    handle = connection.dup()  # TLS takes the first handle over; this one can end the connection all the same

    def cut() -> None:
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        handle.close()


def _as_ours(error: Exception, host: str) -> GatewayError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        status = next((code for code, _text in error.recipients.values()), 550)
        if status >= 500:
            return Refused(codes.FAR_SIDE_REFUSED, f"Der Mailserver {host} nimmt diese Adresse nicht an ({status}).")
        return Unreachable(codes.FAR_SIDE_UNREACHABLE, f"Der Mailserver {host} vertröstet ({status}).")
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"Das Zertifikat des Mailservers {host} ist nicht vertrauenswürdig; es wurde nichts gesendet."
        return Unreachable(codes.FAR_SIDE_UNREACHABLE, reason)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Unreachable(codes.FAR_SIDE_UNREACHABLE, f"Der Mailserver {host} lehnt die Anmeldung ab.")
    if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500:
        reason = f"Der Mailserver {host} hat die Nachricht abgelehnt ({error.smtp_code})."
        return Refused(codes.FAR_SIDE_REFUSED, reason)
    reason = f"Der Mailserver {host} ist nicht erreichbar oder antwortet nicht, wie er soll ({type(error).__name__})."
    return Unreachable(codes.FAR_SIDE_UNREACHABLE, reason)


def _plain(host: str) -> Unreachable:
    reason = f"Der Mailserver {host} bietet keine Verschlüsselung (STARTTLS) an; es wurde nichts gesendet."
    return Unreachable(codes.FAR_SIDE_UNREACHABLE, reason)
