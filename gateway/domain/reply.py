"""A message from an authority on its way back to the portal, as a value, and the table of its legal moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import AuthorityKey

REJECTION = "rejection"
"""The kind of a delivery with which the gateway itself answers a faulty message (1100)."""

ANSWERING = "rueckweisung"
"""What stands for the procedure of such an answer."""

ITSELF = "gateway"
"""What stands for the portal where the gateway itself writes."""

ONBOARDING = "onboarding"
"""What stands for the portal behind a test message."""

NO_PORTALS = frozenset({"", ITSELF, ONBOARDING})
"""Names that no portal may have: nobody reads replies for them."""


class ReplyState(StrEnum):
    """Where a reply stands."""

    RECEIVED = "received"
    MATCHED = "matched"
    QUARANTINED = "quarantined"
    REFUSED = "refused"
    DISCARDED = "discarded"
    ACKNOWLEDGED = "acknowledged"
    ERASED = "erased"

    @property
    def final(self) -> bool:
        """No move leads out of it."""
        return not MOVES[self]


MOVES: Mapping[ReplyState, frozenset[ReplyState]] = {
    ReplyState.RECEIVED: frozenset({ReplyState.MATCHED, ReplyState.QUARANTINED, ReplyState.REFUSED}),
    ReplyState.MATCHED: frozenset({ReplyState.ACKNOWLEDGED}),
    ReplyState.QUARANTINED: frozenset({ReplyState.MATCHED, ReplyState.DISCARDED}),
    ReplyState.REFUSED: frozenset(),
    ReplyState.DISCARDED: frozenset(),
    ReplyState.ACKNOWLEDGED: frozenset({ReplyState.ERASED}),
    ReplyState.ERASED: frozenset(),
}

OVER = frozenset({ReplyState.REFUSED, ReplyState.DISCARDED, ReplyState.ACKNOWLEDGED})
"""States in which nobody needs the content any more: its key is gone, its files go next (`erased_at`)."""

TITLES: Mapping[ReplyState, str] = {
    ReplyState.RECEIVED: "eingegangen",
    ReplyState.MATCHED: "zugeordnet",
    ReplyState.QUARANTINED: "in Klärung",
    ReplyState.REFUSED: "zurückgewiesen",
    ReplyState.DISCARDED: "verworfen",
    ReplyState.ACKNOWLEDGED: "vom Portal übernommen",
    ReplyState.ERASED: "gelöscht",
}


class Proof(StrEnum):
    """What shows that a reply is the authority's: its client certificate, its signature, its token, or only
    its own folder.

    NONE: something was proved false, so it is only noted and answered."""

    CERTIFICATE = "certificate"
    SIGNATURE = "signature"
    UNSIGNED = "unsigned"
    TOKEN = "token"  # noqa: S105  # no secret: the name of a kind of proof
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ReplyPart:
    """One attachment as it was taken: everything that may be known in clear; its file name lies sealed beside it.

    `document_id` is the dokumentid under which the message names it, or "" if it names it by file name only.
    """

    index: int
    document_id: str
    size: int
    sha256: str
    media_type: str

    @property
    def name(self) -> str:
        """The part's name in the vault."""
        return f"part-{self.index + 1:04d}.bin"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that a reply may belong to, and the German reasons that speak for it, strongest first."""

    case_id: str
    case_number: str
    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A message from an authority: routing and state only, no personal data (law 2).

    `transport_id` is what the way calls it, `message_id` its nachrichtenUUID ("" if unreadable; of what lies in a
    return folder and cannot be taken: which folder), `sha256` the digest of the message's bytes. `facts` are ids the
    transport gave. `case_id`, `case_number` and `client` are "" until it is matched. `cursor` orders what a portal may
    read: given when a reply is matched, 0 before. `size` counts bytes of message and attachments. `code` is an error
    code or Fehlerkennzahl, `reason` its German sentence without content.
    """

    id: str
    authority: AuthorityKey
    via: str
    transport_id: str
    received_at: datetime
    proof: Proof
    sha256: str
    size: int
    wrapped_key: bytes | None
    message_id: str = ""
    number: str = ""
    release: str = ""
    test: bool = False
    state: ReplyState = ReplyState.RECEIVED
    parts: tuple[ReplyPart, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    case_id: str = ""
    case_number: str = ""
    client: str = ""
    matched_by: str = ""
    candidates: tuple[Candidate, ...] = ()
    code: str = ""
    reason: str = ""
    repeats: int = 0
    answered_by: str = ""
    cursor: int = 0
    acknowledged_at: datetime | None = None
    erased_at: datetime | None = None
    position: int = 0

    def but(self, **changes: object) -> Reply:
        """Return the reply with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # replace checks the names itself

    def erased(self, at: datetime) -> Reply:
        """Return the reply with its content gone; what became of it stays to be seen where nobody took it over."""
        state = ReplyState.ERASED if ReplyState.ERASED in MOVES[self.state] else self.state
        return self.but(state=state, wrapped_key=None, erased_at=at)

    def moved(self, target: ReplyState, **changes: object) -> Reply:
        """Return the reply in another state.

        Raises:
            SubmissionError: STATE_CONFLICT if the table has no such move.
        """
        return self.but(state=move(self.state, target), **changes)


def move(current: ReplyState, target: ReplyState) -> ReplyState:
    """Return `target` if the table allows it.

    Raises:
        SubmissionError: STATE_CONFLICT, in German, when it does not.
    """
    if target not in MOVES[current]:
        raise SubmissionError(
            codes.STATE_CONFLICT,
            f"Die Antwort ist „{TITLES[current]}“ und kann nicht nach „{TITLES[target]}“ wechseln.",
        )
    return target


@dataclass(frozen=True, slots=True)
class Webhook:
    """A portal's wish to be told: where to, and the secret (wrapped for the gateway) that signs what is sent."""

    id: str
    client: str
    url: str
    wrapped_secret: bytes
    created_at: datetime
    disabled: bool = False


class NoticeState(StrEnum):
    """Where a notice stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Notice:
    """One event for one webhook: ids only. `id` stays the same at every attempt, so that the portal sees repeats.

    `next_at` is when it is tried (again), `status` the last HTTP status (0: no answer).
    """

    id: str
    webhook_id: str
    event: str
    data: Mapping[str, str]
    at: datetime
    state: NoticeState = NoticeState.WAITING
    attempt: int = 0
    next_at: datetime | None = None
    status: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Round:
    """When an authority's return folder is looked at next; `failures` counts rounds in a row that could not look."""

    authority: AuthorityKey
    next_at: datetime
    failures: int = 0
    reason: str = ""


def event_id(entropy: UUID) -> str:
    """Return the id of a notice: what Standard Webhooks calls `webhook-id`."""
    return f"msg_{entropy.hex}"
