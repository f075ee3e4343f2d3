"""From what the portal announced to the message and its signed manifest: pure functions of stored values (law 3)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gateway.domain.case import Case
from gateway.domain.errors import Fault, SubmissionError
from gateway.domain.message import Heading, Party, Stamp
from gateway.domain.participation import Participation
from gateway.flow import announcement as announced
from gateway.flow.announcement import Announcement
from gateway.flow.cases import authority_of, document_identities, party
from gateway.ports import Policy, World
from gateway.seal.manifest import Manifest, SealedPart
from gateway.seal.sign import sign
from gateway.xbau.antrag import Followup, parse_antrag, parse_followup
from gateway.xbau.compose import compose, compose_followup, faults_for, followup_faults
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
    """Return the message of a submission, valid for the case's release, and its signed manifest.

    Raises:
        CompositionError: the message would not be valid; nothing was stored.
    """
    chosen = release(case.release)
    heading = heading_for(world, case, asked, participation, stamp, chosen)
    if case.follows:
        followup = read_followup(asked)
        number, message = followup.number, compose_followup(followup, heading, chosen)
    else:
        number = asked.procedure.number
        message = compose(parse_antrag(asked.procedure, asked.antrag), heading, chosen)
    return Composed(number, message, sign_manifest(world, case, stamp, message))


def message_faults(asked: Announcement, heading: Heading, chosen: Release, *, following: bool) -> list[Fault]:
    """Return why what was announced cannot become a message of a release, all at once; none means that it can."""
    try:
        if following:
            return followup_faults(read_followup(asked), heading, chosen)
        return faults_for(parse_antrag(asked.procedure, asked.antrag), heading, chosen)
    except SubmissionError as error:
        return list(error.faults) or [Fault(error.code, "/number", error.reason)]


def read_followup(asked: Announcement) -> Followup:
    """Return the message about a running case that an announcement holds in place of an `antrag`."""
    return parse_followup(str(asked.antrag["number"]), asked.antrag["nachricht"])


def sender(policy: Policy) -> Party:
    """Return ourselves as author of messages."""
    return Party(
        policy.sender_identifier,
        policy.sender_name,
        street=policy.sender_street,
        number=policy.sender_number,
        postcode=policy.sender_postcode,
        town=policy.sender_town,
        email=policy.sender_email,
    )


def heading_for(
    world: World, case: Case, asked: Announcement, participation: Participation, stamp: Stamp, chosen: Release
) -> Heading:
    """Return everything around the antrag, from stored values."""
    count = len(asked.attachments) + len(asked.posted)
    return Heading(
        stamp=stamp,
        addressee=party(authority_of(world, case.authority)),
        sender=sender(world.policy),
        reference=case.reference,
        documents=announced.documents(
            asked,
            document_identities(case, count),
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
