"""Operators on onboarding: how far everybody has come, the evidence for it, test messages, and four eyes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from gateway.api.operator.access import Approving, Editing, Reading, world_of
from gateway.api.operator.delivery_rows import delivery_out
from gateway.api.operator.guards import reading
from gateway.api.operator.roles import Operator, Role
from gateway.api.operator.rows import held_by_key
from gateway.api.operator.shapes import AdvanceIn, ApprovalIn, Because
from gateway.domain import codes
from gateway.domain.actors import spoken
from gateway.domain.authority import edition_on
from gateway.domain.calendar import local_date
from gateway.domain.dossier import Dossier
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.onboarding import MOVES, NEEDS, Check, Evidence, Onboarding, Stage, latest, unproved
from gateway.domain.participation import Participation
from gateway.flow import onboarding as flow
from gateway.flow.cases import authority_of
from gateway.flow.proofs import onboarding_of, subject
from gateway.flow.test_messages import send_test
from gateway.ports import World

router = APIRouter()

FOR_APPROVERS = frozenset({Stage.LIVE, Stage.ENDED})
"""Stages that only people who may approve can move an authority to."""

COLLECT = "Prüfung starten, damit das System den Nachweis sammelt."


@router.get("/onboarding", summary="How far every authority has come")
def all_onboardings(request: Request, _: Reading) -> dict[str, Any]:
    """One row per authority of the edition in force."""
    return {"rows": table(world_of(request))}


@router.get("/authorities/{key}/onboarding", summary="The checklist of one authority")
def one_onboarding(request: Request, key: str, _: Reading) -> dict[str, Any]:
    """Every check with its evidence; `holds` is null where nothing was collected yet."""
    return shown(world_of(request), AuthorityKey(key))


@router.post("/authorities/{key}/onboarding/check", summary="Collect the evidence anew")
def check(request: Request, key: str, operator: Editing) -> dict[str, Any]:
    """Tries the way itself; takes as long as the far side takes to answer."""
    flow.check(world_of(request), AuthorityKey(key), operator.actor)
    return shown(world_of(request), AuthorityKey(key))


@router.post("/authorities/{key}/onboarding/test-message", summary="Send a test message")
def test_message(
    request: Request, key: str, operator: Editing, given: Annotated[Because, Depends(reading(Because))]
) -> dict[str, Any]:
    """A real 0200 marked as a test; the worker carries it."""
    delivery = send_test(world_of(request), AuthorityKey(key), operator.actor, given.reason)
    return shown(world_of(request), AuthorityKey(key)) | {"delivery": delivery_out(world_of(request), delivery)}


@router.post("/authorities/{key}/onboarding/advance", summary="Move an authority to another stage")
def advance(
    request: Request, key: str, operator: Editing, given: Annotated[AdvanceIn, Depends(reading(AdvanceIn))]
) -> dict[str, Any]:
    """Live only after a pause; the first time it needs `propose` and `approve`."""
    _require_right(given.to, operator)
    world = world_of(request)
    flow.advance(world, AuthorityKey(key), given.to, operator.actor, given.reason, given.typed_name)
    return shown(world, AuthorityKey(key))


@router.post("/authorities/{key}/onboarding/propose", summary="Propose that an authority goes live")
def propose(
    request: Request, key: str, operator: Editing, given: Annotated[Because, Depends(reading(Because))]
) -> dict[str, Any]:
    """Needs complete evidence; somebody else must approve."""
    flow.propose(world_of(request), AuthorityKey(key), operator.actor, given.reason)
    return shown(world_of(request), AuthorityKey(key))


@router.post("/authorities/{key}/onboarding/approve", summary="Approve as the second person: the authority is live")
def approve(
    request: Request, key: str, operator: Approving, given: Annotated[ApprovalIn, Depends(reading(ApprovalIn))]
) -> dict[str, Any]:
    """The person who proposed it cannot; the authority's name is typed exactly."""
    flow.approve(world_of(request), AuthorityKey(key), operator.actor, given.typed_name, given.reason)
    return shown(world_of(request), AuthorityKey(key))


