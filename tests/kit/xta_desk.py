"""A desk in memory: messages that wait, replies that come in, and what was said to whom."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from uuid import UUID

from gateway.adapter import Envelope, HandedIn, PartSink, Receiving, Waiting
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import AuthorityKey, MessageId

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@dataclass
class FakeClock:
    """Time that moves on by a second at each look."""

    at: datetime = START

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class FakeIds:
    """UUIDs in order."""

    last: int = 0
    lock: Lock = field(default_factory=Lock)

    def __call__(self) -> UUID:
        with self.lock:
            self.last += 1
            return UUID(int=(0xABC << 100) | self.last, version=4)


@dataclass
class Lying:
    """A message on the desk."""

    envelope: Envelope
    waiting: Waiting


@dataclass(frozen=True)
class Taken:
    """A reply as it was committed: digests and sizes of its attachments by id, in order of arrival."""

    facts: Mapping[str, str]
    message: bytes
    attachments: Mapping[str, tuple[str, str, int, str]]
    """id → file name, media type, size, SHA-256"""


class FakeSink:
    """Hashes what is written; keeps nothing."""

    def __init__(self, keep: Callable[[int, str], None]) -> None:
        self._keep = keep
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        self._size += len(data)

    def close(self) -> None:
        self._keep(self._size, self._digest.hexdigest())


class FakeReceiving:
    """A reply on its way in."""

    def __init__(self, desk: FakeDesk, accounts: frozenset[AuthorityKey], facts: Mapping[str, str]) -> None:
        self._desk, self._accounts, self._facts = desk, accounts, facts
        self._message = b""
        self._attachments: dict[str, tuple[str, str, int, str]] = {}
        desk.under_way += 1

    def message(self, data: bytes) -> None:
        assert not self._message, "the message comes once"
        self._message = data

    def part(self, identity: str, file_name: str, media_type: str) -> PartSink:
        if self._desk.fault is not None:
            raise self._desk.fault

        def keep(size: int, digest: str) -> None:
            self._attachments[identity] = (file_name, media_type, size, digest)

        return self._desk.sink(keep)

    def commit(self) -> str:
        if self._desk.fault is not None:
            raise self._desk.fault
        identity = self._facts["message_id"]
        size = len(self._message) + sum(found[2] for found in self._attachments.values())
        key = AuthorityKey(self._facts.get("authority") or min(self._accounts))
        self._desk.replies.setdefault(identity, Taken(self._facts, self._message, self._attachments))
        self._desk.handed.setdefault(identity, HandedIn(identity, key, size, self._desk.clock(), self._facts))
        self._desk.under_way -= 1
        return identity

    def abort(self) -> None:
        self._desk.under_way -= 1
        self._desk.aborted += 1


@dataclass
class FakeDesk:
    """The counter of the gateway, in memory; `fault` is raised when a reply is handed in."""

    allowed: dict[str, frozenset[AuthorityKey]] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=FakeClock)
    lying: dict[MessageId, Lying] = field(default_factory=dict)
    replies: dict[str, Taken] = field(default_factory=dict)
    handed: dict[str, HandedIn] = field(default_factory=dict)
    minted: list[MessageId] = field(default_factory=list)
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    fetches: list[MessageId] = field(default_factory=list)
    under_way: int = 0
    aborted: int = 0
    fault: Exception | None = None
    broken: Exception | None = None
    sink: Callable[[Callable[[int, str], None]], PartSink] = FakeSink

    def reset(self) -> None:
        """Forget everything but who may act for whom."""
        for held in (self.lying, self.replies, self.handed):
            held.clear()
        for told in (self.minted, self.refused, self.fetches):
            told.clear()
        self.under_way = self.aborted = 0
        self.fault = self.broken = None
        self.clock.at = START

    def lay(self, envelope: Envelope, size: int = 0) -> Waiting:
        """Lay a message into its mailbox."""
        now = self.clock()
        waiting = Waiting(
            position=len(self.lying) + 1,
            message_id=envelope.message_id,
            case_number=envelope.case_number,
            authority=envelope.authority,
            addressee=envelope.addressee,
            addressee_name=envelope.addressee_name,
            sender=envelope.sender,
            sender_name=envelope.sender_name,
            release=envelope.release,
            root=envelope.root,
            namespace=envelope.namespace,
            service_uri=envelope.service_uri,
            size=size or 1234,
            test=envelope.test,
            state="available",
            created_at=envelope.created_at,
            available_at=now,
            fetched_at=None,
            closed_at=None,
        )
        self.lying[envelope.message_id] = Lying(envelope, waiting)
        return waiting

    def accounts(self, fingerprint: str) -> frozenset[AuthorityKey]:
        if self.broken is not None:
            raise self.broken
        return self.allowed.get(fingerprint, frozenset())

    def waiting(self, accounts: frozenset[AuthorityKey], *, after: int = 0, limit: int = 100) -> Sequence[Waiting]:
        rows = [
            lying.waiting
            for lying in self.lying.values()
            if lying.waiting.authority in accounts
            and lying.waiting.position > after
            and lying.waiting.state == "available"
        ]
        return sorted(rows, key=lambda row: row.position)[:limit]

    def fetch(self, accounts: frozenset[AuthorityKey], message_id: MessageId) -> Envelope | None:
        waiting = self.status(accounts, message_id)
        if waiting is None or waiting.state != "available":
            return None
        lying = self.lying[message_id]
        lying.waiting = replace(waiting, fetched_at=waiting.fetched_at or self.clock())
        self.fetches.append(message_id)
        return lying.envelope

    def close(self, accounts: frozenset[AuthorityKey], message_id: MessageId) -> bool:
        waiting = self.status(accounts, message_id)
        if waiting is None:
            return False
        if waiting.closed_at is None:
            self.lying[message_id].waiting = replace(waiting, state="handed_over", closed_at=self.clock())
        return True

    def status(self, accounts: frozenset[AuthorityKey], message_id: MessageId) -> Waiting | None:
        lying = self.lying.get(message_id)
        return lying.waiting if lying is not None and lying.waiting.authority in accounts else None

    def new_message_id(self, accounts: frozenset[AuthorityKey]) -> MessageId:
        identity = MessageId(str(UUID(int=(0xDE5C << 96) | len(self.minted) + 1, version=4)))
        self.minted.append(identity)
        return identity

    def receive(self, accounts: frozenset[AuthorityKey], facts: Mapping[str, str]) -> Receiving:
        return FakeReceiving(self, accounts, facts)

    def handed_in(self, accounts: frozenset[AuthorityKey], message_id: str) -> HandedIn | None:
        found = self.handed.get(message_id)
        return found if found is not None and found.authority in accounts else None

    def refuse(self, fingerprint: str, what: str, why: str) -> None:
        self.refused.append((fingerprint, what, why))


def unfit(code: object, reason: str = "So nicht.") -> SubmissionError:
    """Return an error as the desk raises it for a reply it cannot take."""
    return SubmissionError(code, reason)  # type: ignore[arg-type]  # codes are handed in from parameter tables
