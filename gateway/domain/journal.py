"""The journal: who did what, when and why, hash-chained; no personal content ever goes in.

entry hash = SHA-256 over the canonical JSON of the entry together with the hash of the one before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
"""The hash before the first entry."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something worth an entry, before it has a place in the chain.

    `actor` is `portal:<client>`, `operator:<name>`, `authority:<key>` or `gateway`; `what` a stable dotted word such
    as `delivery.handed_over`; `subject` a case number, message id, authority key or empty; `facts` JSON-able, ids only.
    """

    actor: str
    what: str
    subject: str = ""
    why: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the chain; `at` is aware UTC."""

    number: int
    at: datetime
    act: Act
    before: str
    digest: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain does not hold, and what is wrong there (German)."""

    number: int
    reason: str


@dataclass
class Counted:
    """Remembers the last entry that passed by."""

    number: int = 0
    digest: str = GENESIS

    def of(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Hand entries on, remembering the last."""
        for entry in entries:
            self.number, self.digest = entry.number, entry.digest
            yield entry


def link(number: int, at: datetime, act: Act, before: str) -> Entry:
    """Return the entry that continues a chain whose last hash is `before`."""
    return Entry(number, at, act, before, digest(number, at, act, before))


def digest(number: int, at: datetime, act: Act, before: str) -> str:
    """Return the hash of an entry: lower-case hex, 64 characters."""
    canonical = json.dumps(
        [
            number,
            at.astimezone(UTC).isoformat(timespec="microseconds"),
            act.actor,
            act.what,
            act.subject,
            act.why,
            dict(act.facts),
            before,
        ],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def verify(entries: Iterable[Entry], *, number: int = 1, before: str = GENESIS) -> Break | None:
    """Return the first break of a chain that starts at `number` after `before`, or None if it holds throughout."""
    return next(_breaks(entries, number, before), None)


def _breaks(entries: Iterable[Entry], number: int, before: str) -> Iterator[Break]:
    for expected, entry in enumerate(entries, start=number):
        if entry.number != expected:
            yield Break(expected, f"Eintrag {expected} fehlt; es folgt {entry.number}")
        if entry.before != before:
            yield Break(entry.number, f"Eintrag {entry.number} schließt nicht an seinen Vorgänger an")
        if digest(entry.number, entry.at, entry.act, entry.before) != entry.digest:
            yield Break(entry.number, f"Eintrag {entry.number} wurde verändert")
        before = entry.digest
