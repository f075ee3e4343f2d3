"""Evidence: a signed event for each fact, in the transaction that made it true, and one bundle per case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.domain import codes
from gateway.domain.case import APPLICATION, FOLLOW_UP, TEST_MESSAGE, Case, Delivery
from gateway.domain.delivery import State
from gateway.domain.errors import GatewayError, SubmissionError
from gateway.domain.evidence import (
    SEGMENT,
    Anchor,
    Event,
    Fact,
    anchor,
    event,
    facts_of_acceptance,
    segment_of,
)
from gateway.domain.ids import CaseNumber, MessageId
from gateway.domain.journal import Break, Entry
from gateway.domain.merkle import path, root
from gateway.flow.cases import authority_of
from gateway.ports import Transaction, World
from gateway.seal.evidence import Material, Proved, build
from gateway.seal.evidence_jws import sign_payload, verify_compact

CARRIED = frozenset({APPLICATION, FOLLOW_UP, TEST_MESSAGE})
"""Kinds of deliveries that evidence speaks of; our own answers to faulty messages are not among them."""

FACTS: Mapping[State, Fact] = {
    State.AVAILABLE: Fact.AVAILABLE,
    State.HANDED_OVER: Fact.HANDED_OVER,
    State.CONFIRMED: Fact.CONFIRMED,
    State.REJECTED: Fact.REJECTED,
}

AT_ONCE = 20
"""Anchors made in one transaction, at most: nobody waits for a long journal."""


def record(
    world: World,
    tx: Transaction,
    case: Case,
    what: Fact,
    entry: Entry,
    *,
    message_id: str = "",
    facts: Mapping[str, Any] | None = None,
    document: bytes | None = None,
) -> Event:
    """Add the signed event of a fact that a journal entry has just noted.

    Without a valid signing key the fact is kept all the same and signed later: a state that was reached is never lost.
    """
    opening = what is Fact.ACCEPTED and not case.follows  # nothing can have happened to its case before
    before = None if opening else tx.evidence.last(case.number)
    made = _signed(
        world, event(case, what, entry, before=before, message_id=message_id, facts=facts or {}, document=document)
    )
    tx.evidence.add(made)
    return made


def accepted(
    world: World, tx: Transaction, case: Case, entry: Entry, message_id: MessageId, message: bytes, manifest: bytes
) -> Event:
    """Add the receipt: who gets what and when; the signed manifest stays with it in clear, it names nobody."""
    authority = authority_of(world, case.authority)
    addressee = {"key": authority.key, "dvdv_key": authority.dvdv_key, "name": authority.title}
    facts = facts_of_acceptance(case, addressee, world.policy.sender_identifier, manifest, message)
    return record(world, tx, case, Fact.ACCEPTED, entry, message_id=message_id, facts=facts, document=manifest)


def moved(world: World, tx: Transaction, case: Case, delivery: Delivery, entry: Entry) -> None:
    """Add the event of a delivery that has come to a state worth one; nothing if that was recorded already."""
    what = FACTS.get(delivery.state)
    if what is None or delivery.kind not in CARRIED:
        return
    before = tx.evidence.last(case.number)
    if before is None or (before.what is what and before.message_id == delivery.message_id):
        return
    facts: dict[str, Any] = {"authority": delivery.authority, "adapter": delivery.adapter, "attempt": delivery.attempt}
    if delivery.reference:
        facts["reference"] = delivery.reference
    if delivery.code:
        facts["code"] = delivery.code
    if delivery.fetched_at is not None:
        facts["fetched_at"] = delivery.fetched_at.isoformat()
    record(world, tx, case, what, entry, message_id=delivery.message_id, facts=facts)


def noted(world: World, tx: Transaction, case: Case | None, what: Fact, entry: Entry, **more: Any) -> None:
    """Add the event of something else that happened to a case; nothing for one that was never accepted."""
    if case is not None and tx.evidence.last(case.number) is not None:
        record(world, tx, case, what, entry, **more)


def sign_pending(world: World, limit: int = 200) -> int:
    """Sign events that were kept while there was no valid key; returns how many."""
    with world.store.reading() as tx:
        waiting = tx.evidence.unsigned(limit)
    signed = [made for one in waiting if (made := _signed(world, one)).signature]
    if signed:
        with world.store.writing() as tx:
            return sum(tx.evidence.sign(one) for one in signed)
    return 0


def anchor_journal(world: World) -> int:
    """Sign the journal's complete segments that are not signed yet; returns how many."""
    with world.store.reading() as tx:
        newest = tx.evidence.last_anchor()
        end = tx.evidence.journal_end()
    if end < (newest.last if newest else 0) + SEGMENT:
        return 0
    with world.store.writing() as tx:
        newest = tx.evidence.last_anchor()
        made = 0
        while made < AT_ONCE and (first := newest.last + 1 if newest else 1) + SEGMENT - 1 <= end:
            newest = _anchored(world, tx, first, first + SEGMENT - 1, newest.digest if newest else "")
            if not newest.signature:
                break
            tx.evidence.add_anchor(newest)
            made += 1
    return made


