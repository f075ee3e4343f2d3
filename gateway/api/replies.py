"""The portal API for what authorities send back: list with a cursor, read, stream attachments, acknowledge."""

from __future__ import annotations

import base64
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from gateway.api import reply_views
from gateway.api.auth import caller
from gateway.api.reply_shapes import RepliesOut, ReplyDetailOut, ReplyOut
from gateway.domain.case import Client
from gateway.domain.tokens import READ, SUBMIT
from gateway.flow import reading
from gateway.flow.replies_kept import message_of
from gateway.ports import World

router = APIRouter(prefix="/v1")

Reader = Annotated[Client, Depends(caller(READ))]
Submitter = Annotated[Client, Depends(caller(SUBMIT))]

_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


@router.get("/replies", summary="Replies of authorities after a cursor")
def replies(
    request: Request,
    client: Reader,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> RepliesOut:
    """Return them in the order in which they became readable; whoever goes on with `next` misses none."""
    world = _world(request)
    found = reading.own_replies(world, client, after, limit)
    return RepliesOut(
        replies=[reply_views.reply_out(world, reply) for reply in found], next=found[-1].cursor if found else after
    )


@router.get("/replies/{reply_id}", summary="One reply and what it says")
def reply(request: Request, response: Response, reply_id: str, client: Reader) -> ReplyDetailOut:
    """Return its facts, the same for every XBau release, and its documents."""
    world = _world(request)
    response.headers.update(_PRIVATE)
    return reply_views.detail_out(world, reading.own_reply(world, client, reply_id))


@router.get(
    "/replies/{reply_id}/message",
    summary="The XBau message of a reply, as the authority sent it",
    response_class=Response,
    responses={200: {"content": {"application/xml": {}}}},
)
def message(request: Request, reply_id: str, client: Reader) -> Response:
    """Return its bytes unchanged."""
    world = _world(request)
    octets = message_of(world, reading.own_reply(world, client, reply_id))
    return Response(octets, media_type="application/xml", headers=_PRIVATE)


@router.get(
    "/replies/{reply_id}/attachments/{index}",
    summary="One attachment of a reply, as a stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def attachment(request: Request, reply_id: str, index: int, client: Reader) -> StreamingResponse:
    """Decrypt on the fly; if a stored byte has changed, the connection is cut before the last piece."""
    world = _world(request)
    found = reading.own_reply(world, client, reply_id)
    part, pieces = reading.attachment(world, found, index)
    name = reply_views.file_name_of(world, found, index)
    digest = base64.b64encode(bytes.fromhex(part.sha256)).decode("ascii")
    headers = _PRIVATE | {
        "Content-Length": str(part.size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Repr-Digest": f"sha-256=:{digest}:",
    }
    return StreamingResponse(pieces, media_type=part.media_type, headers=headers)


@router.post("/replies/{reply_id}/acknowledge", summary="Say that a reply has been taken over; its content is erased")
def acknowledge(request: Request, reply_id: str, client: Submitter) -> ReplyOut:
    """May be repeated."""
    world = _world(request)
    return reply_views.reply_out(world, reading.acknowledge(world, client, reply_id))
