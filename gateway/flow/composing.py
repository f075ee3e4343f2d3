"""From what the portal announced to the message and its signed manifest: pure functions of stored values (law 3)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gateway.domain.case import Case
from gateway.domain.message import Heading, Party, Stamp
from gateway.domain.participation import Participation
from gateway.flow import announcement as announced
from gateway.flow.announcement import Announcement
from gateway.flow.cases import authority_of, document_identity, party
from gateway.ports import World
from gateway.seal.manifest import Manifest, SealedPart
from gateway.seal.sign import sign
from gateway.xbau.antrag import parse_antrag
from gateway.xbau.compose import compose
from gateway.xbau.release import Release, release

MESSAGE = "part-0000.bin"
"""Name of the sealed part that holds the XBau message."""

MANIFEST = "manifest.bin"
"""Name of the sealed part that holds the signed manifest."""

TEST_TEXT = "Test"
"""Value of the root attribute `test`: its presence means "not production"."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A message ready to be sealed: XBau bytes, signed manifest bytes, the XBau number."""

    number: str
    message: bytes
    manifest: bytes


def compose_application(
    world: World, case: Case, asked: Announcement, participation: Participation, stamp: Stamp
) -> Composed:
    """Return the message that opens a case, valid for the case's release, and its signed manifest.

    Raises:
        CompositionError: the message would not be valid; nothing was stored.
    """
    chosen = release(case.release)
    heading = heading_for(world, case, asked, participation, stamp, chosen)
    message = compose(parse_antrag(asked.procedure, asked.antrag), heading, chosen)
    return Composed(asked.procedure.number, message, sign_manifest(world, case, stamp, message))


def heading_for(
    world: World, case: Case, asked: Announcement, participation: Participation, stamp: Stamp, chosen: Release
) -> Heading:
    """Return everything around the antrag, from stored values."""
    count = len(asked.attachments) + len(asked.posted)
    return Heading(
        stamp=stamp,
        addressee=party(authority_of(world, case.authority)),
        sender=Party(world.policy.sender_identifier, world.policy.sender_name),
        reference=case.reference,
        documents=announced.documents(
            asked,
            [document_identity(case.reference, index) for index in range(count)],
            chosen,
            list_posted=participation.list_posted_plans,
        ),
        test=TEST_TEXT if case.test else None,
        file_reference=case.file_reference or None,
    )


def sign_manifest(world: World, case: Case, stamp: Stamp, message: bytes) -> bytes:
    """Return the signed manifest that binds every part to message id, case, addressee, release and time (law 8)."""
    parts = [SealedPart(MESSAGE, "message", len(message), hashlib.sha256(message).hexdigest(), media_type="text/xml")]
    parts += [
        SealedPart(part.name, "attachment", part.size, part.sha256, document_id=part.document_id) for part in case.parts
    ]
    manifest = Manifest(
        message_id=stamp.message_id,
        case_number=case.number,
        addressee=case.authority,
        route=f"{authority_of(world, case.authority).dvdv_key}/{case.municipality}",
        release=case.release,
        procedure=case.procedure,
        created_at=stamp.at,
        test=case.test,
        parts=tuple(parts),
    )
    now = world.clock.now()
    return sign(manifest, world.keyring.signer(now), now)
