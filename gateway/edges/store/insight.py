"""What operators ask of the queue as a whole: counts and lists, none of which grows with history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from gateway.domain.case import Delivery
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey
from gateway.domain.insight import Cause, Load, Wanted
from gateway.edges.store.deliveries import delivery_of
from gateway.edges.store.tables import DELIVERIES, JOURNAL, PARTICIPATIONS

OPEN = tuple(state.value for state in State if not state.final and not state.delivered and state is not State.DRAFT)
STILL = (State.HELD.value, State.WAITING.value)

_table = DELIVERIES.c
_OPEN_COUNTS = (
    select(_table.authority, _table.state, func.count(), func.min(_table.available_at))
    .where(_table.state.in_(OPEN))
    .group_by(_table.authority, _table.state)
)
_KEYS = select(PARTICIPATIONS.c.authority).distinct().subquery()
_LAST = (
    select(func.max(_table.handed_over_at))
    .where(_table.authority == _KEYS.c.authority, _table.handed_over_at.is_not(None))
    .scalar_subquery()
)
_PICKED = select(_KEYS.c.authority, _LAST)
_CAUSES = (
    select(
        _table.code,
        _table.state,
        func.count(),
        func.min(_table.stamped_at),
        func.max(_table.reason),
        func.min(_table.message_id),
    )
    .where(_table.state.in_(STILL))
    .group_by(_table.code, _table.state)
    .order_by(func.count().desc(), _table.code)
)


class SqlInsight:
    """Read-only questions over one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def loads(self) -> Mapping[AuthorityKey, Load]:
        """Return what is open and when the last pick-up was, for every authority that ever took part."""
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        oldest: dict[str, datetime] = {}
        for authority, state, count, available_at in self._connection.execute(_OPEN_COUNTS):
            counts[authority][state] = count
            if state == State.AVAILABLE:
                oldest[authority] = available_at
        picked: dict[str, datetime | None] = {row[0]: row[1] for row in self._connection.execute(_PICKED)}
        return {
            AuthorityKey(key): Load(
                open=sum(counts[key].values()),
                held=counts[key].get(State.HELD, 0),
                waiting=counts[key].get(State.WAITING, 0),
                oldest_available_at=oldest.get(key),
                last_pickup=picked.get(key),
            )
            for key in picked.keys() | counts.keys()
        }

    def happened(self, since: datetime, what: str = "") -> Sequence[tuple[str, datetime]]:
        """Return journal words and times since a moment, oldest first; only one word's if it is named."""
        query = select(JOURNAL.c.what, JOURNAL.c.at).where(JOURNAL.c.at >= since).order_by(JOURNAL.c.number)
        if what:
            query = query.where(JOURNAL.c.what == what)
        return [(word, at) for word, at in self._connection.execute(query)]

    def counted(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """Return how often each journal word was written from a moment up to before another."""
        within = (JOURNAL.c.at >= since, JOURNAL.c.at < until)
        query = select(JOURNAL.c.what, func.count()).where(*within).group_by(JOURNAL.c.what)
        return {word: int(count) for word, count in self._connection.execute(query)}

    def causes(self) -> Sequence[Cause]:
        """Return why deliveries stand still, the most frequent cause first."""
        rows = self._connection.execute(_CAUSES)
        return [
            Cause(code, State(state), count, oldest, reason, example)
            for code, state, count, oldest, reason, example in rows
        ]

    def deliveries(self, wanted: Wanted) -> Sequence[Delivery]:
        """Return deliveries, newest first."""
        query = _narrowed(select(DELIVERIES), wanted).order_by(_table.position.desc()).limit(wanted.limit)
        if wanted.below:
            query = query.where(_table.position < wanted.below)
        return [delivery_of(row) for row in self._connection.execute(query)]

    def count(self, wanted: Wanted, most: int = 10_000) -> int:
        """Return how many there are in all, counted up to `most`."""
        some = _narrowed(select(_table.position), wanted).limit(most).subquery()
        return int(self._connection.execute(select(func.count()).select_from(some)).scalar_one())

    def oldest_open(self, limit: int) -> Sequence[Delivery]:
        """Return the open deliveries that have waited longest."""
        query = select(DELIVERIES).where(_table.state.in_(OPEN)).order_by(_table.position).limit(limit)
        return [delivery_of(row) for row in self._connection.execute(query)]


def _narrowed(query: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.states:
        query = query.where(_table.state.in_(sorted(wanted.states)))
    if wanted.authorities is not None:
        query = query.where(_table.authority.in_(sorted(wanted.authorities)))
    if wanted.code:
        query = query.where(_table.code == wanted.code)
    if wanted.case_number:
        query = query.where(_table.case_number == wanted.case_number)
    return query
