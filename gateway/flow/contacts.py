"""Whom operators call at an authority: kept in its dossier, each change with actor and reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.domain import codes
from gateway.domain.dossier import Contact
from gateway.domain.errors import RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.flow.cases import authority_of
from gateway.ports import Transaction, World

CHANGED = "authority.contacts"


def set_contacts(
    world: World,
    key: AuthorityKey,
    contacts: Sequence[Contact],
    actor: str,
    why: str,
    guard: Callable[[Transaction], None] | None = None,
) -> None:
    """Keep the contacts of an authority; they replace what there was. The journal has only how many (law 10).

    `guard` may raise inside the transaction, before anything is kept.

    Raises:
        RoutingError: AUTHORITY_UNKNOWN, ETAG_STALE.
    """
    authority_of(world, key)
    with world.store.writing() as tx:
        if guard is not None:
            guard(tx)
        if not tx.dossiers.save(replace(tx.dossiers.get(key), contacts=tuple(contacts))):
            raise RoutingError(codes.ETAG_STALE, "Jemand anderes hat diese Behörde inzwischen geändert.")
        tx.journal.append(Act(actor, CHANGED, key, why, {"contacts": len(contacts)}))
