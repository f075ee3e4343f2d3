"""The gateway's counter for adapters that are servers: what lies ready, and replies that are handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from gateway.domain.ids import AuthorityKey, CaseNumber, MessageId

if TYPE_CHECKING:
    from gateway.adapter import Envelope


class PartSink(Protocol):
    """One attachment of a reply, written in order, sealed as it is written."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class Receiving(Protocol):
    """A reply on its way in: bytes go straight into the vault, nothing counts before `commit`."""

    def message(self, data: bytes) -> None:
        """Take the XBau XML, once."""

    def part(self, identity: str, file_name: str, media_type: str) -> PartSink:
        """Open one attachment; the one before must be closed."""

    def commit(self) -> str:
        """Keep the reply durably and return the id it is kept under; a known message id is kept once.

        Raises:
            SubmissionError: the reply cannot be taken; its code says why.
        """

    def abort(self) -> None:
        """Leave nothing behind; may be called at any time."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A reply that was taken; `size` in bytes, `facts` as given to `receive`."""

    message_id: str
    authority: AuthorityKey
    size: int
    received_at: datetime
    facts: Mapping[str, str]


class Desk(Protocol):
    """The gateway's counter for adapters that are servers: an authority fetches from it and hands in replies.

    Every call names the authorities the caller's certificate may act for.
    """

    def accounts(self, fingerprint: str) -> frozenset[AuthorityKey]:
        """Return the authorities that a client certificate (SHA-256 fingerprint, hex) may act for."""

    def waiting(self, accounts: frozenset[AuthorityKey], *, after: int = 0, limit: int = 100) -> Sequence[Waiting]:
        """Return what lies ready for these authorities, oldest first."""

    def fetch(self, accounts: frozenset[AuthorityKey], message_id: MessageId) -> Envelope | None:
        """Return an available or already fetched message that is still kept; records the first fetch."""

    def close(self, accounts: frozenset[AuthorityKey], message_id: MessageId) -> bool:
        """Acknowledge: the authority has it. True also when it was closed before; False for a foreign or unknown id."""

    def status(self, accounts: frozenset[AuthorityKey], message_id: MessageId) -> Waiting | None:
        """Return a message's state, also after it was closed."""

    def new_message_id(self, accounts: frozenset[AuthorityKey]) -> MessageId:
        """Mint and durably note a message id for a reply."""

    def receive(self, accounts: frozenset[AuthorityKey], facts: Mapping[str, str]) -> Receiving:
        """Open the counter for a reply. `facts` are what the transport said of it (`message_id`, `authority`, …)."""

    def handed_in(self, accounts: frozenset[AuthorityKey], message_id: str) -> HandedIn | None:
        """Return what is known of a reply, or None if it was never handed in (also when its id was only minted)."""

    def refuse(self, fingerprint: str, what: str, why: str) -> None:
        """Leave a journal entry about a caller who was turned away."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message as a mailbox lists it. `state` is the delivery's state; times are aware UTC or None."""

    position: int
    message_id: MessageId
    case_number: CaseNumber
    authority: AuthorityKey
    addressee: str
    addressee_name: str
    sender: str
    sender_name: str
    release: str
    root: str
    namespace: str
    service_uri: str
    size: int
    test: bool
    state: str
    created_at: datetime
    available_at: datetime | None
    fetched_at: datetime | None
    closed_at: datetime | None


class Endpoint(Protocol):
    """Builds the ASGI application of a server adapter; mounted under the returned path prefix."""

    def __call__(self, desk: Desk, options: Mapping[str, Any]) -> tuple[str, Any]: ...
