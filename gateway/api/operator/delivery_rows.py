"""Deliveries as operators see them: a page of the list with why each waits, and what stands still by cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain import codes
from gateway.domain.calendar import local_date, written_moment
from gateway.domain.case import Delivery, Way
from gateway.domain.delivery import TITLES, State, Why, why, why_paused, why_resting
from gateway.domain.filtering import fold
from gateway.domain.ids import AuthorityKey, case_numbers_like, read_case_number
from gateway.domain.insight import Wanted
from gateway.flow.cases import authority_of
from gateway.ports import Sight, Transaction

COUNTED = 10_000
"""Deliveries that fit a filter are counted up to here: nobody reads further, and counting costs."""


def delivery_out(world: Sight, delivery: Delivery, way: Way | None = None) -> dict[str, Any]:
    """Return a delivery as operators see it, with the sentence that says why it stands where it stands.

    `way` is the way to its authority as it is now: what waits may wait for the way, not for its own next attempt.
    """
    authority = authority_of(world, delivery.authority)
    now = world.clock.now()
    way = way or Way(authority.key)
    sentence = _sentence(delivery, way, authority.title, now)
    names = ("position", "message_id", "case_number", "case_id", "authority", "kind", "number", "release", "adapter")
    more = ("attempt", "size", "test", "reason", "code")
    moments = ("available_at", "fetched_at", "handed_over_at")
    shown: dict[str, Any] = {name: getattr(delivery, name) for name in (*names, *more)}
    shown |= {name: moment.isoformat() if (moment := getattr(delivery, name)) else None for name in moments}
    return shown | {
        "next_at": _next(delivery, way, now),
        "authority_name": authority.name,
        "state": delivery.state.value,
        "state_label": TITLES[delivery.state],
        "sentence": sentence.de,
        "sentence_en": sentence.en,
        "age_seconds": int((now - delivery.stamped_at).total_seconds()),
    }


def _next(delivery: Delivery, way: Way, now: datetime) -> str | None:
    """Return when it is tried again: not before its way has rested, and not at all while the way is paused."""
    if way.paused or delivery.next_at is None:
        return None
    rests = way.open_until is not None and way.open_until > now
    return max(delivery.next_at, way.open_until if rests and way.open_until else delivery.next_at).isoformat()


def _sentence(delivery: Delivery, way: Way, authority: str, now: datetime) -> Why:
    rest = way.open_until if way.open_until and way.open_until > now else None
    if delivery.state in (State.ACCEPTED, State.WAITING):
        if way.paused:
            return why_paused(authority=authority, reason=way.paused_why)
        if rest and delivery.state is State.ACCEPTED:
            return why_resting(authority=authority, failures=way.failures, until=written_moment(rest))
    moments = [one for one in (delivery.next_at, rest) if one and one > now]
    return why(
        delivery.state,
        authority=authority,
        reason=delivery.reason,
        next_at=written_moment(max(moments)) if moments else "",
        attempts=delivery.attempt,
        failed=bool(delivery.code),
    )


def ways_of(tx: Transaction) -> dict[AuthorityKey, Way]:
    """Return the ways as they are now, by authority."""
    return {way.authority: way for way in tx.ways.all()}


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see; empty is everything. `q` is a case number, how one begins, or parts of a name."""

    states: Sequence[State] = ()
    authority: str = ""
    cause: str = ""
    q: str = ""
    oldest_first: bool = False


def page_of(world: Sight, asked: Asked, after: int, limit: int) -> dict[str, Any]:
    """Return a page of deliveries; the command line shows the same."""
    number, number_to, named = _meant(world, asked.q)
    chosen = frozenset({AuthorityKey(asked.authority)}) if asked.authority else None
    wanted = Wanted(
        states=frozenset(asked.states),
        authorities=chosen & named if chosen is not None and named is not None else chosen or named,
        code=asked.cause,
        case_number=number,
        case_number_to=number_to,
        after=after,
        limit=limit,
        oldest_first=asked.oldest_first,
    )
    with world.store.reading() as tx:
        found = tx.insight.deliveries(wanted)
        total = tx.insight.count(wanted, COUNTED + 1)
        ways = ways_of(tx)
    following = found[-1].position if len(found) == limit else None
    rows = [delivery_out(world, one, ways.get(one.authority)) for one in found]
    return {"rows": rows, "next": following, "total": min(total, COUNTED), "capped": total > COUNTED}


def _meant(world: Sight, q: str) -> tuple[str, str, frozenset[AuthorityKey] | None]:
    """Return the case number words mean, the last one where they only begin one, and the authorities they name."""
    whole = read_case_number(q) if q else None
    if whole:
        return whole, "", None
    year, number, number_to = local_date(world.clock.now()).year, "", ""
    names: frozenset[AuthorityKey] | None = None
    for word in q.split():
        named = _named(world, word)
        begun = case_numbers_like(word, year) if not named and not number else None
        if begun:
            number, number_to = begun
        else:
            names = named if names is None else names & named
    return number, number_to, names


def _named(world: Sight, word: str) -> frozenset[AuthorityKey]:
    wanted = fold(word)
    return frozenset(
        key
        for edition in world.directory.editions.values()
        for key, one in edition.authorities.items()
        if wanted in fold(f"{key} {one.title} {one.kreis_name}")
    )


def causes_of(world: Sight) -> list[dict[str, Any]]:
    """Return why deliveries stand still; the command line shows the same."""
    with world.store.reading() as tx:
        found = tx.insight.causes()
    return [
        {
            "code": cause.code,
            "title": codes.EVERY[cause.code].title if cause.code in codes.EVERY else "Von Hand",
            "state": cause.state.value,
            "state_label": TITLES[cause.state],
            "count": cause.count,
            "oldest_at": cause.oldest_at.isoformat(),
            "reason": cause.reason,
            "example": cause.example,
        }
        for cause in found
    ]
