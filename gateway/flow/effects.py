"""What a reply does to its case: confirmed, rejected, file reference, status. State that is final stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.domain.case import OPENERS, Case, Delivery
from gateway.domain.delivery import State, move
from gateway.domain.journal import Act
from gateway.domain.reply import Reply
from gateway.flow import plans
from gateway.flow.advance import advance
from gateway.ports import Transaction, World
from gateway.xbau.codelists import newest
from gateway.xbau.read import Reply as Read

PATHS: Mapping[State, tuple[State, ...]] = {
    State.UNDER_WAY: (State.HANDED_OVER,),
    State.WAITING: (State.HELD, State.HANDED_OVER),
    State.HELD: (State.HANDED_OVER,),
    State.AVAILABLE: (),
    State.HANDED_OVER: (),
}
"""Moves that lead from a state to one in which an answer can come: whoever answers has the message, whatever the last
attempt seemed to be. A message that was never sent cannot be answered."""

FILE_REFERENCE = 100
"""Characters of an Aktenzeichen that are kept."""


def apply(world: World, tx: Transaction, reply: Reply, value: Read, case: Case) -> Case:
    """Let a reply have its effect on a case and its deliveries, and journal it; returns the case as it is then."""
    actor = f"authority:{reply.authority}"
    if value.number == "1120":
        _settle(world, tx, reply, value, case, State.CONFIRMED)
    elif value.number == "1100":
        _settle(world, tx, reply, value, case, State.REJECTED)
    case = tx.cases.get(case.id) or case
    said = _tidy(value.file_reference or "")
    if said and said != case.file_reference and (value.number == "1121" or not case.file_reference):
        case = replace(case, file_reference=said)
        tx.cases.save(case)
        facts = {"reply_id": reply.id, "number": value.number, "file_reference": said}
        tx.journal.append(Act(actor, "case.file_reference", case.number, facts=facts))
    if value.number == "1170" and value.facts.status is not None:
        status = value.facts.status
        facts = {"reply_id": reply.id, "status": status.code[:20], "label": status.label[:200]}
        tx.journal.append(Act(actor, "case.status", case.number, facts=facts))
    return plans.from_reply(world, tx, reply, value, case)


def _settle(world: World, tx: Transaction, reply: Reply, value: Read, case: Case, target: State) -> None:
    """Move the delivery that is answered to its end, if the table allows it; a final state stays as it is."""
    delivery = _meant(tx, value, case)
    path = PATHS.get(delivery.state) if delivery is not None else None
    if delivery is None or path is None:
        state = delivery.state.value if delivery else ""
        facts = {"reply_id": reply.id, "number": value.number, "state": state}
        why = "Der Zustand bleibt, wie er ist."
        tx.journal.append(Act(f"authority:{reply.authority}", "reply.no_effect", case.number, why, facts))
        return
    state = delivery.state
    for step in (*path, target):
        state = move(state, step)
    now = world.clock.now()
    code, reason = _why(value) if target is State.REJECTED else ("", "")
    after = delivery.but(
        state=state, next_at=None, worker="", leased_until=None, code=code, reason=reason,
        handed_over_at=delivery.handed_over_at or now,
    )  # fmt: skip
    tx.deliveries.save(after)
    advance(world, tx, after, actor=f"authority:{reply.authority}", what=f"delivery.{state}", why=reason)


def _meant(tx: Transaction, value: Read, case: Case) -> Delivery | None:
    """Return the delivery that is answered: the one named, else (not for a 1100) the one that opened the case."""
    named = tx.deliveries.get(value.in_reply_to) if value.in_reply_to else None
    if named is not None and _belongs(tx, named, case):
        return named
    if value.number == "1100":
        return None
    return next((one for one in tx.deliveries.of_case(case.id) if one.kind in OPENERS), None)


def _belongs(tx: Transaction, delivery: Delivery, case: Case) -> bool:
    if delivery.case_id == case.id:
        return True
    row = tx.cases.get(delivery.case_id)
    return row is not None and row.follows == case.id


def _why(value: Read) -> tuple[str, str]:
    """Return the first Fehlerkennzahl and all of them with the list's own words: the sender's may hold content."""
    grounds = value.facts.rejected.grounds if value.facts.rejected else ()
    known = newest("xbau-fehlerkennzahlen")
    numbers = list(dict.fromkeys(ground.kennzahl for ground in grounds if ground.kennzahl in known))
    words = "; ".join(f"{number} {known.label(number)}" for number in numbers)
    return (numbers[0] if numbers else "S999"), words or "ohne bekannte Fehlerkennzahl"


def _tidy(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()[:FILE_REFERENCE]
