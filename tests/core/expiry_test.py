"""When a certificate that runs out is warned about, and when not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.expiry import THRESHOLDS, Held, expiring, threshold_of

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ONE = Held("05570000", "encrypt", "a" * 64, NOW - timedelta(days=300), NOW + timedelta(days=10))


@pytest.mark.parametrize(
    ("left", "threshold"),
    [
        (timedelta(days=90, seconds=1), 0),
        (timedelta(days=90), 90),
        (timedelta(days=60, seconds=1), 90),
        (timedelta(days=60), 60),
        (timedelta(days=30), 30),
        (timedelta(days=14, hours=1), 30),
        (timedelta(days=14), 14),
        (timedelta(days=7), 7),
        (timedelta(days=1, seconds=1), 7),
        (timedelta(days=1), 1),
        (timedelta(seconds=1), 1),
        (timedelta(0), 0),
        (timedelta(days=-1), 0),
    ],
)
def test_each_threshold_begins_on_its_day(left: timedelta, threshold: int) -> None:
    assert threshold_of(NOW + left, NOW) == threshold


@given(st.integers(1, 200 * 86_400), st.integers(1, 200 * 86_400))
def test_the_less_time_is_left_the_more_urgent_it_is(first: int, second: int) -> None:
    shorter, longer = sorted((first, second))
    urgent, calm = (threshold_of(NOW + timedelta(seconds=left), NOW) for left in (shorter, longer))
    assert not calm or 0 < urgent <= calm
    assert urgent in (0, *THRESHOLDS)


def test_a_certificate_with_a_successor_is_not_warned_about() -> None:
    successor = replace(ONE, fingerprint="b" * 64, since=NOW - timedelta(days=1), until=NOW + timedelta(days=365))
    assert [one.held for one in expiring([ONE], NOW)] == [ONE]
    assert expiring([ONE, successor], NOW) == []
    assert expiring([successor, ONE], NOW) == []


@pytest.mark.parametrize(
    "change",
    [
        {"since": NOW + timedelta(days=11)},
        {"owner": "05515000"},
        {"purpose": "sign"},
        {"until": NOW + timedelta(days=9)},
    ],
    ids=["begins after a gap", "another owner", "another purpose", "ends earlier"],
)
def test_what_cannot_take_its_place_is_no_successor(change: dict[str, object]) -> None:
    other = replace(ONE, fingerprint="b" * 64, since=NOW, until=NOW + timedelta(days=365))
    assert ONE in [one.held for one in expiring([ONE, replace(other, **change)], NOW)]  # type: ignore[arg-type]


def test_an_anchor_stands_for_its_own_server_and_has_no_successor() -> None:
    anchor = replace(ONE, purpose="tls-anchor")
    other = replace(anchor, fingerprint="b" * 64, until=NOW + timedelta(days=3650))
    assert [one.held for one in expiring([anchor, other], NOW)] == [anchor]


def test_the_soonest_to_end_comes_first() -> None:
    later = replace(ONE, owner="05515000", until=NOW + timedelta(days=80))
    assert [(one.held, one.threshold, one.days) for one in expiring([later, ONE], NOW)] == [
        (ONE, 14, 10),
        (later, 90, 80),
    ]
