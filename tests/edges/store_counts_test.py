"""What is counted by time: each span by itself, and test messages apart from applications."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway.domain.journal import Act
from gateway.edges.store import open_store
from gateway.edges.store.store import SqlStore
from tests.kit.stores import DAWN, StillClock, a_case, fresh_database

WORDS = ("case.accepted", "delivery.confirmed")
HOUR = timedelta(hours=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def clock_and_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[StillClock, SqlStore]]:
    clock = StillClock()
    opened = open_store(fresh_database(request.param, tmp_path_factory.mktemp("counts")), clock)
    yield clock, opened
    opened.close()


def write(clock: StillClock, store: SqlStore, hour: int, number: int, *words: str, test: bool) -> None:
    """Let a case be accepted in an hour of the day, and words be written about it."""
    clock.at = DAWN + hour * HOUR + timedelta(minutes=1)
    case = a_case(number, test=test, created_at=clock.at, accepted_at=clock.at)
    with store.writing() as tx:
        tx.cases.add(case)
        for word in words:
            tx.journal.append(Act("gateway", word, case.number))


def test_tests_are_counted_apart_and_each_span_by_itself(clock_and_store: tuple[StillClock, SqlStore]) -> None:
    clock, store = clock_and_store
    write(clock, store, 0, 1, "case.accepted", test=False)
    write(clock, store, 0, 2, "case.accepted", "delivery.confirmed", test=True)
    write(clock, store, 2, 3, "case.accepted", "delivery.confirmed", test=False)
    write(clock, store, 2, 4, "delivery.confirmed", test=True)
    with store.reading() as tx:
        spans = tx.insight.counted(WORDS, [DAWN, DAWN + HOUR, DAWN + 2 * HOUR, DAWN + 3 * HOUR])
        counts = [[span.get(word, 0) for word in WORDS] for span in spans]
        assert counts == [[1, 0], [0, 0], [1, 1]]
        assert tx.insight.tests(DAWN, DAWN + 3 * HOUR) == 2
        assert tx.insight.tests(DAWN + HOUR, DAWN + 2 * HOUR) == 0


def test_a_test_of_an_earlier_day_is_none_of_todays_applications(
    clock_and_store: tuple[StillClock, SqlStore],
) -> None:
    clock, store = clock_and_store
    write(clock, store, 0, 1, test=True)
    clock.at = DAWN + timedelta(days=3)
    with store.writing() as tx:
        tx.journal.append(Act("gateway", "delivery.confirmed", a_case(1).number))
    with store.reading() as tx:
        (found,) = tx.insight.counted(WORDS, [DAWN + timedelta(days=2), DAWN + timedelta(days=4)])
        assert found.get("delivery.confirmed", 0) == 0
        assert tx.insight.tests(DAWN + timedelta(days=2), DAWN + timedelta(days=4)) == 0


def test_nothing_is_asked_where_nothing_is_to_be_counted(clock_and_store: tuple[StillClock, SqlStore]) -> None:
    _, store = clock_and_store
    with store.reading() as tx:
        assert list(tx.insight.counted((), [DAWN, DAWN + HOUR])) == [{}]
        assert list(tx.insight.counted(WORDS, [DAWN])) == []
