"""Which days are closed, and whether people may be written to now: the one calendar of all that has to do with time."""

from __future__ import annotations

from datetime import date

from gateway.domain.calendar import local_date
from gateway.domain.deadlines import may_write, missed_days
from gateway.domain.notice_mail import Unfetched
from gateway.flow.cases import authority_of
from gateway.ports import Sight, Transaction


def closed_days(world: Sight, tx: Transaction, around: date) -> frozenset[date]:
    """Return the days around a date on which nobody works: public holidays and the operators' own list."""
    return world.holidays(around.year - 1, around.year + 1) | frozenset(tx.duties.closed_days())


def may_write_now(world: Sight, tx: Transaction) -> bool:
    """Return whether people may be written to now: not at night, not at weekends, not on closed days."""
    now = world.clock.now()
    return may_write(now, closed_days(world, tx, local_date(now)))


def unfetched(world: Sight, tx: Transaction) -> list[Unfetched]:
    """Return who has let a whole working day pass without fetching, the longest waiting first."""
    now = world.clock.now()
    closed = closed_days(world, tx, local_date(now))
    found = (
        Unfetched(ready, authority_of(world, ready.authority).name, missed_days(ready.since, now, closed))
        for ready in tx.duties.unfetched()
    )
    return [one for one in found if one.missed]
