"""Operators on what comes by post and what can be proved: arrival of plans, evidence, overdue lists."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.evidence import BUNDLE, PRIVATE
from gateway.api.operator.access import Editing, Reading, world_of
from gateway.api.operator.guards import reading
from gateway.api.operator.shapes import Reason, Shape
from gateway.api.shapes import Day
from gateway.domain import codes
from gateway.domain.deadlines import submitted_on
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import read_case_number
from gateway.flow import evidence, plans

router = APIRouter()


class ArrivalIn(Shape):
    """When the plans of a case arrived at the authority, and how the operator knows."""

    on: Day
    reason: Reason


@router.post("/cases/{case_number}/plans-arrived", summary="Record that the posted plans have arrived")
def plans_arrived(
    request: Request, case_number: str, operator: Editing, given: Annotated[ArrivalIn, Depends(reading(ArrivalIn))]
) -> dict[str, Any]:
    """The same day twice is one; another day, or a case that expects no plans, is refused with the reason."""
    case = plans.plans_arrived(world_of(request), case_number, given.on, operator.actor, given.reason)
    submitted = submitted_on(case)
    return {
        "case_number": case.number,
        "plans": case.plans.value,
        "arrived_on": case.plans_arrived_on.isoformat() if case.plans_arrived_on else None,
        "submitted_on": submitted.isoformat() if submitted else None,
    }


@router.get("/cases/{case_number}/evidence", summary="The bundle of evidence of a case", response_class=Response)
def bundle(request: Request, case_number: str, _: Reading) -> Response:
    """There after erasure too; `bauweiche evidence verify` checks it offline."""
    number = read_case_number(case_number)
    if number is None:
        raise SubmissionError(codes.NOT_FOUND, f"Den Vorgang {case_number[:40]} gibt es nicht.")
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="Nachweis-{number}.asice"'}
    return Response(evidence.bundle(world_of(request), number), media_type=BUNDLE, headers=headers)
