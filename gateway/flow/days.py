"""Which days are closed, and whether people may be written to now: the one calendar of all that has to do with time."""

from __future__ import annotations

from datetime import date

from gateway.domain.calendar import local_date
from gateway.domain.deadlines import may_write
from gateway.ports import Transaction, World


def closed_days(world: World, tx: Transaction, around: date) -> frozenset[date]:
    """Return the days around a date on which nobody works: public holidays and the operators' own list."""
    return world.holidays(around.year - 1, around.year + 1) | frozenset(tx.duties.closed_days())


def may_write_now(world: World, tx: Transaction) -> bool:
    """Return whether people may be written to now: not at night, not at weekends, not on closed days."""
    now = world.clock.now()
    return may_write(now, closed_days(world, tx, local_date(now)))
