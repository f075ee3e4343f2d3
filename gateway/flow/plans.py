"""Option 2: plans that come by post. Their arrival is recorded once; only then does the case count as submitted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from gateway.domain import codes
from gateway.domain.calendar import local_date, written_date
from gateway.domain.case import Case
from gateway.domain.deadlines import submitted_on
from gateway.domain.delivery import PLANS_MOVES, TITLES, PlansState, State
from gateway.domain.errors import SubmissionError
from gateway.domain.evidence import Fact
from gateway.domain.ids import read_case_number
from gateway.domain.journal import Act
from gateway.domain.participation import Option
from gateway.domain.reply import Reply
from gateway.flow import announcement as announced
from gateway.flow import evidence, webhooks
from gateway.flow.announcement import ANNOUNCEMENT, Posted
from gateway.flow.cases import content_key
from gateway.ports import Transaction, World
from gateway.seal.cipher import unseal
from gateway.xbau.read import Reply as Read

COMPLETE = "18"
"""Code of the list `statusbauportal`: the documents are complete, so the plans are there."""


def plans_arrived(world: World, number: str, on: date, actor: str, why: str = "") -> Case:
    """Record the day on which an authority got the plans of a case; the same day twice is one.

    Raises:
        SubmissionError: NOT_FOUND, PLANS_UNEXPECTED, PLANS_DATE, PLANS_RECORDED or STATE_CONFLICT, in German.
    """
    with world.store.writing() as tx:
        known = read_case_number(number)
        case = tx.cases.by_number(known) if known else None
        if case is None:
            raise SubmissionError(codes.NOT_FOUND, f"Den Vorgang {number.strip()[:40]} gibt es nicht.")
        _require_expected(case)
        _require_day(world, case, on)
        if case.plans is PlansState.ARRIVED:
            return _recorded_before(case, on)
        return _arrive(world, tx, case, on, actor, why)


def from_reply(world: World, tx: Transaction, reply: Reply, value: Read, case: Case) -> Case:
    """Record the arrival if an authority's reply says that the documents are complete (1140, 02x1, 1170 status 18)."""
    status = value.facts.status
    complete = value.facts.complete is True or (status is not None and status.code == COMPLETE)
    if not complete or PlansState.ARRIVED not in PLANS_MOVES[case.plans] or case.accepted_at is None:
        return case
    today = local_date(world.clock.now())
    on = min(max(local_date(value.created_at), local_date(case.accepted_at)), today)
    return _arrive(world, tx, case, on, f"authority:{reply.authority}", f"Mitgeteilt mit Nachricht {value.number}.")


def titles(world: World, case: Case) -> tuple[Posted, ...] | None:
    """Return the plans as the applicant called them, or None once they are erased."""
    if case.wrapped_key is None:
        return None
    with world.store.reading() as tx:
        octets = tx.cases.get_sealed(case.id, ANNOUNCEMENT)
    return announced.from_bytes(unseal(octets, content_key(world, case))).posted if octets else None


@dataclass(frozen=True, slots=True)
class Address:
    """Where plans are posted to; `kept` is False if operators keep no postal address for the authority."""

    lines: tuple[str, ...]
    kept: bool


def postal_address(tx: Transaction, case: Case, title: str) -> Address:
    """Return the authority's postal address from its dossier, else its title alone."""
    lines = tx.dossiers.get(case.authority).postal_address
    return Address(lines, True) if lines else Address((title, "untere Bauaufsichtsbehörde"), False)


def _require_expected(case: Case) -> None:
    if case.option != Option.WITHOUT_PLANS:
        reason = f"Der Vorgang {case.number} wird mit Plänen elektronisch geführt (Option {case.option})."
        raise SubmissionError(codes.PLANS_UNEXPECTED, f"{reason} Es werden keine Pläne per Post erwartet.")
    if case.accepted_at is None:
        reason = f"Der Vorgang {case.number} ist noch nicht abgegeben; Pläne können noch nicht eingegangen sein."
        raise SubmissionError(codes.STATE_CONFLICT, reason, "Bitte die Vorgangsnummer auf dem Begleitschein prüfen.")
    if case.state in (State.WITHDRAWN, State.EXPIRED, State.REJECTED):
        reason = f"Der Vorgang {case.number} ist „{TITLES[case.state]}“; Pläne werden nicht mehr erwartet."
        raise SubmissionError(codes.PLANS_UNEXPECTED, reason)


def _require_day(world: World, case: Case, on: date) -> None:
    now = world.clock.now()
    today = local_date(now)
    assert case.accepted_at is not None
    accepted_on = local_date(case.accepted_at)
    if on > today:
        hint = ""
        if now < case.accepted_at:
            hint = "Die Uhr des Gateways steht vor der Annahme dieses Vorgangs; bitte die Uhr prüfen."
        reason = f"Der {written_date(on)} liegt in der Zukunft (heute ist der {written_date(today)})."
        raise SubmissionError(codes.PLANS_DATE, reason, hint)
    if on < accepted_on:
        reason = f"Der {written_date(on)} liegt vor der Abgabe des Antrags am {written_date(accepted_on)}."
        raise SubmissionError(codes.PLANS_DATE, reason, "Bitte Datum und Vorgangsnummer prüfen.")


def _recorded_before(case: Case, on: date) -> Case:
    assert case.plans_arrived_on is not None
    if case.plans_arrived_on != on:
        reason = f"Der Eingang der Pläne ist schon für den {written_date(case.plans_arrived_on)} vermerkt."
        raise SubmissionError(codes.PLANS_RECORDED, reason, "Es wurde nichts geändert.")
    return case


def _arrive(world: World, tx: Transaction, case: Case, on: date, actor: str, why: str) -> Case:
    arrived = replace(case, plans=PlansState.ARRIVED, plans_arrived_on=on)
    tx.cases.save(arrived)
    late = case.plans_due is not None and on > case.plans_due
    facts = {"on": on.isoformat(), "due": case.plans_due.isoformat() if case.plans_due else None, "late": late}
    entry = tx.journal.append(Act(actor, "plans.arrived", case.number, why, facts))
    evidence.noted(world, tx, arrived, Fact.PLANS_ARRIVED, entry, facts=facts)
    submitted = submitted_on(arrived)
    told = {"submission_id": case.id, "case_number": case.number, "arrived_on": on.isoformat()}
    webhooks.tell(
        world, tx, case.client, "plans.arrived", told | ({"submitted_on": submitted.isoformat()} if submitted else {})
    )
    return arrived
