"""The portal's messages about a running case: announce one, then upload and complete it like any submission."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from gateway.api import views
from gateway.api.auth import caller
from gateway.api.bodies import read_body, read_json, shaped
from gateway.api.idempotent import key_of, one_at_a_time
from gateway.api.shapes import AttachmentIn, Shape, SubmissionOut
from gateway.domain import limits
from gateway.domain.case import Client
from gateway.domain.tokens import READ, SUBMIT
from gateway.flow import followup
from gateway.flow.followup import Followup
from gateway.ports import World

router = APIRouter(prefix="/v1")

Submitter = Annotated[Client, Depends(caller(SUBMIT))]
Reader = Annotated[Client, Depends(caller(READ))]


class MessageIn(Shape):
    """A message about a running case: 0202 changes the application, 1130 withdraws it, 1142 is a letter.

    `nachricht` speaks XBau in snake_case, as `antrag` does; what it says of the case itself (`bezug`) is filled in.
    """

    number: Literal["0202", "1130", "1142"]
    nachricht: dict[str, Any]
    attachments: Annotated[list[AttachmentIn], Field(max_length=5000, default_factory=list)]

    def followup(self) -> Followup:
        """Return the value the flow works with."""
        return Followup(self.number, self.nachricht, tuple(entry.attached() for entry in self.attachments))


@router.post(
    "/submissions/{submission_id}/messages",
    status_code=201,
    response_model=SubmissionOut,
    summary="Announce a message about a running case",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MessageIn"}}},
        }
    },
)
async def announce(request: Request, response: Response, submission_id: str, client: Submitter) -> SubmissionOut:
    """Check it against the authority's release and open the slots; upload and complete it by its own id."""
    key = key_of(request)
    octets = await read_body(request, limits.ANNOUNCEMENT_BYTES)
    world: World = request.app.state.world
    with one_at_a_time(request, client, key):
        found, replayed = await run_in_threadpool(_announce, world, client, submission_id, key, octets)
    response.headers["Location"] = f"/v1/submissions/{found.id}"
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return found


@router.get("/submissions/{submission_id}/messages", summary="What followed a submission")
def messages(request: Request, submission_id: str, client: Reader) -> list[SubmissionOut]:
    """Return the messages that the portal sent about a case later, oldest first."""
    world: World = request.app.state.world
    with world.store.reading() as tx:
        found = [(case, tx.deliveries.of_case(case.id)) for case in followup.messages_of(tx, client, submission_id)]
    return [views.submission_out(world, case, deliveries) for case, deliveries in found]


def _announce(world: World, client: Client, submission_id: str, key: str, octets: bytes) -> tuple[SubmissionOut, bool]:
    """Announce; the case is part of what a key stands for, so that it cannot be used again for another one."""
    asked = shaped(MessageIn, read_json(octets)).followup()
    digest = hashlib.sha256(f"messages {submission_id}\n".encode() + octets).hexdigest()
    case, replayed = followup.announce(world, client, submission_id, asked, key, digest)
    with world.store.reading() as tx:
        deliveries = tx.deliveries.of_case(case.id)
    return views.submission_out(world, case, deliveries), replayed
