"""Whatever workers do and however they die: no delivery is held twice, none is lost, no authority gets too many."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.domain.case import Delivery, Way
from gateway.domain.delivery import DUE, State, move
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.edges.store import open_store
from gateway.ports import Transaction
from tests.kit.stores import AHLEN, BOCHUM, COESFELD, StillClock, a_case, a_delivery

WORKERS = st.sampled_from(["w1", "w2", "w3"])
EACH = 2
LEASE = timedelta(seconds=30)


class Queue(RuleBasedStateMachine):
    """Workers that claim, settle, renew, stall and take over; `held` is what each of them believes to hold."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = StillClock()
        self.folder = Path(mkdtemp(prefix="bauweiche-queue-"))
        self.store = open_store(f"sqlite:///{self.folder / 'queue.db'}", self.clock)
        self.held: dict[tuple[str, MessageId, int], Delivery] = {}
        self.attempts: set[tuple[MessageId, int]] = set()
        self.added = 0

    def teardown(self) -> None:
        self.store.close()
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()

    @initialize()
    def begin(self) -> None:
        self.submit()

    @rule()
    def submit(self) -> None:
        with self.store.writing() as tx:
            for authority in (AHLEN, BOCHUM, COESFELD, AHLEN):
                self.added += 1
                case = a_case(self.added, authority=authority)
                tx.cases.add(case)
                tx.deliveries.add(a_delivery(self.added, case, next_at=self.clock.now()))

    @rule(worker=WORKERS, limit=st.integers(1, 6))
    def claim(self, worker: str, limit: int) -> None:
        with self.store.writing() as tx:
            now = self.clock.now()
            ways = [(way, self.under_way(tx, way.authority)) for way in tx.ways.all()]
            claimed = tx.deliveries.claim(worker, now, LEASE, limit, EACH)
            for way, before in ways:
                shut = way.paused or (way.open_until is not None and way.open_until > now)
                places = 0 if shut else 1 if way.open_until is not None else EACH
                assert self.under_way(tx, way.authority) <= max(before, places)
            for taken in claimed:
                assert (taken.message_id, taken.attempt) not in self.attempts, "an attempt was given out twice"
                self.attempts.add((taken.message_id, taken.attempt))
                self.held[worker, taken.message_id, taken.attempt] = taken

    def under_way(self, tx: Transaction, authority: AuthorityKey) -> int:
        return len(tx.deliveries.listing(states=frozenset({State.UNDER_WAY}), authority=authority))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), outcome=st.sampled_from([State.WAITING, State.AVAILABLE, State.HANDED_OVER, State.HELD]))
    def settle(self, data: st.DataObject, outcome: State) -> None:
        key = data.draw(st.sampled_from(sorted(self.held)))
        taken = self.held.pop(key)
        now = self.clock.now()
        after = taken.but(state=move(taken.state, outcome), next_at=now, available_at=now, leased_until=None)
        with self.store.writing() as tx:
            before = tx.deliveries.get(taken.message_id)
            assert before is not None
            mine = (before.state, before.worker, before.attempt) == (State.UNDER_WAY, key[0], key[2])
            assert tx.deliveries.settle(after, worker=key[0], attempt=key[2]) is mine
            assert tx.deliveries.get(taken.message_id) == (after if mine else before)

    @rule(worker=WORKERS)
    def renew(self, worker: str) -> None:
        with self.store.writing() as tx:
            mine = [message_id for name, message_id, _ in self.held if name == worker]
            tx.deliveries.renew(worker, mine, self.clock.now() + LEASE)

    @rule(seconds=st.integers(1, 45))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(state=st.sampled_from([State.WAITING, State.HELD]))
    def take_over_orphans(self, state: State) -> None:
        now = self.clock.now()
        with self.store.writing() as tx:
            for orphan in tx.deliveries.orphaned(now, 10):
                assert orphan.leased_until is not None
                assert orphan.leased_until <= now
                found = orphan.but(state=state, next_at=now)
                assert tx.deliveries.settle(found, worker=orphan.worker, attempt=orphan.attempt)

    @rule(authority=st.sampled_from([AHLEN, BOCHUM]), paused=st.booleans())
    def pause(self, authority: AuthorityKey, paused: bool) -> None:
        with self.store.writing() as tx:
            tx.ways.save(Way(authority, paused=paused))

    @rule(seconds=st.integers(-5, 20))
    def trip(self, seconds: int) -> None:
        with self.store.writing() as tx:
            tx.ways.save(Way(COESFELD, failures=5, open_until=self.clock.now() + timedelta(seconds=seconds)))

    @invariant()
    def everything_is_there_and_no_authority_has_too_many(self) -> None:
        with self.store.reading() as tx:
            everything = tx.deliveries.listing(limit=1000)
            assert len(everything) == self.added
            assert sum(tx.deliveries.counts().values()) == self.added
            under_way = [delivery for delivery in everything if delivery.state is State.UNDER_WAY]
            for authority in (AHLEN, BOCHUM, COESFELD):
                assert sum(delivery.authority == authority for delivery in under_way) <= EACH
            for delivery in under_way:
                holders = [key for key in self.held if key[1:] == (delivery.message_id, delivery.attempt)]
                assert holders == [(delivery.worker, delivery.message_id, delivery.attempt)]

    @invariant()
    def the_next_moment_is_never_missed(self) -> None:
        now = self.clock.now()
        with self.store.reading() as tx:
            moment = tx.deliveries.next_due(now)
            ways = {way.authority: way for way in tx.ways.all()}
            leases = [each.leased_until for each in tx.deliveries.listing(limit=1000) if each.state is State.UNDER_WAY]
            waking = [lease for lease in leases if lease is not None and lease > now]
            for each in tx.deliveries.listing(limit=1000):
                way = ways.get(each.authority, Way(each.authority))
                if each.state in DUE and each.next_at is not None and not way.paused:
                    waking.append(max(each.next_at, way.open_until or each.next_at))
                if each.state is State.AVAILABLE and each.next_at is not None:
                    waking.append(each.next_at)
        assert moment == min((each for each in waking if each > now), default=None)


TestQueue = Queue.TestCase
TestQueue.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
