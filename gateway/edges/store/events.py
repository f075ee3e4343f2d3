"""Evidence: the signed facts of cases, and the signed anchors of the journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, text, update

from gateway.domain.evidence import Anchor, Event, Fact
from gateway.domain.ids import CaseNumber
from gateway.edges.store.law_tables import ANCHORS, EVENTS, UNSIGNED
from gateway.edges.store.tables import CASES, JOURNAL

_ADD = insert(EVENTS)
_ADD_ANCHOR = insert(ANCHORS)
_OF_CASE = select(EVENTS).where(EVENTS.c.case_number == bindparam("key")).order_by(EVENTS.c.sequence)
_LAST = select(EVENTS).where(EVENTS.c.case_number == bindparam("key")).order_by(EVENTS.c.sequence.desc()).limit(1)
_RECEIPT = (
    select(EVENTS)
    .where(EVENTS.c.case_id == bindparam("key"), EVENTS.c.what == Fact.ACCEPTED.value)
    .order_by(EVENTS.c.sequence)
    .limit(1)
)
_UNSIGNED = select(EVENTS).where(text(UNSIGNED)).order_by(EVENTS.c.position).limit(bindparam("most"))
_SIGN = update(EVENTS).where(
    EVENTS.c.case_number == bindparam("key"), EVENTS.c.sequence == bindparam("place"), text(UNSIGNED)
)
_OLD = (
    select(EVENTS.c.case_number)
    .where(EVENTS.c.at < bindparam("before"), EVENTS.c.sequence == 1)
    .where(~select(CASES.c.id).where(CASES.c.number == EVENTS.c.case_number, CASES.c.erased_at.is_(None)).exists())
    .order_by(EVENTS.c.at)
    .limit(bindparam("most"))
)
_DIGESTS = (
    select(JOURNAL.c.digest)
    .where(JOURNAL.c.number >= bindparam("first"), JOURNAL.c.number <= bindparam("until"))
    .order_by(JOURNAL.c.number)
)
_ANCHOR = select(ANCHORS).where(ANCHORS.c.first == bindparam("key"))
_LAST_ANCHOR = select(ANCHORS).order_by(ANCHORS.c.first.desc()).limit(1)


class SqlEvidence:
    """The evidence of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, event: Event) -> None:
        """Keep a new event."""
        names = ("case_number", "case_id", "sequence", "at", "message_id", "payload", "head", "signature", "document")
        values = {name: getattr(event, name) for name in names} | {"what": event.what.value}
        self._connection.execute(_ADD, values)

    def last(self, number: CaseNumber) -> Event | None:
        """Return the newest event of a case."""
        row = self._connection.execute(_LAST, {"key": number}).one_or_none()
        return None if row is None else _event(row)

    def of_case(self, number: CaseNumber) -> Sequence[Event]:
        """Return the events of a case in order."""
        return [_event(row) for row in self._connection.execute(_OF_CASE, {"key": number})]

    def receipt(self, case_id: str) -> Event | None:
        """Return the acceptance of one submission."""
        row = self._connection.execute(_RECEIPT, {"key": case_id}).one_or_none()
        return None if row is None else _event(row)

    def unsigned(self, limit: int) -> Sequence[Event]:
        """Return events that still wait for a signature, oldest first."""
        return [_event(row) for row in self._connection.execute(_UNSIGNED, {"most": limit})]

    def sign(self, event: Event) -> bool:
        """Keep the signature of an event that had none; False if it has one by now."""
        wanted = {"key": event.case_number, "place": event.sequence}
        return self._connection.execute(_SIGN.values(head=event.head, signature=event.signature), wanted).rowcount == 1

    def forget(self, before: datetime, limit: int) -> int:
        """Delete the evidence of erased cases accepted before a moment; returns how many cases that were."""
        old = list(self._connection.execute(_OLD, {"before": before, "most": limit}).scalars())
        if old:
            self._connection.execute(delete(EVENTS).where(EVENTS.c.case_number.in_(old)))
        return len(old)

    def journal_end(self) -> int:
        """Return the number of the journal's last entry, 0 if there is none."""
        return int(self._connection.execute(select(func.max(JOURNAL.c.number))).scalar_one() or 0)

    def digests(self, first: int, last: int) -> Sequence[str]:
        """Return the digests of a stretch of the journal, in order."""
        return list(self._connection.execute(_DIGESTS, {"first": first, "until": last}).scalars())

    def anchor(self, first: int) -> Anchor | None:
        """Return the anchor that begins at a journal entry."""
        row = self._connection.execute(_ANCHOR, {"key": first}).one_or_none()
        return None if row is None else Anchor(**row._asdict())

    def last_anchor(self) -> Anchor | None:
        """Return the newest anchor."""
        row = self._connection.execute(_LAST_ANCHOR).one_or_none()
        return None if row is None else Anchor(**row._asdict())

    def add_anchor(self, anchor: Anchor) -> None:
        """Keep a new anchor."""
        names = ("first", "last", "payload", "head", "signature")
        self._connection.execute(_ADD_ANCHOR, {name: getattr(anchor, name) for name in names})


def _event(row: Row[Any]) -> Event:
    return Event(
        case_number=CaseNumber(row.case_number),
        case_id=row.case_id,
        sequence=row.sequence,
        what=Fact(row.what),
        at=row.at,
        payload=row.payload,
        message_id=row.message_id,
        head=row.head,
        signature=row.signature,
        document=None if row.document is None else bytes(row.document),
    )
