"""One leased delivery, from the attempt that was written before to the outcome that is written after (law 5)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from gateway.adapter import Adapter, Handover, Pickup, Watching
from gateway.domain import codes
from gateway.domain.calendar import local_date
from gateway.domain.case import Delivery
from gateway.domain.delivery import State
from gateway.domain.errors import ConfigurationError, GatewayError, Unreachable
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.participation import Participation, in_force, to_json
from gateway.domain.participation_json import from_json
from gateway.flow import retry
from gateway.flow.advance import advance
from gateway.flow.carry import envelope_for
from gateway.flow.cases import authority_of
from gateway.flow.participation import CHANGED
from gateway.ports import Transaction, World

Gone = Callable[[str], bool]
"""Says of a worker's name whether its process has certainly ended."""


def claim(world: World, worker: str, limit: int) -> list[Delivery]:
    """Lease up to `limit` due deliveries for a worker; the attempt is in the journal before anything is sent."""
    policy, now = world.policy, world.clock.now()
    lease = timedelta(seconds=policy.lease)
    with world.store.writing() as tx:
        leased = tx.deliveries.claim(worker, now, lease, limit, policy.per_authority)
        return [ready for delivery in leased if (ready := _prepare(world, tx, delivery)) is not None]


def _prepare(world: World, tx: Transaction, delivery: Delivery) -> Delivery | None:
    """Write down by which way the attempt goes; None if it must not go (the delivery is then held).

    A way that was changed after an unclear outcome could bring the same message twice: a human decides (law 5).
    """
    found = in_force(tx.registry.history(delivery.authority), local_date(world.clock.now()))
    way = found.adapter if found else ""
    if delivery.adapter and delivery.adapter != way and delivery.code == codes.FAR_SIDE_UNCONFIRMED.name:
        held = delivery.but(state=State.HELD, next_at=None, worker="", leased_until=None, reason=_WAY_CHANGED)
        tx.deliveries.save(held)
        advance(world, tx, held, actor="gateway", what="delivery.held", why=_WAY_CHANGED)
        return None
    ready = delivery.but(adapter=way)
    if way != delivery.adapter:
        tx.deliveries.save(ready)
    advance(world, tx, ready, actor="gateway", what="delivery.attempt")
    return ready


def dispatch(world: World, delivery: Delivery) -> Delivery:
    """Deliver one leased delivery and record what happened; returns the row as it stands then.

    If the lease was lost meanwhile, nothing is recorded: the worker that took over decides.
    """
    error: GatewayError | None = None
    try:
        handover = _deliver(world, delivery)
        after = retry.delivered(delivery, handover, world.clock.now(), world.policy)
    except Exception as caught:  # an adapter may raise anything; retry.as_delivery_error sorts it, nothing is lost
        error = retry.as_delivery_error(caught, authority_of(world, delivery.authority).name)
        after = retry.failed(
            delivery,
            error,
            repeatable=_repeatable(world, delivery),
            now=world.clock.now(),
            jitter=world.chance.fraction(),
            policy=world.policy,
        )
    return _record(world, delivery, after, error)


def _deliver(world: World, delivery: Delivery) -> Handover:
    if delivery.adapter not in world.plugins:
        raise ConfigurationError(codes.ADAPTER_UNKNOWN, f"Der Weg „{delivery.adapter}“ ist nicht eingerichtet.")
    participation = way_settings(world, delivery)
    envelope = envelope_for(world, delivery, participation)
    return world.build(delivery.authority, participation).deliver(envelope)


def _record(world: World, before: Delivery, after: Delivery, error: GatewayError | None) -> Delivery:
    with world.store.writing() as tx:
        current = tx.deliveries.get(before.message_id)
        if current is None:
            return before
        after = after.but(facts=current.facts)
        if not tx.deliveries.settle(after, worker=before.worker, attempt=before.attempt):
            return current
        way = tx.ways.get(before.authority)
        way_now = retry.way_after(way, error, world.clock.now(), world.policy)
        if way_now != way:
            tx.ways.save(way_now)
            if way_now.open_until and not way.open_until:
                tx.journal.append(Act("gateway", "way.interrupted", before.authority, error.reason if error else ""))
        advance(world, tx, after, actor="gateway", what=f"delivery.{after.state}", why=after.reason)
    return after


def _repeatable(world: World, delivery: Delivery) -> bool:
    plugin = world.plugins.get(delivery.adapter)
    return plugin is not None and plugin.repeatable


