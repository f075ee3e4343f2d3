"""Deliveries: the rows that are the queue (law 4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Executable, Row, bindparam, func, insert, select, text, update

from gateway.domain.case import Delivery
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey, CaseNumber, MessageId
from gateway.edges.store import queue
from gateway.edges.store.tables import AVAILABLE, DELIVERIES, LEASED

_FIELDS = tuple(field.name for field in fields(Delivery))
_FIXED = ("message_id", "case_id", "case_number", "authority", "kind", "number", "stamped_at", "test")
_MOVING = tuple(name for name in _FIELDS if name not in (*_FIXED, "position"))
_DAWN = datetime(1, 1, 1, tzinfo=UTC)

_ADD = insert(DELIVERIES)
_BY_POSITION = select(DELIVERIES).order_by(DELIVERIES.c.position)
_GET = select(DELIVERIES).where(DELIVERIES.c.message_id == bindparam("key"))
_OF_CASE = _BY_POSITION.where(DELIVERIES.c.case_id == bindparam("key"))
_SAVE = update(DELIVERIES).where(*(DELIVERIES.c[name] == bindparam(f"same_{name}") for name in _FIXED))
_SETTLE = _SAVE.where(
    text(LEASED),
    DELIVERIES.c.attempt == bindparam("held_attempt"),
    DELIVERIES.c.worker == bindparam("held_worker"),
)
_RENEW = (
    update(DELIVERIES)
    .where(
        text(LEASED),
        DELIVERIES.c.worker == bindparam("holder"),
        DELIVERIES.c.message_id.in_(bindparam("held", expanding=True)),
        DELIVERIES.c.leased_until < bindparam("until"),
    )
    .values(leased_until=bindparam("until"))
)
_ORPHANED = (
    select(DELIVERIES)
    .where(
        text(LEASED),
        (DELIVERIES.c.leased_until <= bindparam("now")) | DELIVERIES.c.worker.in_(bindparam("dead", expanding=True)),
    )
    .order_by(DELIVERIES.c.leased_until, DELIVERIES.c.position)
    .limit(bindparam("most"))
)
_HOLDERS = select(DELIVERIES.c.worker).where(text(LEASED)).distinct()
_TO_WATCH = (
    select(DELIVERIES)
    .where(text(AVAILABLE), DELIVERIES.c.next_at <= bindparam("now"))
    .order_by(DELIVERIES.c.next_at, DELIVERIES.c.position)
    .limit(bindparam("most"))
)
_LATEST = (
    select(DELIVERIES)
    .where(DELIVERIES.c.authority == bindparam("key"))
    .order_by(DELIVERIES.c.position.desc())
    .limit(bindparam("most"))
)
_COUNTS = select(DELIVERIES.c.state, func.count()).group_by(DELIVERIES.c.state)


class SqlDeliveries:
    """The deliveries of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, delivery: Delivery) -> None:
        """Keep a new delivery; it gets the next position, whatever its own says."""
        values = _values(delivery, _FIELDS)
        del values["position"]
        self._connection.execute(_ADD, values)

    def get(self, message_id: MessageId) -> Delivery | None:
        """Return the delivery of a message."""
        if not message_id.isprintable():  # PostgreSQL refuses NUL, both refuse half a surrogate pair
            return None
        row = self._connection.execute(_GET, {"key": message_id}).one_or_none()
        return None if row is None else delivery_of(row)

    def of_case(self, case_id: str) -> Sequence[Delivery]:
        """Return the deliveries of a case, oldest first."""
        return self._many(_OF_CASE, key=case_id)

    def save(self, delivery: Delivery) -> None:
        """Keep a delivery as it is now; for outcomes of an attempt use `settle`.

        Raises:
            LookupError: there is no such delivery, or what never changes in it would change.
        """
        if self._connection.execute(_SAVE, _change(delivery)).rowcount != 1:
            raise LookupError(f"no delivery {delivery.message_id} with this case, authority and stamp")

    def settle(self, delivery: Delivery, *, worker: str, attempt: int) -> bool:
        """Keep the outcome of an attempt; False, and nothing kept, if another worker has taken the delivery over."""
        held = {"held_worker": worker, "held_attempt": attempt}
        return self._connection.execute(_SETTLE, _change(delivery) | held).rowcount == 1

    def claim(self, worker: str, now: datetime, lease: timedelta, limit: int, per_authority: int) -> Sequence[Delivery]:
        """Lease due deliveries of open ways: state UNDER_WAY, attempt counted, worker and lease set.

        Oldest first, at most `per_authority` under way to one authority, and one single one while its breaker is
        half open; an authority with a long queue hides no other.
        """
        binds = {"taker": worker, "now": now, "until": now + lease, "most": limit, "each": per_authority}
        taken = [delivery_of(row) for row in self._connection.execute(queue.CLAIM, binds)]
        return sorted(taken, key=lambda delivery: (delivery.next_at or now, delivery.position))

    def orphaned(self, now: datetime, limit: int, dead: Collection[str] = ()) -> Sequence[Delivery]:
        """Return deliveries found under way whose lease has run out, or whose worker is one of the dead."""
        return self._many(_ORPHANED, now=now, most=limit, dead=list(dead))

    def holders(self) -> Collection[str]:
        """Return the workers that hold a lease."""
        return set(self._connection.execute(_HOLDERS).scalars())

    def renew(self, worker: str, held: Collection[str], until: datetime) -> None:
        """Extend the leases of those messages that a worker really has in hand; never shortens one."""
        self._connection.execute(_RENEW, {"holder": worker, "held": list(held), "until": until})

    def to_watch(self, now: datetime, limit: int) -> Sequence[Delivery]:
        """Return available deliveries whose next look is due."""
        return self._many(_TO_WATCH, now=now, most=limit)

    def waiting_for(
        self, accounts: frozenset[AuthorityKey], adapter: str, after: int, limit: int
    ) -> Sequence[Delivery]:
        """Return what is available by one adapter for some authorities in the order it became so.

        `after` is the position of the last delivery already seen (0: none): only what became available later follows,
        so nobody who pages or comes back misses one.
        """
        if not accounts:
            return []
        wanted = {"accounts": sorted(accounts), "way": adapter, "after": after, "most": limit, "dawn": _DAWN}
        return self._many(queue.WAITING_FOR, **wanted)

    def listing(
        self,
        *,
        states: frozenset[State] = frozenset(),
        authority: AuthorityKey | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[Delivery]:
        """Return deliveries in order of position, above `after`."""
        query = _BY_POSITION.where(DELIVERIES.c.position > after).limit(limit)
        if states:
            query = query.where(DELIVERIES.c.state.in_(sorted(states)))
        if authority is not None:
            query = query.where(DELIVERIES.c.authority == authority)
        return self._many(query)

    def latest(self, authority: AuthorityKey, limit: int) -> Sequence[Delivery]:
        """Return an authority's deliveries, newest first."""
        return self._many(_LATEST, key=authority, most=limit)

    def counts(self) -> Mapping[State, int]:
        """Return how many deliveries are in each state that has any."""
        return {State(state): count for state, count in self._connection.execute(_COUNTS)}

    def next_due(self, now: datetime) -> datetime | None:
        """Return the first moment after `now` at which a claim, a look or the end of a lease can find something.

        What is due already but was not claimed waits for a place or an open way: `Store.changed` tells about that.
        """
        moment: datetime | None = self._connection.execute(queue.NEXT_DUE, {"now": now}).scalar_one()
        return moment

    def _many(self, statement: Executable, **binds: Any) -> list[Delivery]:
        return [delivery_of(row) for row in self._connection.execute(statement, binds)]


def _values(delivery: Delivery, names: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(delivery, name) for name in names}
    values["state"] = delivery.state.value
    values["facts"] = dict(delivery.facts)
    return values


def _change(delivery: Delivery) -> dict[str, Any]:
    return {f"same_{name}": getattr(delivery, name) for name in _FIXED} | _values(delivery, _MOVING)


def delivery_of(row: Row[Any]) -> Delivery:
    """Return a row as the value it is."""
    values: dict[str, Any] = row._asdict()
    values["message_id"] = MessageId(values["message_id"])
    values["case_number"] = CaseNumber(values["case_number"])
    values["authority"] = AuthorityKey(values["authority"])
    values["state"] = State(values["state"])
    return Delivery(**values)
