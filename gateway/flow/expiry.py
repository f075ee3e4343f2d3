"""Warning in time of certificates that run out: authorities' and our own, once per threshold, in the journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from gateway.domain.calendar import written_moment
from gateway.domain.expiry import Expiring, Held, expiring
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.flow.cases import authority_of
from gateway.flow.webhooks import PORTALS
from gateway.ports import Transaction, World

EXPIRING = "certificate.expiring"

PURPOSES: Mapping[str, str] = {
    "encrypt": "Verschlüsselungszertifikat",
    "sign": "Signaturzertifikat",
    "wrap": "Verschlüsselungszertifikat",
    "tls": "TLS-Zertifikat",
    "tls-anchor": "Vertrauensanker für den Server",
}


def warn(world: World) -> int:
    """Journal every certificate that has come to a threshold since the last look; returns how many those were.

    Doing it twice changes nothing; a certificate that comes in late is warned about once, at the nearest threshold.
    """
    now = world.clock.now()
    with world.store.reading() as tx:
        found = soon(world, tx, now)
    if not found:
        return 0
    with world.store.writing() as tx:
        fresh = [one for one in found if tx.duties.raise_alarm(EXPIRING, _subject(one), one.threshold, now)]
        for one in fresh:
            tx.journal.append(_act(world, one))
    return len(fresh)


def soon(world: World, tx: Transaction, now: datetime) -> Sequence[Expiring]:
    """Return what is about to expire and has nothing to take its place, authorities' and our own."""
    return expiring([*tx.certificates.held(), *_own(world)], now)


def whose(world: World, owner: str) -> str:
    """Return in German to whom a certificate belongs."""
    if owner == PORTALS:
        return "Portale"
    return authority_of(world, AuthorityKey(owner)).title if owner else "Gateway"


def _own(world: World) -> Iterator[Held]:
    for key in world.keyring.list():
        if key.not_before is not None and key.not_after is not None:
            yield Held("", key.purpose, key.fingerprint, key.not_before, key.not_after)


def _subject(one: Expiring) -> str:
    return f"{one.held.owner or 'gateway'}/{one.held.purpose}/{one.held.fingerprint}"


def _act(world: World, one: Expiring) -> Act:
    held = one.held
    left = "heute" if not one.days else "morgen" if one.days == 1 else f"in {one.days} Tagen"
    what = f"{whose(world, held.owner)}: {PURPOSES.get(held.purpose, held.purpose)}"
    why = f"{what} läuft {left} ab ({written_moment(held.until)} Uhr)."
    facts = {
        "purpose": held.purpose,
        "fingerprint": held.fingerprint,
        "until": held.until.isoformat(),
        "threshold": one.threshold,
    }
    return Act("gateway", EXPIRING, held.owner, why, facts)
