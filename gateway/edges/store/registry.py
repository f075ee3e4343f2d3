"""Participation per authority with its history, and which edition of the directory holds when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Connection, bindparam, delete, func, insert, select, tuple_

from gateway.domain.authority import EditionPlan
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Participation, to_json
from gateway.domain.participation_json import from_json
from gateway.edges.store.tables import EDITION_STEPS, PARTICIPATIONS

_ADD = insert(PARTICIPATIONS)
_ADD_STEP = insert(EDITION_STEPS)
_HISTORY = (
    select(PARTICIPATIONS.c.value)
    .where(PARTICIPATIONS.c.authority == bindparam("key"))
    .order_by(PARTICIPATIONS.c.valid_from)
)
_EVERY = select(PARTICIPATIONS.c.value).order_by(PARTICIPATIONS.c.authority, PARTICIPATIONS.c.valid_from)
_REMOVE = delete(PARTICIPATIONS).where(
    PARTICIPATIONS.c.authority == bindparam("key"), PARTICIPATIONS.c.valid_from == bindparam("begin")
)
_LATEST = (
    select(PARTICIPATIONS.c.authority, func.max(PARTICIPATIONS.c.valid_from))
    .where(PARTICIPATIONS.c.valid_from <= bindparam("day"))
    .group_by(PARTICIPATIONS.c.authority)
)
_IN_FORCE = (
    select(PARTICIPATIONS.c.value)
    .where(tuple_(PARTICIPATIONS.c.authority, PARTICIPATIONS.c.valid_from).in_(_LATEST))
    .order_by(PARTICIPATIONS.c.authority)
)
_PLAN = select(EDITION_STEPS).order_by(EDITION_STEPS.c.valid_from)
_DROP_STEP = delete(EDITION_STEPS).where(EDITION_STEPS.c.valid_from == bindparam("begin"))


class SqlRegistry:
    """The registry of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def history(self, key: AuthorityKey) -> tuple[Participation, ...]:
        """Return every setting of an authority, past and planned, oldest first."""
        return tuple(from_json(value) for value in self._connection.execute(_HISTORY, {"key": key}).scalars())

    def histories(self) -> Mapping[AuthorityKey, Sequence[Participation]]:
        """Return every setting of every authority, oldest first."""
        found: dict[AuthorityKey, list[Participation]] = {}
        for value in self._connection.execute(_EVERY).scalars():
            setting = from_json(value)
            found.setdefault(setting.authority, []).append(setting)
        return found

    def all_in_force(self, on: date) -> Mapping[AuthorityKey, Participation]:
        """Return what holds on a date, per authority that has anything."""
        values = self._connection.execute(_IN_FORCE, {"day": on}).scalars()
        return {setting.authority: setting for setting in map(from_json, values)}

    def add(self, participation: Participation) -> None:
        """Keep a setting; one per authority and valid_from, a second replaces the first."""
        self.remove(participation.authority, participation.valid_from)
        values = {
            "authority": participation.authority,
            "valid_from": participation.valid_from,
            "value": to_json(participation),
        }
        self._connection.execute(_ADD, values)

    def remove(self, key: AuthorityKey, valid_from: date) -> None:
        """Drop the setting of an authority that begins on a date."""
        self._connection.execute(_REMOVE, {"key": key, "begin": valid_from})

    def edition_plan(self) -> EditionPlan:
        """Return which edition is followed from which date on."""
        return EditionPlan(tuple((row.valid_from, row.name) for row in self._connection.execute(_PLAN)))

    def set_edition(self, name: str, valid_from: date) -> None:
        """Follow an edition from a date on; a step of the same date is replaced."""
        self._connection.execute(_DROP_STEP, {"begin": valid_from})
        self._connection.execute(_ADD_STEP, {"valid_from": valid_from, "name": name})
