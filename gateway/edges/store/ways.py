"""Pause switches and circuit breakers, one row per authority that ever had one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from gateway.domain.case import Way
from gateway.domain.ids import AuthorityKey
from gateway.edges.store.tables import WAYS

_ADD = insert(WAYS)
_GET = select(WAYS).where(WAYS.c.authority == bindparam("key"))
_ALL = select(WAYS).order_by(WAYS.c.authority)
_SAVE = update(WAYS).where(WAYS.c.authority == bindparam("key"))


class SqlWays:
    """The ways of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, authority: AuthorityKey) -> Way:
        """Return the way to an authority; open and without failures if nothing was ever noted."""
        row = self._connection.execute(_GET, {"key": authority}).one_or_none()
        return _way(row) if row is not None else Way(authority)

    def save(self, way: Way) -> None:
        """Keep a way as it is now."""
        state = {
            "paused": way.paused,
            "paused_why": way.paused_why,
            "failures": way.failures,
            "open_until": way.open_until,
        }
        if self._connection.execute(_SAVE, {"key": way.authority} | state).rowcount == 0:
            self._connection.execute(_ADD, {"authority": way.authority} | state)

    def all(self) -> Sequence[Way]:
        """Return every way ever noted, in order of the keys."""
        return [_way(row) for row in self._connection.execute(_ALL)]


def _way(row: Row[Any]) -> Way:
    return Way(AuthorityKey(row.authority), row.paused, row.paused_why, row.failures, row.open_until)
