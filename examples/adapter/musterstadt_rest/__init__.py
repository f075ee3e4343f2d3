"""Musterstadt's REST inbox, a third party's whole adapter: files by PUT, then one POST that makes the message count."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from pydantic import Field

from gateway.adapter import (
    AdapterSettings,
    Envelope,
    Handover,
    Link,
    Outcome,
    Plugin,
    Refused,
    Unconfirmed,
    Unreachable,
)
from gateway.domain import codes


class Settings(AdapterSettings):
    """Where Musterstadt's inbox is."""

    inbox: str = Field(
        pattern=r"^https://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9_-]+)*$",
        title="Eingang",
        description="Adresse des REST-Eingangs der Stadt, beginnt mit https:// und endet ohne Schrägstrich.",
    )


class MusterstadtRest:
    """Sends the sealed folder's files; the city shows a message to nobody before it was completed."""

    def __init__(self, settings: Settings, link: Link) -> None:
        self._inbox, self._link = settings.inbox, link

    def deliver(self, envelope: Envelope) -> Handover:
        """Return once the city has said that it stored the message; the same id again changes nothing there."""
        address, pinned = urlsplit(self._inbox), self._link.allow(self._inbox)
        base = f"https://{pinned}:{address.port or 443}{address.path}/{envelope.message_id}"
        sni = {"sni_hostname": address.hostname}
        with httpx.Client(verify=self._link.tls(), headers={"Host": address.netloc}, trust_env=False) as client:
            for file in envelope.sealed():
                with file.open() as source:
                    size = {"Content-Length": str(file.size)}
                    put = f"{base}/files/{quote(file.name, safe='')}"
                    _ask(client, Unreachable, "PUT", put, content=source, headers=size, extensions=sni)
            answer = _ask(client, Unconfirmed, "POST", f"{base}/complete", extensions=sni)
        return Handover(Outcome.HANDED_OVER, answer.headers.get("X-Eingang", ""))


def _ask(client: httpx.Client, otherwise: type[Unreachable | Unconfirmed], *what: str, **more: Any) -> httpx.Response:
    """Send one request; a clear no is Refused, everything else that goes wrong is `otherwise`."""
    code = codes.FAR_SIDE_UNREACHABLE if otherwise is Unreachable else codes.FAR_SIDE_UNCONFIRMED
    try:
        answer = client.request(*what, **more)
    except httpx.HTTPError as error:
        kind = Unreachable if isinstance(error, httpx.ConnectError) else otherwise
        raise kind(code, "Der Eingang von Musterstadt antwortet nicht.") from error
    if answer.status_code in (400, 409, 413):
        raise Refused(codes.FAR_SIDE_REFUSED, f"Musterstadt hat abgelehnt: {answer.text[:200]}")
    if answer.status_code != 204:
        raise otherwise(code, f"Der Eingang von Musterstadt antwortet mit HTTP {answer.status_code}.")
    return answer


plugin = Plugin(Settings, MusterstadtRest, "REST-Eingang von Musterstadt", repeatable=True)
