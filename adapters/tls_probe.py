"""Trying an https counterpart without sending a message: TCP, TLS with chain and host name, and its clock."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from adapters.folder.probe import clock_finding
from gateway.adapter import Finding, Link
from gateway.domain.errors import GatewayError

LEFT = timedelta(days=30)
"""How long a server certificate must still hold."""

PATIENCE = 20.0

# OpenSSL's verification results (x509_vfy.h) in words that municipal IT can act upon.
_WORDS = {
    10: "Das Zertifikat des Servers ist abgelaufen.",
    18: "Der Server weist sich mit einem selbst ausgestellten Zertifikat aus.",
    19: "Die Zertifikatskette des Servers endet bei einem Aussteller, der hier nicht hinterlegt ist.",
    20: "Der Aussteller des Serverzertifikats ist hier nicht hinterlegt, oder der Server sendet die Kette nicht ganz.",
    21: "Der Server sendet die Zertifikatskette nicht ganz.",
    62: "Das Zertifikat des Servers gilt für einen anderen Rechnernamen.",
    66: "Der Schlüssel des Servers ist zu schwach; nötig sind RSA ab 3072 Bit oder EC ab 256 Bit.",
    67: "Ein Aussteller in der Kette hat einen zu schwachen Schlüssel; als Anker genügt die Zwischenstelle darunter.",
    68: "Ein Zertifikat in der Kette des Servers ist mit einem veralteten Verfahren unterschrieben.",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What an https answer showed: how long its certificate holds, and its clock (None if it sent no Date)."""

    until: datetime
    theirs: datetime | None
    status: int


def probe_https(link: Link, url: str) -> Sequence[Finding]:
    """Return whether an address can be reached, proves to be the right server, and agrees about the time."""
    try:
        seen = _asked(link, url)
    except GatewayError as error:
        return [Finding("reachable", False, f"{error.reason} {error.hint}".strip())]
    except httpx.HTTPError as error:
        return _failed(urlsplit(url).hostname or "", error)
    return _judged(seen, link.now())


def connected(findings: Sequence[Finding]) -> bool:
    """Tell whether a probe got through to the right server, whatever its clock says."""
    return all(finding.holds for finding in findings if finding.check != "clock")


def _asked(link: Link, url: str) -> Seen:
    """Ask with HEAD, which no service takes for a message."""
    address = urlsplit(url)
    pinned = link.allow(url)
    host = f"[{pinned}]" if ":" in pinned else pinned
    target = address._replace(netloc=f"{host}:{address.port or 443}").geturl()
    client = httpx.Client(verify=link.tls(), trust_env=False, follow_redirects=False, timeout=PATIENCE)
    headers = {"Host": address.netloc, "User-Agent": "Bauweiche"}
    with client, client.stream("HEAD", target, headers=headers, extensions={"sni_hostname": address.hostname}) as found:
        channel = found.extensions["network_stream"].get_extra_info("ssl_object")
        certificate = channel.getpeercert()
        until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
        return Seen(until, _date(found.headers.get("Date", "")), found.status_code)


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _judged(seen: Seen, now: datetime) -> list[Finding]:
    left = (seen.until - now).days
    good = seen.until - now >= LEFT
    held = f"Kette und Rechnername des Servers stimmen; sein Zertifikat gilt noch {left} Tage."
    more = "" if good else f" Nötig sind mindestens {LEFT.days}; bitte dort jetzt erneuern."
    found = [
        Finding("reachable", True, f"Der Server antwortet (HTTP {seen.status})."),
        Finding("certificate", good, held + more),
    ]
    if seen.theirs is None:
        text = "Der Server nennt keine Uhrzeit (Kopfzeile Date). Bitte dort einschalten."
        return [*found, Finding("clock", False, text)]
    return [*found, clock_finding(seen.theirs, now)]


def _failed(host: str, error: httpx.HTTPError) -> list[Finding]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            words = _WORDS.get(cause.verify_code, f"Das Zertifikat des Servers wird nicht anerkannt ({cause.reason}).")
            text = f"{words} Bitte mit der Behörde klären und den richtigen Anker (tls-anchor) hinterlegen."
            return [Finding("reachable", True, f"{host} nimmt Verbindungen an."), Finding("certificate", False, text)]
        if isinstance(cause, ssl.SSLError):
            reason = (cause.reason or "TLS").replace("_", " ").lower()
            text = f"Die TLS-Verbindung zu {host} kam nicht zustande ({reason}). Bitte beide Zertifikate prüfen."
            return [Finding("reachable", False, text)]
        cause = cause.__cause__ or cause.__context__
    text = f"{host} ist nicht zu erreichen ({type(error).__name__}). Bitte Adresse, Port und Firewall prüfen."
    return [Finding("reachable", False, text)]
