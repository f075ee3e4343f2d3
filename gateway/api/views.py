"""Values of the domain as the shapes of the portal API."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.api.shapes import (
    AttachmentOut,
    AuthorityOut,
    EventOut,
    ParticipationOut,
    PlansOut,
    StatusText,
    SubmissionOut,
)
from gateway.domain.authority import Authority
from gateway.domain.calendar import written_date, written_moment
from gateway.domain.case import Case, Delivery
from gateway.domain.deadlines import submitted_on
from gateway.domain.delivery import PlansState, State, why
from gateway.domain.journal import Entry
from gateway.domain.limits import PLANS_DAYS
from gateway.domain.participation import Option, Participation, Phase
from gateway.domain.procedure import Procedure
from gateway.flow.cases import authority_of
from gateway.ports import World


def authority_out(authority: Authority) -> AuthorityOut:
    """Return an authority as the directory names it."""
    return AuthorityOut(
        key=authority.key,
        dvdv_key=authority.dvdv_key,
        name=authority.name,
        title=authority.title,
        kind=authority.kind.value,
        kreis=authority.kreis_name,
    )


def participation_out(
    authority: Authority,
    taking_part: Participation | None,
    *,
    municipality: str,
    edition: str,
    procedure: Procedure | None,
) -> ParticipationOut:
    """Return how an authority takes part and what that asks of the portal."""
    option = taking_part.option if taking_part else Option.NONE
    switched_on = taking_part is not None and (procedure is None or procedure in taking_part.procedures)
    phase = taking_part.phase if taking_part else Phase.NOT_CONNECTED
    open_for_all = switched_on and option.accepts and phase is Phase.LIVE
    accepting = taking_part if taking_part and option.accepts else None
    return ParticipationOut(
        authority=authority_out(authority),
        municipality=municipality,
        edition=edition,
        option=option.value,
        phase=phase.value,
        procedures=sorted(entry.value for entry in taking_part.procedures) if taking_part else [],
        procedure=procedure.value if procedure else None,
        accepts=open_for_all,
        accepts_tests=switched_on and option.accepts and phase.reachable,
        upload=_UPLOAD[option],
        release=accepting.release if accepting else None,
        size_limit=accepting.size_limit if accepting else 0,
        redirect_url=(taking_part.redirect_url or None) if taking_part else None,
        plans_within_days=PLANS_DAYS if option is Option.WITHOUT_PLANS else None,
        explanation=_explain(authority, option, open_for_all, procedure),
    )


_UPLOAD = {
    Option.WITH_PLANS: "everything",
    Option.WITHOUT_PLANS: "overview_only",
    Option.REDIRECT: "nothing",
    Option.NONE: "nothing",
}


def _explain(authority: Authority, option: Option, open_for_all: bool, procedure: Procedure | None) -> str:
    if option is Option.REDIRECT:
        return f"{authority.title} hat einen eigenen Online-Dienst; bitte dorthin weiterleiten."
    if option is Option.NONE:
        return f"{authority.title} nimmt Anträge nur auf Papier an."
    if not open_for_all:
        what = f"das Verfahren {procedure.label}" if procedure else "dieses Verfahren"
        return f"{authority.title} nimmt {what} hier noch nicht an."
    if option is Option.WITHOUT_PLANS:
        return (
            f"{authority.title} nimmt Daten und Antragsübersicht elektronisch an; die Pläne gehen innerhalb von"
            f" {PLANS_DAYS} Tagen mit der Post an die Behörde."
        )
    return f"{authority.title} nimmt Daten und Pläne elektronisch an."


def submission_out(world: World, case: Case, deliveries: Sequence[Delivery]) -> SubmissionOut:
    """Return a submission and where it stands."""
    authority = authority_of(world, case.authority)
    delivery = deliveries[0] if deliveries else None
    draft = case.state is State.DRAFT
    waits_until = case.expires_at if draft else delivery.next_at if delivery else None
    text = why(
        case.state,
        authority=authority.title,
        reason=delivery.reason if delivery else "",
        next_at=written_moment(waits_until) if waits_until and waits_until > world.clock.now() else "",
        attempts=delivery.attempt if delivery else 0,
        failed=bool(delivery and delivery.code),
    )
    return SubmissionOut(
        id=case.id,
        case_number=case.number,
        status=case.state.value,
        final=case.state.final,
        status_text=StatusText(de=text.de, en=text.en),
        authority=authority_out(authority),
        municipality=case.municipality,
        procedure=case.procedure,
        option=case.option,
        release=case.release,
        test=case.test,
        portal_reference=case.portal_reference,
        follows=case.follows or None,
        message_id=delivery.message_id if delivery else None,
        file_reference=case.file_reference or None,
        created_at=case.created_at,
        expires_at=case.expires_at if draft else None,
        accepted_at=case.accepted_at,
        handed_over_at=case.handed_over_at,
        submitted_on=submitted_on(case),
        erased_at=case.erased_at,
        attachments=[_attachment(world, case, index) for index in range(len(case.parts))],
        plans=_plans(case, authority),
    )


def _attachment(world: World, case: Case, index: int) -> AttachmentOut:
    part = case.parts[index]
    received = case.accepted_at is not None or world.vault.exists(case.id, part.name)
    return AttachmentOut(
        index=index,
        document_id=part.document_id,
        size=part.size,
        sha256=part.sha256,
        received=received,
        upload_url=f"/v1/submissions/{case.id}/attachments/{index}",
    )


def _plans(case: Case, authority: Authority) -> PlansOut | None:
    if case.option != Option.WITHOUT_PLANS or case.follows:
        return None
    by = f"bis {written_date(case.plans_due)}" if case.plans_due else f"innerhalb von {PLANS_DAYS} Tagen"
    if case.plans_arrived_on is not None:
        instruction = f"Die Pläne sind am {written_date(case.plans_arrived_on)} bei {authority.title} eingegangen."
    else:
        instruction = _still_to_post(case, authority, by)
    state = case.plans if case.plans is not PlansState.NONE else PlansState.EXPECTED
    return PlansOut(
        state=state.value,
        announced=case.posted_plans,
        due=case.plans_due,
        arrived_on=case.plans_arrived_on,
        instruction=instruction,
    )


def _still_to_post(case: Case, authority: Authority, by: str) -> str:
    return (
        f"Die Pläne müssen {by} mit der Vorgangsnummer {case.number} per Post bei {authority.title},"
        " untere Bauaufsichtsbehörde, eingehen; sonst darf die Behörde den Antrag zurückweisen."
        " Der Antrag gilt erst als eingereicht, wenn die Pläne dort eingegangen sind."
    )


EVENTS = {
    "case.announced": "Angekündigt",
    "case.accepted": "Angenommen und gesichert",
    "message.announced": "Weitere Nachricht angekündigt",
    "message.accepted": "Weitere Nachricht angenommen und gesichert",
    "message.withdrawn": "Weitere Nachricht zurückgezogen",
    "message.expired": "Entwurf einer weiteren Nachricht verfallen",
    "message.erased": "Inhalt einer weiteren Nachricht gelöscht",
    "attachment.malware": "Anlage zurückgewiesen: Schadsoftware",
    "attachment.unscanned": "Anlage nicht angenommen: Virenprüfung nicht möglich",
    "case.withdrawn": "Zurückgezogen",
    "case.expired": "Entwurf verfallen",
    "case.erased": "Inhalt gelöscht",
    "delivery.attempt": "Übermittlung begonnen",
    "delivery.interrupted": "Übermittlung unterbrochen",
    "delivery.waiting": "Nicht erreichbar, neuer Versuch folgt",
    "delivery.held": "Angehalten",
    "delivery.available": "Für die Behörde bereitgestellt",
    "delivery.fetched": "Von der Behörde erstmals abgeholt",
    "delivery.handed_over": "Der Behörde übergeben",
    "delivery.confirmed": "Eingang von der Behörde bestätigt",
    "delivery.rejected": "Von der Behörde zurückgewiesen",
    "case.file_reference": "Aktenzeichen mitgeteilt",
    "case.status": "Stand von der Behörde mitgeteilt",
    "reply.received": "Antwort der Behörde eingegangen",
    "reply.assigned": "Antwort der Behörde zugeordnet",
    "reply.acknowledged": "Antwort übernommen",
    "plans.arrived": "Pläne bei der Behörde eingegangen",
    "plans.reminded": "An die Frist für die Pläne erinnert",
    "plans.overdue": "Frist für die Pläne abgelaufen",
}
"""Journal words that a portal sees, and what they mean."""


def event_out(entry: Entry) -> EventOut | None:
    """Return an entry as the portal sees it, or None if it is not the portal's business."""
    text = EVENTS.get(entry.act.what)
    return EventOut(cursor=entry.number, at=entry.at, event=entry.act.what, text=text) if text else None
