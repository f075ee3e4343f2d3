"""One HTTPS call: pinned address, mutual TLS, no redirect, no proxy; and what each way of failing means."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from adapters.soap_push.body import Body
from gateway.adapter import Link, Refused, Unconfirmed, Unreachable
from gateway.domain import codes
from gateway.domain.errors import DeliveryError

ANSWER_LIMIT = 1_000_000

STATUS: Mapping[int, tuple[type[DeliveryError], str]] = {
    400: (Refused, "hält die Anfrage für fehlerhaft"),
    401: (Unreachable, "verlangt eine andere Anmeldung"),
    403: (Unreachable, "lässt das Zertifikat des Gateways nicht zu"),
    404: (Unreachable, "kennt die Adresse nicht"),
    405: (Unreachable, "nimmt unter dieser Adresse nichts an"),
    408: (Unreachable, "hat zu lange auf die Anfrage gewartet"),
    411: (Unreachable, "versteht die Anfrage nicht"),
    413: (Refused, "nimmt Nachrichten dieser Größe nicht an"),
    415: (Refused, "versteht SOAP 1.2 nicht"),
    422: (Refused, "hält die Anfrage für fehlerhaft"),
    429: (Unreachable, "ist gerade überlastet"),
    502: (Unconfirmed, "meldet eine Störung dahinter"),
    503: (Unreachable, "ist vorübergehend nicht verfügbar"),
    504: (Unconfirmed, "meldet eine Zeitüberschreitung dahinter"),
}
"""What a status without a SOAP answer means: 3xx and other 4xx did nothing, other 5xx are unconfirmed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, in the shape zeep reads: `content` at most 1 MB."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    encoding: str = "utf-8"


def post(link: Link, url: str, body: Body, headers: Mapping[str, str], patience: float) -> Answer:
    """Send the body to the pinned address and return the answer. Raises what the failure means for the delivery."""
    address = urlsplit(url)
    pinned = link.allow(url)
    host = f"[{pinned}]" if ":" in pinned else pinned
    target = address._replace(netloc=f"{host}:{address.port or 443}").geturl()
    sent = {**headers, "Host": address.netloc, "Content-Length": str(len(body)), "User-Agent": "Bauweiche"}
    timeout = httpx.Timeout(60.0, read=patience)
    try:
        with (
            httpx.Client(verify=link.tls(), trust_env=False, follow_redirects=False, timeout=timeout) as client,
            client.stream(
                "POST", target, content=iter(body), headers=sent, extensions={"sni_hostname": address.hostname}
            ) as response,
        ):
            return Answer(response.status_code, response.headers, _limited(response))
    except httpx.HTTPError as error:
        raise _failed(error, body) from error


def status_error(status: int) -> DeliveryError:
    """Return what an answer means that is no SOAP."""
    if status in STATUS:
        kind, words = STATUS[status]
    elif 300 <= status < 400:
        kind, words = Unreachable, "leitet auf eine andere Adresse um"
    else:
        kind, words = (Unconfirmed if status >= 500 or status < 300 else Unreachable), "antwortet unverständlich"
    code = {Refused: codes.FAR_SIDE_REFUSED, Unreachable: codes.FAR_SIDE_UNREACHABLE}.get(
        kind, codes.FAR_SIDE_UNCONFIRMED
    )
    return kind(code, f"Der Dienst der Behörde {words} (HTTP {status}).", "Bitte prüfen Sie Adresse und Dienst.")


def garbage(why: str) -> Unconfirmed:
    """Return the error for an answer that is none."""
    return Unconfirmed(
        codes.FAR_SIDE_UNCONFIRMED,
        f"Die Antwort des Dienstes ist nicht verständlich: {why}.",
        "Bitte prüfen Sie, ob unter der Adresse der Übergabedienst antwortet.",
    )


def _limited(response: httpx.Response) -> bytes:
    content = b""
    for piece in response.iter_bytes():
        content += piece
        if len(content) > ANSWER_LIMIT:
            raise garbage("sie ist größer als 1 MB")
    return content


def _failed(error: httpx.HTTPError, body: Body) -> DeliveryError:
    """Nothing arrived as long as the body was not out; after that nobody knows, except when TLS itself was refused."""
    alert = _tls_words(error)
    if alert:
        return Unreachable(
            codes.FAR_SIDE_UNREACHABLE,
            f"Die TLS-Verbindung kam nicht zustande ({alert}).",
            "Bitte prüfen Sie auf beiden Seiten Zertifikat, Kette und Gültigkeit.",
        )
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return Unreachable(
            codes.FAR_SIDE_UNREACHABLE,
            "Der Dienst der Behörde ist nicht zu erreichen.",
            "Bitte prüfen Sie Adresse, Port und Firewall.",
        )
    if not body.complete:
        return Unreachable(
            codes.FAR_SIDE_UNREACHABLE, "Die Verbindung brach beim Senden ab.", "Es wird erneut versucht."
        )
    return Unconfirmed(
        codes.FAR_SIDE_UNCONFIRMED,
        "Nach dem Senden kam keine Antwort.",
        "Es wird mit derselben Kennung erneut versucht; der Dienst muss Doppeltes erkennen.",
    )


def _tls_words(error: BaseException) -> str:
    """Return OpenSSL's name of what went wrong, if TLS did; an end of the stream is no such thing."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError) and not isinstance(seen, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return (seen.reason or "TLS").replace("_", " ").lower()
        seen = seen.__cause__ or seen.__context__
    return ""
