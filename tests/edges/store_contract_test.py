"""What every store must do, on SQLite and PostgreSQL: values come back as they were, blocks are all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.domain.authority import EditionPlan
from gateway.domain.case import Answered, Case, Client, Delivery, Part, Way
from gateway.domain.delivery import PlansState, State
from gateway.domain.ids import CaseNumber, DocumentId, MessageId
from gateway.domain.journal import GENESIS, Act, verify
from gateway.domain.participation import Option, Participation, Phase
from gateway.domain.procedure import Procedure
from gateway.edges.store import open_store
from gateway.edges.store.tables import CASES, DELIVERIES
from gateway.ports import Store
from tests.kit.keys import AT, certificate, private_key
from tests.kit.stores import AHLEN, BOCHUM, DAWN, StillClock, a_case, a_delivery, fresh_database, uuid_of


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


def test_ways_are_open_until_something_is_noted(store: Store) -> None:
    noted = Way(BOCHUM, True, "Wartung bis 12 Uhr", 4, DAWN)
    with store.writing() as tx:
        assert tx.ways.get(AHLEN) == Way(AHLEN)
        tx.ways.save(Way(BOCHUM))
        tx.ways.save(noted)
        tx.ways.save(Way(AHLEN, failures=1))
    with store.reading() as tx:
        assert tx.ways.all() == [Way(AHLEN, failures=1), noted]


def test_the_journal_is_one_chain_over_all_blocks(store: Store, clock: StillClock) -> None:
    acts = [
        Act("portal:x", "case.accepted", "BW-1", "weil", {"größe": 3, "liste": [1, {"b": None, "a": 1.5}]}),
        Act("gateway", "delivery.claimed", "m-1"),
        Act("operator:eva", "way.paused", "BW-1"),
    ]
    with store.writing() as tx:
        first = [tx.journal.append(acts[0]), tx.journal.append(acts[1])]
    clock.advance(0.000001)
    with store.writing() as tx:
        first.append(tx.journal.append(acts[2]))
    with store.reading() as tx:
        entries = list(tx.journal.read())
        assert entries == first
        assert [entry.number for entry in entries] == [1, 2, 3]
        assert verify(entries) is None
        assert [entry.number for entry in tx.journal.read(subject="BW-1")] == [1, 3]
        assert [entry.number for entry in tx.journal.read(after=1, newest_first=True)] == [3, 2]
        assert [entry.number for entry in tx.journal.read(limit=1)] == [1]


def test_a_long_journal_is_read_batch_by_batch_in_both_directions(store: Store) -> None:
    with store.writing() as tx:
        for _ in range(1203):
            tx.journal.append(Act("gateway", "tick"))
    with store.reading() as tx:
        assert [entry.number for entry in tx.journal.read()] == list(range(1, 1204))
        assert [entry.number for entry in tx.journal.read(newest_first=True)] == list(range(1203, 0, -1))
        assert [entry.number for entry in tx.journal.read(after=100, limit=700)] == list(range(101, 801))
        assert verify(tx.journal.read()) is None


FACTS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("äb1", max_size=3), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=FACTS)
def test_an_entry_read_back_still_proves_itself(store: Store, facts: dict[str, object]) -> None:
    with store.writing() as tx:
        entry = tx.journal.append(Act("gateway", "noted", facts=facts))
    with store.reading() as tx:
        assert list(tx.journal.read(after=entry.number - 1)) == [entry]
        assert verify([entry], number=entry.number, before=entry.before) is None


@pytest.mark.parametrize("statement", ["UPDATE journal SET why = 'x'", "DELETE FROM journal"])
def test_the_database_itself_refuses_to_change_the_journal(store: Store, statement: str) -> None:
    with store.writing() as tx:
        tx.journal.append(Act("gateway", "noted"))
    with pytest.raises(DBAPIError, match="append-only"), store._engines.writer.begin() as connection:  # type: ignore[attr-defined]  # the attack goes past the port
        connection.exec_driver_sql(statement)
    with store.reading() as tx:
        assert verify(tx.journal.read()) is None


def test_participation_has_a_history_and_one_setting_per_day(store: Store) -> None:
    begin = Participation(AHLEN, date(2026, 1, 1), Option.NONE)
    live = Participation(
        AHLEN,
        date(2026, 6, 1),
        Option.WITH_PLANS,
        frozenset(Procedure),
        "2.6",
        "file_drop",
        {"folder": "eingang/ä", "deep": {"a": [1, True, None]}},
        phase=Phase.LIVE,
        certificates=("ab" * 32,),
        changed_at=DAWN,
    )
    later = replace(live, valid_from=date(2027, 1, 1), option=Option.WITHOUT_PLANS)
    other = Participation(BOCHUM, date(2026, 7, 1), Option.REDIRECT, redirect_url="https://bauen.bochum.example")
    with store.writing() as tx:
        for setting in (later, live, begin, other, replace(live, phase=Phase.TEST), live):
            tx.registry.add(setting)
    with store.writing() as tx:
        assert tx.registry.history(AHLEN) == (begin, live, later)
        assert tx.registry.all_in_force(date(2025, 12, 31)) == {}
        assert tx.registry.all_in_force(date(2026, 5, 31)) == {AHLEN: begin}
        assert tx.registry.all_in_force(date(2026, 7, 1)) == {AHLEN: live, BOCHUM: other}
        assert tx.registry.all_in_force(date(2027, 1, 1)) == {AHLEN: later, BOCHUM: other}
        tx.registry.remove(AHLEN, live.valid_from)
        assert tx.registry.history(AHLEN) == (begin, later)


def test_the_plan_of_editions_is_kept_in_order(store: Store) -> None:
    with store.writing() as tx:
        assert tx.registry.edition_plan() == EditionPlan()
        tx.registry.set_edition("212", date(2027, 1, 1))
        tx.registry.set_edition("215", date(2026, 1, 1))
        tx.registry.set_edition("215", date(2027, 1, 1))
    with store.reading() as tx:
        assert tx.registry.edition_plan() == EditionPlan(((date(2026, 1, 1), "215"), (date(2027, 1, 1), "215")))


def test_certificates_are_found_by_authority_and_by_fingerprint(store: Store) -> None:
    key = private_key()
    old = certificate(key, "Ahlen alt", start=AT - timedelta(days=300))
    new = certificate(key, "Ahlen neu", start=AT - timedelta(days=3))
    tls = certificate(key, "Rechenzentrum")
    fingerprint = tls.fingerprint(SHA256()).hex(":").upper()
    with store.writing() as tx:
        for authority, purpose, held in (
            (AHLEN, "encrypt", old),
            (AHLEN, "encrypt", new),
            (AHLEN, "encrypt", new),
            (AHLEN, "tls", tls),
            (BOCHUM, "tls", tls),
            (BOCHUM, "sign", tls),
        ):
            tx.certificates.add(authority, purpose, held)
    with store.writing() as tx:
        assert tx.certificates.of(AHLEN, "encrypt") == [new, old]
        assert tx.certificates.of(AHLEN, "sign") == []
        assert tx.certificates.accounts(fingerprint) == {AHLEN, BOCHUM}
        assert tx.certificates.accounts(new.fingerprint(SHA256()).hex()) == frozenset()
        assert len(list(tx.certificates.all())) == 5
        tx.certificates.remove(BOCHUM, fingerprint)
        assert tx.certificates.accounts(fingerprint) == {AHLEN}
        assert tx.certificates.of(BOCHUM, "sign") == []


def test_callers_are_known_by_their_token_until_it_is_revoked(store: Store) -> None:
    portal = Client("bauportal", frozenset({"submit", "read"}), DAWN + timedelta(365), "t1")
    with store.writing() as tx:
        tx.clients.add(portal, "aa" * 32)
        tx.clients.add(replace(portal, token_id="t2", scopes=frozenset()), "bb" * 32)
    with store.writing() as tx:
        assert tx.clients.by_token("aa" * 32) == portal
        assert tx.clients.by_token("cc" * 32) is None
        assert [client.token_id for client in tx.clients.all()] == ["t1", "t2"]
        assert tx.clients.revoke("t1")
        assert not tx.clients.revoke("t1")
        assert tx.clients.by_token("aa" * 32) is None


def test_an_answer_is_kept_once_per_client_and_key(store: Store) -> None:
    with store.writing() as tx:
        tx.idempotency.put("bauportal", "k", Answered("ab", "case-1"), DAWN)
        tx.idempotency.put("other", "k", Answered("cd", "case-2"), DAWN + timedelta(1))
    with pytest.raises(IntegrityError), store.writing() as tx:
        tx.idempotency.put("bauportal", "k", Answered("ef", "case-3"), DAWN)
    with store.writing() as tx:
        assert tx.idempotency.get("bauportal", "k") == Answered("ab", "case-1")
        assert tx.idempotency.get("bauportal", "l") is None
        assert tx.idempotency.forget(DAWN + timedelta(hours=1)) == 1
        assert tx.idempotency.get("bauportal", "k") is None
        assert tx.idempotency.get("other", "k") == Answered("cd", "case-2")
