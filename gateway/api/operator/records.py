"""Operators on records: the journal and its proof, and every certificate by when it ends."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from gateway.api.operator.access import Reading, world_of
from gateway.api.operator.detail import certificate_out, own_out
from gateway.api.operator.sifting import JOURNAL_FIELDS, sift
from gateway.api.operator.words import meaning
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Counted, Entry, verify
from gateway.flow.cases import authority_of
from gateway.flow.webhooks import PORTALS
from gateway.ports import World

router = APIRouter()


@router.get("/journal", summary="What happened")
def journal(
    request: Request,
    _: Reading,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    about: Annotated[str, Query(max_length=100)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    newest: bool = True,
) -> dict[str, Any]:
    """Newest first unless `newest` is false; `after` goes on from the last number seen, in either direction.

    `q` filters as the console does (`wer:anna !wieder zu:05570000`). An answer looks at 5 000 entries at most: go on
    with `next` as long as it is there, even if no row came.
    """
    return journal_of(world_of(request), after=after, about=about, words=q, limit=limit, newest=newest)


def journal_of(world: World, *, after: int, about: str, words: str, limit: int, newest: bool) -> dict[str, Any]:
    """Return a page of the journal."""
    bounds = {"below" if newest else "after": after}
    at_once = None if words else limit
    with world.store.reading() as tx:
        found = tx.journal.read(limit=at_once, subject=about or None, newest_first=newest, **bounds)
        return sift(((entry.number, entry_out(entry)) for entry in found), words, JOURNAL_FIELDS, limit)


def entry_out(entry: Entry) -> dict[str, Any]:
    """Return an entry as operators see it."""
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "actor": entry.act.actor,
        "what": entry.act.what,
        "text": meaning(entry.act.what),
        "subject": entry.act.subject,
        "why": entry.act.why,
        "facts": dict(entry.act.facts),
        "digest": entry.digest,
    }


@router.post("/journal/verify", summary="Prove that the journal was not changed")
def verify_journal(request: Request, _: Reading) -> dict[str, Any]:
    """Walks the whole hash chain."""
    last = Counted()
    with world_of(request).store.reading() as tx:
        broken = verify(last.of(tx.journal.read()))
    shown = {"number": broken.number, "reason": broken.reason} if broken else None
    return {"ok": broken is None, "count": last.number, "digest": last.digest, "broken": shown}


@router.get("/certificates", summary="All certificates, the soonest to end first")
def certificates(request: Request, _: Reading) -> dict[str, Any]:
    """Those of the authorities, and the gateway's own: as many as authorities need, however many cases there are."""
    return certificates_of(world_of(request))


def certificates_of(world: World) -> dict[str, Any]:
    """Return all certificates; the command line shows the same."""
    with world.store.reading() as tx:
        held = [
            certificate_out(world, key, _holder(world, key), purpose, one)
            for key, purpose, one in tx.certificates.all()
        ]
    return {"rows": sorted(held, key=lambda one: one["not_after"]), "own": _own(world)}


def _holder(world: World, key: AuthorityKey) -> str:
    return "Portale" if key == PORTALS else authority_of(world, key).name


def _own(world: World) -> list[dict[str, Any]]:
    """Return every key of the gateway that has a certificate, those that are over too."""
    held = [own_out(world, one) for one in world.keyring.list() if one.not_before and one.not_after]
    return sorted(held, key=lambda one: str(one["not_after"]))
