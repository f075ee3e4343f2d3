"""Erasure: content goes as soon as the authority has it; the wrapped key first, the files after it (NB § 9, law 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.domain.case import Case
from gateway.domain.delivery import State, move
from gateway.domain.evidence import Fact
from gateway.domain.journal import Act
from gateway.domain.reply import OVER, Reply
from gateway.flow import evidence
from gateway.flow.cases import word
from gateway.ports import World

ALARMS = timedelta(days=400)
"""How long it is kept who was told what: longer than anything can stay undone unnoticed."""

MAILS = timedelta(days=30)
"""How long mails that were sent or have failed are kept."""

SWEEP_AGE = timedelta(hours=1)
"""Temporary files older than this belong to nobody any more."""


def purge(world: World, limit: int = 200) -> int:
    """Erase the content of every case that needs it no more; returns how many. Undelivered content is never touched.

    The wrapped key was deleted together with the state that allowed it; a crash in between leaves only ciphertext
    without a key, which the next run removes.
    """
    with world.store.reading() as tx:
        cases = tx.cases.erasable(limit)
        replies = tx.replies.erasable(limit)
    for case in cases:
        freed = world.vault.erase(case.id)
        with world.store.writing() as tx:
            current = tx.cases.get(case.id)
            if current is None or current.wrapped_key is not None:
                continue
            tx.cases.drop_sealed(case.id)
            tx.cases.save(replace(current, erased_at=world.clock.now()))
            entry = tx.journal.append(Act("gateway", word(case, "erased"), case.number, facts={"bytes": freed}))
            facts = {"bytes": freed, "key_deleted": True}
            evidence.noted(world, tx, current, Fact.ERASED, entry, facts=facts)
    for reply in replies:
        _erase_reply(world, reply)
    if cases or replies:
        world.store.scrub()
    return len(cases) + len(replies)


def forget(world: World, limit: int = 500) -> tuple[int, int]:
    """Delete evidence and records whose time is over; returns how many cases lost which. The journal stays.

    Only what was erased long ago goes: what is undelivered is never touched by age.
    """
    now, policy = world.clock.now(), world.policy
    with world.store.reading() as tx:
        old = tx.duties.forgettable(now - timedelta(days=policy.metadata_days), limit)
    with world.store.writing() as tx:
        proofs = tx.evidence.forget(now - timedelta(days=policy.evidence_days), limit)
        tx.duties.forget_records(old)
        tx.duties.forget_alarms(now - ALARMS)
        tx.mails.forget(now - MAILS)
        if proofs or old:
            facts = {"evidence": proofs, "records": len(old)}
            tx.journal.append(Act("gateway", "records.forgotten", facts=facts))
    return proofs, len(old)


def _erase_reply(world: World, reply: Reply) -> None:
    freed = world.vault.erase(reply.id)
    with world.store.writing() as tx:
        current = tx.replies.get(reply.id)
        if current is None or current.state not in OVER or current.erased_at is not None:
            return
        tx.replies.drop_sealed(reply.id)
        tx.replies.save(current.erased(world.clock.now()))
        facts = {"reply_id": reply.id, "bytes": freed}
        tx.journal.append(Act("gateway", "reply.erased", reply.case_number or reply.id, facts=facts))


def expire(world: World, limit: int = 200) -> int:
    """End drafts that were never completed; returns how many."""
    with world.store.writing() as tx:
        drafts = tx.cases.expired(world.clock.now(), limit)
        for case in drafts:
            tx.cases.save(expired(case))
            tx.cases.drop_sealed(case.id)
            tx.journal.append(Act("gateway", word(case, "expired"), case.number))
    return len(drafts)


def expired(case: Case) -> Case:
    """Return a draft as expired: its key is gone."""
    return replace(case, state=move(case.state, State.EXPIRED), wrapped_key=None)


def sweep(world: World) -> int:
    """Remove what a crash left in the vault: temporary files, and folders of cases and replies unknown or erased."""

    def known(case_id: str) -> bool:
        with world.store.reading() as tx:
            case = tx.cases.get(case_id)
            reply = tx.replies.get(case_id)
        if reply is not None:
            return reply.erased_at is None
        return case is not None and case.erased_at is None

    return world.vault.sweep(known, world.clock.now() - SWEEP_AGE)
