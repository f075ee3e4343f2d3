"""The operator of the demonstration: gives a reply that nobody could match to the case it means."""

from __future__ import annotations

from collections.abc import Callable

from gateway.demo.authority import ACTOR
from gateway.domain.reply import ReplyState
from gateway.flow import replies
from gateway.ports import World


def clear_up(world: World, say: Callable[[str], None]) -> int:
    """Assign every reply in quarantine to its best candidate, as a person would after a look; returns how many."""
    with world.store.reading() as tx:
        waiting = tx.replies.in_states((ReplyState.QUARANTINED,))
    for reply in waiting:
        if reply.candidates:
            best = reply.candidates[0]
            replies.assign(world, reply.id, best.case_id, ACTOR, f"Vorführung: {'; '.join(best.reasons)}")
            say(f"  ohne Referenz beantwortet; die Betreiberin ordnet zu: {best.case_number} ({best.reasons[0]}).")
    return len(waiting)
