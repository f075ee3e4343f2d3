"""What a human may do to deliveries and ways; each act carries actor and reason into the journal."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain import codes
from gateway.domain.case import Delivery, Way
from gateway.domain.delivery import State, move
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.domain.journal import Act
from gateway.flow.advance import advance
from gateway.flow.cases import authority_of
from gateway.ports import Transaction, World


def requeue(world: World, message_id: MessageId, actor: str, why: str) -> Delivery:
    """Put a held delivery back into the queue, due at once; its message id and bytes stay the same (law 3)."""
    return _move(world, message_id, State.WAITING, actor, "delivery.requeued", why)


def hold(world: World, message_id: MessageId, actor: str, why: str) -> Delivery:
    """Stop a delivery that has not gone yet, until a human puts it back."""
    return _move(world, message_id, State.HELD, actor, "delivery.held", why)


def confirm_handover(world: World, message_id: MessageId, actor: str, why: str) -> Delivery:
    """Record that the authority has a held delivery, as a human learned from it; its content is erased."""
    return _move(world, message_id, State.HANDED_OVER, actor, "delivery.handed_over", why)


def pause(world: World, key: AuthorityKey, actor: str, why: str) -> Way:
    """Send nothing to an authority until it is resumed; what waits keeps waiting."""
    return _switch(world, key, actor, "way.paused", why, paused=True)


def resume(world: World, key: AuthorityKey, actor: str, why: str) -> Way:
    """Send to an authority again, at once, and forget earlier failures."""
    return _switch(world, key, actor, "way.resumed", why, paused=False)


def found(tx: Transaction, message_id: MessageId) -> Delivery:
    """Return a delivery.

    Raises:
        SubmissionError: NOT_FOUND.
    """
    delivery = tx.deliveries.get(message_id)
    if delivery is None:
        raise SubmissionError(codes.NOT_FOUND, f"Die Übermittlung {message_id} gibt es nicht.")
    return delivery


def _move(world: World, message_id: MessageId, target: State, actor: str, what: str, why: str) -> Delivery:
    now = world.clock.now()
    with world.store.writing() as tx:
        delivery = found(tx, message_id)
        state = move(delivery.state, target)
        after = delivery.but(state=state, next_at=now if state is State.WAITING else None, reason=why, code="")
        if state is State.HANDED_OVER:
            after = after.but(handed_over_at=now)
        tx.deliveries.save(after)
        advance(world, tx, after, actor=actor, what=what, why=why)
    return after


def _switch(world: World, key: AuthorityKey, actor: str, what: str, why: str, *, paused: bool) -> Way:
    authority_of(world, key)
    with world.store.writing() as tx:
        way = replace(tx.ways.get(key), paused=paused, paused_why=why if paused else "")
        if not paused:
            way = replace(way, failures=0, open_until=None)
        tx.ways.save(way)
        tx.journal.append(Act(actor, what, key, why))
    return way
