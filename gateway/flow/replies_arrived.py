"""What was handed in, before anything of it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.ids import AuthorityKey
from gateway.domain.reply import Proof, ReplyPart


@dataclass(frozen=True, slots=True)
class Named:
    """What an attachment was called: the transport's identity and file name, data from outside, kept sealed."""

    identity: str
    file_name: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A reply whose attachments are durable in the vault under `id`; `authority` is "" if the way could not say."""

    id: str
    accounts: frozenset[AuthorityKey]
    via: str
    proof: Proof
    transport_id: str
    facts: Mapping[str, str]
    authority: AuthorityKey
    received_at: datetime
    message: bytes = field(repr=False)
    sha256: str
    parts: tuple[ReplyPart, ...]
    names: tuple[Named, ...] = field(repr=False)
    key: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of message and attachments."""
        return len(self.message) + sum(part.size for part in self.parts)
