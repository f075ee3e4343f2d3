"""The portal API: who is responsible, announce, upload, complete, follow, withdraw."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from gateway.api import at_once, views
from gateway.api.at_once import arrival, enclosed
from gateway.api.auth import caller, identified
from gateway.api.bodies import read_body, read_json, shaped
from gateway.api.idempotent import key_of, one_at_a_time
from gateway.api.shapes import (
    Ags,
    AnnouncementIn,
    ParticipationOut,
    ReceivedOut,
    SubmissionOut,
    TimelineOut,
    WithdrawalIn,
)
from gateway.domain import codes, limits
from gateway.domain.authority import edition_on
from gateway.domain.calendar import local_date
from gateway.domain.case import Case, Client
from gateway.domain.errors import SubmissionError
from gateway.domain.participation import in_force
from gateway.domain.procedure import Procedure
from gateway.domain.tokens import READ, SUBMIT
from gateway.edges.arrival import Arrival, receive
from gateway.flow import acceptance, intake, scanning
from gateway.flow.at_once import Call
from gateway.flow.cases import own_case
from gateway.flow.intake import Slot
from gateway.ports import World
from gateway.routing import responsible

router = APIRouter(prefix="/v1")

Submitter = Annotated[Client, Depends(caller(SUBMIT))]
Reader = Annotated[Client, Depends(caller(READ))]


def _json_body(shape: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{shape}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


@router.get("/responsibility", summary="Who is responsible, and how that authority takes part")
def responsibility(
    request: Request,
    _: Reader,
    municipality: Annotated[Ags, Query()],
    procedure: Annotated[Procedure | None, Query()] = None,
) -> ParticipationOut:
    """Ask this before anything is uploaded."""
    world = _world(request)
    today = local_date(world.clock.now())
    with world.store.reading() as tx:
        plan = tx.registry.edition_plan()
        authority = responsible(plan, world.directory.editions, municipality, today)
        taking_part = in_force(tx.registry.history(authority.key), today)
    return views.participation_out(
        authority, taking_part, municipality=municipality, edition=edition_on(plan, today), procedure=procedure
    )


@router.get("/authorities", summary="All authorities and how they take part today")
def authorities(request: Request, _: Reader) -> list[ParticipationOut]:
    """Return the edition in force, ordered by key."""
    world = _world(request)
    today = local_date(world.clock.now())
    with world.store.reading() as tx:
        edition = world.directory.editions[edition_on(tx.registry.edition_plan(), today)]
        taking_part = tx.registry.all_in_force(today)
    return [
        views.participation_out(authority, taking_part.get(key), municipality="", edition=edition.name, procedure=None)
        for key, authority in sorted(edition.authorities.items())
    ]


@router.post(
    "/submissions",
    status_code=201,
    response_model=SubmissionOut,
    summary="Announce a submission",
    openapi_extra=_json_body("AnnouncementIn"),
)
async def announce(request: Request) -> Response:
    """Check everything that can be checked before an upload, and open the slots for the attachments.

    If every attachment brings its content along, nothing is left to upload: the submission is accepted by this call.
    """
    octets = await read_body(request, limits.ANNOUNCEMENT_BYTES)
    return await run_in_threadpool(_announce, request, octets)


def _announce(request: Request, octets: bytes) -> Response:
    client, key, world = identified(request, SUBMIT), key_of(request), _world(request)
    with one_at_a_time(request, client, key):
        shape = shaped(AnnouncementIn, read_json(octets))
        asked, files, digest = shape.announcement(), enclosed(shape), hashlib.sha256(octets).hexdigest()
        if files is not None:
            found, replayed = at_once.submit(request, Call(client, key, digest, asked, files))
        else:
            case, replayed = intake.announce(world, client, asked, key, digest)
            found = _view(world, case) if replayed else views.submission_out(world, case, ())
    headers = {"Location": f"/v1/submissions/{found.id}"}
    return _answer(found, 201, headers | {"Idempotent-Replayed": "true"} if replayed else headers)


@router.put(
    "/submissions/{submission_id}/attachments/{index}",
    response_model=ReceivedOut,
    summary="Upload one attachment as a raw body",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(request: Request, submission_id: str, index: int) -> Response:
    """Hash, check and seal the bytes as they arrive; an upload may be repeated until the submission is completed."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in ("application/pdf", "application/octet-stream"):
        raise SubmissionError(codes.CONTENT_TYPE, "Eine Anlage muss als application/pdf gesendet werden.")
    slot = await run_in_threadpool(_slot, request, submission_id, index)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) != slot.part.size:
        raise SubmissionError(
            codes.SIZE_MISMATCH, f"Angekündigt sind {slot.part.size} Byte, gesendet werden {declared} Byte."
        )

    def begin() -> Arrival:
        return arrival(request, slot.case, slot.part, slot.key, slot.nonce)

    try:
        body = request.app.state.precedence.behind(request.stream())
        arrived = await receive(body, begin, request.app.state.pool)
    except SubmissionError as error:
        await run_in_threadpool(scanning.note, _world(request), slot.case.client, slot.part, error, slot.case.number)
        raise
    return _answer(ReceivedOut(index=index, size=arrived.size, sha256=arrived.sha256))


