"""Authorities as operators see them in lists: one row each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.domain.authority import Authority, Edition, edition_on
from gateway.domain.calendar import local_date
from gateway.domain.case import Way
from gateway.domain.dossier import Dossier
from gateway.domain.expiry import Held
from gateway.domain.ids import AuthorityKey
from gateway.domain.insight import Load
from gateway.domain.participation import Option, Participation, Phase, in_force, to_json, upcoming
from gateway.flow.proofs import onboarding_of
from gateway.ports import Sight, Transaction


@dataclass(frozen=True)
class Seen:
    """Everything the rows are made of, read in one transaction."""

    on: date
    now: datetime
    edition: Edition
    histories: Mapping[AuthorityKey, Sequence[Participation]]
    loads: Mapping[AuthorityKey, Load]
    ways: Mapping[AuthorityKey, Way]
    dossiers: Mapping[AuthorityKey, Dossier]
    held: Mapping[AuthorityKey, Sequence[Held]]


def see(world: Sight, tx: Transaction, on: date | None = None) -> Seen:
    """Read everything about all authorities of the edition in force on a day (today unless chosen)."""
    now = world.clock.now()
    day = on or local_date(now)
    edition = world.directory.editions[edition_on(tx.registry.edition_plan(), day)]
    return Seen(
        on=day,
        now=now,
        edition=edition,
        histories=tx.registry.histories(),
        loads=tx.insight.loads(),
        ways={way.authority: way for way in tx.ways.all()},
        dossiers=tx.dossiers.all(),
        held=held_by_key(tx),
    )


def held_by_key(tx: Transaction) -> Mapping[AuthorityKey, Sequence[Held]]:
    """Return the certificates of every authority that has any, the newest of each purpose first."""
    found: dict[AuthorityKey, list[Held]] = {}
    for one in tx.certificates.held():
        found.setdefault(AuthorityKey(one.owner), []).append(one)
    return found


def table_of(world: Sight, on: date | None = None) -> dict[str, Any]:
    """Return one row per authority; the command line shows the same."""
    with world.store.reading() as tx:
        seen = see(world, tx, on)
    ordered = sorted(seen.edition.authorities.values(), key=lambda one: one.key)
    return {
        "edition": seen.edition.name,
        "on": seen.on.isoformat(),
        "rows": [row(world, seen, authority) for authority in ordered],
    }


def row(world: Sight, seen: Seen, authority: Authority) -> dict[str, Any]:
    """Return one authority as a row."""
    key = authority.key
    history = seen.histories.get(key, ())
    current = in_force(history, seen.on)
    following = upcoming(history, seen.on)
    load = seen.loads.get(key, Load())
    way = seen.ways.get(key, Way(key))
    dossier = seen.dossiers.get(key, Dossier(key))
    stage = onboarding_of(dossier, history, seen.on, seen.held.get(key, ())).stage
    until = soonest_end(seen, key)
    accepting = current if current and current.option.accepts else None
    return {
        "key": key,
        "dvdv_key": authority.dvdv_key,
        "name": authority.name,
        "title": authority.title,
        "kind": authority.kind.value,
        "kind_label": authority.kind.label,
        "kreis_key": authority.kreis_key,
        "kreis": authority.kreis_name,
        "kreis_abbr": authority.kreis_abbr,
        "district": authority.district,
        "option": (current.option if current else Option.NONE).value,
        "option_label": (current.option if current else Option.NONE).label,
        "procedures": sorted(procedure.value for procedure in current.procedures) if current else [],
        "release": accepting.release if accepting else "",
        "adapter": accepting.adapter if accepting else "",
        "adapter_title": world.title(accepting.adapter) if accepting else "",
        "protection": accepting.protection.value if accepting else "",
        "phase": (current.phase if current else Phase.NOT_CONNECTED).value,
        "phase_label": (current.phase if current else Phase.NOT_CONNECTED).label,
        "stage": stage.value,
        "stage_label": stage.label,
        "redirect_url": current.redirect_url if current else "",
        "last_pickup": iso(load.last_pickup),
        "open_items": load.open,
        "held": load.held,
        "certificate_days": (until - seen.now).days if until else None,
        "certificate_until": iso(until),
        "paused": way.paused,
        "paused_why": way.paused_why,
        "next_change": _next(following),
        "etag": etag(history, dossier),
    }


def is_live(shown: Mapping[str, Any]) -> bool:
    """Say whether a row's authority takes real applications today."""
    return bool(shown["phase"] == Phase.LIVE and Option(shown["option"]).accepts)


def soonest_end(seen: Seen, key: AuthorityKey) -> datetime | None:
    """Return when the connection's certificates run out: of each purpose the newest counts, of these the first."""
    newest: dict[str, datetime] = {}
    for one in seen.held.get(key, ()):
        newest[one.purpose] = max(one.until, newest.get(one.purpose, one.until))
    return min(newest.values(), default=None)


def etag(history: Sequence[Participation], dossier: Dossier) -> str:
    """Return what changes whenever somebody changes how the authority takes part or what is kept about it."""
    return etag_of([[to_json(one) for one in history], dossier.version])


def etag_of(value: object) -> str:
    """Return what names a value as it was seen: equal values have equal tags."""
    seen = json.dumps(value, sort_keys=True, default=str)
    return '"' + hashlib.sha256(seen.encode()).hexdigest()[:32] + '"'


def _next(following: Sequence[Participation]) -> dict[str, Any] | None:
    if not following:
        return None
    first = following[0]
    return {
        "valid_from": first.valid_from.isoformat(),
        "option": first.option.value,
        "release": first.release,
        "adapter": first.adapter,
    }


def iso(moment: datetime | None) -> str | None:
    """Return a moment as it stands in answers."""
    return moment.isoformat() if moment else None
