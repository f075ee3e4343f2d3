"""The records around the queue, on SQLite and PostgreSQL: journal, registry, certificates, callers, ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.domain.authority import EditionPlan
from gateway.domain.case import Answered, Client, Way
from gateway.domain.journal import Act, verify
from gateway.domain.participation import Option, Participation, Phase
from gateway.domain.procedure import Procedure
from gateway.edges.store import open_store
from gateway.edges.store.store import SqlStore
from gateway.ports import Store
from tests.kit.keys import AT, certificate, private_key
from tests.kit.stores import AHLEN, BOCHUM, DAWN, StillClock, fresh_database


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: StillClock) -> Iterator[Store]:
    opened = open_store(fresh_database(request.param, tmp_path), clock)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


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
    assert isinstance(store, SqlStore)
    with pytest.raises(DBAPIError, match="append-only"), store._engines.writer.begin() as connection:
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
