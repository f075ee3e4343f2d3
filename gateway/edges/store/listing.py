"""Deliveries for people: any filter, newest or oldest first, a page at a cost that does not grow with the history.

Every filter is taken apart into branches that each have an index with exactly this order; of each branch no more than
a page of positions is read, and the first of all are the page. So nothing is sorted that nobody sees. The statements
are put together as text from the conditions below, with every value bound: a filter may have hundreds of branches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, text

from gateway.domain.case import Delivery
from gateway.domain.delivery import State
from gateway.domain.insight import Wanted
from gateway.edges.store.deliveries import delivery_of
from gateway.edges.store.operator_tables import STILL
from gateway.edges.store.tables import DELIVERIES

STANDING = (State.HELD, State.WAITING)
"""States in which a delivery stands still: what `STILL` says as SQL."""

AT_ONCE = 200
"""Branches in one statement; databases take no endless ones."""


def page(connection: Connection, wanted: Wanted) -> list[Delivery]:
    """Return a page of deliveries; an index is read forwards as easily as backwards."""
    order, beyond = ("ASC", ">") if wanted.oldest_first else ("DESC", "<")
    conditions, binds = branches(wanted)
    if wanted.after:
        conditions = [f"{condition} AND position {beyond} :after" for condition in conditions]
    found = _tops(connection, conditions, order, binds | {"after": wanted.after, "most": wanted.limit})
    return _page(connection, sorted(found, reverse=not wanted.oldest_first)[: wanted.limit])


def count(connection: Connection, wanted: Wanted, most: int) -> int:
    """Return how many there are in all, counted up to `most`."""
    conditions, binds = branches(wanted, in_order=False)
    found = 0
    for condition in conditions:
        query = f"SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE {condition} LIMIT :most) AS counted"  # noqa: S608  # our conditions, values bound
        found += int(connection.execute(text(query), binds | {"most": most - found}).scalar_one())
        if found >= most:
            break
    return found


def branches(wanted: Wanted, *, in_order: bool = True) -> tuple[list[str], dict[str, Any]]:
    """Return conditions, no two of which hold for the same delivery, each answered in order by one index; and binds.

    Without `in_order` they may be fewer: an index then answers them, but in an order of its own.
    """
    states = sorted(wanted.states)
    keys = None if wanted.authorities is None else sorted(wanted.authorities)
    binds: dict[str, Any] = {f"a{at}": key for at, key in enumerate(keys or ())}
    if wanted.code:
        states = states or sorted({*STANDING, State.REJECTED})
    binds |= {f"s{at}": state.value for at, state in enumerate(states)}
    bound = (("code", wanted.code), ("number", wanted.case_number), ("number_to", wanted.case_number_to))
    binds |= {name: value for name, value in bound if value}
    of = _any("authority", "a", keys)
    if wanted.code:
        within = "".join(f" AND {part}" for part in (of, _numbered(wanted)) if part)
        return [f"{_caused(at, state)}{within}" for at, state in enumerate(states)], binds
    if wanted.case_number or not in_order or (keys is None and not states):
        parts = [part for part in (_numbered(wanted), of, _any("state", "s", states or None)) if part]
        return [" AND ".join(parts) or "1 = 1"], binds
    return [
        " AND ".join(part for part in (key, state) if part)
        for key in ([f"authority = :a{at}" for at in range(len(keys))] if keys is not None else [""])
        for state in ([f"state = :s{at}" for at in range(len(states))] or [""])
    ], binds


def _any(column: str, prefix: str, values: Sequence[str] | None) -> str:
    if values is None:
        return ""
    return f"{column} IN ({', '.join(f':{prefix}{at}' for at in range(len(values)))})" if values else "1 = 0"


def _numbered(wanted: Wanted) -> str:
    if wanted.case_number_to:
        return "case_number BETWEEN :number AND :number_to"
    return "case_number = :number" if wanted.case_number else ""


def _caused(at: int, state: State) -> str:
    """Return the condition of a state with a cause; what stands still has an index by cause."""
    condition = f"state = :s{at} AND code = :code"
    return f"{STILL} AND {condition}" if state in STANDING else condition


def _tops(connection: Connection, conditions: Sequence[str], order: str, binds: Mapping[str, Any]) -> list[int]:
    """Return the first positions of each branch."""
    found: list[int] = []
    for begin in range(0, len(conditions), AT_ONCE):
        parts = [
            f"SELECT position FROM (SELECT position FROM deliveries WHERE {condition}"  # noqa: S608  # our conditions, values bound
            f" ORDER BY position {order} LIMIT :most) AS t{at}"
            for at, condition in enumerate(conditions[begin : begin + AT_ONCE])
        ]
        statement = text(" UNION ALL ".join(parts))
        found += connection.execute(statement, {name: binds[name] for name in statement.compile().params}).scalars()
    return found


def _page(connection: Connection, positions: Sequence[int]) -> list[Delivery]:
    if not positions:
        return []
    query = select(DELIVERIES).where(DELIVERIES.c.position.in_(positions))
    rows = {row.position: row for row in connection.execute(query)}
    return [delivery_of(rows[position]) for position in positions]
