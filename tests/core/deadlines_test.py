"""Legal time applied: whole working days, quiet hours, reminders, and when a case counts as submitted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.calendar import at_local, is_working_day
from gateway.domain.deadlines import (
    level_of,
    may_write,
    missed_days,
    plans_overdue,
    reminder_day,
    standing,
    submitted_on,
)
from gateway.domain.delivery import PlansState, State
from gateway.edges.holidays_nrw import closed_days
from tests.kit.stores import a_case

CLOSED = closed_days(2025, 2028, [date(2026, 12, 24), date(2026, 12, 31)])
moments = st.integers(0, 700 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))


def at(day: date, hour: int = 10) -> datetime:
    return at_local(day, time(hour))


@pytest.mark.parametrize(
    ("ready", "now", "missed"),
    [
        (date(2026, 11, 23), date(2026, 11, 23), 0),  # Monday, the same day
        (date(2026, 11, 23), date(2026, 11, 24), 0),  # Tuesday is the working day they have
        (date(2026, 11, 23), date(2026, 11, 25), 1),
        (date(2026, 11, 20), date(2026, 11, 23), 0),  # Friday to Monday
        (date(2026, 11, 20), date(2026, 11, 24), 1),
        (date(2026, 12, 23), date(2026, 12, 28), 0),  # 24th closed, 25th and 26th holidays, weekend
        (date(2026, 12, 23), date(2026, 12, 29), 1),
        (date(2026, 4, 2), date(2026, 4, 7), 0),  # Maundy Thursday, Good Friday, Easter Monday
        (date(2026, 4, 2), date(2026, 4, 8), 1),
        (date(2026, 11, 23), date(2026, 11, 1), 0),  # the clock was set back
    ],
)
def test_only_whole_working_days_count_as_missed(ready: date, now: date, missed: int) -> None:
    assert missed_days(at(ready), at(now), CLOSED) == missed


def test_escalation_has_three_levels() -> None:
    assert [level_of(missed) for missed in range(8)] == [0, 1, 2, 2, 2, 5, 5, 5]


@given(
    ready=moments,
    span=st.timedeltas(timedelta(0), timedelta(days=40)),
    more=st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_waiting_longer_never_counts_less(ready: datetime, span: timedelta, more: timedelta) -> None:
    assert missed_days(ready, ready + span, CLOSED) <= missed_days(ready, ready + span + more, CLOSED)


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        (at(date(2026, 11, 23), 8), True),
        (at(date(2026, 11, 23), 16), True),
        (at(date(2026, 11, 23), 17), False),
        (at(date(2026, 11, 23), 7), False),
        (at(date(2026, 11, 22)), False),
        (at(date(2026, 12, 24)), False),
        (at(date(2026, 12, 25)), False),
        (datetime(2026, 3, 30, 6, 0, tzinfo=UTC), True),  # Monday after the change to summer time: 8 o'clock there
        (datetime(2026, 3, 27, 6, 30, tzinfo=UTC), False),  # Friday before it: half past seven
        (datetime(2026, 10, 26, 7, 0, tzinfo=UTC), True),  # Monday after the change back
        (datetime(2026, 10, 26, 6, 59, tzinfo=UTC), False),
    ],
)
def test_nobody_is_written_to_at_night_at_weekends_or_on_closed_days(moment: datetime, allowed: bool) -> None:
    assert may_write(moment, CLOSED) is allowed


@given(st.dates(date(2026, 1, 15), date(2027, 12, 31)))
def test_the_reminder_comes_on_a_working_day_with_three_working_days_left_to_act(due: date) -> None:
    day = reminder_day(due, CLOSED)
    assert is_working_day(day, CLOSED)
    assert sum(is_working_day(day + timedelta(days=n), CLOSED) for n in range((due - day).days)) == 3


def test_plans_are_overdue_the_day_after_their_last_day() -> None:
    assert not plans_overdue(date(2026, 12, 5), date(2026, 12, 5))
    assert plans_overdue(date(2026, 12, 5), date(2026, 12, 6))


def test_a_case_counts_as_submitted_when_the_data_and_with_option_2_the_plans_have_arrived() -> None:
    taken = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # already the 24th in Germany
    with_plans = replace(a_case(1), option="1", handed_over_at=taken, state=State.HANDED_OVER)
    assert submitted_on(with_plans) == date(2026, 11, 24)
    assert submitted_on(replace(with_plans, handed_over_at=None)) is None
    assert submitted_on(replace(with_plans, state=State.WITHDRAWN)) is None
    posted = replace(with_plans, option="2", plans=PlansState.EXPECTED)
    assert submitted_on(posted) is None
    arrived = replace(posted, plans=PlansState.ARRIVED, plans_arrived_on=date(2026, 12, 1))
    assert submitted_on(arrived) == date(2026, 12, 1)
    assert submitted_on(replace(arrived, plans_arrived_on=date(2026, 11, 20))) == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"option": "1"}, ("Eingereicht: noch nicht; die Behörde hat die Daten noch nicht abgeholt.",)),
        ({"option": "1", "handed_over_at": at(date(2026, 6, 9))}, ("Eingereicht: ja, am 09.06.2026.",)),
        (
            {"plans": PlansState.EXPECTED, "posted_plans": 1},
            (
                "Eingereicht: noch nicht; die Behörde hat die Daten noch nicht abgeholt"
                " und die Pläne sind noch nicht da.",
                "Pläne (einer per Post): noch nicht als eingegangen gemeldet, Frist 22.06.2026.",
            ),
        ),
        (
            {"plans": PlansState.OVERDUE, "posted_plans": 3, "handed_over_at": at(date(2026, 6, 9))},
            (
                "Eingereicht: noch nicht; die Pläne sind noch nicht da.",
                "Pläne (3 per Post): noch nicht als eingegangen gemeldet, Frist 22.06.2026; die Frist ist abgelaufen,"
                " die Behörde darf den Antrag zurückweisen.",
            ),
        ),
        (
            {"plans": PlansState.ARRIVED, "posted_plans": 2, "plans_arrived_on": date(2026, 6, 10),
             "handed_over_at": at(date(2026, 6, 9))},
            ("Eingereicht: ja, am 10.06.2026.", "Pläne (2 per Post): am 10.06.2026 bei der Behörde eingegangen."),
        ),
        ({"accepted_at": None}, ()),
        ({"state": State.WITHDRAWN}, ()),
    ],
)  # fmt: skip
def test_a_layman_is_told_whether_it_is_submitted_and_what_is_missing(
    changes: dict[str, Any], said: tuple[str, ...]
) -> None:
    given = {
        "option": "2",
        "accepted_at": at(date(2026, 6, 8)),
        "plans_due": date(2026, 6, 22),
        "state": State.AVAILABLE,
    }
    assert tuple(standing(replace(a_case(1), **(given | changes)))) == said
