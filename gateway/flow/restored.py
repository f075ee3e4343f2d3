"""After a backup was put back: what may have been sent since the backup waits for a human, nothing goes out blindly."""

from __future__ import annotations

from gateway.domain.case import Delivery
from gateway.domain.delivery import State
from gateway.domain.journal import Act
from gateway.flow.advance import advance
from gateway.ports import World

RESTORED = "installation.restored"

_PAGE = 500
_OPEN = frozenset({State.ACCEPTED, State.WAITING, State.UNDER_WAY, State.AVAILABLE})
_WHY = "Aus einer Sicherung zurückgeholt; seitdem kann die Nachricht angekommen sein. Bitte bei der Behörde nachfragen."


def hold_open(world: World, actor: str, why: str) -> int:
    """Hold every delivery that was open when the backup was made, and say so in the journal; returns how many.

    What lies ready in a place of the authority's (folder, SFTP) stays: its marker there tells whether it was fetched.
    What lies ready in our own mailbox is held, as only the lost rows knew of later fetching (law 5).
    """
    with world.store.writing() as tx:
        tx.journal.append(Act(actor, RESTORED, why=why))
    held, after = 0, 0
    while True:
        with world.store.writing() as tx:
            page = tx.deliveries.listing(states=_OPEN, after=after, limit=_PAGE)
            for delivery in page:
                after = delivery.position
                if delivery.state is State.AVAILABLE and not _in_our_mailbox(world, delivery):
                    continue
                now = delivery.but(state=State.HELD, next_at=None, worker="", leased_until=None, reason=_WHY)
                tx.deliveries.save(now)
                advance(world, tx, now, actor=actor, what="delivery.held", why=_WHY)
                held += 1
        if len(page) < _PAGE:
            return held


def _in_our_mailbox(world: World, delivery: Delivery) -> bool:
    plugin = world.plugins.get(delivery.adapter)
    return plugin is not None and plugin.endpoint is not None
