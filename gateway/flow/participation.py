"""Changes how an authority takes part: validate, save and journal in one transaction, singly or as a named batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from gateway.domain import codes
from gateway.domain.calendar import local_date
from gateway.domain.errors import Fault, RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.participation import Participation, differences, in_force, to_json, validate
from gateway.domain.participation_json import from_json, invalid
from gateway.flow import golive
from gateway.flow.proofs import invalidate
from gateway.flow.way_faults import adapter_faults
from gateway.ports import Transaction, World
from gateway.xbau.release import RELEASES

CHANGED = "participation.changed"
REMOVED = "participation.removed"
BATCH_APPLIED = "participation.batch_applied"
BATCH_UNDONE = "participation.batch_undone"
EDITION_SET = "registry.edition_set"


def change(
    world: World, participation: Participation, actor: str, reason: str, *, unapproved: bool = False
) -> Participation:
    """Keep a setting, with who changed it and when, and return it as it was kept.

    `actor` is `operator:<name>`; a setting of the same authority and date is replaced. `unapproved` as in `change_all`.

    Raises:
        RoutingError: PARTICIPATION_INVALID with every fault, FOUR_EYES if it would go live; then nothing was kept.
    """
    return change_all(world, [participation], actor, reason, unapproved=unapproved)[0]


def change_all(
    world: World,
    participations: Iterable[Participation],
    actor: str,
    reason: str,
    batch: str = "",
    guard: Callable[[Transaction], None] | None = None,
    *,
    unapproved: bool = False,
) -> list[Participation]:
    """Keep many settings or none of them; `batch` names them so that they can be taken back together.

    `guard` may raise inside the transaction, before anything is kept: for what must still be as it was seen.
    `unapproved` lets authorities go live without evidence and approval, in an installation not marked PROD.

    Raises:
        RoutingError: PARTICIPATION_INVALID; with more than one setting each pointer begins with its number from 0.
        RoutingError: FOUR_EYES for a setting that would make an authority live; PARTICIPATION_INVALID for one that
            would give a live authority end-to-end encryption before it opened a test message.
        RoutingError: STATE_CONFLICT when a batch of that name was applied before.
    """
    now = world.clock.now()
    stamped = [replace(value, changed_by=actor, changed_at=now) for value in participations]
    faults = faults_of(world, stamped)
    if faults:
        raise invalid(faults)
    with world.store.writing() as tx:
        if guard is not None:
            guard(tx)
        if batch:
            _refuse_known(tx, batch)
        if unapproved:
            golive.note_unapproved(world, tx, stamped, actor, reason)
        else:
            golive.refuse(world, tx, stamped)
        former = [_of_day(tx, value.authority, value.valid_from) for value in stamped]
        for value in stamped:
            keep(tx, value, actor, reason, now)
        if batch:
            tx.journal.append(Act(actor, BATCH_APPLIED, batch, reason, _batch_facts(stamped, former)))
    return stamped


def remove(
    world: World,
    key: AuthorityKey,
    valid_from: date,
    actor: str,
    reason: str,
    guard: Callable[[Transaction], None] | None = None,
) -> bool:
    """Take back the setting of one date, so that the one before holds again; False if there is none.

    `guard` as in `change_all`.

    Raises:
        RoutingError: FOUR_EYES when the authority would be live again by it.
    """
    with world.store.writing() as tx:
        if guard is not None:
            guard(tx)
        if _of_day(tx, key, valid_from) is None:
            return False
        golive.refuse_return(tx, key, valid_from, local_date(world.clock.now()))
        _drop(tx, key, valid_from, actor, reason, world.clock.now())
    return True


def set_edition(world: World, name: str, valid_from: date, actor: str, reason: str) -> None:
    """Let an edition of the directory hold from a date on; what is under way keeps its addressee.

    Raises:
        RoutingError: NOT_FOUND when no such edition is packaged.
    """
    if name not in world.directory.editions:
        raise RoutingError(codes.NOT_FOUND, f"Die Ausgabe „{name}“ des Behördenverzeichnisses gibt es nicht.")
    with world.store.writing() as tx:
        tx.registry.set_edition(name, valid_from)
        facts = {"edition": name, "valid_from": valid_from.isoformat()}
        tx.journal.append(Act(actor, EDITION_SET, "", reason, facts))


@dataclass(frozen=True, slots=True)
class Undone:
    """What taking back a batch did: authorities that are as before, and those changed by hand since, left alone."""

    restored: tuple[AuthorityKey, ...]
    left_alone: tuple[AuthorityKey, ...]


def undo_batch(
    world: World, batch: str, actor: str, reason: str, guard: Callable[[Transaction], None] | None = None
) -> Undone:
    """Take back a batch: remove what it added, put back what it replaced, leave what was changed since.

    `guard` as in `change_all`.

    Raises:
        RoutingError: NOT_FOUND for a batch never applied, STATE_CONFLICT for one already taken back.
    """
    with world.store.writing() as tx:
        if guard is not None:
            guard(tx)
        steps = _steps(tx, batch)
        restored: list[AuthorityKey] = []
        left_alone: list[AuthorityKey] = []
        for step in steps:
            current = _of_day(tx, step.authority, step.valid_from)
            if current is None or current.changed_at != step.applied_at:
                left_alone.append(step.authority)
                continue
            restored.append(step.authority)
            if step.former is None:
                _drop(tx, step.authority, step.valid_from, actor, reason, world.clock.now())
            else:
                keep(tx, step.former, actor, reason, world.clock.now())
        tx.journal.append(Act(actor, BATCH_UNDONE, batch, reason, {"restored": restored, "left_alone": left_alone}))
    return Undone(tuple(restored), tuple(left_alone))


def faults_of(world: World, participations: Sequence[Participation]) -> list[Fault]:
    """Return everything that keeps settings from being kept; also what the adapter says about its own settings."""
    known = {key for edition in world.directory.editions.values() for key in edition.authorities}
    found: list[Fault] = []
    for number, value in enumerate(participations):
        prefix = f"/{number}" if len(participations) > 1 else ""
        faults = validate(value, authorities=known, releases=RELEASES.keys(), adapters=world.plugins.keys())
        plugin = world.plugins.get(value.adapter)
        if plugin and value.option.accepts and value.phase.reachable:
            faults += adapter_faults(plugin, value)
            faults += _sender_faults(world, value)
        found += [replace(fault, pointer=prefix + fault.pointer) for fault in faults]
    return found


def _sender_faults(world: World, value: Participation) -> list[Fault]:
    """Return that the sender's address is missing where the release demands it of every author (XBau 2.2, 2.3.1)."""
    chosen = RELEASES.get(value.release)
    if chosen is None or chosen.header != "xinneres" or (world.policy.sender_street and world.policy.sender_email):
        return []
    text = f"XBau {value.release} verlangt Anschrift und E-Mail des Absenders; bitte zuerst sender_street … einstellen."
    return [Fault(codes.CONFIGURATION, "/release", text)]


