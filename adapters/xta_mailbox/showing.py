"""What a caller shows: its client certificate, and whether that is in force at this request.

TLS has proved that the caller holds the key; whose certificate it is, is the desk's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from adapters.xta_mailbox.counter import not_allowed
from adapters.xta_wire.faults import XtaFault


@dataclass(frozen=True, slots=True)
class Shown:
    """A client certificate: SHA-256 fingerprint in hex, dates (aware UTC), what the TLS edge found wrong with it."""

    fingerprint: str
    since: datetime
    until: datetime
    fault: str = ""

    def check(self, now: datetime) -> None:
        """Return only if it may be used now. Raises: XtaFault 9010 or 9014, as HTTP 403."""
        if self.fault:
            raise not_allowed(self.fault)
        if now > self.until:
            raise XtaFault("9010", f"Das Client-Zertifikat ist seit {self.until:%d.%m.%Y} abgelaufen.", status=403)
        if now < self.since:
            raise not_allowed(f"Das Client-Zertifikat gilt erst ab {self.since:%d.%m.%Y}.")


def shown(extensions: Mapping[str, Any], headers: Mapping[str, str], proxy_header: str) -> Shown:
    """Return the certificate of a connection, or the one that a trusted proxy passes on (URL-encoded PEM).

    Raises: XtaFault 9014 without one that can be read.
    """
    tls = extensions.get("tls") or {}
    if pem := tls.get("client_cert_pem"):
        return _read(str(pem), str(tls.get("client_cert_error", "")))
    if proxy_header and (pem := headers.get(proxy_header)):
        return _read(unquote(pem))
    raise not_allowed("Die Verbindung trägt kein Client-Zertifikat.")


def _read(pem: str, fault: str = "") -> Shown:
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
        since, until = found.not_valid_before_utc, found.not_valid_after_utc
    except ValueError as error:
        raise not_allowed("Das Client-Zertifikat ist nicht lesbar.") from error
    return Shown(found.fingerprint(hashes.SHA256()).hex(), since, until, fault)
