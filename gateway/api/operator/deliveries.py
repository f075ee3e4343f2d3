"""Operators on deliveries: the live list, traces, and what a human may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request

from gateway.api.operator.access import Editing, Reading, world_of
from gateway.api.operator.delivery_rows import Asked, causes_of, delivery_out, page_of
from gateway.api.operator.guards import reading
from gateway.api.operator.shapes import Because, BulkDeliveriesIn
from gateway.api.operator.tracing import trace_of
from gateway.domain import codes
from gateway.domain.case import Delivery
from gateway.domain.delivery import State
from gateway.domain.errors import GatewayError, SubmissionError
from gateway.domain.ids import MessageId, read_case_number
from gateway.flow import operate
from gateway.ports import World

router = APIRouter()

TYPED_ABOVE = 20
"""More deliveries than this are put back or held only with the word for it typed."""

TYPED = {"requeue": "WIEDERHOLEN", "hold": "ANHALTEN"}


@router.get("/deliveries", summary="Deliveries, newest first or oldest first")
def deliveries(
    request: Request,
    _: Reading,
    state: Annotated[list[State] | None, Query()] = None,
    authority: Annotated[str | None, Query()] = None,
    cause: Annotated[str, Query(max_length=60)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    order: Annotated[Literal["newest", "oldest"], Query()] = "newest",
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Go on with `next` as `after` and in the same `order`.

    `q` is a case number or how one begins (`9KRP`: of this year), or parts of an authority's name.

    `total` is counted up to 10 000; `capped` says that there are more.
    """
    asked = Asked(tuple(state or ()), authority or "", cause, q, oldest_first=order == "oldest")
    return page_of(world_of(request), asked, after, limit)


@router.get("/deliveries/causes", summary="What stands still, grouped by cause")
def causes(request: Request, _: Reading) -> list[dict[str, Any]]:
    """The most frequent cause first."""
    return causes_of(world_of(request))


Act = Callable[[World, MessageId, str, str], Delivery]

ACTS: Mapping[str, Act] = {
    "requeue": operate.requeue,
    "hold": operate.hold,
    "arrived": operate.confirm_handover,
    "divert": operate.divert,
}


@router.post("/deliveries/bulk", summary="Put back or hold several deliveries")
def act_on_several(
    request: Request, operator: Editing, given: Annotated[BulkDeliveriesIn, Depends(reading(BulkDeliveriesIn))]
) -> dict[str, Any]:
    """With `dry_run` nothing is done; each delivery says whether it can be."""
    rows = on_several(
        world_of(request), given.act, given.message_ids, operator.actor, given.reason,
        typed=given.typed, dry_run=given.dry_run,
    )  # fmt: skip
    return {"rows": rows, "applied": not given.dry_run}


def on_several(
    world: World, act: str, message_ids: Sequence[str], actor: str, why: str, *, typed: str, dry_run: bool
) -> list[dict[str, Any]]:
    """Do (or only try) the same to several deliveries; each says whether it could be done, or why not.

    Raises:
        SubmissionError: NAME_MISMATCH for more than `TYPED_ABOVE` without the word.
    """
    if not dry_run and len(message_ids) > TYPED_ABOVE and typed != TYPED[act]:
        reason = f"Für mehr als {TYPED_ABOVE} Übermittlungen bitte das Wort {TYPED[act]} eingeben."
        raise SubmissionError(codes.NAME_MISMATCH, reason)
    target = State.WAITING if act == "requeue" else State.HELD
    rows: list[dict[str, Any]] = []
    for message_id in dict.fromkeys(message_ids):
        try:
            if dry_run:
                operate.check_move(world, MessageId(message_id), target)
            else:
                ACTS[act](world, MessageId(message_id), actor, why)
            rows.append({"message_id": message_id, "possible": True, "detail": "", "status": 200})
        except GatewayError as error:
            failed = {"message_id": message_id, "possible": False, "detail": error.reason}
            rows.append(failed | {"status": error.code.status})
    return rows


@router.post("/deliveries/{message_id}/{act}", summary="Put back, hold, divert, or note as arrived")
def act_on_one(
    request: Request, message_id: str, act: str, operator: Editing, given: Annotated[Because, Depends(reading(Because))]
) -> dict[str, Any]:
    """`requeue`, `hold`, `divert` (to the authority's present way) or `arrived` (a human has learned it)."""
    world = world_of(request)
    if act not in ACTS:
        raise SubmissionError(codes.NOT_FOUND, "Diese Adresse gibt es nicht.")
    return delivery_out(world, ACTS[act](world, MessageId(message_id), operator.actor, given.reason))


@router.post("/cases/{case_number}/withdraw", summary="Withdraw a case that the authority does not have yet")
def withdraw(
    request: Request, case_number: str, operator: Editing, given: Annotated[Because, Depends(reading(Because))]
) -> dict[str, Any]:
    """On the portal's behalf; its content is erased."""
    world = world_of(request)
    number = read_case_number(case_number)
    with world.store.reading() as tx:
        case = tx.cases.by_number(number) if number else None
    if case is None:
        raise SubmissionError(codes.NOT_FOUND, f"Den Vorgang {case_number} gibt es nicht.")
    operate.withdraw(world, case.id, operator.actor, given.reason)
    return {"case_number": case.number, "state": State.WITHDRAWN.value}


@router.get("/trace", summary="Where is application X?")
def trace(request: Request, _: Reading, q: Annotated[str, Query(min_length=1, max_length=200)]) -> list[dict[str, Any]]:
    """By case number, portal's or authority's reference, message id, or digest of the overview."""
    return trace_of(world_of(request), q)
