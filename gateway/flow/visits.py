"""When an authority last came to its mailbox, told from what its visits left in the journal and in its deliveries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from gateway.domain.calendar import add_working_days, local_date
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.ports import World

LATEST = 50
"""Deliveries that are looked through, newest first."""

SEEN = "authority.called"
"""The journal word for an authority's first call at its mailbox on a day."""


def note_visits(world: World, accounts: Iterable[AuthorityKey], noted: dict[AuthorityKey, date]) -> None:
    """Leave an entry for the first call of each authority on a day; `noted` is what this caller has noted already."""
    today = local_date(world.clock.now())
    fresh = [key for key in accounts if noted.get(key) != today]
    if not fresh:
        return
    with world.store.writing() as tx:
        for key in fresh:
            tx.journal.append(Act(f"authority:{key}", SEEN, key))
    noted.update(dict.fromkeys(fresh, today))


def last_visit(world: World, key: AuthorityKey) -> datetime | None:
    """Return when an authority last fetched, acknowledged or handed something in, or was noted as having called."""
    actor = f"authority:{key}"
    with world.store.reading() as tx:
        fetched = [one.fetched_at for one in tx.deliveries.latest(key, LATEST) if one.fetched_at is not None]
        noted = [
            entry.at
            for entry in tx.journal.read(subject=key, limit=LATEST, newest_first=True)
            if entry.act.actor == actor and entry.act.what == SEEN
        ]
    return max([*fetched, *noted], default=None)


def visited_in_time(last: datetime, now: datetime, closed: Collection[date]) -> bool:
    """Return whether a visit lies within the last working day; nobody works on `closed` days."""
    return add_working_days(local_date(last), 1, closed) >= local_date(now)