def _slot(request: Request, submission_id: str, index: int) -> Slot:
    return intake.slot(_world(request), identified(request, SUBMIT), submission_id, index)


@router.post(
    "/submissions/{submission_id}/complete",
    status_code=201,
    response_model=SubmissionOut,
    summary="Complete a submission",
)
def complete(request: Request, submission_id: str) -> Response:
    """Accept the submission: when this answers, it is durable and its delivery has begun. May be repeated."""
    world = _world(request)
    case = acceptance.complete(world, identified(request, SUBMIT), submission_id)
    with world.store.reading() as tx:
        receipt = tx.evidence.receipt(case.id)
        found = views.submission_out(world, case, tx.deliveries.of_case(case.id))
    return _answer(found.model_copy(update={"receipt": receipt.jws or None if receipt else None}), 201)


@router.post(
    "/submissions/{submission_id}/withdraw",
    response_model=SubmissionOut,
    summary="Withdraw a submission that the authority does not have yet",
    openapi_extra=_json_body("WithdrawalIn"),
)
async def withdraw(request: Request, submission_id: str, client: Submitter) -> SubmissionOut:
    """Nothing of it is delivered afterwards; its content is erased."""
    given = shaped(WithdrawalIn, read_json(await read_body(request, 10_000)))
    world = _world(request)
    case = await run_in_threadpool(intake.withdraw, world, client, submission_id, given.reason)
    return await run_in_threadpool(_view, world, case)


@router.get("/submissions/{submission_id}", response_model=SubmissionOut, summary="Where a submission stands")
def status(request: Request, submission_id: str, client: Reader) -> Response:
    """Return its state, and in one sentence why it waits, for whom, and what happens next."""
    world = _world(request)
    with world.store.reading() as tx:
        case = own_case(tx, client, submission_id)
        deliveries = tx.deliveries.of_case(case.id)
    return _answer(views.submission_out(world, case, deliveries))


@router.get("/submissions/{submission_id}/timeline", summary="What happened to a submission")
def timeline(
    request: Request,
    submission_id: str,
    client: Reader,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> TimelineOut:
    """Return events after a cursor, oldest first."""
    world = _world(request)
    with world.store.reading() as tx:
        case = own_case(tx, client, submission_id)
        entries = list(tx.journal.read(after=after, limit=limit, subject=case.number))
    events = [event for entry in entries if (event := views.event_out(entry)) is not None]
    return TimelineOut(events=events, next=entries[-1].number if entries else after)


def _view(world: World, case: Case) -> SubmissionOut:
    with world.store.reading() as tx:
        deliveries = tx.deliveries.of_case(case.id)
    return views.submission_out(world, case, deliveries)


def _answer(found: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a shape as the answer: it was checked when it was made, so FastAPI need not check it once more."""
    return Response(found.model_dump_json(), status, headers, "application/json")
