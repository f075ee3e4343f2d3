"""Operators on replies that belong to no case yet: look at the candidates, assign, or discard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from gateway.api.operator.access import Editing, Reading, world_of
from gateway.api.operator.guards import reading
from gateway.api.operator.shapes import AssignIn, Because
from gateway.api.operator.sifting import REPLY_FIELDS, sift
from gateway.domain import codes
from gateway.domain.errors import RoutingError, SubmissionError
from gateway.domain.ids import read_case_number
from gateway.domain.reply import TITLES, Reply, ReplyState
from gateway.flow import replies as flow
from gateway.flow.cases import authority_of
from gateway.ports import Transaction, World

router = APIRouter()


@router.get("/replies", summary="Replies by state, oldest first")
def replies(
    request: Request,
    _: Reading,
    state: Annotated[ReplyState, Query()] = ReplyState.QUARANTINED,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Go on with `next` as `after`; `q` filters as the console does (`von:ahlen nr:1120`)."""
    world = world_of(request)
    with world.store.reading() as tx:
        found = in_order(tx, frozenset({state}), after, limit)
        return sift(((one.position or 0, reply_out(world, one)) for one in found), q, REPLY_FIELDS, limit)


def in_order(tx: Transaction, states: frozenset[ReplyState], after: int, at_once: int) -> Iterator[Reply]:
    """Yield all replies in some states behind a position, the oldest first, read a few at a time."""
    while found := tx.replies.in_states(states, after=after, limit=at_once):
        yield from found
        after = found[-1].position or 0


@router.post("/replies/{reply_id}/assign", summary="Give a reply to the case it belongs to")
def assign(
    request: Request, reply_id: str, operator: Editing, given: Annotated[AssignIn, Depends(reading(AssignIn))]
) -> dict[str, Any]:
    """It has its effect on the case at once, and the portal can read it."""
    world = world_of(request)
    case_id = case_of(world, given.case_number)
    reply = flow.assign(world, reply_id, case_id, operator.actor, given.reason)
    return reply_out(world, reply)


@router.post("/replies/{reply_id}/discard", summary="Throw a reply away")
def discard(
    request: Request, reply_id: str, operator: Editing, given: Annotated[Because, Depends(reading(Because))]
) -> dict[str, Any]:
    """Its content is erased."""
    world = world_of(request)
    return reply_out(world, flow.discard(world, reply_id, operator.actor, given.reason))


def case_of(world: World, text: str) -> str:
    """Return the id of the case with a number. Raises: SubmissionError NOT_FOUND."""
    number = read_case_number(text)
    with world.store.reading() as tx:
        case = tx.cases.by_number(number) if number else None
    if case is None:
        raise SubmissionError(codes.NOT_FOUND, f"Den Vorgang {text} gibt es nicht.")
    return case.id


def reply_out(world: World, reply: Reply) -> dict[str, Any]:
    """Return a reply as operators see it: routing and reasons, never content."""
    return {
        "id": reply.id,
        "position": reply.position,
        "authority": reply.authority,
        "authority_name": _name(world, reply),
        "number": reply.number,
        "release": reply.release,
        "via": reply.via,
        "proof": reply.proof.value,
        "test": reply.test,
        "received_at": reply.received_at.isoformat(),
        "state": reply.state.value,
        "state_label": TITLES[reply.state],
        "reason": reply.reason,
        "code": reply.code,
        "size": reply.size,
        "attachments": len(reply.parts),
        "case_number": reply.case_number,
        "assignable": _assignable(reply),
        "candidates": [_candidate(one.case_number, one.score, one.reasons) for one in reply.candidates],
    }


def _assignable(reply: Reply) -> bool:
    known = reply.code in ("", codes.REPLY_UNMATCHED.name)
    return reply.state is ReplyState.QUARANTINED and bool(reply.number) and known


def _candidate(case_number: str, score: int, reasons: tuple[str, ...]) -> Mapping[str, Any]:
    return {"case_number": case_number, "score": score, "reasons": list(reasons)}


def _name(world: World, reply: Reply) -> str:
    try:
        return authority_of(world, reply.authority).name
    except RoutingError:  # kept although nobody can say who sent it
        return reply.authority or "unbekannt"
