"""The moment of acceptance: compose → validate → sign → seal → commit; what follows it is the queue's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.domain import codes
from gateway.domain.calendar import local_date, plans_deadline
from gateway.domain.case import APPLICATION, FOLLOW_UP, Case, Client, Delivery
from gateway.domain.delivery import PlansState, State, move
from gateway.domain.errors import Fault, SealError, SubmissionError
from gateway.domain.evidence import Event
from gateway.domain.ids import MessageId
from gateway.domain.journal import Act
from gateway.domain.message import Stamp
from gateway.domain.participation import Option, Participation
from gateway.flow import announcement as announced
from gateway.flow import evidence
from gateway.flow.announcement import ANNOUNCEMENT, Announcement
from gateway.flow.cases import content_key, own_case, participation_of, word
from gateway.flow.composing import MANIFEST, MESSAGE, Composed, compose_application
from gateway.ports import Transaction, World
from gateway.seal.cipher import seal, unseal


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything an acceptance will keep, made before the database is asked to keep it."""

    stamp: Stamp
    composed: Composed
    message: bytes
    manifest: bytes


def complete(world: World, client: Client, case_id: str) -> Case:
    """Accept a draft whose attachments are all here: when this returns, message and delivery are durable (law 1).

    Asked again, it returns the same acceptance.

    Raises:
        SubmissionError: ATTACHMENTS_MISSING naming each; STATE_CONFLICT for a withdrawn or expired draft.
    """
    with world.store.reading() as tx:
        case = own_case(tx, client, case_id)
        if case.state is not State.DRAFT:
            return _accepted_before(case)
        octets = tx.cases.get_sealed(case.id, ANNOUNCEMENT)
        participation = participation_of(tx, case.authority, local_date(case.created_at))
        opener = tx.cases.get(case.follows) if case.follows else None
    if opener is not None:  # the Aktenzeichen may have come since the announcement
        case = replace(case, file_reference=opener.file_reference)
    _require_all(world, case)
    if octets is None:
        raise SealError(codes.KEY_ERASED, "Die Ankündigung dieses Vorgangs ist nicht mehr da.")
    key = content_key(world, case)
    ready = prepare(world, case, announced.from_bytes(unseal(octets, key)), participation, key)
    with world.store.writing() as tx:
        case = own_case(tx, client, case_id)
        if case.state is not State.DRAFT:
            return _accepted_before(case)
        accepted = accept(world, case)
        tx.cases.save(accepted)
        keep(world, tx, client, accepted, ready)
    return accepted


def prepare(world: World, case: Case, asked: Announcement, participation: Participation, key: bytes) -> Ready:
    """Return the composed, signed and sealed message of a draft; the stamp in it is minted here, once (law 3)."""
    stamp = Stamp(MessageId(str(world.chance.uuid())), world.clock.now().replace(microsecond=0))
    composed = compose_application(world, case, asked, participation, stamp)
    return Ready(
        stamp,
        composed,
        seal(composed.message, key, world.chance.octets(12)),
        seal(composed.manifest, key, world.chance.octets(12)),
    )


def keep(world: World, tx: Transaction, client: Client, accepted: Case, ready: Ready) -> tuple[Delivery, Event]:
    """Keep the message, its delivery and the signed receipt of a case that is accepted in this transaction."""
    composed, stamp = ready.composed, ready.stamp
    tx.cases.put_sealed(accepted.id, MESSAGE, ready.message)
    tx.cases.put_sealed(accepted.id, MANIFEST, ready.manifest)
    delivery = _delivery(world, accepted, composed, stamp)
    tx.deliveries.add(delivery)
    entry = tx.journal.append(_act(client, accepted, composed, stamp))
    receipt = evidence.accepted(world, tx, accepted, entry, stamp.message_id, composed.message, composed.manifest)
    return delivery, receipt


def _accepted_before(case: Case) -> Case:
    if case.accepted_at is None:
        raise SubmissionError(codes.STATE_CONFLICT, "Der Entwurf ist zurückgezogen oder verfallen.")
    return case


def _require_all(world: World, case: Case) -> None:
    """Raise ATTACHMENTS_MISSING with a fault for each attachment that has not arrived.

    A part becomes visible in the vault only after its size, digest and PDF gate were right.
    """
    faults = [
        Fault(codes.ATTACHMENTS_MISSING, f"/attachments/{part.index}", "Diese Anlage ist noch nicht hochgeladen.")
        for part in case.parts
        if not world.vault.exists(case.id, part.name)
    ]
    if faults:
        reason = f"{len(faults)} von {len(case.parts)} Anlagen fehlen noch."
        raise SubmissionError(codes.ATTACHMENTS_MISSING, reason, "Bitte hochladen und erneut abschließen.", faults)


def accept(world: World, case: Case) -> Case:
    """Return a draft as accepted now; for option 2 the clock of the plans begins."""
    now = world.clock.now()
    accepted = replace(case, state=move(case.state, State.ACCEPTED), accepted_at=now)
    if case.option == Option.WITHOUT_PLANS and not case.follows:
        today = local_date(now)
        due = plans_deadline(today, world.holidays(today.year, today.year + 1))
        return replace(accepted, plans=PlansState.EXPECTED, plans_due=due)
    return accepted


def _delivery(world: World, case: Case, composed: Composed, stamp: Stamp) -> Delivery:
    return Delivery(
        message_id=stamp.message_id,
        case_id=case.id,
        case_number=case.number,
        authority=case.authority,
        kind=FOLLOW_UP if case.follows else APPLICATION,
        number=composed.number,
        release=case.release,
        stamped_at=stamp.at,
        size=case.size + len(composed.message),
        test=case.test,
        state=State.ACCEPTED,
        next_at=world.clock.now(),
    )


def _act(client: Client, case: Case, composed: Composed, stamp: Stamp) -> Act:
    facts = {"message_id": stamp.message_id, "number": composed.number, "release": case.release, "bytes": case.size}
    return Act(f"portal:{client.name}", word(case, "accepted"), case.number, facts=facts)
