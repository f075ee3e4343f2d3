"""A reply that arrived: judged, matched, and with all its effects stored in one transaction (laws 4, 9, 10)."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain import codes
from gateway.domain.authority import edition_on
from gateway.domain.calendar import local_date
from gateway.domain.case import Case
from gateway.domain.errors import GatewayError, SubmissionError
from gateway.domain.journal import Act
from gateway.domain.reply import ITSELF, NO_PORTALS, Reply, ReplyState
from gateway.flow import rejecting, webhooks
from gateway.flow.effects import apply
from gateway.flow.judging import KENNZAHL, Judged, judge
from gateway.flow.matching import Clues, Match, look_up, match
from gateway.flow.rejecting import Rejecting
from gateway.flow.replies_arrived import Arrived
from gateway.flow.replies_kept import existing, found, keep, message_of
from gateway.ports import Transaction, World
from gateway.seal.wrap import wrap
from gateway.xbau.read import Ground, read_reply
from gateway.xbau.read import Reply as Read


def take(world: World, arrived: Arrived, fault: GatewayError | None = None) -> str:
    """Keep a reply for good and return the id it is kept under; what is known already is kept once.

    A sound reply is matched and has its effect, or goes to the operators with candidates. A faulty one is answered with
    a 1100 that carries it back; a faulty 1100 never is: it goes to the operators.

    Raises:
        SubmissionError: CERTIFICATE_WRONG, nobody can say who sent it.
    """
    judged = judge(world, arrived, fault)
    with world.store.reading() as tx:
        judged = _not_reused(tx, arrived, judged)
    answer = None if judged.sound or judged.is_1100 else rejecting.prepare(world, arrived, judged)
    reply = _reply(world, arrived, judged)
    with world.store.writing() as tx:
        known = _known(tx, arrived, judged)
        if known is not None:
            _repeated(tx, known)
            return known.id
        _store(world, tx, arrived, reply, judged, answer)
    return reply.id


def assign(world: World, reply_id: str, case_id: str, actor: str, why: str) -> Reply:
    """Give a reply in quarantine to the case that a human found to be meant; it has its effect now.

    Raises:
        SubmissionError: NOT_FOUND, or STATE_CONFLICT if it is not in quarantine or was not understood.
    """
    value = read_reply(message_of(world, _assignable(existing(world, reply_id))))
    with world.store.writing() as tx:
        reply = _assignable(found(tx, reply_id))
        case = tx.cases.get(case_id)
        if case is None or case.follows:
            raise SubmissionError(codes.NOT_FOUND, "Diesen Vorgang gibt es nicht.")
        released = _released(world, tx, reply, case, "operator")
        tx.replies.save(released)
        facts = {"reply_id": reply.id, "number": reply.number}
        tx.journal.append(Act(actor, "reply.assigned", case.number, why, facts))
        _effects(world, tx, released, value, case)
    return released


def _assignable(reply: Reply) -> Reply:
    if not reply.number or reply.code not in ("", codes.REPLY_UNMATCHED.name):
        reason = "Diese Antwort ist fehlerhaft und kann nicht zugeordnet werden."
        raise SubmissionError(codes.STATE_CONFLICT, reason)
    return reply


def discard(world: World, reply_id: str, actor: str, why: str) -> Reply:
    """Throw a reply in quarantine away; its content is erased.

    Raises:
        SubmissionError: NOT_FOUND, STATE_CONFLICT.
    """
    with world.store.writing() as tx:
        reply = found(tx, reply_id)
        gone = reply.moved(ReplyState.DISCARDED, wrapped_key=None, reason=why)
        tx.replies.save(gone)
        tx.replies.drop_sealed(gone.id)
        tx.journal.append(Act(actor, "reply.discarded", gone.id, why, {"authority": gone.authority}))
    return gone


def _reply(world: World, arrived: Arrived, judged: Judged) -> Reply:
    now = arrived.received_at
    return Reply(
        id=arrived.id,
        authority=judged.authority,
        via=arrived.via,
        transport_id=arrived.transport_id,
        received_at=now,
        proof=arrived.proof,
        sha256=arrived.sha256,
        size=arrived.size,
        wrapped_key=wrap(arrived.key, world.keyring.wrapping_certificate(now), purpose_at=now),
        message_id=judged.message_id,
        number=judged.number,
        release=judged.release,
        test=judged.test,
        parts=arrived.parts,
        facts=arrived.facts,
        code=judged.code.name if judged.code else "",
        reason=judged.reason,
    )


def _known(tx: Transaction, arrived: Arrived, judged: Judged) -> Reply | None:
    """Return the same message if this authority has handed it in before: by its way's id, or by its own and digest."""
    same = tx.replies.by_transport_id(judged.authority, arrived.transport_id)
    if same is not None:
        return same
    earlier = tx.replies.by_message_id(judged.authority, judged.message_id) if judged.message_id else None
    return earlier if earlier is not None and earlier.sha256 == arrived.sha256 else None


def _not_reused(tx: Transaction, arrived: Arrived, judged: Judged) -> Judged:
    """Return the judgement, turned if the nachrichtenUUID was used before for other bytes (kernel spec III.3.3)."""
    if not judged.sound or not judged.message_id:
        return judged
    earlier = tx.replies.by_message_id(judged.authority, judged.message_id)
    if earlier is None or earlier.sha256 == arrived.sha256:
        return judged
    code = codes.MESSAGE_REPEATED
    reason = "Unter dieser nachrichtenUUID kam schon eine andere Nachricht; eine berichtigte braucht eine neue."
    grounds = (Ground(KENNZAHL[code.name], reason),)
    return replace(judged, value=None, code=code, reason=reason, grounds=grounds, is_1100=judged.number == "1100")


