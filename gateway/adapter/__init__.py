"""The kit an adapter author sees: everything needed to bring one more way of delivery, and nothing else.

An adapter is a `Plugin` that enters by the entry point group `bauweiche.adapter`. It imports only this module,
`gateway.domain` and `gateway.xmlguard`. `deliver` is plain synchronous code; the gateway calls it from a worker that
holds the lease of exactly this delivery, and decides everything about repeating from what it returns or raises:

* it returns a `Handover`: the far side has stored the message (`HANDED_OVER`), or it lies ready there (`AVAILABLE`);
* it raises `Refused`: the far side said no, and would say no again;
* it raises `Unreachable`: nothing arrived, certainly;
* anything else is `Unconfirmed`: it may have arrived. Only a `repeatable` adapter is then asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from gateway.adapter.counter import Desk, Endpoint, HandedIn, PartSink, Receiving, Waiting
from gateway.domain.errors import Refused, Unconfirmed, Unreachable
from gateway.domain.ids import AuthorityKey, CaseNumber, MessageId

if TYPE_CHECKING:
    import ssl

__all__ = [
    "CLOCK_SECONDS",
    "Adapter",
    "AdapterSettings",
    "ClearContent",
    "ClearPart",
    "Collecting",
    "Desk",
    "Endpoint",
    "Envelope",
    "Finding",
    "HandedIn",
    "Handover",
    "Link",
    "Outcome",
    "PartSink",
    "Pickup",
    "Plugin",
    "Probing",
    "Recalling",
    "Receiving",
    "Refused",
    "Returned",
    "SealedFile",
    "Unconfirmed",
    "Unreachable",
    "Unusable",
    "Waiting",
    "Watching",
]


class AdapterSettings(BaseModel):
    """Settings of one adapter for one authority: frozen, unknown keys refused.

    Give every field a `title` and a `description` in German: the console builds its form from them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Outcome(StrEnum):
    """How far a delivery got."""

    AVAILABLE = "available"
    """It lies ready for the authority, who has not fetched it yet."""

    HANDED_OVER = "handed_over"
    """The authority's machine has stored it."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What happened, as the far side said it; `reference` is its own id for the delivery, if it gave one."""

    outcome: Outcome
    reference: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pickup:
    """What a look at an available delivery found. `taken` False: still lying there (then `refused` is empty).

    `opened`: the authority's own tool has said that it decrypted and verified the message.
    """

    taken: bool
    at: datetime | None = None
    note: str = ""
    refused: str = ""
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe of the way saw: `check` is `reachable`, `certificate` or `clock`.

    `detail` says in German what exactly was seen and, where `holds` is False, what to do next.
    """

    check: str
    holds: bool
    detail: str


CLOCK_SECONDS = 60
"""How far the clocks of both sides may be apart, in seconds."""


@dataclass(frozen=True, slots=True)
class SealedFile:
    """One file of the sealed folder: `envelope.xml` or a part's ciphertext. `size` in bytes; `open` streams it."""

    name: str
    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class ClearPart:
    """One part in clear, decrypted on the fly: `chunks()` may be called again and starts anew.

    `identity` is the dokumentid (`urn_uuid_…`), empty for the XBau message itself. `file_name` is data from the
    applicant, valid for the release, never a path. The last chunk is only delivered after its tag was verified.
    """

    identity: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    chunks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class ClearContent:
    """The XBau message, its attachments, and the signed manifest as an extra part."""

    message: ClearPart
    attachments: tuple[ClearPart, ...]
    manifest: ClearPart


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message on its way to one authority: immutable, the same bytes at every attempt.

    `sealed()` renders the sealed folder for the authority's certificate (end to end); `clear()` gives the content
    for transport protection. Which one an adapter uses follows `protection` (`transport` or `end_to_end`).
    `service_uri`, `root` and `namespace` describe the XBau message (DVDV service WSDL, root element).
    """

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
    created_at: datetime
    test: bool
    attempt: int
    protection: str
    size_limit: int
    state: Mapping[str, str]
    sealed: Callable[[], Sequence[SealedFile]]
    clear: Callable[[], ClearContent]
    encrypt_for_addressee: Callable[[Iterator[bytes]], tuple[bytes, Iterator[bytes]]]
    """Return an `xenc:EncryptedKey` for the authority's certificate, and the given bytes as XML Encryption AES-256-GCM
    octets (28 bytes longer: nonce, ciphertext, tag), streamed."""
    remember: Callable[[Mapping[str, str]], None]
    """Durably keep small facts of this delivery (such as the far side's message id) before dispatch; merged into
    `state` of later attempts. Values are ids, never content."""


class Link(Protocol):
    """What the gateway lends an adapter: trust already set, nothing global."""

    def tls(self, *, client: bool = True) -> ssl.SSLContext:
        """Return a TLS ≥ 1.2 client context with the gateway's certificate and the anchors for this authority."""

    def allow(self, url: str) -> str:
        """Return the pinned IP address for an outgoing https URL, or raise ADDRESS_FORBIDDEN (SSRF guard)."""

    def allow_host(self, host: str, port: int) -> str:
        """Return the pinned IP address of an allow-listed host, or raise ADDRESS_FORBIDDEN."""

    def secret(self, name: str) -> bytes:
        """Return a secret file of the installation by its plain name."""

    def author(self) -> tuple[str, str]:
        """Return the gateway's DVDV key and name, as it signs for its messages."""

    def now(self) -> datetime:
        """Return the time, aware UTC."""


class Adapter(Protocol):
    """One way to one authority. The constructor touches no network and no disk."""

    def deliver(self, envelope: Envelope) -> Handover:
        """Bring the envelope there; returning normally promises that it is stored there (see the module text)."""


@runtime_checkable
class Watching(Protocol):
    """An adapter that can see whether an available delivery was fetched."""

    def look(self, message_id: MessageId, state: Mapping[str, str]) -> Pickup:
        """Say whether the delivery was taken; raises Unreachable when it cannot be seen now."""


@runtime_checkable
class Probing(Protocol):
    """An adapter that can try its way without sending anything."""

    def probe(self) -> Sequence[Finding]:
        """Try the way and leave nothing behind; a fault of the far side is a finding, not an error."""


@runtime_checkable
class Collecting(Protocol):
    """An adapter that brings replies back."""

    def collect(self) -> Iterator[Returned | Unusable]:
        """Yield what the authority left for us; `done()` on each removes it over there once we hold it durably.

        What lies there and cannot be taken is yielded too, in every round, so that somebody hears of it. Raises
        Unreachable if the place cannot be looked at now.
        """


@runtime_checkable
class Recalling(Protocol):
    """An adapter that can take back what was not fetched yet."""

    def recall(self, message_id: MessageId, state: Mapping[str, str]) -> bool:
        """Take back an available delivery; False if it was already taken."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Something an authority sent: the raw message, its attachments by name, and how to acknowledge it.

    `message` and the attachments may be opened again and again until `done()` was called, also after the iteration
    of `collect` went on or ended; after `done()` nothing of it is there. Without `done()` it comes again next time.
    `left(reason)` tells the adapter that we could not take it, so that it can tell the authority's IT.
    """

    reference: str
    message: Callable[[], BinaryIO]
    attachments: Mapping[str, Callable[[], BinaryIO]]
    done: Callable[[], None]
    facts: Mapping[str, str] = field(default_factory=dict)
    left: Callable[[str], None] = lambda reason: None  # noqa: ARG005  # for an adapter that tells nobody


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something that lies among the replies and cannot be taken.

    `reference` tells it from others lying there; it may be any text, and is kept only as a digest. `reason` is a German
    sentence for operators: what is wrong, without any name that the far side chose.
    """

    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plugin:
    """An adapter as the gateway finds it; `title` is German.

    `repeatable`: the same message id twice is stored once over there. `protections`: what it can carry, of
    `transport` and `end_to_end`. `endpoint`: it is a server and is mounted beside the API. What else it can do
    (`Watching`, `Recalling`, `Collecting`) is seen from the methods it has.
    """

    settings: type[AdapterSettings]
    build: Callable[[Any, Link], Adapter]
    title: str
    repeatable: bool = False
    protections: frozenset[str] = frozenset({"end_to_end"})
    endpoint: Endpoint | None = None