def way_settings(world: World, delivery: Delivery) -> Participation:
    """Return the settings for the way this delivery goes or went: the newest in force that name its adapter.

    So a delivery that lies ready on one way stays visible after the authority was switched to another, also when the
    switch replaced an entry of the same day.

    Raises:
        ConfigurationError: the authority never had this way.
    """
    today = local_date(world.clock.now())
    with world.store.reading() as tx:
        history = tx.registry.history(delivery.authority)
        found = in_force([one for one in history if one.adapter == delivery.adapter], today)
        if found is None:
            found = _replaced(tx, in_force(history, today), delivery)
    if found is None:
        raise ConfigurationError(
            codes.CONFIGURATION, f"Für die Behörde {delivery.authority} ist kein Weg eingerichtet."
        )
    return found


def _replaced(tx: Transaction, current: Participation | None, delivery: Delivery) -> Participation | None:
    """Return the settings of a way that was replaced, by undoing what the journal says of each change since."""
    if current is None or not delivery.adapter:
        return None
    value = to_json(current)
    for entry in tx.journal.read(subject=delivery.authority, newest_first=True):
        if entry.act.what == CHANGED and entry.act.facts["valid_from"] <= value["valid_from"]:
            value |= {"valid_from": entry.act.facts["valid_from"], **dict(entry.act.facts["before"])}
            if value["adapter"] == delivery.adapter:
                return from_json(value)
    return None


def claim_looks(world: World, limit: int) -> dict[AuthorityKey, list[Delivery]]:
    """Return available deliveries whose next look is due, by authority; the look after this one is set first."""
    now = world.clock.now()
    looks: dict[AuthorityKey, list[Delivery]] = {}
    with world.store.reading() as tx:
        if not tx.deliveries.to_watch(now, 1):
            return looks
    with world.store.writing() as tx:
        for delivery in tx.deliveries.to_watch(now, limit):
            later = delivery.but(next_at=now + retry.look_again_after(delivery, now, world.policy))
            tx.deliveries.save(later)
            looks.setdefault(delivery.authority, []).append(later)
    return looks


def watch_all(world: World, deliveries: Sequence[Delivery]) -> int:
    """Look whether some deliveries of one authority were fetched, and record it; stops where it cannot be seen now."""
    for count, delivery in enumerate(deliveries, start=1):
        adapter: Adapter = world.build(delivery.authority, way_settings(world, delivery))
        try:
            pickup = adapter.look(delivery.message_id, delivery.facts) if isinstance(adapter, Watching) else None
        except Unreachable:
            return count
        _record_look(world, delivery, pickup)
    return len(deliveries)


def _record_look(world: World, delivery: Delivery, pickup: Pickup | None) -> None:
    if pickup is not None and not pickup.taken and not pickup.refused:
        return
    with world.store.writing() as tx:
        current = tx.deliveries.get(delivery.message_id)
        if current is None or current.state is not State.AVAILABLE:
            return
        if pickup is None:  # the authority fetches from us; nothing is to be looked at over there
            tx.deliveries.save(current.but(next_at=None))
            return
        after = retry.looked(current, pickup, world.clock.now())
        tx.deliveries.save(after)
        advance(world, tx, after, actor=f"authority:{delivery.authority}", what=f"delivery.{after.state}")


def take_over(world: World, gone: Gone | None = None, limit: int = 100) -> int:
    """Find deliveries whose worker died and put them back where they belong; returns how many.

    A worker is dead to us when its lease has run out, or when `gone` says so of its process.
    """
    with world.store.reading() as tx:
        dead: Collection[str] = {worker for worker in tx.deliveries.holders() if gone(worker)} if gone else ()
        if not tx.deliveries.orphaned(world.clock.now(), 1, dead):
            return 0
    taken = 0
    with world.store.writing() as tx:
        for orphan in tx.deliveries.orphaned(world.clock.now(), limit, dead):
            repeatable = _repeatable(world, orphan)
            after = retry.abandoned(orphan, repeatable=repeatable, now=world.clock.now(), policy=world.policy)
            if tx.deliveries.settle(after, worker=orphan.worker, attempt=orphan.attempt):
                advance(world, tx, after, actor="gateway", what="delivery.interrupted", why=after.reason)
                taken += 1
    return taken


_WAY_CHANGED = (
    "Der Übertragungsweg wurde geändert, während offen war, ob der letzte Versuch ankam."
    " Bitte bei der Behörde nachfragen."
)
