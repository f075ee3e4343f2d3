"""What follows from an attempt: pure functions from delivery and outcome to the delivery's next row."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.adapter import Handover, Outcome, Pickup
from gateway.domain import codes
from gateway.domain.case import Delivery, Way
from gateway.domain.delivery import State, move
from gateway.domain.errors import GatewayError, Unconfirmed, Unreachable
from gateway.ports import Policy

PASSING = frozenset({codes.DRAINING.name, codes.STORAGE_FULL.name})
"""Our own database or storage stood in the way: that passes, and says nothing about the far side."""

LOOK_SELDOM = 900.0
"""Seconds between two looks at a delivery that has been lying ready for long, at most."""


def delivered(delivery: Delivery, handover: Handover, now: datetime, policy: Policy) -> Delivery:
    """Return the delivery after the far side has it, or after it lies ready there (law 6)."""
    done = delivery.but(worker="", leased_until=None, reason="", code="", reference=handover.reference)
    if handover.outcome is Outcome.HANDED_OVER:
        return done.but(state=move(delivery.state, State.HANDED_OVER), handed_over_at=now, next_at=None)
    return done.but(
        state=move(delivery.state, State.AVAILABLE),
        available_at=delivery.available_at or now,
        next_at=now + timedelta(seconds=policy.look_every),
    )


def failed(
    delivery: Delivery, error: GatewayError, *, repeatable: bool, now: datetime, jitter: float, policy: Policy
) -> Delivery:
    """Return the delivery after an attempt that did not succeed: waiting for the next one, or held for a human.

    Unreachable waits; Unconfirmed, and a passing failure of our own, wait only where repeating is safe (law 5);
    everything else is held (law 8).
    """
    unclear = isinstance(error, Unconfirmed) or error.code.name in PASSING
    again = isinstance(error, Unreachable) or (unclear and repeatable)
    ended = delivery.but(worker="", leased_until=None, reason=error.reason, code=error.code.name)
    if not again:
        return ended.but(state=move(delivery.state, State.HELD), next_at=None)
    return ended.but(state=move(delivery.state, State.WAITING), next_at=now + backoff(delivery.attempt, jitter, policy))


def abandoned(delivery: Delivery, *, repeatable: bool, now: datetime, policy: Policy) -> Delivery:
    """Return a delivery whose worker died under way: repeated if that is safe, else held (law 5).

    It is repeated once the far side has had time to finish with what the dead worker had sent it, at the latest when
    the lease would have run out; its place among those under way is free at once.
    """
    ended = delivery.but(worker="", leased_until=None, code=codes.FAR_SIDE_UNCONFIRMED.name)
    if repeatable:
        reason = "Die Übermittlung wurde unterbrochen und wird wiederholt."
        calm = now + timedelta(seconds=policy.backoff_first)
        again = max(now, min(delivery.leased_until or now, calm))
        return ended.but(state=move(delivery.state, State.WAITING), next_at=again, reason=reason)
    reason = "Die Übermittlung wurde unterbrochen; ob sie ankam, ist offen. Bitte bei der Behörde nachfragen."
    return ended.but(state=move(delivery.state, State.HELD), next_at=None, reason=reason)


def look_again_after(delivery: Delivery, now: datetime, policy: Policy) -> timedelta:
    """Return when to look again at what lies ready: a tenth of how long it has been lying there, within bounds."""
    lying = (now - (delivery.available_at or now)).total_seconds()
    return timedelta(seconds=min(max(lying / 10, policy.look_every), LOOK_SELDOM))


def looked(delivery: Delivery, pickup: Pickup, now: datetime) -> Delivery:
    """Return an available delivery after a look that found it fetched or refused."""
    if pickup.refused:
        return delivery.but(
            state=move(delivery.state, State.HELD),
            next_at=None,
            reason=f"Die Behörde hat abgelehnt: {pickup.refused}",
            code=codes.FAR_SIDE_REFUSED.name,
        )
    at = pickup.at or now
    return delivery.but(
        state=move(delivery.state, State.HANDED_OVER),
        handed_over_at=now,
        fetched_at=delivery.fetched_at or at,
        next_at=None,
    )


def backoff(attempt: int, jitter: float, policy: Policy) -> timedelta:
    """Return how long to wait after `attempt` failures: doubled each time, capped, spread by ± 20 %."""
    exponent = min(max(attempt, 1) - 1, 30)
    seconds = min(policy.backoff_first * 2**exponent, policy.backoff_cap)
    return timedelta(seconds=seconds * (0.8 + 0.4 * jitter))


def way_after(way: Way, error: GatewayError | None, now: datetime, policy: Policy) -> Way:
    """Return the way's breaker after an attempt: opened after `breaker_after` failures in a row, closed by a success.

    A refusal proves that the far side answers, so it closes the breaker too; a failure of our own proves nothing.
    """
    if error is not None and error.code.name in PASSING:
        return way
    if not isinstance(error, Unreachable | Unconfirmed):
        return replace(way, failures=0, open_until=None)
    failures = way.failures + 1
    open_until = now + timedelta(seconds=policy.breaker_pause) if failures >= policy.breaker_after else None
    return replace(way, failures=failures, open_until=open_until)


def as_delivery_error(error: Exception, authority: str) -> GatewayError:
    """Return an error of ours for whatever an adapter raised; the unknown is Unconfirmed, never swallowed."""
    if isinstance(error, GatewayError):
        return error
    return Unconfirmed(
        codes.FAR_SIDE_UNCONFIRMED,
        f"Die Übermittlung an {authority} brach unerwartet ab ({type(error).__name__}).",
        "Bitte bei der Behörde nachfragen, ob der Vorgang angekommen ist.",
    )
