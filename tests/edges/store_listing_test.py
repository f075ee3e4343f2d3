"""Operators' lists: every filter finds the same as a look at everything, page by page, and reads no history for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from gateway.domain.delivery import State
from gateway.domain.insight import OPEN, Wanted
from gateway.domain.reply import ReplyState
from gateway.edges.store import open_store
from gateway.edges.store.store import SqlStore
from tests.kit.stores import AHLEN, BOCHUM, COESFELD, DAWN, StillClock, a_case, a_delivery, fresh_database

STATES = (State.HELD, State.WAITING, State.CONFIRMED, State.REJECTED, State.HANDED_OVER, State.ACCEPTED)
CODES = ("", "far-side-unreachable", "certificate-expired")
COUNT = 60


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    opened = open_store(fresh_database(request.param, tmp_path_factory.mktemp("lists")), StillClock())
    with opened.writing() as tx:
        for number in range(1, COUNT + 1):
            state, key = STATES[number % 6], (AHLEN, BOCHUM, COESFELD)[number % 3]
            case = a_case(number, authority=key)
            tx.cases.add(case)
            due = DAWN if state in (State.WAITING, State.ACCEPTED) else None
            code = CODES[number % 3] if state in (State.HELD, State.WAITING, State.REJECTED) else ""
            tx.deliveries.add(a_delivery(number, case, state=state, next_at=due, code=code))
    yield opened
    opened.close()


def everything(store: SqlStore) -> list[Any]:
    with store.reading() as tx:
        return sorted(tx.deliveries.listing(limit=1000), key=lambda one: -one.position)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    states=st.frozensets(st.sampled_from(STATES)),
    keys=st.none() | st.frozensets(st.sampled_from((AHLEN, BOCHUM, COESFELD))),
    code=st.sampled_from(CODES),
    limit=st.integers(1, 25),
    oldest_first=st.booleans(),
)
def test_pages_put_together_are_what_a_look_at_everything_finds(
    store: SqlStore, states: frozenset[State], keys: Any, code: str, limit: int, oldest_first: bool
) -> None:
    expected = [
        one.position
        for one in everything(store)
        if (not states or one.state in states)
        and (keys is None or one.authority in keys)
        and (not code or one.code == code)
    ]
    expected = expected[::-1] if oldest_first else expected
    found: list[int] = []
    after = 0
    with store.reading() as tx:
        while True:
            wanted = Wanted(states, keys, code, after=after, limit=limit, oldest_first=oldest_first)
            page = [one.position for one in tx.insight.deliveries(wanted)]
            found += page
            if len(page) < limit:
                break
            after = page[-1]
        assert found == expected
        assert tx.insight.count(Wanted(states=states, authorities=keys, code=code)) == len(expected)
        assert tx.insight.count(Wanted(states=states, authorities=keys, code=code), 5) == min(5, len(expected))


def test_counts_causes_and_the_oldest_are_those_of_the_rows(store: SqlStore) -> None:
    rows = everything(store)
    with store.reading() as tx:
        loads, causes = tx.insight.loads(), tx.insight.causes()
        oldest = tx.insight.oldest(OPEN, 3)
        number = rows[0].case_number
        assert [one.case_number for one in tx.insight.deliveries(Wanted(case_number=number))] == [number]
    assert {key: load.open for key, load in loads.items()} == {
        key: sum(one.state in OPEN for one in rows if one.authority == key) for key in (AHLEN, BOCHUM, COESFELD)
    }
    still = [one for one in rows if one.state in (State.HELD, State.WAITING)]
    assert sum(cause.count for cause in causes) == len(still)
    assert {(cause.code, cause.state) for cause in causes} == {(one.code, one.state) for one in still}
    assert [one.position for one in oldest] == sorted(one.position for one in rows if one.state in OPEN)[:3]


QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "page": lambda tx: tx.insight.deliveries(Wanted()),
    "oldest first": lambda tx: tx.insight.deliveries(Wanted(after=1, oldest_first=True)),
    "states": lambda tx: tx.insight.deliveries(Wanted(states=frozenset({State.HELD, State.CONFIRMED}))),
    "authority": lambda tx: tx.insight.deliveries(Wanted(authorities=frozenset({AHLEN}))),
    "both": lambda tx: tx.insight.deliveries(Wanted(frozenset({State.HELD}), frozenset({AHLEN, BOCHUM}))),
    "cause": lambda tx: tx.insight.deliveries(Wanted(code="certificate-expired")),
    "number": lambda tx: tx.insight.deliveries(Wanted(case_number="BW-2026-0000-0000")),
    "causes": lambda tx: tx.insight.causes(),
    "loads": lambda tx: tx.insight.loads(),
    "oldest": lambda tx: tx.insight.oldest(OPEN, 20),
    "counted": lambda tx: tx.insight.counted(("case.accepted",), (DAWN, DAWN)),
    "tests": lambda tx: tx.insight.tests(DAWN, DAWN),
    "journal": lambda tx: list(tx.journal.read(limit=10, subject="x", newest_first=True)),
    "trace": lambda tx: tx.cases.find("BW-2026-0000-0000"),
    "replies": lambda tx: tx.replies.in_states([ReplyState.QUARANTINED, ReplyState.MATCHED]),
}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("question", QUESTIONS)
def test_no_list_walks_a_whole_table_or_sorts_it(store: SqlStore, question: str) -> None:
    engine = store._engines.reader  # a plan can only be asked for where the statement runs
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        with store.reading() as tx:
            QUESTIONS[question](tx)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert asked
    with engine.connect() as connection:
        steps = [
            row[3]
            for statement, binds in asked
            if statement.lstrip().startswith(("SELECT", "WITH"))
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", binds)
        ]
    walks = [one for one in steps if re.match(r"SCAN (deliveries|cases|journal|replies|d|later)\b", one)]
    allowed = "SCAN deliveries USING COVERING INDEX ix_deliveries_still"  # what stands still is counted, all of it
    paged = "SCAN deliveries"  # in order of its own key, as far as the page goes
    assert set(walks) <= {allowed} | ({paged} if question == "page" else set())
    sorts = [one for one in steps if "TEMP B-TREE" in one and "UNION" not in one]
    assert not sorts or question in ("causes", "trace"), sorts
