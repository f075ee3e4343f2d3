"""The same change for several authorities: previewed first, then applied as one batch that can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from gateway.api.operator.access import Editing, world_of
from gateway.api.operator.guards import reading, require_approval_for
from gateway.api.operator.rows import etag
from gateway.api.operator.seen import unchanged
from gateway.api.operator.shapes import BulkIn
from gateway.domain import codes
from gateway.domain.counting import counted
from gateway.domain.errors import Fault, GatewayError, SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Difference, Participation, differences, in_force, to_json
from gateway.domain.participation_json import from_json
from gateway.flow.cases import authority_of
from gateway.flow.participation import change_all, faults_of
from gateway.ports import Transaction, World

router = APIRouter()

FIXED = frozenset({"authority", "valid_from", "changed_by", "changed_at"})


@dataclass(frozen=True, slots=True)
class Planned:
    """What would change for one authority; `value` is None where the changes do not fit together."""

    key: AuthorityKey
    name: str
    value: Participation | None
    differences: Sequence[Difference]
    faults: Sequence[Fault]
    etag: str


@router.post("/authorities/bulk", summary="Change several authorities at once")
def change_several(
    request: Request, operator: Editing, given: Annotated[BulkIn, Depends(reading(BulkIn))]
) -> dict[str, Any]:
    """With `dry_run` nothing is kept; otherwise all is, or nothing if anything is wrong or not as it was `seen`.

    Needs `seen` for every key: the ETags that the preview answered with.
    """
    world = world_of(request)
    if not given.dry_run:
        _require_seen(given)
    with world.store.reading() as tx:
        planned = [_plan(world, tx, AuthorityKey(key), given.changes, given.valid_from) for key in given.keys]
    faulty = [plan for plan in planned if plan.faults]
    if not given.dry_run:
        if faulty:
            reason = (
                f"Bei {len(faulty)} von {len(planned)} Behörden passt die Änderung nicht; es wurde nichts geändert."
            )
            raise SubmissionError(codes.PARTICIPATION_INVALID, reason, "", _pointed(planned))
        values = [plan.value for plan in planned if plan.value is not None and plan.differences]
        for value in values:
            require_approval_for(world, value, operator)
        change_all(
            world,
            values,
            operator.actor,
            given.reason,
            given.batch,
            unchanged({AuthorityKey(key): tag for key, tag in given.seen.items()}),
        )
    return {"rows": [_out(plan) for plan in planned], "applied": not given.dry_run}


def _require_seen(given: BulkIn) -> None:
    """Raise ETAG_MISSING, naming every authority whose seen state is not told."""
    faults = [
        Fault(codes.ETAG_MISSING, f"/seen/{key}", "Der gesehene Stand fehlt.")
        for key in dict.fromkeys(given.keys)
        if key not in given.seen
    ]
    if faults:
        whom = counted(len(faults), "Behörde", "Behörden")
        reason = f"Bei {whom} fehlt der gesehene Stand; es wurde nichts geändert."
        raise SubmissionError(codes.ETAG_MISSING, reason, "Bitte die ETags der Vorschau mitsenden (seen).", faults)


def _plan(world: World, tx: Transaction, key: AuthorityKey, changes: dict[str, Any], begin: date) -> Planned:
    name = authority_of(world, key).name
    history = tx.registry.history(key)
    current, tag = in_force(history, begin), etag(history, tx.dossiers.get(key))
    base = to_json(current or from_json({"authority": key, "valid_from": begin.isoformat(), "option": "3b"}))
    wanted = {field: value for field, value in changes.items() if field not in FIXED}
    try:
        value = from_json(base | wanted | {"authority": key, "valid_from": begin.isoformat()})
    except GatewayError as error:
        return Planned(key, name, None, (), error.faults, tag)
    return Planned(key, name, value, differences(current, value), faults_of(world, [value]), tag)


def _pointed(planned: Sequence[Planned]) -> list[Fault]:
    return [
        Fault(fault.code, f"/{plan.key}{fault.pointer}", f"{plan.name}: {fault.detail}")
        for plan in planned
        for fault in plan.faults
    ]


def _out(plan: Planned) -> dict[str, Any]:
    return {
        "key": plan.key,
        "name": plan.name,
        "etag": plan.etag,
        "differences": [{"name": one.name, "before": one.before, "after": one.after} for one in plan.differences],
        "faults": [{"pointer": fault.pointer, "detail": fault.detail} for fault in plan.faults],
    }
