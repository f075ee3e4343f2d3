"""What every store must do, on SQLite and PostgreSQL: values come back as they were, blocks are all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from gateway.domain.case import Case, Delivery, Part
from gateway.domain.delivery import PlansState, State
from gateway.domain.ids import CaseNumber, DocumentId, MessageId
from gateway.domain.journal import GENESIS, Act
from gateway.edges.store import open_store
from gateway.edges.store.tables import CASES, DELIVERIES
from gateway.ports import Store
from tests.kit.stores import BOCHUM, DAWN, StillClock, a_case, a_delivery, fresh_database, uuid_of


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: StillClock) -> Iterator[Store]:
    opened = open_store(fresh_database(request.param, tmp_path), clock)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


FULL = a_case(
    7,
    option="2",
    test=True,
    state=State.HANDED_OVER,
    parts=tuple(Part(n, DocumentId(f"urn_uuid_{uuid_of(n)}"), n * 10**7, f"{n:064x}") for n in range(1, 26)),
    posted_plans=3,
    accepted_at=DAWN + timedelta(microseconds=1),
    handed_over_at=datetime(2026, 11, 23, 8, 0, tzinfo=timezone(timedelta(hours=1))),
    erased_at=DAWN,
    plans=PlansState.EXPECTED,
    plans_due=date(2026, 12, 7),
    plans_arrived_on=date(2026, 12, 1),
    file_reference="63-1234/26 „Süd“",
    overview_sha256="cd" * 32,
)


def test_the_columns_are_the_fields_of_the_domain_values() -> None:
    assert {column.name for column in CASES.columns} == {field.name for field in fields(Case)}
    assert {column.name for column in DELIVERIES.columns} == {field.name for field in fields(Delivery)}


def test_a_case_comes_back_as_it_went_in(store: Store) -> None:
    with store.writing() as tx:
        tx.cases.add(FULL)
        tx.cases.add(a_case(8, wrapped_key=None))
    with store.reading() as tx:
        back = tx.cases.get(FULL.id)
        assert back == FULL
        assert back is not None
        assert back.handed_over_at is not None
        assert back.handed_over_at.tzinfo is UTC
        assert tx.cases.get(a_case(8).id) == a_case(8, wrapped_key=None)
        assert tx.cases.get("nobody") is None


def test_a_saved_case_is_changed_and_no_other(store: Store) -> None:
    with store.writing() as tx:
        tx.cases.add(a_case(1))
        tx.cases.add(a_case(2))
        tx.cases.save(replace(FULL, **{name: getattr(a_case(1), name) for name in FIXED}))
    with store.reading() as tx:
        saved = tx.cases.get(a_case(1).id)
        assert saved == replace(FULL, **{name: getattr(a_case(1), name) for name in FIXED})
        assert tx.cases.get(a_case(2).id) == a_case(2)


FIXED = ("id", "number", "client", "portal_reference", "reference", "created_at", "follows")


@pytest.mark.parametrize("name", FIXED)
def test_what_identifies_a_case_cannot_be_changed(store: Store, name: str) -> None:
    with store.writing() as tx:
        tx.cases.add(a_case(1))
        other = replace(a_case(2), follows=a_case(3).id, client="other", created_at=DAWN + timedelta(1))
        with pytest.raises(LookupError):
            tx.cases.save(replace(a_case(1), **{name: getattr(other, name)}))


def test_a_number_opens_one_case_but_later_submissions_carry_it_too(store: Store) -> None:
    opener = a_case(1)
    later = replace(a_case(2), number=opener.number, follows=opener.id, created_at=DAWN + timedelta(1))
    with store.writing() as tx:
        tx.cases.add(opener)
        tx.cases.add(later)
    with store.reading() as tx:
        assert tx.cases.by_number(opener.number) == opener
        assert tx.cases.find(opener.number) == [later, opener]
    with pytest.raises(IntegrityError), store.writing() as tx:
        tx.cases.add(replace(a_case(3), number=opener.number))


@pytest.mark.parametrize(
    "text",
    [
        FULL.id,
        FULL.id.upper(),
        FULL.number,
        FULL.number.lower().replace("-", " "),
        f"  {FULL.portal_reference} ",
        FULL.file_reference,
        FULL.overview_sha256.upper(),
        a_delivery(7, FULL).message_id,
        f"urn:uuid:{a_delivery(7, FULL).message_id}",
    ],
)
def test_a_case_is_found_by_everything_a_caller_may_hold(store: Store, text: str) -> None:
    with store.writing() as tx:
        tx.cases.add(FULL)
        tx.cases.add(a_case(8))
        tx.deliveries.add(a_delivery(7, FULL))
    with store.reading() as tx:
        assert tx.cases.find(text) == [FULL]


@pytest.mark.parametrize("text", ["", "  ", "%", "BW-2026", "' OR 1=1 --", "a\0b", "\ud800", "P-1\n2"])
def test_nothing_is_found_by_nothing_or_by_nonsense(store: Store, text: str) -> None:
    with store.writing() as tx:
        tx.cases.add(a_case(1))
    with store.reading() as tx:
        assert tx.cases.find(text) == []
        assert tx.cases.get(text) is None
        assert tx.cases.by_number(CaseNumber(text)) is None
        assert tx.deliveries.get(MessageId(text)) is None


def test_sealed_parts_are_replaced_and_dropped(store: Store) -> None:
    with store.writing() as tx:
        tx.cases.add(a_case(1))
        tx.cases.add(a_case(2))
        tx.cases.put_sealed(a_case(1).id, "xbau.xml", b"\x00first")
        tx.cases.put_sealed(a_case(1).id, "xbau.xml", b"\xffsecond")
        tx.cases.put_sealed(a_case(2).id, "xbau.xml", b"other")
    with store.writing() as tx:
        assert tx.cases.get_sealed(a_case(1).id, "xbau.xml") == b"\xffsecond"
        assert tx.cases.get_sealed(a_case(1).id, "manifest.xml") is None
        tx.cases.drop_sealed(a_case(1).id)
    with store.reading() as tx:
        assert tx.cases.get_sealed(a_case(1).id, "xbau.xml") is None
        assert tx.cases.get_sealed(a_case(2).id, "xbau.xml") == b"other"


def test_expired_drafts_and_erasable_cases_are_found_the_oldest_first(store: Store) -> None:
    draft = a_case(1, state=State.DRAFT, expires_at=DAWN)
    older = a_case(2, state=State.DRAFT, expires_at=DAWN - timedelta(hours=1))
    young = a_case(3, state=State.DRAFT, expires_at=DAWN + timedelta(microseconds=1))
    over = [a_case(9 - n, state=state, created_at=DAWN + timedelta(n)) for n, state in enumerate(OVER)]
    erased = a_case(10, state=State.CONFIRMED, erased_at=DAWN)
    with store.writing() as tx:
        for case in (draft, older, young, *over, erased, a_case(11), a_case(12, state=State.HELD)):
            tx.cases.add(case)
    with store.reading() as tx:
        assert tx.cases.expired(DAWN, 10) == [older, draft]
        assert tx.cases.expired(DAWN, 1) == [older]
        assert tx.cases.erasable(10) == over
        assert tx.cases.erasable(2) == over[:2]


OVER = (State.HANDED_OVER, State.CONFIRMED, State.REJECTED, State.WITHDRAWN, State.EXPIRED)


def test_a_block_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.writing() as tx:
            tx.cases.add(a_case(1))
            tx.deliveries.add(a_delivery(1))
            tx.journal.append(Act("gateway", "case.accepted", a_case(1).number))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with store.reading() as tx:
        assert tx.cases.get(a_case(1).id) is None
        assert tx.deliveries.listing() == []
        assert list(tx.journal.read()) == []


def test_a_statement_that_fails_takes_its_whole_block_with_it(store: Store) -> None:
    def fail() -> None:
        with store.writing() as tx:
            tx.journal.append(Act("gateway", "case.accepted"))
            tx.cases.add(a_case(1))
            tx.cases.add(a_case(1))

    with pytest.raises(IntegrityError):
        fail()
    with store.writing() as tx:
        assert tx.cases.get(a_case(1).id) is None
        assert tx.journal.append(Act("gateway", "again")).before == GENESIS


def test_a_reading_block_sees_one_moment_and_cannot_write(store: Store) -> None:
    with store.reading() as early:
        assert early.cases.get(a_case(1).id) is None
        with store.writing() as tx:
            tx.cases.add(a_case(1))
        assert early.cases.get(a_case(1).id) is None
    with pytest.raises(Exception, match="nur lesbar"), store.reading() as tx:
        tx.cases.add(a_case(2))
    with store.reading() as tx:
        assert tx.cases.get(a_case(1).id) is not None
        assert tx.cases.get(a_case(2).id) is None


def test_a_writing_block_inside_another_is_refused_instead_of_waiting_for_itself(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing(), store.writing():
        pass
    with store.writing() as tx:
        tx.cases.add(a_case(1))


def test_changed_tells_of_every_commit_and_of_nothing_else(store: Store) -> None:
    seen = [store.changed(), store.changed()]
    with store.reading() as tx:
        tx.cases.get("nobody")
    seen.append(store.changed())
    for number in range(1, 4):
        with store.writing() as tx:
            tx.cases.add(a_case(number))
        seen.append(store.changed())
    assert seen[0] == seen[1] == seen[2]
    assert len(set(seen)) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"state": State.ACCEPTED, "next_at": None},
        {"state": State.AVAILABLE, "available_at": None},
        {"state": State.UNDER_WAY, "worker": "", "leased_until": DAWN},
        {"state": State.UNDER_WAY, "worker": "w", "leased_until": None},
        {"case_id": "nobody"},
    ],
)
def test_a_delivery_that_nobody_would_ever_look_at_again_cannot_be_stored(
    store: Store, changes: dict[str, object]
) -> None:
    with store.writing() as tx:
        tx.cases.add(a_case(1))
    with pytest.raises(IntegrityError), store.writing() as tx:
        tx.deliveries.add(a_delivery(1).but(**changes))


def test_a_delivery_comes_back_as_it_went_in_with_the_next_position(store: Store) -> None:
    full = a_delivery(1).but(
        state=State.AVAILABLE,
        attempt=3,
        worker="w1",
        leased_until=DAWN,
        adapter="xta_mailbox",
        reason="Liegt bereit.",
        code="delivery-unreachable",
        reference="urn:de:xta:messageid:x",
        facts={"message": "ä", "b": "2"},
        available_at=DAWN,
        fetched_at=DAWN + timedelta(1),
        handed_over_at=DAWN + timedelta(2),
    )
    with store.writing() as tx:
        tx.cases.add(a_case(1))
        tx.cases.add(a_case(2))
        tx.deliveries.add(full.but(position=99))
        tx.deliveries.add(a_delivery(2))
        tx.deliveries.add(a_delivery(3, a_case(1)))
    with store.reading() as tx:
        assert tx.deliveries.get(full.message_id) == full.but(position=1)
        assert tx.deliveries.get(MessageId("nobody")) is None
        assert [found.position for found in tx.deliveries.of_case(a_case(1).id)] == [1, 3]
        assert [found.position for found in tx.deliveries.listing()] == [1, 2, 3]
        assert [found.position for found in tx.deliveries.listing(after=1, limit=1)] == [2]
        assert [found.position for found in tx.deliveries.listing(states=frozenset({State.ACCEPTED}))] == [2, 3]
        assert tx.deliveries.listing(authority=BOCHUM) == []
        assert tx.deliveries.counts() == {State.ACCEPTED: 2, State.AVAILABLE: 1}


def test_a_saved_delivery_keeps_what_identifies_it(store: Store) -> None:
    with store.writing() as tx:
        tx.cases.add(a_case(1))
        tx.deliveries.add(a_delivery(1))
        held = a_delivery(1).but(state=State.HELD, next_at=None, reason="Zertifikat abgelaufen")
        tx.deliveries.save(held)
        assert tx.deliveries.get(held.message_id) == held.but(position=1)
        with pytest.raises(LookupError):
            tx.deliveries.save(held.but(authority=BOCHUM))
        with pytest.raises(LookupError):
            tx.deliveries.save(a_delivery(2))