def verify_anchors(world: World) -> Break | None:
    """Return the first signed anchor that the journal no longer matches, or None: even a chain made anew is found out.

    The signatures must be of a key the gateway had; the newest entries have no anchor yet.
    """
    with world.store.reading() as tx:
        first = 1
        while (found := tx.evidence.anchor(first)) is not None:
            digests = tx.evidence.digests(found.first, found.last)
            try:
                value = verify_compact(found.jws, world.trust, f"Anker {first}").value
            except GatewayError as error:
                return Break(first, error.reason)
            if len(digests) != found.last - first + 1 or value["root"] != root(digests) or value["first"] != first:
                return Break(first, f"die Einträge {first} bis {found.last} sind nicht mehr die damals signierten")
            first = found.last + 1
    return None


def bundle(world: World, number: CaseNumber) -> bytes:
    """Return the evidence of a case as one file; possible after erasure too, and as fast in a long history.

    Raises:
        SubmissionError: EVIDENCE_ABSENT.
        ConfigurationError: KEY_MISSING, no valid key to sign it with.
    """
    now = world.clock.now()
    signer = world.keyring.signer(now)
    with world.store.reading() as tx:
        events = [one if one.signature else _signed(world, one) for one in tx.evidence.of_case(number)]
        if not events:
            raise SubmissionError(codes.EVIDENCE_ABSENT, f"Zum Vorgang {number} gibt es keinen Nachweis.")
        entries, anchors = _excerpt(world, tx, number)
    return build(Material(number, events, entries, anchors), signer, now)


def receipt_of(tx: Transaction, case: Case) -> Event:
    """Return the receipt of a submission.

    Raises:
        SubmissionError: EVIDENCE_ABSENT, it was not accepted yet or its evidence is gone.
    """
    found = tx.evidence.receipt(case.id)
    if found is None or not found.signature:
        raise SubmissionError(codes.EVIDENCE_ABSENT, "Zu dieser Einreichung gibt es noch keinen Einlieferungsbeleg.")
    return found


def _excerpt(world: World, tx: Transaction, number: CaseNumber) -> tuple[list[Proved], list[Anchor]]:
    """Return the case's journal entries, each with its path, and the anchors: stored ones, else made on the spot."""
    end = tx.evidence.journal_end()
    anchors: dict[int, Anchor] = {}
    leaves: dict[int, list[str]] = {}
    entries = []
    for entry in tx.journal.read(subject=number):
        first = segment_of(entry.number)
        if first not in leaves:
            last = min(first + SEGMENT - 1, end)
            leaves[first] = list(tx.evidence.digests(first, last))
            anchors[first] = tx.evidence.anchor(first) or _anchored(world, tx, first, last, "")
        entries.append(Proved(entry, first, path(leaves[first], entry.number - first)))
    return entries, list(anchors.values())


def _anchored(world: World, tx: Transaction, first: int, last: int, previous: str) -> Anchor:
    digests = tx.evidence.digests(first, last)
    now = world.clock.now()
    made = anchor(first, last, root(digests), digests[-1], now, previous)
    try:
        head, signature = sign_payload(made.payload, world.keyring.signer(now), now)
    except GatewayError:  # no valid key now: the next round tries again
        return made
    return replace(made, head=head, signature=signature)


def _signed(world: World, made: Event) -> Event:
    now = world.clock.now()
    try:
        head, signature = sign_payload(made.payload, world.keyring.signer(now), now)
    except GatewayError:  # no valid key now: the fact is kept and signed later
        return made
    return replace(made, head=head, signature=signature)
