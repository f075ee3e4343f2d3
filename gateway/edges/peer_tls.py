"""The mailbox's TLS: whoever holds the key of the certificate they show gets as far as an answer in SOAP.

A caller with an unknown or expired certificate must be told so (HTTP 403 with a typed fault) and leave a journal
entry; an alert in the handshake would say nothing to them and nothing to us. TLS therefore proves here that a
certificate was shown, that the caller holds its key, and that it serves the purpose clientAuth. Who it belongs to and
whether it is in force is judged behind it, at every request, by its fingerprint: no issuer opens a mailbox.

Python's ssl always wants a path to an anchor. Every connection has a context of its own, whose only anchor is the
certificate that this caller shows. Where the hook that tells it is missing, no handshake succeeds.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

TurnedAway = Callable[[str, str], None]
"""Takes the fingerprint (SHA-256, hex) of a certificate that was shown in a failed handshake, and why it failed."""

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h; Python has no name for it
_HANDSHAKE, _CERTIFICATE = 22, 11  # RFC 8446, sections 5.1 and 4
_REASONS = {
    26: "Das Zertifikat ist nicht für die Clientauthentisierung ausgestellt.",
    66: "Der Schlüssel des Zertifikats ist zu schwach.",
    68: "Das Zertifikat ist mit einem veralteten Verfahren unterschrieben.",
}
"""OpenSSL's verification results (x509_vfy.h) that a certificate can still fail with."""


class MailboxTls(ssl.SSLContext):
    """A server context that makes a fresh one for each connection; asyncio and uvloop ask it by `wrap_bio`.

    It inherits because both want an SSLContext.
    """

    _key_file: Path
    _required: bool
    _turned_away: TurnedAway | None

    def wrap_bio(  # type: ignore[override]  # typeshed names the hostname differently than asyncio passes it
        self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, server_side: bool = True, **_: Any
    ) -> ssl.SSLObject:
        """Return the TLS session of one connection."""
        fresh = _fresh(self._key_file, required=self._required)
        session = fresh.wrap_bio(incoming, outgoing, server_side=server_side)
        assert isinstance(session, _Session)
        session.turned_away = self._turned_away
        return session


def mailbox_context(key_file: Path, *, required: bool = True, turned_away: TurnedAway | None = None) -> ssl.SSLContext:
    """Return the server context of the mailbox for our key and chain (PEM): TLS ≥ 1.2, forward secrecy, AEAD.

    `required` False lets callers without a certificate through, for a mailbox behind a proxy. Source: BSI TR-02102-2.
    """
    context = MailboxTls(ssl.PROTOCOL_TLS_SERVER)
    context._key_file, context._required, context._turned_away = key_file, required, turned_away
    _fresh(key_file, required=required)  # a key that cannot be used shows itself now, not at the first caller
    return context


def _fresh(key_file: Path, *, required: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.num_tickets = 0  # a session cannot be resumed in another context, and must not outlive its judgement
    context.load_cert_chain(key_file)
    context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    context.sslobject_class = _Session
    # the only hook that tells the certificate before OpenSSL judges it; CPython documents it for debugging only
    context._msg_callback = _listen  # type: ignore[attr-defined]  # typeshed lists what is public
    return context


class _Session(ssl.SSLObject):
    """One connection: remembers which certificate was shown, and tells when the handshake fails on it."""

    shown: bytes = b""
    turned_away: TurnedAway | None = None

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            if self.shown and self.turned_away is not None:
                self.turned_away(hashlib.sha256(self.shown).hexdigest(), _words(error))
            raise


def _listen(session: Any, direction: str, version: int, kind: int, message: int, data: bytes) -> None:
    """Make the caller's certificate the anchor of its own connection; OpenSSL calls this before it judges it."""
    if direction != "read" or kind != _HANDSHAKE or message != _CERTIFICATE:
        return
    der = _leaf(data, version)
    if der:
        session.shown = der
        session.context.load_verify_locations(cadata=der)
    session.context._msg_callback = None  # the rest of the connection need not be listened to


def _leaf(message: bytes, version: int) -> bytes:
    """Return the first certificate (DER) of a Certificate message, b"" for an empty list (RFC 5246, 8446)."""
    rest = message[4:]  # type and length of the message
    if version >= ssl.TLSVersion.TLSv1_3:
        rest = rest[1 + int.from_bytes(rest[:1], "big") :]  # certificate_request_context
    length = int.from_bytes(rest[3:6], "big")  # behind the length of the list
    return rest[6 : 6 + length]


def _words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _REASONS:
        return _REASONS[error.verify_code]
    return f"Der TLS-Handschlag scheiterte ({(error.reason or 'TLS').replace('_', ' ').lower()})."
