"""A case from announcement to erasure, and its deliveries, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from gateway.domain.delivery import PlansState, State
from gateway.domain.ids import AuthorityKey, CaseNumber, DocumentId, MessageId

APPLICATION = "application"
"""The kind of the delivery that opens a case; its state is the state of the case."""

FOLLOW_UP = "follow_up"
"""A later message about a running case."""

TEST_MESSAGE = "test"
"""A message of the onboarding, without a portal behind it."""

OPENERS = frozenset({APPLICATION, TEST_MESSAGE})
"""Kinds of deliveries that open a case and whose state is the state of the case."""


@dataclass(frozen=True, slots=True)
class Part:
    """One announced attachment: everything the gateway may know in clear. Sizes in bytes, digest lower-case hex.

    Its file name and title are the applicant's and lie sealed in the announcement.
    """

    index: int
    document_id: DocumentId
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The part's name in vault and sealed folder; `part-0000.bin` is the message."""
        return f"part-{self.index + 1:04d}.bin"


@dataclass(frozen=True, slots=True)
class Case:
    """A submission and what became of it: routing and state only, no personal data (law 2).

    `reference` is the referenzAntragsservice of every message of the case. `wrapped_key` is the content key wrapped
    for the gateway; without it (None) the content is gone for good. A later submission about a running case is a
    row of its own with the same number, its `follows` naming the id of the one that opened it.
    """

    id: str
    number: CaseNumber
    client: str
    portal_reference: str
    municipality: str
    procedure: str
    authority: AuthorityKey
    option: str
    release: str
    test: bool
    reference: UUID
    state: State
    created_at: datetime
    expires_at: datetime
    parts: tuple[Part, ...]
    wrapped_key: bytes | None
    posted_plans: int = 0
    accepted_at: datetime | None = None
    handed_over_at: datetime | None = None
    erased_at: datetime | None = None
    plans: PlansState = PlansState.NONE
    plans_due: date | None = None
    plans_arrived_on: date | None = None
    file_reference: str = ""
    overview_sha256: str = ""
    follows: str = ""

    @property
    def size(self) -> int:
        """Bytes of all attachments."""
        return sum(part.size for part in self.parts)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way: the row that is the queue (law 4). Times are aware UTC.

    `reason` is the German sentence of the last outcome, `facts` what the adapter asked to remember (ids only).
    """

    message_id: MessageId
    case_id: str
    case_number: CaseNumber
    authority: AuthorityKey
    kind: str
    number: str
    release: str
    stamped_at: datetime
    size: int
    test: bool
    state: State
    next_at: datetime | None
    position: int = 0
    attempt: int = 0
    worker: str = ""
    leased_until: datetime | None = None
    adapter: str = ""
    reason: str = ""
    code: str = ""
    reference: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    available_at: datetime | None = None
    fetched_at: datetime | None = None
    handed_over_at: datetime | None = None

    def but(self, **changes: object) -> Delivery:
        """Return the delivery with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # replace checks the names itself


@dataclass(frozen=True, slots=True)
class Way:
    """The way to one authority: its pause switch and its circuit breaker.

    `failures` counts Unreachable outcomes in a row; until `open_until` nothing is sent there.
    """

    authority: AuthorityKey
    paused: bool = False
    paused_why: str = ""
    failures: int = 0
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """A portal (or another caller) behind a token; scopes such as `submit`, `read`."""

    name: str
    scopes: frozenset[str]
    expires_at: datetime
    token_id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An idempotent call that was answered: digest of its body and the id of what it made."""

    body_sha256: str
    made: str
