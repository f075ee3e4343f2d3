"""The questions a queue must answer fast, as SQL that runs on SQLite and PostgreSQL alike.

Authorities with due deliveries are found by hopping from one key to the next in the partial index
(`ix_deliveries_due`), and from each only as many rows are read as it may have under way. The cost follows the number
of authorities with something due, not the length of their queues and not the history.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, func, select, text, update

from gateway.domain.delivery import State
from gateway.edges.store.columns import UtcDateTime
from gateway.edges.store.tables import AVAILABLE, DELIVERIES, DUE, LEASED


def _of(alias: str, condition: str) -> str:
    return condition.replace("state", f"{alias}.state", 1)


_DUE_AUTHORITIES = f"""
WITH RECURSIVE due (authority) AS (
    SELECT min(authority) FROM deliveries WHERE {DUE}
    UNION ALL
    SELECT (SELECT min(later.authority) FROM deliveries AS later
            WHERE {_of("later", DUE)} AND later.authority > due.authority)
    FROM due WHERE due.authority IS NOT NULL
)"""  # noqa: S608  # built from constants only

_PICK = f"""{_DUE_AUTHORITIES},
busy (authority, number) AS (SELECT authority, count(*) FROM deliveries WHERE {LEASED} GROUP BY authority),
ways_open (authority, room) AS (
    -- after the pause of a breaker one single delivery may try whether the way holds again
    SELECT due.authority,
           CASE WHEN ways.open_until IS NOT NULL AND ways.failures > 0 THEN 1 ELSE :each END - coalesce(busy.number, 0)
    FROM due LEFT JOIN ways ON ways.authority = due.authority LEFT JOIN busy ON busy.authority = due.authority
    WHERE due.authority IS NOT NULL
      AND (ways.authority IS NULL OR (NOT ways.paused AND (ways.open_until IS NULL OR ways.open_until <= :now)))
),
ranked (position, next_at, place, room) AS (
    SELECT ready.position, ready.next_at,
           row_number() OVER (PARTITION BY ready.authority ORDER BY ready.next_at, ready.position), ways_open.room
    FROM ways_open JOIN deliveries AS ready ON ready.position IN (
        SELECT first.position FROM deliveries AS first
        WHERE {_of("first", DUE)} AND first.authority = ways_open.authority AND first.next_at <= :now
        ORDER BY first.next_at, first.position LIMIT :each)
    WHERE ways_open.room > 0
)
SELECT position FROM ranked WHERE place <= room ORDER BY next_at, position LIMIT :most
"""  # noqa: S608  # built from constants only

_PICKED = (
    text(_PICK)
    .bindparams(bindparam("now", type_=UtcDateTime()), bindparam("each", type_=BigInteger()))
    .columns(position=BigInteger())
    .subquery("picked")
)

CLAIM = (
    update(DELIVERIES)
    .where(
        DELIVERIES.c.position.in_(
            select(DELIVERIES.c.position)
            .where(DELIVERIES.c.position.in_(select(_PICKED.c.position)))
            .with_for_update(skip_locked=True)
        )
    )
    .values(
        state=State.UNDER_WAY.value,
        attempt=DELIVERIES.c.attempt + 1,
        worker=bindparam("taker"),
        leased_until=bindparam("until"),
    )
    .returning(DELIVERIES)
)
"""Leases up to `most` due deliveries, at most `each` under way per authority; binds now, each, most, taker, until."""

_NEXT_DUE = f"""{_DUE_AUTHORITIES}
SELECT min(moment) AS moment FROM (
    SELECT CASE WHEN ways.open_until > :now
           THEN (SELECT max(waking.moment) FROM (
                    SELECT ways.open_until AS moment
                    UNION ALL SELECT min(next_at) FROM deliveries
                    WHERE {DUE} AND deliveries.authority = due.authority) AS waking)
           ELSE (SELECT min(next_at) FROM deliveries
                 WHERE {DUE} AND deliveries.authority = due.authority AND next_at > :now)
           END AS moment
    FROM due LEFT JOIN ways ON ways.authority = due.authority
    WHERE due.authority IS NOT NULL AND (ways.authority IS NULL OR NOT ways.paused)
    UNION ALL SELECT min(next_at) FROM deliveries WHERE {AVAILABLE} AND next_at > :now
    UNION ALL SELECT min(leased_until) FROM deliveries WHERE {LEASED} AND leased_until > :now
) AS moments
"""  # noqa: S608  # built from constants only

NEXT_DUE = text(_NEXT_DUE).bindparams(bindparam("now", type_=UtcDateTime())).columns(moment=UtcDateTime())
"""The first moment after `now` at which a claim, a look or the end of a lease can find something."""

_CURSOR = (
    select(DELIVERIES.c.available_at)
    .where(DELIVERIES.c.position == bindparam("after"), DELIVERIES.c.available_at.is_not(None))
    .scalar_subquery()
)
WAITING_FOR = (
    select(DELIVERIES)
    .where(
        text(AVAILABLE),
        DELIVERIES.c.adapter == bindparam("way"),
        DELIVERIES.c.authority.in_(bindparam("accounts", expanding=True)),
        func.coalesce(_CURSOR, bindparam("dawn", type_=UtcDateTime())) <= DELIVERIES.c.available_at,
        (DELIVERIES.c.available_at > func.coalesce(_CURSOR, bindparam("dawn", type_=UtcDateTime())))
        | (DELIVERIES.c.position > bindparam("after")),
    )
    .order_by(DELIVERIES.c.available_at, DELIVERIES.c.position)
    .limit(bindparam("most"))
)
"""What became available by one adapter for some authorities after position `after` did.

Binds accounts, way, after, most, dawn.
"""