def table(world: World) -> list[dict[str, Any]]:
    """Return one row per authority of the edition in force."""
    today = local_date(world.clock.now())
    with world.store.reading() as tx:
        edition = world.directory.editions[edition_on(tx.registry.edition_plan(), today)]
        histories, dossiers, held = tx.registry.histories(), tx.dossiers.all(), held_by_key(tx)
    rows = []
    for key, authority in sorted(edition.authorities.items()):
        dossier = dossiers.get(key, Dossier(key))
        found = onboarding_of(dossier, histories.get(key, ()), today, held.get(key, ()))
        proved = len(Check) - len(unproved(found.evidence, Stage.LIVE))
        about = subject(histories.get(key, ()), today)
        accepting = about if about and about.option.accepts else None
        rows.append(
            {
                "key": key,
                "name": authority.name,
                "kreis_key": authority.kreis_key,
                "kreis": authority.kreis_name,
                "kreis_abbr": authority.kreis_abbr,
                "option": about.option.value if about else "",
                "adapter": accepting.adapter if accepting else "",
                "adapter_title": world.title(accepting.adapter) if accepting else "",
                "stage": found.stage.value,
                "stage_label": found.stage.label,
                "complete": proved,
                "total": len(Check),
                "next_step": next_step(found, about),
                "proposer": found.proposer,
                "approver": found.approver,
                "updated_at": _updated(dossier, found),
            }
        )
    return rows


def shown(world: World, key: AuthorityKey) -> dict[str, Any]:
    """Return the checklist of one authority."""
    dossier, found = flow.state_of(world, key)
    with world.store.reading() as tx:
        about = subject(tx.registry.history(key), local_date(world.clock.now()))
    outcomes = latest(found.evidence)
    return {
        "key": key,
        "name": authority_of(world, key).name,
        "stage": found.stage.value,
        "stage_label": found.stage.label,
        "checks": [_check_out(check, outcomes.get(check)) for check in Check],
        "proposer": found.proposer,
        "approver": found.approver,
        "can_advance_to": [stage.value for stage in Stage if _can_advance(found, stage)],
        "next_step": next_step(found, about),
        "test_message": dossier.test_message,
        "log": [
            {"at": step.at.isoformat(), "actor": step.actor, "text": step.text} for step in reversed(dossier.steps)
        ],
    }


def next_step(found: Onboarding, about: Participation | None) -> str:
    """Say in one German sentence what is to be done next; `about` is the setting that the onboarding is about."""
    if found.proposer and found.stage is Stage.VERIFIED:
        return f"Freigabe durch eine zweite Person (vorgeschlagen von {spoken(found.proposer)})."
    if found.stage is Stage.INVITED:
        return _first_step(about)
    if found.stage is Stage.LIVE:
        return "" if not unproved(found.evidence, Stage.LIVE) else "Nachweise erneuern: Prüfung starten."
    target = {Stage.DETAILS: Stage.CONNECTED, Stage.CONNECTED: Stage.VERIFIED, Stage.VERIFIED: Stage.APPROVED}.get(
        found.stage
    )
    if target is None:
        return {Stage.PAUSED: "Fortsetzen oder beenden.", Stage.ENDED: "Nichts zu tun."}.get(found.stage, "")
    missing = unproved(found.evidence, target)
    if not missing:
        return "Freigabe vorschlagen." if target is Stage.APPROVED else f"Auf „{target.label}“ setzen."
    return f"Für „{target.label}“ fehlt: {', '.join(check.label for check in missing)}."


def _first_step(about: Participation | None) -> str:
    if about is None:
        return "Teilnahme eintragen, sobald die Behörde geantwortet hat."
    if not about.option.accepts:
        return f"Nichts zu tun: nimmt nichts über uns an ({about.option.value})."
    return f"„Angaben da“ setzen: Option {about.option.value} ist eingetragen."


def _can_advance(found: Onboarding, target: Stage) -> bool:
    if target not in MOVES[found.stage] or target in flow.BY_APPROVAL:
        return False
    if target is Stage.LIVE and found.stage is not Stage.PAUSED:
        return False
    return not unproved(found.evidence, target) or target not in NEEDS


def _check_out(check: Check, evidence: Evidence | None) -> dict[str, Any]:
    return {
        "check": check.value,
        "label": check.label,
        "holds": evidence.holds if evidence else None,
        "at": evidence.at.isoformat() if evidence else None,
        "detail": evidence.detail if evidence else "",
        "next_step": "" if evidence and evidence.holds else COLLECT if evidence is None else _last_sentence(evidence),
    }


def _last_sentence(evidence: Evidence) -> str:
    """Return what to do next: what a failed check asks for stands at the end of what it saw."""
    at = evidence.detail.rfind("Bitte ")
    return evidence.detail[at:] if at >= 0 else COLLECT


def _updated(dossier: Dossier, found: Onboarding) -> str | None:
    moments = [step.at for step in dossier.steps] + [one.at for one in found.evidence]
    return max(moments).isoformat() if moments else None


def _require_right(to: Stage, operator: Operator) -> None:
    if to in FOR_APPROVERS and operator.role < Role.FREIGEBEN:
        raise SubmissionError(codes.ROLE_MISSING, "Dafür ist die Berechtigung „freigeben“ nötig.")