def _repeated(tx: Transaction, known: Reply) -> None:
    """Count a repeat; only the first one is journaled, or a stuck sender would fill the journal."""
    tx.replies.save(known.but(repeats=known.repeats + 1))
    if known.repeats == 0:
        facts = {"reply_id": known.id, "message_id": known.message_id}
        tx.journal.append(
            Act(f"authority:{known.authority}", "reply.repeated", known.case_number or known.id, "", facts)
        )


def _store(
    world: World, tx: Transaction, arrived: Arrived, reply: Reply, judged: Judged, answer: Rejecting | None
) -> None:
    value = judged.value
    if value is None or answer is not None:
        _store_faulty(world, tx, arrived, reply, answer)
        return
    clues = clues_of(arrived.accounts, value, reply, _municipalities(world, tx, arrived, reply))
    matched = match(clues, look_up(tx, clues))
    if matched.case is None:
        _quarantine(world, tx, arrived, reply, matched)
        return
    if matched.case.client == ITSELF:
        why = "Die Behörde hat eine Rückweisung des Gateways zurückgewiesen."
        _quarantine(world, tx, arrived, reply, Match(None, reason=why))
        apply(world, tx, reply, value, matched.case)
        return
    released = _released(world, tx, reply, matched.case, matched.by)
    keep(world, tx, arrived, released)
    facts = {"reply_id": reply.id, "number": reply.number, "via": reply.via, "proof": reply.proof.value,
             "message_id": reply.message_id, "matched_by": matched.by}  # fmt: skip
    tx.journal.append(Act(f"authority:{reply.authority}", "reply.received", matched.case.number, facts=facts))
    _effects(world, tx, released, value, matched.case)


def _municipalities(world: World, tx: Transaction, arrived: Arrived, reply: Reply) -> frozenset[str]:
    """Return the municipalities for which the sender is responsible on the day its reply arrived."""
    name = edition_on(tx.registry.edition_plan(), local_date(reply.received_at))
    edition = world.directory.editions.get(name)
    if edition is None:
        return frozenset()
    keys = {*arrived.accounts, reply.authority}
    return frozenset(ags for ags, key in edition.jurisdiction.items() if key in keys)


def clues_of(accounts: frozenset[str], value: Read, reply: Reply, municipalities: frozenset[str]) -> Clues:
    """Return what a reply says about its case."""
    return Clues(
        accounts=frozenset({*accounts, reply.authority}),  # type: ignore[arg-type]  # both are AuthorityKeys
        number=value.number,
        release=value.release,
        test=value.test is not None,
        received_at=reply.received_at,
        reference=value.reference,
        reference_as_sent=value.reference_as_sent or "",
        file_reference=value.file_reference or "",
        in_reply_to=value.in_reply_to,
        words=value.facts.paragraphs,
        municipalities=municipalities,
    )


def _effects(world: World, tx: Transaction, reply: Reply, value: Read, case: Case) -> None:
    before = case.state
    after = apply(world, tx, reply, value, case)
    ids = {"reply_id": reply.id, "submission_id": case.id, "case_number": case.number, "number": reply.number}
    webhooks.tell(world, tx, case.client, "reply.received", ids)
    if after.state is not before:
        ids = {"submission_id": case.id, "case_number": case.number, "status": after.state.value}
        webhooks.tell(world, tx, case.client, "submission.status_changed", ids)


def _released(world: World, tx: Transaction, reply: Reply, case: Case, by: str) -> Reply:
    """Return a reply as the portal may read it from now on; without a portal behind it there is nobody to read it."""
    released = reply.moved(
        ReplyState.MATCHED, case_id=case.id, case_number=case.number, client=case.client, matched_by=by, code="",
        reason="", candidates=(), cursor=tx.replies.next_cursor(),
    )  # fmt: skip
    if case.client not in NO_PORTALS:
        return released
    return released.moved(ReplyState.ACKNOWLEDGED, wrapped_key=None, acknowledged_at=world.clock.now())


def _quarantine(world: World, tx: Transaction, arrived: Arrived, reply: Reply, matched: Match) -> None:
    kept = reply.moved(
        ReplyState.QUARANTINED,
        candidates=matched.candidates,
        code=reply.code or codes.REPLY_UNMATCHED.name,
        reason=reply.reason or matched.reason,
    )
    keep(world, tx, arrived, kept)
    facts = {"authority": kept.authority, "number": kept.number, "via": kept.via, "proof": kept.proof.value,
             "message_id": kept.message_id, "candidates": len(kept.candidates), "code": kept.code}  # fmt: skip
    tx.journal.append(Act(f"authority:{kept.authority}", "reply.quarantined", kept.id, kept.reason, facts))


def _store_faulty(world: World, tx: Transaction, arrived: Arrived, reply: Reply, answer: Rejecting | None) -> None:
    if answer is None:
        _quarantine(world, tx, arrived, reply, Match(None))
        return
    refused = reply.moved(ReplyState.REFUSED, wrapped_key=None, answered_by=answer.delivery.message_id)
    tx.replies.add(refused)
    facts = {"authority": reply.authority, "number": reply.number, "via": reply.via, "proof": reply.proof.value,
             "message_id": reply.message_id, "code": reply.code, "answered_by": refused.answered_by}  # fmt: skip
    tx.journal.append(Act(f"authority:{reply.authority}", "reply.refused", reply.id, reply.reason, facts))
    rejecting.store(tx, answer, reply.id)
