"""The journal's table: appended to, read, and never changed (triggers refuse it)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from gateway.domain.journal import GENESIS, Act, Entry, link
from gateway.edges.store.tables import JOURNAL
from gateway.ports import Clock

_APPEND = insert(JOURNAL)
_LAST = select(JOURNAL.c.number, JOURNAL.c.digest).order_by(JOURNAL.c.number.desc()).limit(1)
_BATCH = 500


class SqlJournal:
    """The journal of one transaction; writers take turns, so nobody else appends meanwhile."""

    __slots__ = ("_clock", "_connection", "_last")

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._last: tuple[int, str] | None = None

    def append(self, act: Act) -> Entry:
        """Continue the chain by one entry, made at the clock's time."""
        number, before = self._last or self._stored_last()
        entry = link(number + 1, self._clock.now(), act, before)
        values = {
            "number": entry.number,
            "at": entry.at,
            "actor": act.actor,
            "what": act.what,
            "subject": act.subject,
            "why": act.why,
            "facts": json.dumps(dict(act.facts), ensure_ascii=False),
            "before": entry.before,
            "digest": entry.digest,
        }
        self._connection.execute(_APPEND, values)
        self._last = (entry.number, entry.digest)
        return entry

    def read(
        self,
        *,
        after: int = 0,
        below: int = 0,
        limit: int | None = None,
        subject: str | None = None,
        newest_first: bool = False,
    ) -> Iterator[Entry]:
        """Yield entries above `after` and below `below` (0: all), batch by batch, while the transaction lasts."""
        query = select(JOURNAL).order_by(JOURNAL.c.number.desc() if newest_first else JOURNAL.c.number)
        query = query.where(JOURNAL.c.number > after)
        if below:
            query = query.where(JOURNAL.c.number < below)
        if subject is not None:
            query = query.where(JOURNAL.c.subject == subject)
        rest, edge = limit, query
        while rest is None or rest > 0:
            size = _BATCH if rest is None else min(rest, _BATCH)
            rows = self._connection.execute(edge.limit(size)).all()
            yield from map(_entry, rows)
            if len(rows) < size:
                return
            number = rows[-1].number
            edge = query.where(JOURNAL.c.number < number if newest_first else JOURNAL.c.number > number)
            rest = None if rest is None else rest - size

    def _stored_last(self) -> tuple[int, str]:
        row = self._connection.execute(_LAST).one_or_none()
        return (row.number, row.digest) if row is not None else (0, GENESIS)


def _entry(row: Row[Any]) -> Entry:
    act = Act(row.actor, row.what, row.subject, row.why, json.loads(row.facts))
    return Entry(row.number, row.at, act, row.before, row.digest)
