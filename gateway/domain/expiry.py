"""Which certificates are about to expire, and how urgently: pure, from what is held and the time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.calendar import local_date

THRESHOLDS = (90, 60, 30, 14, 7, 1)
"""Days before its end at which a certificate is warned about, once each."""

ANCHOR = "tls-anchor"
"""Certificates of this purpose stand for one server each: no other one takes its place."""


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate somebody relies on: an authority's by its key, or the gateway's own (`owner` empty)."""

    owner: str
    purpose: str
    fingerprint: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Expiring:
    """A certificate that ends within `threshold` days; `days` are the calendar days until then (0: today)."""

    held: Held
    threshold: int
    days: int


def expiring(held: Iterable[Held], now: datetime) -> Sequence[Expiring]:
    """Return what is about to expire and has nothing to take its place, the soonest to end first.

    Of an owner's certificates for one purpose, one that a later one follows without a gap is not warned about. What
    has expired already is no warning any more: it holds deliveries (law 8).
    """
    known = list(held)
    found = [
        Expiring(one, threshold, (local_date(one.until) - local_date(now)).days)
        for one in known
        if (threshold := threshold_of(one.until, now)) and not any(_follows(other, one) for other in known)
    ]
    return sorted(found, key=lambda one: (one.held.until, one.held.owner, one.held.purpose, one.held.fingerprint))


def threshold_of(until: datetime, now: datetime) -> int:
    """Return the smallest threshold (days) that has been reached; 0 before the first one and after the end."""
    if until <= now:
        return 0
    return min((days for days in THRESHOLDS if until - now <= timedelta(days=days)), default=0)


def _follows(other: Held, one: Held) -> bool:
    same = (other.owner, other.purpose) == (one.owner, one.purpose) and one.purpose != ANCHOR
    return same and other.until > one.until and other.since <= one.until