def keep(tx: Transaction, value: Participation, actor: str, reason: str, now: datetime) -> None:
    """Keep a setting that has no faults, with its journal entry; what was proved of another way is forgotten."""
    history = tx.registry.history(value.authority)
    changes = differences(in_force(history, value.valid_from), value)
    tx.registry.add(value)
    facts = {
        "valid_from": value.valid_from.isoformat(),
        "source": value.source,
        "before": {change.name: change.before for change in changes},
        "after": {change.name: change.after for change in changes},
    }
    tx.journal.append(Act(actor, CHANGED, value.authority, reason, facts))
    invalidate(tx, value.authority, history, actor, now)


def _drop(tx: Transaction, key: AuthorityKey, valid_from: date, actor: str, reason: str, now: datetime) -> None:
    history = tx.registry.history(key)
    tx.registry.remove(key, valid_from)
    invalidate(tx, key, history, actor, now)
    tx.journal.append(Act(actor, REMOVED, key, reason, {"valid_from": valid_from.isoformat()}))


def _of_day(tx: Transaction, key: AuthorityKey, valid_from: date) -> Participation | None:
    return next((value for value in tx.registry.history(key) if value.valid_from == valid_from), None)


@dataclass(frozen=True, slots=True)
class _Step:
    """One setting that a batch kept, and the one of the same date that it replaced."""

    authority: AuthorityKey
    valid_from: date
    applied_at: datetime
    former: Participation | None


def _batch_facts(stamped: Sequence[Participation], former: Sequence[Participation | None]) -> dict[str, Any]:
    return {
        "settings": [
            {
                "authority": value.authority,
                "valid_from": value.valid_from.isoformat(),
                "applied_at": value.changed_at.isoformat() if value.changed_at else None,
                "replaced": to_json(replaced) if replaced else None,
            }
            for value, replaced in zip(stamped, former, strict=True)
        ]
    }


def _refuse_known(tx: Transaction, batch: str) -> None:
    if any(entry.act.what == BATCH_APPLIED for entry in tx.journal.read(subject=batch)):
        raise RoutingError(
            codes.STATE_CONFLICT,
            f"Unter dem Namen „{batch}“ wurde schon einmal übernommen.",
            "Bitte einen anderen Namen wählen; auch zurückgenommene Namen werden nicht wiederverwendet.",
        )


def _steps(tx: Transaction, batch: str) -> list[_Step]:
    acts = list(tx.journal.read(subject=batch))
    applied = next((entry for entry in acts if entry.act.what == BATCH_APPLIED), None)
    if applied is None:
        raise RoutingError(codes.NOT_FOUND, f"Eine Übernahme mit dem Namen „{batch}“ gibt es nicht.")
    if any(entry.act.what == BATCH_UNDONE for entry in acts):
        raise RoutingError(codes.STATE_CONFLICT, f"Die Übernahme „{batch}“ wurde schon zurückgenommen.")
    return [
        _Step(
            AuthorityKey(kept["authority"]),
            date.fromisoformat(kept["valid_from"]),
            datetime.fromisoformat(kept["applied_at"]),
            from_json(kept["replaced"]) if kept["replaced"] else None,
        )
        for kept in applied.act.facts["settings"]
    ]
