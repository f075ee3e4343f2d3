"""What a human may do to deliveries and ways; each act carries actor and reason into the journal."""

from __future__ import annotations

from dataclasses import replace

from gateway.adapter import Recalling
from gateway.domain import codes
from gateway.domain.case import Delivery, Way
from gateway.domain.delivery import State, move
from gateway.domain.errors import SubmissionError
from gateway.domain.evidence import Fact
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.domain.journal import Act
from gateway.flow import evidence
from gateway.flow.advance import advance
from gateway.flow.cases import authority_of, word
from gateway.flow.dispatch import way_settings
from gateway.ports import Transaction, World


def requeue(world: World, message_id: MessageId, actor: str, why: str) -> Delivery:
    """Put a held or waiting delivery into the queue, due at once; its message id and bytes stay the same (law 3)."""
    return _move(world, message_id, State.WAITING, actor, "delivery.requeued", why)


def hold(world: World, message_id: MessageId, actor: str, why: str) -> Delivery:
    """Stop a delivery that has not gone yet, until a human puts it back."""
    return _move(world, message_id, State.HELD, actor, "delivery.held", why)


def confirm_handover(world: World, message_id: MessageId, actor: str, why: str) -> Delivery:
    """Record that the authority has a held delivery, as a human learned from it; its content is erased."""
    return _move(world, message_id, State.HANDED_OVER, actor, "delivery.handed_over", why)


def divert(world: World, message_id: MessageId, actor: str, why: str) -> Delivery:
    """Send a delivery that waits, is held or lies ready by the authority's present way, due at once.

    What lies ready on the old way is taken back there first; if the authority has taken it already, nothing is sent.

    Raises:
        SubmissionError: STATE_CONFLICT when it cannot be taken back, so that nothing arrives twice.
    """
    with world.store.reading() as tx:
        delivery = found(tx, message_id)
    if delivery.state is State.AVAILABLE and not _recalled(world, delivery):
        raise SubmissionError(
            codes.STATE_CONFLICT,
            "Die Übermittlung liegt bei der Behörde bereit und lässt sich dort nicht zurücknehmen.",
        )
    return _move(world, message_id, State.WAITING, actor, "delivery.diverted", why)


def _recalled(world: World, delivery: Delivery) -> bool:
    """Take back what lies ready; the mailbox is ours, so there the row itself is what lies ready."""
    adapter = world.build(delivery.authority, way_settings(world, delivery))
    if isinstance(adapter, Recalling):
        return adapter.recall(delivery.message_id, delivery.facts)
    plugin = world.plugins.get(delivery.adapter)
    return plugin is not None and plugin.endpoint is not None


def withdraw(world: World, case_id: str, actor: str, why: str) -> None:
    """Take a case back on the portal's behalf, before the authority has it; its content is erased.

    Raises:
        SubmissionError: STATE_CONFLICT while it is under way or once the authority has it.
    """
    with world.store.reading() as tx:
        available = [one for one in tx.deliveries.of_case(case_id) if one.state is State.AVAILABLE]
    if not all(_recalled(world, delivery) for delivery in available):
        raise SubmissionError(codes.STATE_CONFLICT, "Die Behörde hat den Vorgang schon übernommen.")
    with world.store.writing() as tx:
        case = tx.cases.get(case_id)
        if case is None:
            raise SubmissionError(codes.NOT_FOUND, "Diesen Vorgang gibt es nicht.")
        if case.state.delivered:
            raise SubmissionError(
                codes.STATE_CONFLICT,
                "Die Behörde hat den Vorgang schon übernommen.",
                "Ein übergebener Antrag wird mit der Nachricht 1130 zurückgenommen.",
            )
        tx.cases.save(replace(case, state=move(case.state, State.WITHDRAWN), wrapped_key=None))
        for delivery in tx.deliveries.of_case(case.id):
            tx.deliveries.save(delivery.but(state=move(delivery.state, State.WITHDRAWN), next_at=None))
        tx.cases.drop_sealed(case.id)
        entry = tx.journal.append(Act(actor, word(case, "withdrawn"), case.number, why))
        evidence.noted(world, tx, case, Fact.WITHDRAWN, entry)


def check_move(world: World, message_id: MessageId, target: State) -> None:
    """Raise STATE_CONFLICT or NOT_FOUND if a delivery cannot be moved to a state now."""
    with world.store.reading() as tx:
        _moved(found(tx, message_id).state, target)


def pause(world: World, key: AuthorityKey, actor: str, why: str) -> Way:
    """Send nothing to an authority until it is resumed; what waits keeps waiting.

    Raises:
        SubmissionError: STATE_CONFLICT when somebody has paused it already: their reason is not overwritten.
    """
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
        state = _moved(delivery.state, target)
        after = delivery.but(state=state, next_at=now if state is State.WAITING else None, reason=why, code="")
        if state is State.HANDED_OVER:
            after = after.but(handed_over_at=now)
        tx.deliveries.save(after)
        advance(world, tx, after, actor=actor, what=what, why=why)
    return after


def _moved(state: State, target: State) -> State:
    """Return the state after a move; what waits already may be asked to go at once."""
    return state if state is target is State.WAITING else move(state, target)


def _switch(world: World, key: AuthorityKey, actor: str, what: str, why: str, *, paused: bool) -> Way:
    name = authority_of(world, key).name
    with world.store.writing() as tx:
        if paused and tx.ways.get(key).paused:
            reason = f"Der Weg zu {name} ist schon angehalten: {tx.ways.get(key).paused_why}"
            raise SubmissionError(codes.STATE_CONFLICT, reason.rstrip(".") + ".", "Ihr Grund wurde nicht eingetragen.")
        way = replace(tx.ways.get(key), paused=paused, paused_why=why if paused else "")
        if not paused:
            way = replace(way, failures=0, open_until=None)
        tx.ways.save(way)
        tx.journal.append(Act(actor, what, key, why))
    return way
