"""The queue: who gets which delivery, when, and that nobody else has it (laws 4, 5 and 7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.case import Delivery, Way
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey
from gateway.edges.store import open_store
from gateway.edges.store.store import SqlStore
from gateway.ports import Store, Transaction
from tests.kit.stores import AHLEN, BOCHUM, COESFELD, DAWN, StillClock, a_case, a_delivery, fresh_database

LEASE = timedelta(seconds=30)
LATER = DAWN + timedelta(hours=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(fresh_database(request.param, tmp_path), StillClock())
    yield opened
    opened.close()


def put(tx: Transaction, number: int, authority: AuthorityKey = AHLEN, **changes: object) -> Delivery:
    case = a_case(number, authority=authority)
    delivery = a_delivery(number, case).but(**changes)
    tx.cases.add(case)
    tx.deliveries.add(delivery)
    return delivery


def numbers(found: Iterator[Delivery] | list[Delivery]) -> list[int]:
    return [delivery.position for delivery in found]


def claimed(store: Store, *, limit: int = 10, each: int = 10, worker: str = "w", at: datetime = DAWN) -> list[int]:
    with store.writing() as tx:
        return numbers(list(tx.deliveries.claim(worker, at, LEASE, limit, each)))


def test_a_claim_leases_counts_the_attempt_and_returns_what_is_stored(store: Store) -> None:
    with store.writing() as tx:
        fresh = put(tx, 1, attempt=4, worker="old", state=State.WAITING)
    with store.writing() as tx:
        (taken,) = tx.deliveries.claim("w1", DAWN, LEASE, 5, 2)
        expected = fresh.but(
            state=State.UNDER_WAY, attempt=5, worker="w1", leased_until=DAWN + LEASE, position=1, next_at=DAWN
        )
        assert taken == expected
    with store.reading() as tx:
        assert tx.deliveries.get(fresh.message_id) == expected


def test_only_what_is_due_is_claimed_the_longest_overdue_first(store: Store) -> None:
    with store.writing() as tx:
        put(tx, 1, next_at=DAWN - timedelta(seconds=1))
        put(tx, 2, BOCHUM, next_at=DAWN - timedelta(seconds=9), state=State.WAITING)
        put(tx, 3, COESFELD, next_at=DAWN)
        put(tx, 4, COESFELD, next_at=DAWN + timedelta(microseconds=1))
        for number, state in enumerate((State.HELD, State.HANDED_OVER, State.CONFIRMED, State.WITHDRAWN), start=5):
            put(tx, number, state=state)
        put(tx, 9, state=State.AVAILABLE, available_at=DAWN)
    assert claimed(store, limit=2) == [2, 1]
    assert claimed(store) == [3]
    assert claimed(store) == []


def test_an_authority_with_a_thousand_due_deliveries_hides_no_other(store: Store) -> None:
    with store.writing() as tx:
        for number in range(1, 1001):
            put(tx, number, next_at=DAWN - timedelta(hours=2))
        put(tx, 1001, BOCHUM)
        put(tx, 1002, COESFELD)
    assert claimed(store, limit=4, each=2) == [1, 2, 1001, 1002]
    assert claimed(store, limit=4, each=2) == []


def test_what_is_under_way_takes_up_the_places_of_its_authority(store: Store) -> None:
    with store.writing() as tx:
        for number in range(1, 6):
            put(tx, number)
    assert claimed(store, each=2) == [1, 2]
    assert claimed(store, each=3) == [3]
    with store.writing() as tx:
        (first, *_) = tx.deliveries.listing(states=frozenset({State.UNDER_WAY}))
        assert tx.deliveries.settle(first.but(state=State.HANDED_OVER), worker="w", attempt=1)
    assert claimed(store, each=3) == [4]


def test_nothing_goes_over_a_paused_way_or_an_open_breaker(store: Store) -> None:
    with store.writing() as tx:
        put(tx, 1, AHLEN)
        put(tx, 2, BOCHUM)
        put(tx, 3, COESFELD)
        tx.ways.save(Way(AHLEN, paused=True))
        tx.ways.save(Way(BOCHUM, failures=5, open_until=DAWN + timedelta(seconds=1)))
        tx.ways.save(Way(COESFELD, failures=4))
    assert claimed(store) == [3]
    assert claimed(store, at=DAWN + timedelta(seconds=1)) == [2]
    with store.writing() as tx:
        tx.ways.save(Way(AHLEN))
    assert claimed(store) == [1]


def test_after_the_pause_of_a_breaker_one_delivery_at_a_time_tries_the_way(store: Store) -> None:
    with store.writing() as tx:
        for number in range(1, 5):
            put(tx, number)
        tx.ways.save(Way(AHLEN, failures=5, open_until=DAWN))
    assert claimed(store, each=3) == [1]
    assert claimed(store, each=3) == []
    with store.writing() as tx:
        (probe,) = tx.deliveries.listing(states=frozenset({State.UNDER_WAY}))
        assert tx.deliveries.settle(probe.but(state=State.WAITING, next_at=LATER), worker="w", attempt=1)
    assert claimed(store, each=3) == [2]
    with store.writing() as tx:
        tx.ways.save(Way(AHLEN))
    assert claimed(store, each=3) == [3, 4]


def test_an_outcome_counts_only_from_the_worker_that_holds_the_attempt(store: Store) -> None:
    with store.writing() as tx:
        put(tx, 1)
    with store.writing() as tx:
        (mine,) = tx.deliveries.claim("w1", DAWN, LEASE, 1, 1)
        assert not tx.deliveries.settle(mine.but(state=State.HANDED_OVER), worker="w2", attempt=1)
        assert not tx.deliveries.settle(mine.but(state=State.HANDED_OVER), worker="w1", attempt=2)
        assert tx.deliveries.get(mine.message_id) == mine
    with store.writing() as tx:
        (orphan,) = tx.deliveries.orphaned(DAWN + LEASE, 5)
        assert orphan == mine
        back = orphan.but(state=State.WAITING, worker="", leased_until=None, next_at=DAWN)
        assert tx.deliveries.settle(back, worker=orphan.worker, attempt=orphan.attempt)
        assert not tx.deliveries.settle(back, worker=orphan.worker, attempt=orphan.attempt)
    assert claimed(store, worker="w2") == [1]
    with store.writing() as tx:
        assert not tx.deliveries.settle(mine.but(state=State.HANDED_OVER), worker="w1", attempt=1)
        taken = tx.deliveries.get(mine.message_id)
        assert taken is not None
        assert (taken.state, taken.worker, taken.attempt) == (State.UNDER_WAY, "w2", 2)


def test_a_renewed_lease_is_no_orphan_and_is_never_shortened(store: Store) -> None:
    with store.writing() as tx:
        both = [put(tx, 1).message_id, put(tx, 2, BOCHUM).message_id]
    claimed(store, worker="w1", limit=1)
    claimed(store, worker="w2")
    with store.writing() as tx:
        tx.deliveries.renew("w1", both, LATER)
        tx.deliveries.renew("w1", both, DAWN)
        assert numbers(list(tx.deliveries.orphaned(DAWN + LEASE, 5))) == [2]
        assert numbers(list(tx.deliveries.orphaned(LATER, 5))) == [2, 1]
        assert numbers(list(tx.deliveries.orphaned(LATER, 1))) == [2]


def test_a_lease_is_renewed_only_for_what_its_worker_says_it_has_in_hand(store: Store) -> None:
    with store.writing() as tx:
        first = put(tx, 1).message_id
        put(tx, 2, BOCHUM)
    claimed(store, worker="w1")
    with store.writing() as tx:
        tx.deliveries.renew("w1", [], LATER)
        tx.deliveries.renew("w1", [first], LATER)
        assert numbers(list(tx.deliveries.orphaned(DAWN + LEASE, 5))) == [2]


def test_what_the_dead_hold_is_orphaned_before_its_lease_runs_out(store: Store) -> None:
    with store.writing() as tx:
        put(tx, 1)
        put(tx, 2, BOCHUM)
    claimed(store, worker="w1", limit=1)
    claimed(store, worker="w2")
    with store.reading() as tx:
        assert set(tx.deliveries.holders()) == {"w1", "w2"}
        assert numbers(list(tx.deliveries.orphaned(DAWN, 5))) == []
        assert numbers(list(tx.deliveries.orphaned(DAWN, 5, {"w2", "w3"}))) == [2]


def available(tx: Transaction, number: int, authority: AuthorityKey, minute: int, **changes: object) -> None:
    laid: dict[str, Any] = {"adapter": "xta_mailbox", "available_at": DAWN + timedelta(minutes=minute)}
    put(tx, number, authority, state=State.AVAILABLE, **(laid | changes))


def test_looks_at_available_deliveries_come_when_they_are_due(store: Store) -> None:
    with store.writing() as tx:
        available(tx, 1, AHLEN, 0, next_at=DAWN + timedelta(seconds=1))
        available(tx, 2, AHLEN, 0, next_at=DAWN)
        available(tx, 3, AHLEN, 0, next_at=None)
        put(tx, 4, next_at=DAWN)
        assert numbers(list(tx.deliveries.to_watch(DAWN, 9))) == [2]
        assert numbers(list(tx.deliveries.to_watch(LATER, 9))) == [2, 1]


def test_a_mailbox_lists_its_own_in_the_order_they_became_available(store: Store) -> None:
    with store.writing() as tx:
        available(tx, 1, AHLEN, 3)
        available(tx, 2, BOCHUM, 1)
        available(tx, 3, AHLEN, 2)
        available(tx, 4, COESFELD, 0)
        put(tx, 5, AHLEN)
        available(tx, 6, AHLEN, 0, adapter="file_drop")

        def listed(after: int = 0, limit: int = 9) -> list[int]:
            return numbers(list(tx.deliveries.waiting_for(frozenset({AHLEN, BOCHUM}), "xta_mailbox", after, limit)))

        assert listed() == [2, 3, 1]
        assert listed(limit=1) == [2]
        assert listed(after=2, limit=1) == [3]
        assert listed(after=3) == [1]
        assert listed(after=1) == []
        assert tx.deliveries.waiting_for(frozenset(), "xta_mailbox", 0, 9) == []


def test_who_pages_through_a_mailbox_misses_nothing_that_arrives_meanwhile(store: Store) -> None:
    with store.writing() as tx:
        late = put(tx, 1)
        available(tx, 2, AHLEN, 1)
        available(tx, 3, AHLEN, 1)
    with store.reading() as tx:
        (first,) = tx.deliveries.waiting_for(frozenset({AHLEN}), "xta_mailbox", 0, 1)
    with store.writing() as tx:
        tx.deliveries.save(
            late.but(state=State.AVAILABLE, adapter="xta_mailbox", available_at=DAWN + timedelta(minutes=2))
        )
        tx.deliveries.save(first.but(state=State.HANDED_OVER))
    with store.reading() as tx:
        assert numbers(list(tx.deliveries.waiting_for(frozenset({AHLEN}), "xta_mailbox", first.position, 9))) == [3, 1]


def test_the_next_due_moment_counts_pauses_leases_and_looks(store: Store) -> None:
    def due(at: datetime = DAWN) -> float | None:
        with store.reading() as tx:
            moment = tx.deliveries.next_due(at)
        return None if moment is None else (moment - DAWN).total_seconds()

    assert due() is None
    with store.writing() as tx:
        put(tx, 1, AHLEN, next_at=DAWN)
        assert due() is None
        put(tx, 2, AHLEN, next_at=DAWN + timedelta(seconds=50))
        put(tx, 3, BOCHUM, next_at=DAWN + timedelta(seconds=40))
    assert due() == 40
    assert due(DAWN + timedelta(seconds=45)) == 50
    with store.writing() as tx:
        tx.ways.save(Way(BOCHUM, failures=5, open_until=DAWN + timedelta(seconds=60)))
    assert due() == 50
    with store.writing() as tx:
        tx.ways.save(Way(AHLEN, paused=True))
    assert due() == 60
    with store.writing() as tx:
        tx.ways.save(Way(BOCHUM, failures=5, open_until=DAWN + timedelta(seconds=30)))
    assert due() == 40
    with store.writing() as tx:
        available(tx, 4, COESFELD, 0, next_at=DAWN + timedelta(seconds=35))
    assert due() == 35
    with store.writing() as tx:
        put(tx, 5, COESFELD)
    assert claimed(store) == [5]
    assert due() == LEASE.total_seconds()


def test_the_cost_of_a_claim_does_not_depend_on_the_history(tmp_path: Path) -> None:
    store = open_store(fresh_database("sqlite", tmp_path), StillClock())
    assert isinstance(store, SqlStore)
    statements: list[str] = []
    with store.writing() as tx:
        driver = tx._connection.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(statements.append)
        tx.deliveries.claim("w", DAWN, LEASE, 5, 2)
        tx.deliveries.next_due(DAWN)
        tx.deliveries.orphaned(DAWN, 5)
        tx.deliveries.to_watch(DAWN, 5)
        tx.deliveries.waiting_for(frozenset({AHLEN}), "xta_mailbox", 0, 5)
        tx.cases.expired(DAWN, 5)
        tx.cases.erasable(5)
        driver.set_trace_callback(None)
        plans = [str(step[3]) for statement in statements for step in driver.execute(f"EXPLAIN QUERY PLAN {statement}")]
    store.close()
    over_all = [plan for plan in plans if "ix_deliveries_state" in plan or "ix_deliveries_authority" in plan]
    scans = [plan for plan in plans if plan.startswith(("SCAN deliveries", "SCAN cases")) and " INDEX " not in plan]
    assert len(statements) == 7
    assert over_all == []
    assert scans == []
