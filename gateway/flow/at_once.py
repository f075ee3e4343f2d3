"""A small submission in one call: announced, received, checked and accepted in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway.domain import codes, limits
from gateway.domain.case import Case, Client, Delivery, Part
from gateway.domain.errors import CompositionError, Fault, SubmissionError
from gateway.flow import announcement as announced
from gateway.flow import intake
from gateway.flow.acceptance import Ready, accept, prepare
from gateway.flow.acceptance import keep as keep_message
from gateway.flow.announcement import Announcement
from gateway.flow.intake import Draft
from gateway.ports import World
from gateway.routing import Route

Receive = Callable[[Case, Part, bytes, bytes], None]
"""Brings one file of a case into the vault, sealed with the key: checked by the PDF gate, and durable."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one call brought about: the case, its delivery, and the receipt as compact JWS ("" while no key signs)."""

    case: Case
    delivery: Delivery
    receipt: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who made it, under which key, the digest of its body, what it announces, and the files in order."""

    client: Client
    key: str
    body_sha256: str
    asked: Announcement
    files: Sequence[bytes]


def submit(world: World, call: Call, receive: Receive) -> Accepted | Case:
    """Accept a submission whose files came with it; the case alone if this very call was answered before.

    Nothing is kept unless everything is: the files become durable first, then one transaction makes them count
    (law 1). What a crash in between leaves is ciphertext whose key was never kept; the vault's sweep removes it.

    Raises:
        SubmissionError: FAULTS naming everything at once; IDEMPOTENCY_MISMATCH; what the PDF gate refuses.
        RoutingError: nobody responsible, or not taking part this way.
    """
    with world.store.reading() as tx:
        before = intake.answered(tx, call.client, call.key, call.body_sha256)
        if before is not None:
            return before
        found = intake.find_route(world, tx, call.asked)
    while True:
        drafted, ready = _made(world, call, found)
        kept = _brought_in(world, call, drafted, ready, receive)
        if kept is not None:
            return kept


def _brought_in(world: World, call: Call, drafted: Draft, ready: Ready, receive: Receive) -> Accepted | Case | None:
    """Bring the files in and make the submission count; None, and nothing left, if its number is taken."""
    try:
        for part, file in zip(drafted.case.parts, call.files, strict=True):
            receive(drafted.case, part, drafted.key, file)
        kept = _kept(world, call, drafted, ready)
    except SubmissionError:
        world.vault.erase(drafted.case.id)
        raise
    if not isinstance(kept, Accepted):
        world.vault.erase(drafted.case.id)
    return kept


def _made(world: World, call: Call, found: Route) -> tuple[Draft, Ready]:
    """Return draft and message. Raises: SubmissionError FAULTS with whatever stands against either."""
    faults = _content_faults(call)
    faults += announced.limit_faults(call.asked, found.participation.option, found.participation.size_limit)
    if not faults:
        drafted = intake.draft(world, call.client, call.asked, found)
        try:
            return drafted, prepare(world, drafted.case, call.asked, found.participation, drafted.key)
        except (CompositionError, SubmissionError):
            faults = intake.faults_of(world, call.asked, found)
            if not faults:
                raise
    else:
        faults += [fault for fault in intake.faults_of(world, call.asked, found) if fault not in faults]
    raise intake.refusal(faults)


def _content_faults(call: Call) -> list[Fault]:
    """Return where a file that came along is not the one announced."""
    faults = []
    total = sum(len(file) for file in call.files)
    if total > limits.INLINE_BYTES:
        faults.append(
            Fault(
                codes.BODY_TOO_LARGE,
                "/attachments",
                f"Zusammen {total} Byte; in einem Aufruf sind höchstens {limits.INLINE_BYTES} Byte möglich."
                " Bitte größere Anlagen einzeln hochladen.",
            )
        )
    for index, (entry, file) in enumerate(zip(call.asked.attachments, call.files, strict=True)):
        if len(file) != entry.size:
            reason = f"Angekündigt sind {entry.size} Byte, gesendet wurden {len(file)} Byte."
            faults.append(Fault(codes.SIZE_MISMATCH, f"/attachments/{index}/size", reason))
        elif hashlib.sha256(file).hexdigest() != entry.sha256:
            reason = "Die SHA-256-Prüfsumme der Datei weicht von der angekündigten ab."
            faults.append(Fault(codes.DIGEST_MISMATCH, f"/attachments/{index}/sha256", reason))
    return faults


def _kept(world: World, call: Call, drafted: Draft, ready: Ready) -> Accepted | Case | None:
    """Make the submission count; the case if the same call was answered meanwhile, None if its number is taken."""
    with world.store.writing() as tx:
        before = intake.answered(tx, call.client, call.key, call.body_sha256)
        if before is not None or tx.cases.by_number(drafted.case.number) is not None:
            return before
        accepted = accept(world, drafted.case)
        intake.note(tx, call.client, replace(drafted, case=accepted), call.key, call.body_sha256)
        delivery, receipt = keep_message(world, tx, call.client, accepted, ready)
    return Accepted(accepted, delivery, receipt.jws)
