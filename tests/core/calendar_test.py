"""Working days of NRW, deadlines, and German local time across the change of clocks."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.calendar import (
    add_working_days,
    at_local,
    day_bounds,
    is_working_day,
    local,
    local_date,
    next_working_day,
    pickup_deadline,
    plans_deadline,
    working_days_between,
    written_date,
    written_moment,
)
from gateway.edges.holidays_nrw import closed_days, holiday_name

NRW = closed_days(2024, 2032)
days = st.dates(date(2024, 2, 1), date(2031, 12, 1))
counts = st.integers(0, 60)
seconds = st.integers(
    int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2037, 1, 1, tzinfo=UTC).timestamp())
)
moments = seconds.map(lambda second: datetime.fromtimestamp(second, UTC))


def test_the_eleven_public_holidays_of_nrw_in_2026() -> None:
    assert closed_days(2026, 2026) == {
        date(2026, 1, 1),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 5, 1),
        date(2026, 5, 14),
        date(2026, 5, 25),
        date(2026, 6, 4),
        date(2026, 10, 3),
        date(2026, 11, 1),
        date(2026, 12, 25),
        date(2026, 12, 26),
    }
    assert holiday_name(date(2026, 6, 4)) == "Fronleichnam"
    assert holiday_name(date(2026, 12, 24)) == ""


def test_the_holidays_of_a_century_are_those_of_a_library_of_holidays() -> None:
    years = range(1995, 2101)
    assert closed_days(1995, 2100) == frozenset(holidays.country_holidays("DE", subdiv="NW", years=years))


def test_extra_closed_days_are_added() -> None:
    christmas_eve = date(2026, 12, 24)
    assert is_working_day(christmas_eve, NRW)
    assert not is_working_day(christmas_eve, closed_days(2026, 2026, [christmas_eve]))


@given(days, counts)
def test_adding_and_counting_working_days_agree(day: date, count: int) -> None:
    target = add_working_days(day, count, NRW)
    assert working_days_between(day, target, NRW) == count
    assert count == 0 or is_working_day(target, NRW)


@given(days, counts, counts)
def test_adding_in_two_steps_is_adding_at_once(day: date, first: int, second: int) -> None:
    assert add_working_days(add_working_days(day, first, NRW), second, NRW) == add_working_days(
        day, first + second, NRW
    )


@given(days)
def test_the_next_working_day_is_the_first_one_after(day: date) -> None:
    found = next_working_day(day, NRW)
    assert found > day
    assert is_working_day(found, NRW)
    between = (day + timedelta(days=number) for number in range(1, (found - day).days))
    assert not any(is_working_day(other, NRW) for other in between)
    assert found == add_working_days(day, 1, NRW) == pickup_deadline(day, NRW)


@given(days, st.integers(0, 400), st.integers(0, 400))
def test_counted_working_days_add_up(day: date, first: int, second: int) -> None:
    middle, end = day + timedelta(days=first), day + timedelta(days=first + second)
    assert working_days_between(day, end, NRW) == (
        working_days_between(day, middle, NRW) + working_days_between(middle, end, NRW)
    )
    assert working_days_between(end, day, NRW) == 0


def test_what_lies_ready_before_easter_must_be_fetched_on_the_tuesday_after() -> None:
    assert pickup_deadline(date(2026, 4, 2), NRW) == date(2026, 4, 7)


def test_going_back_in_working_days_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        add_working_days(date(2026, 1, 1), -1, NRW)


@pytest.mark.parametrize(
    ("hand_off", "last"),
    [
        (date(2026, 6, 8), date(2026, 6, 22)),  # Monday to Monday
        (date(2026, 11, 21), date(2026, 12, 7)),  # the 14th day is a Saturday
        (date(2026, 11, 22), date(2026, 12, 7)),  # … a Sunday
        (date(2026, 3, 20), date(2026, 4, 7)),  # … Good Friday: the Tuesday after Easter
        (date(2026, 3, 23), date(2026, 4, 7)),  # … Easter Monday
        (date(2026, 12, 10), date(2026, 12, 24)),  # Christmas Eve is no public holiday
        (date(2026, 12, 11), date(2026, 12, 28)),  # … Christmas Day, followed by a weekend
        (date(2026, 12, 18), date(2027, 1, 4)),  # … New Year's Day, a Friday
        (date(2026, 12, 24), date(2027, 1, 7)),
        (date(2028, 2, 16), date(2028, 3, 1)),  # over a leap day
    ],
)
def test_plans_are_due_fourteen_days_after_the_hand_off_or_on_the_next_working_day(hand_off: date, last: date) -> None:
    assert plans_deadline(hand_off, NRW) == last


@given(moments)
def test_every_moment_lies_in_exactly_its_local_day(moment: datetime) -> None:
    begin, end = day_bounds(local_date(moment))
    assert begin <= moment < end
    assert end - begin in {timedelta(hours=23), timedelta(hours=24), timedelta(hours=25)}
    assert local(moment) == moment


@given(moments)
def test_a_local_time_leads_back_to_its_moment_unless_it_occurs_twice(moment: datetime) -> None:
    there = local(moment)
    back = at_local(there.date(), there.time())
    assert back == (moment - timedelta(hours=1) if there.fold else moment)


def test_the_change_of_clocks_neither_loses_nor_doubles_a_day() -> None:
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert day_bounds(spring) == (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))
    assert day_bounds(autumn) == (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    assert at_local(spring, time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert at_local(autumn, time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_dates_are_written_the_german_way_in_german_time() -> None:
    assert written_date(date(2026, 1, 2)) == "02.01.2026"
    assert written_moment(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == "01.01.2027 00:30"
    assert written_moment(datetime(2026, 7, 1, 23, 5, tzinfo=timezone(timedelta(hours=5)))) == "01.07.2026 20:05"


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_date(datetime(2026, 1, 1))  # noqa: DTZ001  # this is what must be refused
