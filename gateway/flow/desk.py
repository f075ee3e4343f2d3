"""The gateway's counter: authorities fetch from it with a client of their own and acknowledge what they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from gateway.adapter import Envelope, HandedIn, Waiting
from gateway.domain.case import Delivery
from gateway.domain.delivery import State, move
from gateway.domain.evidence import Fact
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.domain.journal import Act
from gateway.flow import evidence
from gateway.flow.advance import advance, facts
from gateway.flow.carry import envelope_for
from gateway.flow.cases import authority_of
from gateway.flow.dispatch import way_settings
from gateway.flow.naming import root_name
from gateway.flow.receiving import Arriving, handed_in, open_desk
from gateway.flow.refusals import Refusals
from gateway.flow.visits import note_visits
from gateway.ports import World
from gateway.xbau.release import release


class MailboxDesk:
    """What lies ready in the mailbox of one adapter, for the authorities a caller may act for."""

    def __init__(self, world: World, adapter: str) -> None:
        self._world = world
        self._adapter = adapter
        self._visited: dict[AuthorityKey, date] = {}
        self._refusals = Refusals()

    def accounts(self, fingerprint: str) -> frozenset[AuthorityKey]:
        """Return the authorities that a client certificate (SHA-256 fingerprint, hex) may act for."""
        with self._world.store.reading() as tx:
            found = tx.certificates.accounts(fingerprint)
        note_visits(self._world, found, self._visited)
        return found

    def waiting(self, accounts: frozenset[AuthorityKey], *, after: int = 0, limit: int = 100) -> Sequence[Waiting]:
        """Return what lies ready for these authorities, oldest first."""
        with self._world.store.reading() as tx:
            found = tx.deliveries.waiting_for(accounts, self._adapter, after, limit)
        return [self._described(delivery) for delivery in found]

    def fetch(self, accounts: frozenset[AuthorityKey], message_id: MessageId) -> Envelope | None:
        """Return a message that lies ready, and record its first fetch; it stays ready until it is closed (law 6)."""
        with self._world.store.reading() as tx:
            delivery = tx.deliveries.get(message_id)
        if delivery is None or not self._is_theirs(delivery, accounts) or delivery.state is not State.AVAILABLE:
            return None
        envelope = envelope_for(self._world, delivery, way_settings(self._world, delivery))
        if delivery.fetched_at is None:
            self._record_first_fetch(message_id)
        return envelope

    def close(self, accounts: frozenset[AuthorityKey], message_id: MessageId) -> bool:
        """Acknowledge: the authority has it, and its content is erased here. True also when it was closed before."""
        with self._world.store.writing() as tx:
            delivery = tx.deliveries.get(message_id)
            if delivery is None or not self._is_theirs(delivery, accounts):
                return False
            if delivery.state.delivered:
                return True
            if delivery.state is not State.AVAILABLE:
                return False
            now = self._world.clock.now()
            state = move(delivery.state, State.HANDED_OVER)
            after = delivery.but(state=state, handed_over_at=now, fetched_at=delivery.fetched_at or now, next_at=None)
            tx.deliveries.save(after)
            advance(self._world, tx, after, actor=f"authority:{delivery.authority}", what="delivery.handed_over")
        return True

    def status(self, accounts: frozenset[AuthorityKey], message_id: MessageId) -> Waiting | None:
        """Return a message's state, also after it was closed."""
        with self._world.store.reading() as tx:
            delivery = tx.deliveries.get(message_id)
        return self._described(delivery) if delivery and self._is_theirs(delivery, accounts) else None

    def new_message_id(self, accounts: frozenset[AuthorityKey]) -> MessageId:
        """Mint and durably note a message id for a reply."""
        message_id = MessageId(str(self._world.chance.uuid()))
        actor = f"authority:{min(accounts)}"
        with self._world.store.writing() as tx:
            tx.journal.append(Act(actor, "reply.id_minted", message_id))
        return message_id

    def receive(self, accounts: frozenset[AuthorityKey], facts: Mapping[str, str]) -> Arriving:
        """Open the counter for a reply; nothing of it counts before it is committed."""
        return open_desk(self._world, self._adapter, accounts, facts)

    def handed_in(self, accounts: frozenset[AuthorityKey], message_id: str) -> HandedIn | None:
        """Return what is known of a reply, or None if it was never handed in."""
        return handed_in(self._world, accounts, message_id)

    def refuse(self, fingerprint: str, what: str, why: str) -> None:
        """Leave a journal entry about a caller who was turned away, the same one at most once an hour."""
        if not self._refusals.is_new(fingerprint, why, self._world.clock.now()):
            return
        with self._world.store.reading() as tx:
            known = bool(tx.certificates.accounts(fingerprint))
        words = self._refusals.note(fingerprint, why, known=known)
        if words is None:
            return
        with self._world.store.writing() as tx:
            tx.journal.append(Act(f"certificate:{fingerprint[:64]}", "caller.refused", what[:200], words[:500]))

    def _is_theirs(self, delivery: Delivery, accounts: frozenset[AuthorityKey]) -> bool:
        return delivery.authority in accounts and delivery.adapter == self._adapter

    def _record_first_fetch(self, message_id: MessageId) -> None:
        with self._world.store.writing() as tx:
            delivery = tx.deliveries.get(message_id)
            if delivery is None or delivery.state is not State.AVAILABLE or delivery.fetched_at is not None:
                return
            after = delivery.but(fetched_at=self._world.clock.now())
            tx.deliveries.save(after)
            act = Act(f"authority:{after.authority}", "delivery.fetched", after.case_number, facts=facts(after))
            entry = tx.journal.append(act)
            evidence.noted(
                self._world, tx, tx.cases.get(after.case_id), Fact.FETCHED, entry, message_id=after.message_id
            )

    def _described(self, delivery: Delivery) -> Waiting:
        chosen = release(delivery.release)
        authority = authority_of(self._world, delivery.authority)
        return Waiting(
            position=delivery.position,
            message_id=delivery.message_id,
            case_number=delivery.case_number,
            authority=delivery.authority,
            addressee=authority.dvdv_key,
            addressee_name=authority.title,
            sender=self._world.policy.sender_identifier,
            sender_name=self._world.policy.sender_name,
            release=delivery.release,
            root=root_name(chosen, delivery.number),
            namespace=chosen.namespace_of(delivery.number),
            service_uri=chosen.service_uri(delivery.number),
            size=delivery.size,
            test=delivery.test,
            state=delivery.state.value,
            created_at=delivery.stamped_at,
            available_at=delivery.available_at,
            fetched_at=delivery.fetched_at,
            closed_at=delivery.handed_over_at,
        )
