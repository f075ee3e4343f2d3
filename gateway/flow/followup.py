"""A message from the portal about a running case (0202, 1130, 1142): a submission of its own beside the first one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from gateway.domain import codes
from gateway.domain.authority import Authority, edition_on
from gateway.domain.calendar import local_date
from gateway.domain.case import Case, Client
from gateway.domain.delivery import State
from gateway.domain.errors import RoutingError, SubmissionError
from gateway.domain.participation import Participation, Phase, in_force
from gateway.domain.procedure import Procedure
from gateway.flow import intake
from gateway.flow.announcement import Announcement, Attached
from gateway.flow.cases import authority_of, own_case
from gateway.ports import Transaction, World
from gateway.routing import Route, successor


@dataclass(frozen=True, slots=True)
class Followup:
    """What a portal wants to send: number of the message, its content still to be read, announced attachments."""

    number: str
    content: Mapping[str, Any]
    attachments: tuple[Attached, ...] = ()


def announce(
    world: World, client: Client, case_id: str, asked: Followup, key: str, body_sha256: str
) -> tuple[Case, bool]:
    """Open a draft for a message about the running case `case_id`; True beside it if this call was answered before.

    It has its own id, content key, attachments and delivery; number, reference and client are those of the case. It
    goes to the authority that has the case, or to the one that has taken the municipality over since.

    Raises:
        SubmissionError: STATE_CONFLICT unless the authority has the case; FAULTS naming everything at once.
        RoutingError: the authority takes nothing this way any more.
    """
    with world.store.reading() as tx:
        before = intake.answered(tx, client, key, body_sha256)
        if before is not None:
            return before, True
        opener = _opener(tx, client, case_id)
        routes = _routes(world, tx, opener)
    announcement = Announcement(
        municipality=opener.municipality,
        procedure=Procedure(opener.procedure),
        antrag={"number": asked.number, "nachricht": asked.content},
        attachments=asked.attachments,
        portal_reference=opener.portal_reference,
        test=opener.test,
    )
    chosen = _first_that_can_say_it(world, announcement, routes, opener)
    return intake.keep(world, client, intake.draft(world, client, announcement, chosen, opener), key, body_sha256)


def messages_of(tx: Transaction, client: Client, case_id: str) -> Sequence[Case]:
    """Return the messages that followed a case, oldest first.

    Raises:
        SubmissionError: NOT_FOUND.
    """
    opener = own_case(tx, client, case_id)
    return [case for case in tx.cases.by_reference(opener.reference) if case.follows == opener.id]


def _opener(tx: Transaction, client: Client, case_id: str) -> Case:
    """Return the case to write about.

    Raises:
        SubmissionError: NOT_FOUND, or STATE_CONFLICT with what to do instead.
    """
    case = own_case(tx, client, case_id)
    if case.follows:
        raise SubmissionError(
            codes.STATE_CONFLICT,
            "Das ist selbst eine spätere Nachricht zu einem Vorgang.",
            f"Bitte die Einreichung angeben, die den Vorgang eröffnet hat: {case.follows}.",
        )
    if case.state in (State.HANDED_OVER, State.CONFIRMED):
        return case
    raise SubmissionError(codes.STATE_CONFLICT, *_INSTEAD.get(case.state, _NOT_YET))


_NOT_YET = (
    "Die Behörde hat den Vorgang noch nicht.",
    "Bitte die Übergabe abwarten; oder die Einreichung zurückziehen (withdraw) und geändert neu einreichen.",
)
_INSTEAD = {
    State.DRAFT: (
        "Die Einreichung ist noch nicht abgeschlossen.",
        "Bitte den Entwurf zurückziehen (withdraw) und geändert neu ankündigen.",
    ),
    State.REJECTED: (
        "Die Behörde hat den Antrag zurückgewiesen; es gibt dort keinen Vorgang.",
        "Bitte den Antrag berichtigt neu einreichen.",
    ),
    State.WITHDRAWN: ("Die Einreichung ist zurückgezogen.", "Bitte den Antrag neu einreichen."),
    State.EXPIRED: ("Der Entwurf ist verfallen.", "Bitte den Antrag neu einreichen."),
}


def _routes(world: World, tx: Transaction, opener: Case) -> list[Route]:
    """Return who gets the message, once in the release in force there, once in the one that the case began with.

    An authority that took the municipality over never read the first release from us: only its own counts.
    """
    today = local_date(world.clock.now())
    plan, editions = tx.registry.edition_plan(), world.directory.editions
    heir = successor(plan, editions, opener.authority, opener.municipality, today)
    authority = heir or authority_of(world, opener.authority)
    taking_part = _connected(tx, authority, opener, today)
    now = Route(
        authority, taking_part, edition_on(plan, today), opener.municipality, Procedure(opener.procedure), today
    )
    if heir or taking_part.release == opener.release:
        return [now]
    return [now, replace(now, participation=replace(taking_part, release=opener.release))]


def _connected(tx: Transaction, authority: Authority, opener: Case, today: date) -> Participation:
    """Return how the authority takes part today, if it still can be written to; a procedure may be off by now.

    Raises:
        RoutingError: NOT_PARTICIPATING, NOT_LIVE or TEST_ONLY.
    """
    found = in_force(tx.registry.history(authority.key), today)
    by_letter = f"Bitte unter Angabe der Vorgangsnummer {opener.number} auf Papier schreiben: {authority.title}."
    if found is None or not found.option.accepts or found.phase in (Phase.NOT_CONNECTED, Phase.ENDED):
        reason = f"{authority.title} nimmt keine elektronischen Nachrichten über das Bauportal an."
        raise RoutingError(codes.NOT_PARTICIPATING, reason, by_letter)
    if found.phase is Phase.PAUSED:
        reason = f"{authority.title} hat die Annahme elektronischer Nachrichten vorübergehend ausgesetzt."
        raise RoutingError(codes.NOT_LIVE, reason, f"Bitte später erneut versuchen. Wenn es eilt: {by_letter}")
    if found.phase is Phase.TEST and not opener.test:
        reason = f"{authority.title} ist in der Testphase und nimmt nur Testnachrichten an."
        raise RoutingError(codes.TEST_ONLY, reason, by_letter)
    return found


def _first_that_can_say_it(world: World, announcement: Announcement, routes: Sequence[Route], opener: Case) -> Route:
    """Return the first route whose release can express the message.

    Raises:
        SubmissionError: FAULTS, those of the release in force.
    """
    faults = [intake.faults_of(world, announcement, one, opener) for one in routes]
    for one, found in zip(routes, faults, strict=True):
        if not found:
            return one
    raise intake.refusal(faults[0])
