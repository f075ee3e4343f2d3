"""Return folders of ways that an authority has left: what its software still puts there is fetched for a while."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

import structlog

from gateway.domain.calendar import local_date
from gateway.domain.delivery import State
from gateway.domain.errors import GatewayError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Participation, in_force
from gateway.domain.reply import Round
from gateway.flow.collect import collect_by, collects
from gateway.ports import World

KEPT = timedelta(days=180)
"""How long after a switch the old folder is looked at; longer as long as a message of ours still lies there."""

EVERY = timedelta(hours=1)
LATEST = 50
"""Deliveries that are looked through for one that still lies ready."""

_log = structlog.get_logger("collect")


def claim_earlier(world: World, limit: int = 1000, busy: Collection[str] = ()) -> list[AuthorityKey]:
    """Return up to `limit` authorities whose earlier ways are due, and set their next round in an hour."""
    now = world.clock.now()
    today = local_date(now)
    with world.store.reading() as tx:
        histories = tx.registry.histories()
        next_at = {entry.authority: entry.next_at for entry in tx.replies.rounds()}
    due = [
        key
        for key, history in histories.items()
        if key not in busy and len(history) > 1 and next_at.get(_round(key), now) <= now
    ][: max(0, limit)]
    if due:
        with world.store.writing() as tx:
            taken = {entry.authority for entry in tx.replies.rounds() if entry.next_at > now}
            due = [key for key in due if _round(key) not in taken]
            for key in due:
                tx.replies.save_round(Round(_round(key), now + EVERY))
    return [key for key in due if earlier_ways(world, key, histories[key], today)]


def collect_earlier(world: World, key: AuthorityKey) -> int:
    """Take what lies in the return folders of an authority's earlier ways; one that cannot be seen waits an hour."""
    with world.store.reading() as tx:
        history = tx.registry.history(key)
    taken = 0
    for way in earlier_ways(world, key, history, local_date(world.clock.now())):
        try:
            taken += collect_by(world, key, way)
        except GatewayError as error:
            _log.warning("earlier return folder not readable", authority=key, way=way.adapter, code=error.code.name)
    return taken


def earlier_ways(world: World, key: AuthorityKey, history: Sequence[Participation], today: date) -> list[Participation]:
    """Return the ways with a return folder that the authority has left not too long ago, the newest first."""
    with world.store.reading() as tx:
        lying = {one.adapter for one in tx.deliveries.latest(key, LATEST) if one.state is State.AVAILABLE}
    current = in_force(history, today)
    seen = [_place(current)] if current is not None and current.phase.reachable else []
    found: list[Participation] = []
    for way, left in _left(history, today):
        if way.phase.reachable and _place(way) not in seen and (today - left <= KEPT or way.adapter in lying):
            seen.append(_place(way))
            found.append(way)
    return [way for way in found if collects(world, key, way)]


def _left(history: Sequence[Participation], today: date) -> Iterator[tuple[Participation, date]]:
    """Yield every entry that another one has followed, and since when, the newest first."""
    past = sorted((one for one in history if one.valid_from <= today), key=lambda one: one.valid_from, reverse=True)
    for follower, way in pairwise(past):
        yield way, follower.valid_from


def _place(way: Participation) -> tuple[str, dict[str, object]]:
    return way.adapter, dict(way.settings)


def _round(key: AuthorityKey) -> AuthorityKey:
    """Return the name under which the round to the earlier ways is kept, beside the round to the present one."""
    return AuthorityKey(f"{key}~")
