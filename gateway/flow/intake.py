"""From announcement to the arrival of the last attachment: route → check → draft → slots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gateway.domain import codes, limits
from gateway.domain.calendar import local_date
from gateway.domain.case import Answered, Case, Client, Part
from gateway.domain.delivery import State
from gateway.domain.errors import Fault, SubmissionError
from gateway.domain.ids import MessageId, case_number, document_id
from gateway.domain.journal import Act
from gateway.domain.message import Heading, Stamp
from gateway.flow import announcement as announced
from gateway.flow import operate
from gateway.flow.announcement import ANNOUNCEMENT, OVERVIEW_KIND, Announcement
from gateway.flow.cases import content_key, document_identity, document_root, own_case, party, word
from gateway.flow.composing import message_faults, sender
from gateway.ports import Transaction, World
from gateway.routing import Route, route
from gateway.seal.cipher import seal
from gateway.seal.wrap import wrap
from gateway.xbau.release import release


@dataclass(frozen=True, slots=True)
class Slot:
    """What the arrival of one attachment needs: where it belongs, and the key it is sealed with."""

    case: Case
    part: Part
    key: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A new case and its sealed announcement, not yet kept."""

    case: Case
    sealed: bytes
    key: bytes


def find_route(world: World, tx: Transaction, asked: Announcement) -> Route:
    """Return who is responsible today and how it takes part, or raise why the portal cannot submit there."""
    return route(
        tx.registry.edition_plan(),
        world.directory.editions,
        tx.registry.history,
        asked.municipality,
        asked.procedure,
        local_date(world.clock.now()),
        test=asked.test,
    )


def announce(world: World, client: Client, asked: Announcement, key: str, body_sha256: str) -> tuple[Case, bool]:
    """Open a draft for an announced submission; True beside it if this very call was answered before.

    Nothing is uploaded before everything that can be known now has been checked: route, limits, the procedure's
    fields, and whether the authority's release can express them.

    Raises:
        SubmissionError: FAULTS naming everything at once; IDEMPOTENCY_MISMATCH for a reused key.
        RoutingError: nobody responsible, or not taking part this way.
    """
    with world.store.reading() as tx:
        before = answered(tx, client, key, body_sha256)
        if before is not None:
            return before, True
        found = find_route(world, tx, asked)
    check(world, asked, found)
    return keep(world, client, draft(world, client, asked, found), key, body_sha256)


def keep(world: World, client: Client, drafted: Draft, key: str, body_sha256: str) -> tuple[Case, bool]:
    """Keep a draft, unless the same call was answered meanwhile; True beside the case if it was."""
    case = drafted.case
    with world.store.writing() as tx:
        before = answered(tx, client, key, body_sha256)
        if before is not None:
            return before, True
        while not case.follows and tx.cases.by_number(case.number) is not None:
            case = replace(case, number=case_number(case.created_at.year, world.chance.uuid()))
        note(tx, client, replace(drafted, case=case), key, body_sha256)
    return case, False


def note(tx: Transaction, client: Client, drafted: Draft, key: str, body_sha256: str) -> None:
    """Keep a new case, what was announced, and what the call with this key was answered."""
    case = drafted.case
    tx.cases.add(case)
    tx.cases.put_sealed(case.id, ANNOUNCEMENT, drafted.sealed)
    tx.idempotency.put(client.name, key, Answered(body_sha256, case.id), case.created_at)
    tx.journal.append(_announced(client, case))


def check(world: World, asked: Announcement, found: Route) -> None:
    """Raise FAULTS with every reason why this announcement cannot become a message for that authority."""
    faults = faults_of(world, asked, found)
    if faults:
        raise refusal(faults)


def faults_of(world: World, asked: Announcement, found: Route, opener: Case | None = None) -> list[Fault]:
    """Return every reason why an announcement cannot become a message on that route, each place once.

    A message about the running case of `opener` needs no attachment.
    """
    taking_part = found.participation
    faults = announced.limit_faults(asked, taking_part.option, taking_part.size_limit)
    if opener is not None:
        faults = [fault for fault in faults if fault.code is not codes.ATTACHMENTS_MISSING]
    heading = _heading_before_stamp(world, asked, found, opener)
    written = message_faults(asked, heading, release(taking_part.release), following=opener is not None)
    faults += [_as_announced(fault, len(asked.attachments)) for fault in written]
    return list({(fault.code, fault.pointer): fault for fault in reversed(faults)}.values())[::-1]


def refusal(faults: list[Fault]) -> SubmissionError:
    """Return the refusal that names all faults."""
    return SubmissionError(codes.FAULTS, _count(faults), "Bitte alle genannten Stellen berichtigen.", faults)


_ANNOUNCED_AS = {"title": "bezeichnung", "kind": "anlageart", "date": "datum", "version": "versionsnummer"}


def _as_announced(fault: Fault, attached: int) -> Fault:
    """Return a fault of the message's documents with the pointer of the announcement that caused it."""
    _, first, *rest = fault.pointer.split("/")
    if first != "attachments" or not rest or not rest[0].isdecimal():
        return fault
    index, steps = int(rest[0]), [_ANNOUNCED_AS.get(step, step) for step in rest[1:]]
    place = ["attachments", str(index)] if index < attached else ["posted_plans", str(index - attached)]
    return replace(fault, pointer="/" + "/".join([*place, *steps]))


