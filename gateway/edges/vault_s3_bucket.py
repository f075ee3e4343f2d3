"""Where the sealed parts lie in an object store, and how it is reached: https, plain http by explicit choice only."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.store import S3Store

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from obstore.store import ClientConfig

_ADDRESS = re.compile(
    r"s3://(?P<name>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)/?)?"
)
_NOWHERE = "http://127.0.0.1:0"
_KEY_ID = re.compile(r"[!-~]{1,200}")
_SECRET = re.compile(r"[!-~]{1,300}")


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket (path style), the prefix under which everything of ours lies, and the way in."""

    name: str
    prefix: str
    endpoint: str
    region: str
    key_id: str = field(repr=False)
    secret: str = field(repr=False)
    anchors: bytes | None = None

    @property
    def plain(self) -> bool:
        """Whether the line is not encrypted."""
        return self.endpoint.startswith("http://")

    @property
    def exposed(self) -> bool:
        """Whether sealed parts leave this machine on a line without encryption: ciphertext, but under clear names."""
        return self.plain and beyond_this_machine(self.endpoint)

    def store(self) -> S3Store:
        """Return a client of the bucket; it gives up on a dead store within seconds, on a silent one after twenty.

        The library follows redirects and cannot be told not to: every host but the store's own is therefore behind a
        proxy that nobody can be, and proxies that the environment names do not count.
        """
        line: ClientConfig = {
            "proxy_url": _NOWHERE,
            "proxy_excludes": urlsplit(self.endpoint).hostname or "",
            "allow_http": self.plain,
            "allow_invalid_certificates": False,
            "connect_timeout": timedelta(seconds=3),
            "timeout": timedelta(seconds=20),
        }
        if self.anchors:
            line["root_certificate"] = self.anchors
        return S3Store(
            self.name,
            prefix=self.prefix or None,
            endpoint=self.endpoint,
            region=self.region,
            access_key_id=self.key_id,
            secret_access_key=self.secret,
            virtual_hosted_style_request=False,
            skip_signature=False,
            client_options=line,
            retry_config={
                "max_retries": 3,
                "retry_timeout": timedelta(seconds=15),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=2),
                    "base": 2,
                },
            },
        )


def read_bucket(
    address: str, endpoint: str, region: str, credentials: str, anchors: Path | None, *, plain_http: bool
) -> Bucket:
    """Return the bucket of `s3://bucket/prefix` at an endpoint; `credentials` are two lines, key id and secret.

    Raises:
        ConfigurationError: the address or the endpoint is unusable, the credentials are not two lines, the CA file is
            not readable, or plain http leads beyond this machine and was not chosen.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise _unusable("Die Adresse des Tresors ist nicht verwendbar.", "Erwartet wird s3://behaelter/vorsilbe.")
    key_id, _, secret = credentials.strip().partition("\n")
    if not _KEY_ID.fullmatch(key_id.strip()) or not _SECRET.fullmatch(secret.strip()):
        raise _unusable(
            "Die Zugangsdaten des Objektspeichers sind nicht lesbar.",
            "Erwartet werden in secrets/vault zwei Zeilen: Kennung und geheimer Schlüssel.",
        )
    try:
        authorities = anchors.read_bytes() if anchors else None
    except OSError as error:
        raise _unusable("Die CA-Zertifikate des Objektspeichers (vault_anchors) sind nicht lesbar.") from error
    return Bucket(
        name=found["name"],
        prefix=found["prefix"] or "",
        endpoint=_endpoint(endpoint, plain_http),
        region=region,
        key_id=key_id.strip(),
        secret=secret.strip(),
        anchors=authorities,
    )


def beyond_this_machine(endpoint: str) -> bool:
    """Tell whether an endpoint is reached over a network."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def _endpoint(endpoint: str, plain_http: bool) -> str:
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError as error:
        raise _unusable("Die Adresse des Objektspeichers (vault_endpoint) ist nicht lesbar.") from error
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc or port == 0:
        raise _unusable("Die Adresse des Objektspeichers (vault_endpoint) ist unbrauchbar.", _EXPECTED)
    if parts.path.strip("/") or parts.query or parts.fragment or not endpoint.isascii():
        raise _unusable("Die Adresse des Objektspeichers (vault_endpoint) hat mehr als Rechner und Port.", _EXPECTED)
    if parts.scheme == "http" and beyond_this_machine(endpoint) and not plain_http:
        raise _unusable(
            "Der Objektspeicher würde unverschlüsselt über das Netz angesprochen.",
            "Bitte https verwenden; soll es so sein, vault_plain_http setzen und mit bauweiche init bestätigen.",
        )
    return f"{parts.scheme}://{parts.netloc}"


_EXPECTED = "Erwartet wird https://rechner oder https://rechner:port."


def _unusable(reason: str, hint: str = "") -> ConfigurationError:
    return ConfigurationError(codes.CONFIGURATION, reason, hint)
