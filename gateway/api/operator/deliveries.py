"""Operators on deliveries: the live list, why each waits, traces, and what a human may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from gateway.api.operator.access import Editing, Reading, world_of
from gateway.api.operator.guards import reading
from gateway.api.operator.shapes import Because, BulkDeliveriesIn
from gateway.api.operator.words import meaning
from gateway.domain import codes
from gateway.domain.calendar import written_moment
from gateway.domain.case import Case, Delivery
from gateway.domain.deadlines import standing, submitted_on
from gateway.domain.delivery import TITLES, State, why
from gateway.domain.errors import GatewayError, SubmissionError
from gateway.domain.ids import AuthorityKey, MessageId, read_case_number
from gateway.domain.insight import Wanted
from gateway.domain.journal import Entry
from gateway.flow import operate
from gateway.flow.cases import authority_of
from gateway.ports import World

router = APIRouter()

COUNTED = 10_000
"""Deliveries that fit a filter are counted up to here: nobody reads further, and counting costs."""

TYPED_ABOVE = 20
"""More deliveries than this are put back only with the word typed."""

TYPED = "WIEDERHOLEN"


def delivery_out(world: World, delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as operators see it, with the sentence that says why it stands where it stands."""
    authority = authority_of(world, delivery.authority)
    now = world.clock.now()
    later = delivery.next_at if delivery.next_at and delivery.next_at > now else None
    sentence = why(
        delivery.state,
        authority=authority.title,
        reason=delivery.reason,
        next_at=written_moment(later) if later else "",
        attempts=delivery.attempt,
    )
    names = ("position", "message_id", "case_number", "case_id", "authority", "kind", "number", "release", "adapter")
    more = ("attempt", "size", "test", "reason", "code")
    moments = ("next_at", "available_at", "fetched_at", "handed_over_at")
    shown: dict[str, Any] = {name: getattr(delivery, name) for name in (*names, *more)}
    shown |= {name: moment.isoformat() if (moment := getattr(delivery, name)) else None for name in moments}
    return shown | {
        "authority_name": authority.name,
        "state": delivery.state.value,
        "state_label": TITLES[delivery.state],
        "sentence": sentence.de,
        "sentence_en": sentence.en,
        "age_seconds": int((now - delivery.stamped_at).total_seconds()),
    }


@router.get("/deliveries", summary="Deliveries, newest first")
def deliveries(
    request: Request,
    _: Reading,
    state: Annotated[list[State] | None, Query()] = None,
    authority: Annotated[str | None, Query()] = None,
    cause: Annotated[str, Query(max_length=60)] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Go on with `next` as `after`; `q` is a case number or part of an authority's name.

    `total` is counted up to 10 000; `capped` says that there are more.
    """
    return page_of(world_of(request), Asked(tuple(state or ()), authority or "", cause, q), after, limit)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see; empty is everything. `q` is a case number or part of an authority's name."""

    states: Sequence[State] = ()
    authority: str = ""
    cause: str = ""
    q: str = ""


def page_of(world: World, asked: Asked, after: int, limit: int) -> dict[str, Any]:
    """Return a page of deliveries; the command line shows the same."""
    q, authority = asked.q, asked.authority
    number = read_case_number(q) if q else None
    named = _named(world, q) if q and not number else None
    chosen = frozenset({AuthorityKey(authority)}) if authority else None
    wanted = Wanted(
        states=frozenset(asked.states),
        authorities=chosen & named if chosen is not None and named is not None else chosen or named,
        code=asked.cause,
        case_number=number or "",
        below=after,
        limit=limit,
    )
    with world.store.reading() as tx:
        found = tx.insight.deliveries(wanted)
        total = tx.insight.count(wanted, COUNTED + 1)
    following = found[-1].position if len(found) == limit else None
    rows = [delivery_out(world, one) for one in found]
    return {"rows": rows, "next": following, "total": min(total, COUNTED), "capped": total > COUNTED}


def _named(world: World, text: str) -> frozenset[AuthorityKey]:
    words = text.casefold().split()
    return frozenset(
        key
        for edition in world.directory.editions.values()
        for key, one in edition.authorities.items()
        if all(word in f"{key} {one.title} {one.kreis_name}".casefold() for word in words)
    )


@router.get("/deliveries/causes", summary="What stands still, grouped by cause")
def causes(request: Request, _: Reading) -> list[dict[str, Any]]:
    """The most frequent cause first."""
    return causes_of(world_of(request))


def causes_of(world: World) -> list[dict[str, Any]]:
    """Return why deliveries stand still; the command line shows the same."""
    with world.store.reading() as tx:
        found = tx.insight.causes()
    return [
        {
            "code": cause.code,
            "title": codes.EVERY[cause.code].title if cause.code in codes.EVERY else "Von Hand",
            "state": cause.state.value,
            "state_label": TITLES[cause.state],
            "count": cause.count,
            "oldest_at": cause.oldest_at.isoformat(),
            "reason": cause.reason,
            "example": cause.example,
        }
        for cause in found
    ]


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
    if not dry_run and len(message_ids) > TYPED_ABOVE and typed != TYPED:
        reason = f"Für mehr als {TYPED_ABOVE} Übermittlungen bitte das Wort {TYPED} eingeben."
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


def trace_of(world: World, q: str) -> list[dict[str, Any]]:
    """Return everything about the cases that a text may mean; the command line shows the same."""
    with world.store.reading() as tx:
        found = [
            (case, tx.deliveries.of_case(case.id), list(tx.journal.read(subject=case.number)))
            for case in tx.cases.find(q)
        ]
    return [
        {
            "case": _case(world, case),
            "deliveries": [delivery_out(world, one) for one in sent],
            "events": [_event(entry) for entry in entries],
        }
        for case, sent, entries in found
    ]


def _case(world: World, case: Case) -> dict[str, Any]:
    names = (
        "id",
        "number",
        "client",
        "portal_reference",
        "municipality",
        "procedure",
        "authority",
        "option",
        "release",
    )
    moments = ("created_at", "accepted_at", "handed_over_at", "erased_at", "plans_due", "plans_arrived_on")
    shown: dict[str, Any] = {name: getattr(case, name) for name in names}
    shown |= {name: moment.isoformat() if (moment := getattr(case, name)) else None for name in moments}
    return shown | {
        "state": case.state.value,
        "state_label": TITLES[case.state],
        "test": case.test,
        "plans": case.plans.value,
        "posted_plans": case.posted_plans,
        "submitted_on": submitted.isoformat() if (submitted := submitted_on(case)) else None,
        "standing": standing(case),
        "file_reference": case.file_reference,
        "size": case.size,
        "attachments": len(case.parts),
        "authority_name": authority_of(world, case.authority).name,
        "follows": case.follows,
    }


def _event(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "what": entry.act.what,
        "text": meaning(entry.act.what),
        "actor": entry.act.actor,
        "why": entry.act.why,
        "facts": dict(entry.act.facts),
    }