def _count(faults: list[Fault]) -> str:
    return "Die Einreichung hat einen Fehler." if len(faults) == 1 else f"Die Einreichung hat {len(faults)} Fehler."


def slot(world: World, client: Client, case_id: str, index: int) -> Slot:
    """Return where attachment `index` (from 0) of a draft belongs; an upload may be repeated while it is a draft."""
    with world.store.reading() as tx:
        case = own_case(tx, client, case_id)
    if case.state is not State.DRAFT:
        raise SubmissionError(codes.STATE_CONFLICT, "Die Einreichung ist abgeschlossen; Anlagen sind unveränderlich.")
    if not 0 <= index < len(case.parts):
        raise SubmissionError(codes.NOT_FOUND, f"Diese Einreichung hat {len(case.parts)} Anlagen, gezählt ab 0.")
    require_room(world, case.parts[index].size)
    return Slot(case, case.parts[index], content_key(world, case), world.chance.octets(12))


def require_room(world: World, size: int) -> None:
    """Raise STORAGE_FULL unless the vault takes so many bytes and keeps its reserve; some vaults know no end."""
    free = world.vault.free_bytes()
    if free is not None and free < world.policy.disk_reserve + size:
        raise SubmissionError(codes.STORAGE_FULL, "Der Speicher ist voll; bitte später erneut senden.")


def withdraw(world: World, client: Client, case_id: str, why: str) -> Case:
    """Take a submission back before the authority has it; nothing of it is delivered afterwards.

    Raises:
        SubmissionError: STATE_CONFLICT while it is under way or once the authority has it.
    """
    with world.store.reading() as tx:
        case = own_case(tx, client, case_id)
    if case.state is not State.WITHDRAWN:
        operate.withdraw(world, case.id, f"portal:{client.name}", why)
        case = replace(case, state=State.WITHDRAWN, wrapped_key=None)
    return case


def answered(tx: Transaction, client: Client, key: str, body_sha256: str) -> Case | None:
    """Return what the same call made before, None if it is new.

    Raises:
        SubmissionError: IDEMPOTENCY_MISMATCH when the key was used for something else.
    """
    before = tx.idempotency.get(client.name, key)
    if before is None:
        return None
    if before.body_sha256 != body_sha256:
        raise SubmissionError(
            codes.IDEMPOTENCY_MISMATCH,
            "Dieser Idempotency-Key wurde schon mit anderem Inhalt verwendet.",
            "Für eine neue Einreichung bitte einen neuen Schlüssel erzeugen.",
        )
    return tx.cases.get(before.made)


def draft(world: World, client: Client, asked: Announcement, found: Route, opener: Case | None = None) -> Draft:
    """Return a new draft with a content key of its own; what follows `opener` shares its number and reference."""
    now = world.clock.now()
    content = world.chance.octets(32)
    case_id = str(world.chance.uuid())
    reference = opener.reference if opener else world.chance.uuid()
    root = document_root(reference, case_id) if opener else reference
    case = Case(
        id=case_id,
        number=opener.number if opener else case_number(now.year, world.chance.uuid()),
        client=client.name,
        portal_reference=asked.portal_reference,
        municipality=found.municipality,
        procedure=asked.procedure.value,
        authority=found.authority.key,
        option=found.participation.option.value,
        release=found.participation.release,
        test=asked.test,
        reference=reference,
        state=State.DRAFT,
        created_at=now,
        expires_at=now + timedelta(hours=limits.DRAFT_HOURS),
        parts=tuple(
            Part(index, document_id(document_identity(root, index)), entry.size, entry.sha256)
            for index, entry in enumerate(asked.attachments)
        ),
        wrapped_key=wrap(content, world.keyring.wrapping_certificate(now), purpose_at=now),
        posted_plans=len(asked.posted),
        overview_sha256=next((entry.sha256 for entry in asked.attachments if entry.kind == OVERVIEW_KIND), ""),
        file_reference=opener.file_reference if opener else "",
        follows=opener.id if opener else "",
    )
    return Draft(case, seal(announced.to_bytes(asked), content, world.chance.octets(12)), content)


def _heading_before_stamp(world: World, asked: Announcement, found: Route, opener: Case | None) -> Heading:
    """A heading as it will be, so that everything but the stamp can be checked before an upload."""
    nobody = UUID(int=0)
    count = len(asked.attachments) + len(asked.posted)
    return Heading(
        stamp=Stamp(MessageId(str(nobody)), datetime(2000, 1, 1, tzinfo=UTC)),
        addressee=party(found.authority),
        sender=sender(world.policy),
        reference=nobody,
        documents=announced.documents(
            asked,
            [document_identity(nobody, index) for index in range(count)],
            release(found.participation.release),
            list_posted=found.participation.list_posted_plans,
        ),
        file_reference=(opener.file_reference or None) if opener else None,
    )


def _announced(client: Client, case: Case) -> Act:
    facts = {
        "authority": case.authority,
        "municipality": case.municipality,
        "procedure": case.procedure,
        "option": case.option,
        "release": case.release,
        "attachments": len(case.parts),
        "bytes": case.size,
        "test": case.test,
    }
    return Act(f"portal:{client.name}", word(case, "announced"), case.number, facts=facts)
