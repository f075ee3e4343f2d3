"""What the gateway lends an adapter, for tests: secrets, one TLS context, and addresses that lead to this machine."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class SampleLink:
    """A link that lends what it was made with; `asked` notes every address and secret an adapter asked for."""

    secrets: Mapping[str, bytes] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    address: str = "127.0.0.1"
    at: datetime | None = None
    asked: list[str] = field(default_factory=list)

    def tls(self, *, client: bool = True) -> ssl.SSLContext:  # noqa: ARG002  # the kit's signature
        """Return the context it was made with, else one that trusts nobody."""
        return self.context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def allow(self, url: str) -> str:
        """Note the address and lead it to this machine."""
        self.asked.append(url)
        return self.address

    def allow_host(self, host: str, port: int) -> str:
        """Note the host and lead it to this machine."""
        self.asked.append(f"{host}:{port}")
        return self.address

    def secret(self, name: str) -> bytes:
        """Note the name and return what it was made with; KeyError for any other."""
        self.asked.append(name)
        return self.secrets[name]

    def author(self) -> tuple[str, str]:
        """Return who the messages of the samples come from."""
        return "bap:05000000", "Bauportal.NRW"

    def now(self) -> datetime:
        """Return the fixed time, or the real one."""
        return self.at or datetime.now(UTC)
