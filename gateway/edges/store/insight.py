"""What operators ask of the queue as a whole: counts and lists, none of which grows with history."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection, bindparam, func, select, text

from gateway.domain.case import Delivery
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey
from gateway.domain.insight import OPEN, Cause, Load, Wanted
from gateway.edges.store import listing
from gateway.edges.store.columns import UtcDateTime
from gateway.edges.store.operator_tables import STILL
from gateway.edges.store.tables import DELIVERIES

# Hops from one authority to the next in the index and asks per state: the history between is not read.
_COUNTS = ", ".join(
    f"(SELECT count(*) FROM deliveries AS d WHERE d.authority = present.authority AND d.state = '{state.value}')"  # noqa: S608  # constants
    for state in OPEN
)
_ASKED = f"""
WITH RECURSIVE present (authority) AS (
    SELECT min(authority) FROM deliveries
    UNION ALL
    SELECT (SELECT min(later.authority) FROM deliveries AS later WHERE later.authority > present.authority)
    FROM present WHERE present.authority IS NOT NULL
)
SELECT present.authority, {_COUNTS},
       (SELECT max(handed_over_at) FROM deliveries AS d
        WHERE d.authority = present.authority AND d.handed_over_at IS NOT NULL) AS picked
FROM present WHERE present.authority IS NOT NULL
"""  # noqa: S608  # built from constants only
_LOADS = text(_ASKED).columns(picked=UtcDateTime())
_GROUPS = (
    select(
        DELIVERIES.c.code,
        DELIVERIES.c.state,
        func.count().label("number"),
        func.min(DELIVERIES.c.position).label("first"),
    )
    .where(text(STILL))
    .group_by(DELIVERIES.c.code, DELIVERIES.c.state)
    .subquery()
)
_CAUSES = (
    select(
        _GROUPS.c.code,
        _GROUPS.c.state,
        _GROUPS.c.number,
        DELIVERIES.c.stamped_at,
        DELIVERIES.c.reason,
        DELIVERIES.c.message_id,
    )
    .join(DELIVERIES, DELIVERIES.c.position == _GROUPS.c.first)
    .order_by(_GROUPS.c.number.desc(), _GROUPS.c.code, _GROUPS.c.state)
)

TESTED = timedelta(days=90)
"""How long a test message may be under way and still be told from an application in what is counted."""

_MOMENTS = [bindparam(name, type_=UtcDateTime) for name in ("begin", "end")]
_OF_TESTS = (
    text(
        "SELECT what, at FROM journal WHERE subject IN"
        " (SELECT number FROM cases WHERE test AND created_at >= :early AND created_at < :end)"
        " AND what IN :words AND at >= :begin AND at < :end"
    )
    .bindparams(bindparam("words", expanding=True), bindparam("early", type_=UtcDateTime), *_MOMENTS)
    .columns(at=UtcDateTime)
)
_TESTS = text(
    "SELECT count(*) FROM cases WHERE test AND created_at >= :begin AND created_at < :end AND accepted_at IS NOT NULL"
).bindparams(*_MOMENTS)


class SqlInsight:
    """Read-only questions over one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def loads(self) -> Mapping[AuthorityKey, Load]:
        """Return what is open and when the last pick-up was, for every authority that ever got anything."""
        found = {}
        for row in self._connection.execute(_LOADS):
            counts = dict(zip(OPEN, row[1 : 1 + len(OPEN)], strict=True))
            found[AuthorityKey(row[0])] = Load(
                open=sum(counts.values()),
                held=counts[State.HELD],
                waiting=counts[State.WAITING],
                last_pickup=row.picked,
            )
        return found

    def counted(self, words: Sequence[str], moments: Sequence[datetime]) -> Sequence[Mapping[str, int]]:
        """Return how often journal words were written from each moment up to before the next.

        What was written about test messages is left out, unless their case is older by `TESTED` than the first moment.
        """
        spans = list(pairwise(moments))
        found: list[dict[str, int]] = [{} for _ in spans]
        if not words or not spans:
            return found
        asked = " UNION ALL ".join(
            f"SELECT {number}, {at}, count(*) FROM journal"  # noqa: S608  # numbers only, values bound
            f" WHERE what = :w{at} AND at >= :m{number} AND at < :m{number + 1}"
            for number in range(len(spans))
            for at in range(len(words))
        )
        binds = [bindparam(f"m{number}", moment, UtcDateTime) for number, moment in enumerate(moments)]
        binds += [bindparam(f"w{at}", word) for at, word in enumerate(words)]
        for number, at, count in self._connection.execute(text(asked).bindparams(*binds)):
            found[number][words[at]] = int(count)
        begin, end = moments[0], moments[-1]
        about = _OF_TESTS.bindparams(words=list(words), early=begin - TESTED, begin=begin, end=end)
        for word, at in self._connection.execute(about):
            found[bisect_right(moments, at) - 1][word] -= 1
        return found

    def tests(self, begin: datetime, end: datetime) -> int:
        """Return how many test messages were accepted from a moment up to before another."""
        return int(self._connection.execute(_TESTS.bindparams(begin=begin, end=end)).scalar_one())

    def causes(self) -> Sequence[Cause]:
        """Return why deliveries stand still, the most frequent cause first; time and reason are the oldest one's."""
        rows = self._connection.execute(_CAUSES)
        return [
            Cause(code, State(state), number, stamped_at, reason, message_id)
            for code, state, number, stamped_at, reason, message_id in rows
        ]

    def deliveries(self, wanted: Wanted) -> Sequence[Delivery]:
        """Return a page of deliveries."""
        return listing.page(self._connection, wanted)

    def count(self, wanted: Wanted, most: int = 10_000) -> int:
        """Return how many there are in all, counted up to `most`."""
        return listing.count(self._connection, wanted, most)

    def oldest(self, states: Sequence[State], limit: int) -> Sequence[Delivery]:
        """Return the deliveries of some states that came first."""
        return listing.page(self._connection, Wanted(states=frozenset(states), limit=limit, oldest_first=True))
