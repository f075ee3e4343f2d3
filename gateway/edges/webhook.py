"""Brings notices to portals: https to the pinned address of an allow-listed host, no redirect, no proxy."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx

PATIENCE = 15.0
"""Seconds that a portal may take to connect, to take the body and to answer, each."""

ANSWER = 65_536
"""Bytes of an answer that are read and thrown away; a longer one is cut off."""


class HttpsCourier:
    """Fulfils `gateway.ports.Courier`.

    `pin` returns the address that an allowed URL may be reached at or raises (`GatewayLink.allow`); `tls` gives a fresh
    context, so that certificates entered meanwhile count.
    """

    def __init__(
        self, pin: Callable[[str], str], tls: Callable[[], ssl.SSLContext], patience: float = PATIENCE
    ) -> None:
        self._pin, self._tls, self._patience = pin, tls, patience

    def allow(self, url: str) -> None:
        """Return only if a notice may go there. Raises: ConfigurationError ADDRESS_FORBIDDEN."""
        self._pin(url)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Return the status of the answer, 0 if none came. Raises: ConfigurationError ADDRESS_FORBIDDEN."""
        import httpx  # only where a webhook is really sent

        pinned = self._pin(url)
        address = urlsplit(url)
        host = f"[{pinned}]" if ":" in pinned else pinned
        target = address._replace(netloc=f"{host}:{address.port or 443}").geturl()
        sent = {**headers, "Host": address.netloc}
        extensions = {"sni_hostname": address.hostname}
        try:
            with (
                httpx.Client(
                    verify=self._tls(), trust_env=False, follow_redirects=False, timeout=self._patience
                ) as line,
                line.stream("POST", target, content=body, headers=sent, extensions=extensions) as response,
            ):
                _drain(response)
                return response.status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            return 0


def _drain(response: httpx.Response) -> None:
    """Read a little of the answer, so that a polite receiver sees it taken; what it says does not matter."""
    read = 0
    for piece in response.iter_raw():
        read += len(piece)
        if read > ANSWER:
            return
