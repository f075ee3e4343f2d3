"""Files on their way in, and the small submission that brings its files along."""

from __future__ import annotations

import binascii

from fastapi import Request

from gateway.api import views
from gateway.api.shapes import AnnouncementIn, EnclosedIn, SubmissionOut
from gateway.domain import codes, limits
from gateway.domain.case import Case, Part
from gateway.domain.errors import Fault, SubmissionError
from gateway.edges.arrival import Arrival
from gateway.flow import at_once, scanning
from gateway.flow.at_once import Accepted, Call
from gateway.flow.intake import refusal, require_room
from gateway.ports import World
from gateway.seal.cipher import SealingPass


def arrival(request: Request, case: Case, part: Part, key: bytes, nonce: bytes) -> Arrival:
    """Begin to receive one file of a case: hashed, watched by the PDF gate and sealed in one pass."""
    world: World = request.app.state.world
    return Arrival(
        world.vault.create(case.id, part.name),
        SealingPass(key, nonce),
        request.app.state.gate.feed(),
        part.size,
        part.sha256,
        limits.ATTACHMENT_BYTES,
    )


def enclosed(asked: AnnouncementIn) -> list[bytes] | None:
    """Return the files that came along, in order; None if there are none and they are to be uploaded.

    Raises:
        SubmissionError: FAULTS where one is missing beside others, or is no base64.
    """
    if all(entry.content is None for entry in asked.attachments):
        return None
    files, faults = [], []
    for index, entry in enumerate(asked.attachments):
        file = _decoded(entry)
        if isinstance(file, str):
            faults.append(Fault(codes.FIELD_INVALID, f"/attachments/{index}/content", file))
        else:
            files.append(file)
    if faults:
        raise refusal(faults)
    return files


def _decoded(entry: EnclosedIn) -> bytes | str:
    """Return the file, or what is wrong with it."""
    if entry.content is None:
        return "Entweder bringen alle Anlagen ihren Inhalt mit oder keine."
    try:
        return binascii.a2b_base64(entry.content, strict_mode=True)
    except ValueError:
        return "Der Inhalt ist kein Base64 (mit Füllzeichen, ohne Umbrüche)."


def submit(request: Request, call: Call) -> tuple[SubmissionOut, bool]:
    """Accept a submission with its files; True beside it if this very call was answered before."""
    world: World = request.app.state.world

    def receive(case: Case, part: Part, key: bytes, file: bytes) -> None:
        arriving = arrival(request, case, part, key, world.chance.octets(12))
        try:
            arriving.feed(file)
            arriving.finish()
        except SubmissionError as error:
            scanning.note(world, call.client.name, part, error)
            raise

    require_room(world, sum(map(len, call.files)))
    found = at_once.submit(world, call, receive)
    if isinstance(found, Accepted):
        view = views.submission_out(world, found.case, [found.delivery])
        return view.model_copy(update={"receipt": found.receipt or None}), False
    with world.store.reading() as tx:
        receipt = tx.evidence.receipt(found.id)
        view = views.submission_out(world, found, tx.deliveries.of_case(found.id))
    return view.model_copy(update={"receipt": receipt.jws or None if receipt else None}), True
