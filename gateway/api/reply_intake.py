"""The way in for authorities by plain HTTPS: one request with the message and its attachments."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from gateway.api.auth import caller
from gateway.api.reply_form import ReplyForm
from gateway.api.shapes import Shape
from gateway.domain import codes
from gateway.domain.case import Client
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.reply import Proof, Reply
from gateway.flow.receiving import Arriving, Origin
from gateway.flow.replies_kept import existing
from gateway.ports import World

REPLY = "reply"
"""The scope of a token that belongs to an authority; its name is `authority-` and the authority's key."""

NAME = "authority-"
VIA = "http"
BATCH = 1 << 20

router = APIRouter(prefix="/authority/v1")

Authority = Annotated[Client, Depends(caller(REPLY))]


class TakenOut(Shape):
    """A reply that was taken durably. `status` is `matched`, `quarantined` (a person looks) or `refused` (see 1100)."""

    id: str
    message_id: str
    number: str
    status: str
    code: str
    reason: str


@router.post(
    "/replies",
    status_code=201,
    response_model=TakenOut,
    summary="Hand in a reply: field `message`, and one file field per attachment, named by its dokumentid",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["message"],
                        "properties": {"message": {"type": "string", "format": "binary"}},
                        "additionalProperties": {"type": "string", "format": "binary"},
                    }
                }
            },
        }
    },
)
async def hand_in(request: Request, client: Authority) -> TakenOut:
    """Seal the files as they arrive; when this answers, the reply is durable. The same message again is taken once."""
    world: World = request.app.state.world
    key = AuthorityKey(client.name.removeprefix(NAME))
    if not client.name.startswith(NAME) or not key.isdecimal():
        raise SubmissionError(codes.SCOPE_MISSING, "Dieses Zugangstoken gehört keiner Behörde.")
    identity = request.headers.get("idempotency-key", "")[:200] or str(world.chance.uuid())
    origin = Origin(frozenset({key}), VIA, Proof.TOKEN, f"{VIA}:{identity}", {"authority": key})
    arriving = Arriving(world, origin)
    try:
        await _read(request, ReplyForm(arriving, request.headers.get("content-type", "")))
        reply = await run_in_threadpool(_commit, world, arriving)
    finally:
        await run_in_threadpool(arriving.abort)
    return TakenOut(
        id=reply.id,
        message_id=reply.message_id,
        number=reply.number,
        status=reply.state.value,
        code=reply.code,
        reason=reply.reason,
    )


async def _read(request: Request, form: ReplyForm) -> None:
    """Feed the body in batches, each in a thread: sealing and storing are not the event loop's work."""
    batch = bytearray()
    try:
        async for chunk in request.stream():
            batch += chunk
            if len(batch) >= BATCH:
                await run_in_threadpool(form.feed, bytes(batch))
                batch.clear()
    except ClientDisconnect as error:
        raise SubmissionError(codes.BODY_UNREADABLE, "Die Verbindung brach ab; es wurde nichts übernommen.") from error
    if batch:
        await run_in_threadpool(form.feed, bytes(batch))
    await run_in_threadpool(form.finish)


def _commit(world: World, arriving: Arriving) -> Reply:
    return existing(world, arriving.commit())
