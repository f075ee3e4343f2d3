"""Evidence: signed facts about a case, chained case by case, and signed anchors of the journal. No personal content.

Each event's payload is canonical JSON and names the digest of the payload before it, so that none can be left out.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from gateway.domain.case import Case
from gateway.domain.ids import CaseNumber
from gateway.domain.journal import GENESIS, Entry

SEGMENT = 256
"""Journal entries under one anchor: an entry's proof is at most eight hashes long, however long the journal grows."""


class Fact(StrEnum):
    """What a signed event says."""

    ACCEPTED = "accepted"
    AVAILABLE = "available"
    FETCHED = "fetched"
    HANDED_OVER = "handed_over"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    PLANS_ARRIVED = "plans_arrived"
    PLANS_OVERDUE = "plans_overdue"
    ERASED = "erased"

    @property
    def label(self) -> str:
        """The German words for it."""
        return _LABELS[self]


_LABELS: Mapping[Fact, str] = {
    Fact.ACCEPTED: "angenommen (Einlieferungsbeleg)",
    Fact.AVAILABLE: "für die Behörde bereitgestellt",
    Fact.FETCHED: "von der Behörde erstmals abgeholt",
    Fact.HANDED_OVER: "der Behörde übergeben",
    Fact.CONFIRMED: "Eingang von der Behörde bestätigt",
    Fact.REJECTED: "von der Behörde zurückgewiesen",
    Fact.WITHDRAWN: "zurückgezogen",
    Fact.PLANS_ARRIVED: "Pläne bei der Behörde eingegangen",
    Fact.PLANS_OVERDUE: "Frist für die Pläne abgelaufen",
    Fact.ERASED: "Inhalt gelöscht",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One fact about a case. `head` and `signature` are the outer parts of its compact JWS, empty until it is signed.

    `document` is a signed document that belongs to it: the manifest, with the acceptance.
    """

    case_number: CaseNumber
    case_id: str
    sequence: int
    what: Fact
    at: datetime
    payload: str
    message_id: str = ""
    head: str = ""
    signature: str = ""
    document: bytes | None = field(default=None, repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the payload: what the next event of the case names."""
        return hashlib.sha256(self.payload.encode()).hexdigest()

    @property
    def jws(self) -> str:
        """The compact JWS, or "" while the event waits for its signature."""
        return f"{self.head}.{encoded(self.payload.encode())}.{self.signature}" if self.signature else ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A signed Merkle root over the journal's entries `first` to `last`; `head`, `signature` as in `Event`."""

    first: int
    last: int
    payload: str
    head: str = ""
    signature: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the payload: what the next anchor names."""
        return hashlib.sha256(self.payload.encode()).hexdigest()

    @property
    def jws(self) -> str:
        """The compact JWS."""
        return f"{self.head}.{encoded(self.payload.encode())}.{self.signature}"


def event(
    case: Case, what: Fact, entry: Entry, *, before: Event | None, message_id: str = "", facts: Mapping[str, Any],
    document: bytes | None = None,
) -> Event:  # fmt: skip
    """Return the next event of a case, not signed yet; it names the journal entry that was made with it."""
    sequence = before.sequence + 1 if before else 1
    payload = canonical(
        {
            "version": 1,
            "event": what.value,
            "case_number": case.number,
            "sequence": sequence,
            "previous": before.digest if before else GENESIS,
            "at": written(entry.at),
            "message_id": message_id,
            "journal": {"number": entry.number, "digest": entry.digest},
            "facts": dict(facts),
        }
    )
    return Event(case.number, case.id, sequence, what, entry.at, payload, message_id, document=document)


def anchor(first: int, last: int, root: str, chain: str, at: datetime, previous: str = "") -> Anchor:
    """Return the anchor of a stretch of the journal; `chain` is the digest of its last entry."""
    value = {"version": 1, "first": first, "last": last, "root": root, "chain": chain, "at": written(at)}
    return Anchor(first, last, canonical(value | {"previous": previous}))


def segment_of(number: int) -> int:
    """Return the number of the first entry of the segment that a journal entry belongs to."""
    return (number - 1) // SEGMENT * SEGMENT + 1


def canonical(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no blanks."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def written(moment: datetime) -> str:
    """Return a moment as evidence writes it: UTC, microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def encoded(octets: bytes) -> str:
    """Return base64url without padding (RFC 7515)."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def facts_of_acceptance(
    case: Case, addressee: Mapping[str, str], sender: str, manifest: bytes, message: bytes
) -> dict[str, Any]:
    """Return what the receipt says: for whom, and size and digest of the message, the manifest and every part."""
    parts = [{"name": part.name, "document_id": part.document_id, "size": part.size, "sha256": part.sha256}
             for part in case.parts]  # fmt: skip
    return {
        "addressee": dict(addressee),
        "sender": sender,
        "municipality": case.municipality,
        "procedure": case.procedure,
        "option": case.option,
        "release": case.release,
        "test": case.test,
        "message": sized(message),
        "manifest": sized(manifest),
        "parts": parts,
        "posted_plans": case.posted_plans,
        "plans_due": case.plans_due.isoformat() if case.plans_due else None,
    }


def sized(octets: bytes) -> dict[str, Any]:
    """Return size and digest of some bytes."""
    return {"size": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}
