"""The gateway's own 1100: a faulty message goes back to the authority that sent it, by the way it receives everything.

It is a delivery like any other (a case row of its own, without attachments, that follows what it answers), so leases,
repeats, sealing and signing hold for it too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from gateway.domain import limits
from gateway.domain.calendar import local_date
from gateway.domain.case import Case, Delivery
from gateway.domain.delivery import State
from gateway.domain.ids import MessageId, case_number
from gateway.domain.journal import Act
from gateway.domain.message import Heading, Party, Stamp
from gateway.domain.participation import Phase, in_force
from gateway.domain.reply import ANSWERING, ITSELF, REJECTION
from gateway.flow.cases import authority_of, party
from gateway.flow.composing import MANIFEST, MESSAGE, TEST_TEXT, sign_manifest
from gateway.flow.judging import Judged, release_for
from gateway.flow.replies_arrived import Arrived
from gateway.ports import Transaction, World
from gateway.seal.cipher import seal
from gateway.seal.wrap import wrap
from gateway.xbau.reject import compose_rejection
from gateway.xbau.release import release


@dataclass(frozen=True, slots=True)
class Rejecting:
    """A 1100 that is composed, signed and sealed, and waits to be stored."""

    case: Case
    delivery: Delivery
    message: bytes
    manifest: bytes


def prepare(world: World, arrived: Arrived, judged: Judged) -> Rejecting:
    """Return the 1100 that answers a faulty message, in its sender's release.

    Raises:
        CompositionError: it is a 1100 itself, and is never answered so.
    """
    now = world.clock.now()
    with world.store.reading() as tx:
        participation = in_force(tx.registry.history(judged.authority), local_date(now))
    test = judged.test or (participation is not None and participation.phase is Phase.TEST)
    chosen = release(release_for(judged, participation))
    stamp = Stamp(MessageId(str(world.chance.uuid())), now.replace(microsecond=0))
    heading = Heading(
        stamp=stamp,
        addressee=party(authority_of(world, judged.authority)),
        sender=Party(world.policy.sender_identifier, world.policy.sender_name),
        reference=world.chance.uuid(),
        test=TEST_TEXT if test else None,
    )
    meant = MessageId(judged.message_id) if judged.message_id else None
    octets = compose_rejection(arrived.message, judged.grounds, heading, chosen, meant)
    key = world.chance.octets(32)
    case = replace(
        _row(world, arrived, judged, chosen.name, test),
        wrapped_key=wrap(key, world.keyring.wrapping_certificate(now), purpose_at=now),
    )
    signed = sign_manifest(world, case, stamp, octets)
    return Rejecting(
        case,
        _delivery(case, stamp, len(octets)),
        seal(octets, key, world.chance.octets(12)),
        seal(signed, key, world.chance.octets(12)),
    )


def store(tx: Transaction, rejecting: Rejecting, reply_id: str) -> None:
    """Put a prepared 1100 into the queue, in the transaction that notes the faulty message."""
    case, delivery = rejecting.case, rejecting.delivery
    tx.cases.add(case)
    tx.cases.put_sealed(case.id, MESSAGE, rejecting.message)
    tx.cases.put_sealed(case.id, MANIFEST, rejecting.manifest)
    tx.deliveries.add(delivery)
    facts = {"reply_id": reply_id, "message_id": delivery.message_id, "release": delivery.release, "number": "1100"}
    tx.journal.append(Act("gateway", "rejection.queued", case.number, facts=facts))


def _row(world: World, arrived: Arrived, judged: Judged, release_name: str, test: bool) -> Case:
    now = world.clock.now()
    return Case(
        id=str(world.chance.uuid()),
        number=case_number(now.year, world.chance.uuid()),
        client=ITSELF,
        portal_reference="",
        municipality="",
        procedure=ANSWERING,
        authority=judged.authority,
        option="",
        release=release_name,
        test=test,
        reference=world.chance.uuid(),
        state=State.ACCEPTED,
        created_at=now,
        expires_at=now + timedelta(hours=limits.DRAFT_HOURS),
        parts=(),
        wrapped_key=None,
        accepted_at=now,
        follows=arrived.id,
    )


def _delivery(case: Case, stamp: Stamp, size: int) -> Delivery:
    return Delivery(
        message_id=stamp.message_id,
        case_id=case.id,
        case_number=case.number,
        authority=case.authority,
        kind=REJECTION,
        number="1100",
        release=case.release,
        stamped_at=stamp.at,
        size=size,
        test=case.test,
        state=State.ACCEPTED,
        next_at=case.created_at,
    )
