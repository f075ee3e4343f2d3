"""One place where a delivery's new row, its case, the journal and the erasure move together (laws 4, 6, 10)."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.case import OPENERS, Case, Delivery
from gateway.domain.delivery import State
from gateway.domain.journal import Act
from gateway.flow import evidence
from gateway.ports import Transaction, World


def advance(world: World, tx: Transaction, after: Delivery, *, actor: str, what: str, why: str = "") -> Case | None:
    """Note that a delivery has come to `after`: case, erasure and journal follow in the same transaction.

    The delivery row itself is written by the caller, since a worker's write is fenced by its lease.
    Returns the case, or None for a message without one.
    """
    case = tx.cases.get(after.case_id)
    if case is not None:
        moved = follow(world, case, after)
        if moved != case:
            tx.cases.save(moved)
            case = moved
        if case.wrapped_key is None:
            tx.cases.drop_sealed(case.id)
    entry = tx.journal.append(Act(actor, what, after.case_number, why, facts(after)))
    if case is not None:
        evidence.moved(world, tx, case, after, entry)
    return case


def follow(world: World, case: Case, delivery: Delivery) -> Case:
    """Return the case as its delivery's state makes it; once the authority has it, the content key is gone (NB § 9)."""
    state = delivery.state if delivery.kind in OPENERS or case.follows else case.state
    moved = replace(case, state=state)
    if not delivery.state.delivered and delivery.state is not State.WITHDRAWN:
        return moved
    handed_over = case.handed_over_at or delivery.handed_over_at or world.clock.now()
    return replace(moved, wrapped_key=None, handed_over_at=handed_over)


def facts(delivery: Delivery) -> dict[str, object]:
    """Return what the journal says of a delivery: ids and states only."""
    said: dict[str, object] = {
        "message_id": delivery.message_id,
        "authority": delivery.authority,
        "state": delivery.state.value,
        "attempt": delivery.attempt,
    }
    if delivery.adapter:
        said["adapter"] = delivery.adapter
    if delivery.code:
        said["code"] = delivery.code
    if delivery.reference:
        said["reference"] = delivery.reference
    return said
