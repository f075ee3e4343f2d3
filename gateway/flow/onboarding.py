"""An authority comes on board: stage by stage over evidence, and live only when a second person has approved."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain import codes
from gateway.domain.actors import spoken
from gateway.domain.calendar import local_date, written_date
from gateway.domain.dossier import Dossier
from gateway.domain.errors import RoutingError
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.onboarding import NEEDS, Evidence, Onboarding, Stage, approval_faults, latest, move
from gateway.domain.participation import Participation, Phase, in_force, upcoming
from gateway.domain.participation_json import invalid
from gateway.flow import probes
from gateway.flow.cases import authority_of
from gateway.flow.participation import faults_of, keep
from gateway.flow.proofs import named, noted, onboarding_of, same_way, subject, with_evidence
from gateway.ports import Transaction, World

CHECKED = "onboarding.checked"
MOVED = "onboarding.moved"
PROPOSED = "onboarding.proposed"
APPROVED = "onboarding.approved"

BY_APPROVAL = frozenset({Stage.APPROVED})
"""Stages that are entered only together with the approval of a second person."""

AFTER_APPROVAL = frozenset({Stage.LIVE, Stage.PAUSED, Stage.ENDED})
"""Stages in which it stays to be read who proposed and who approved."""


def state_of(world: World, key: AuthorityKey) -> tuple[Dossier, Onboarding]:
    """Return what is kept about an authority and how far it has come.

    Raises:
        RoutingError: AUTHORITY_UNKNOWN.
    """
    authority_of(world, key)
    with world.store.reading() as tx:
        return _state(world, tx, key)


def check(world: World, key: AuthorityKey, actor: str) -> Onboarding:
    """Try everything there is to try about an authority now, and keep what was seen."""
    authority_of(world, key)
    found = probes.everything(world, probes.situation(world, key))
    with world.store.writing() as tx:
        dossier, onboarding = _state(world, tx, key)
        checked = with_evidence(onboarding, found)
        _save(tx, replace(dossier, onboarding=checked))
        facts = {one.check.value: one.holds for one in checked.evidence}
        tx.journal.append(Act(actor, CHECKED, key, facts=facts))
    return checked


def advance(world: World, key: AuthorityKey, to: Stage, actor: str, why: str, typed_name: str = "") -> Onboarding:
    """Move an authority to another stage, and its participation with it from today on.

    Live it becomes only by `approve`, or again after a pause by the way that was approved.
    Ending needs the authority's name typed.

    Raises:
        RoutingError: STATE_CONFLICT naming what is not proved; PARTICIPATION_INVALID when details are missing;
            FOUR_EYES for what needs a second person; NAME_MISMATCH.
    """
    if to is Stage.ENDED:
        _require_name(authority_of(world, key).name, typed_name)
    fresh = _fresh(world, key)
    with world.store.writing() as tx:
        dossier, onboarding = _state(world, tx, key)
        if to in BY_APPROVAL or (to is Stage.LIVE and onboarding.stage is not Stage.PAUSED):
            reason = "Live geht eine Behörde nur mit Vorschlag und Freigabe durch zwei Personen."
            raise RoutingError(codes.FOUR_EYES, reason, "Bitte die Freigabe vorschlagen.")
        proved = with_evidence(onboarding, fresh)
        stage = move(onboarding.stage, to, proved.evidence)
        if stage is Stage.LIVE and onboarding.approved_of != _way_now(world, tx, key):
            reason = "Der Weg, der jetzt eingetragen ist, wurde nie von einer zweiten Person freigegeben."
            raise RoutingError(codes.FOUR_EYES, reason, "Bitte auf „Angaben da“ setzen und die Freigabe vorschlagen.")
        moved = replace(proved, stage=stage)
        if stage not in AFTER_APPROVAL:
            moved = replace(moved, proposer="", approver="", approved_of="")
        _follow(world, tx, key, to.phase, actor, why)
        _keep_step(world, tx, dossier, moved, actor, f"{onboarding.stage.label} → {to.label}: {why}")
        tx.journal.append(Act(actor, MOVED, key, why, {"from": onboarding.stage.value, "to": to.value}))
    return moved


def propose(world: World, key: AuthorityKey, actor: str, why: str) -> Onboarding:
    """Ask a second person to approve that an authority goes live; all its evidence must be there.

    Raises:
        RoutingError: STATE_CONFLICT, naming what is missing, or who has proposed it already.
    """
    fresh = _fresh(world, key)
    with world.store.writing() as tx:
        dossier, onboarding = _state(world, tx, key)
        proved = with_evidence(onboarding, fresh)
        move(onboarding.stage, Stage.APPROVED, proved.evidence)
        if onboarding.proposer not in ("", actor):
            reason = f"Die Freigabe ist schon vorgeschlagen, von {spoken(onboarding.proposer)}."
            raise RoutingError(codes.STATE_CONFLICT, reason, "Bitte freigeben statt noch einmal vorschlagen.")
        proposed = replace(proved, proposer=actor, approver="")
        _keep_step(world, tx, dossier, proposed, actor, f"Freigabe vorgeschlagen: {why}")
        tx.journal.append(Act(actor, PROPOSED, key, why))
    return proposed


def approve(world: World, key: AuthorityKey, actor: str, typed_name: str, why: str) -> Onboarding:
    """Approve as the second person: the authority is live from today on, in the same transaction.

    Raises:
        RoutingError: FOUR_EYES for the person who proposed it; NAME_MISMATCH unless the authority's name was typed
            exactly; STATE_CONFLICT when nobody proposed it or evidence is missing.
    """
    name = authority_of(world, key).name
    fresh = _fresh(world, key)
    with world.store.writing() as tx:
        dossier, onboarding = _state(world, tx, key)
        if onboarding.stage is Stage.LIVE:
            reason = f"{name} ist schon freigegeben, von {spoken(onboarding.approver) or 'jemand anderem'}."
            raise RoutingError(codes.STATE_CONFLICT, reason, "Es ist nichts mehr zu tun.")
        _require_second(onboarding, actor, typed_name, name)
        proved = with_evidence(onboarding, fresh)
        approved = move(onboarding.stage, Stage.APPROVED, proved.evidence)
        of = _way_now(world, tx, key)
        live = replace(proved, stage=move(approved, Stage.LIVE, proved.evidence), approver=actor, approved_of=of)
        left = _follow(world, tx, key, Phase.LIVE, actor, why)
        text = f"Freigegeben und live: {why}"
        if left is not None:
            text += f" (Ab {written_date(left.valid_from)} gilt eine andere Einstellung; sie ist noch zu prüfen.)"
        _keep_step(world, tx, dossier, live, actor, text)
        facts = {"proposer": onboarding.proposer, "approver": actor, "evidence": _said(proved)}
        tx.journal.append(Act(actor, APPROVED, key, why, facts))
    return live


def _state(world: World, tx: Transaction, key: AuthorityKey) -> tuple[Dossier, Onboarding]:
    dossier, today = tx.dossiers.get(key), local_date(world.clock.now())
    return dossier, onboarding_of(dossier, tx.registry.history(key), today, tx.certificates.held(key))


def _way_now(world: World, tx: Transaction, key: AuthorityKey) -> str:
    """Return what an approval is about: the way as it is set now; certificates may be renewed under it."""
    return named(subject(tx.registry.history(key), local_date(world.clock.now())), ())


def _fresh(world: World, key: AuthorityKey) -> list[Evidence]:
    """Return anew what is told from the store alone: it may have changed since the last check."""
    authority_of(world, key)
    return probes.at_hand(world, probes.situation(world, key))


def _follow(
    world: World, tx: Transaction, key: AuthorityKey, phase: Phase, actor: str, why: str
) -> Participation | None:
    """Let the participation follow from today on; returns a later setting that stays as it is, if there is one.

    Later settings by the same way follow too: otherwise the authority would fall back on their day.

    Raises:
        RoutingError: PARTICIPATION_INVALID, STATE_CONFLICT when there is none yet.
    """
    now = world.clock.now()
    today = local_date(now)
    history = tx.registry.history(key)
    current = in_force(history, today)
    if current is None or not current.option.accepts:
        if not phase.reachable and phase is not Phase.PAUSED:
            return None
        text = f"Am {written_date(today)} ist nicht eingetragen, dass die Behörde Anträge annimmt (Option 1 oder 2)."
        raise RoutingError(codes.STATE_CONFLICT, text, "Bitte zuerst die Teilnahme eintragen.")
    following = [one for one in upcoming(history, today) if one.option.accepts and one.phase is current.phase]
    same = [one for one in following if same_way(one, current)]
    values = [replace(current, valid_from=today, source=""), *same]
    changed = [replace(one, phase=phase, changed_by=actor, changed_at=now) for one in values if one.phase is not phase]
    faults = faults_of(world, changed)
    if faults:
        raise invalid(faults)
    for value in changed:
        keep(tx, value, actor, why, now)
    return next((one for one in following if one not in same), None)


def _keep_step(world: World, tx: Transaction, dossier: Dossier, after: Onboarding, actor: str, text: str) -> None:
    """Keep an onboarding with a step; what else was kept in the same transaction is read again."""
    current = tx.dossiers.get(dossier.authority)
    _save(tx, noted(replace(current, onboarding=after), actor, world.clock.now(), text))


def _save(tx: Transaction, dossier: Dossier) -> None:
    if not tx.dossiers.save(dossier):
        raise RoutingError(codes.ETAG_STALE, "Jemand anderes hat diese Behörde inzwischen geändert.")


def _require_second(onboarding: Onboarding, actor: str, typed_name: str, name: str) -> None:
    faults = approval_faults(onboarding.proposer, actor, typed_name, name)
    pointers = {fault.pointer for fault in faults}
    if "/proposer" in pointers:
        reason = "Niemand hat die Freigabe vorgeschlagen."
        raise RoutingError(codes.STATE_CONFLICT, reason, "Bitte zuerst vorschlagen.", faults)
    if "/approver" in pointers:
        reason = "Vorschlagen und freigeben müssen zwei verschiedene Personen."
        raise RoutingError(codes.FOUR_EYES, reason, "Bitte eine zweite Person mit „freigeben“ bitten.", faults)
    if faults:
        raise RoutingError(codes.NAME_MISMATCH, faults[0].detail, "", faults)


def _require_name(name: str, typed: str) -> None:
    if " ".join(typed.split()) != name:
        reason = f"Zur Bestätigung bitte den Namen der Behörde genau eingeben: {name}."
        raise RoutingError(codes.NAME_MISMATCH, reason)


def _said(onboarding: Onboarding) -> dict[str, str]:
    """Return when each needed proof was made, for the journal."""
    outcomes = latest(onboarding.evidence)
    return {check.value: outcomes[check].at.isoformat() for check in NEEDS[Stage.LIVE] if check in outcomes}
