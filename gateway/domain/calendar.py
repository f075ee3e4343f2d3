"""Working days, legal deadlines and German local time. Which days are closed is handed in as a set of dates."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from gateway.domain.limits import PLANS_DAYS

BERLIN = ZoneInfo("Europe/Berlin")
_DAY = timedelta(days=1)
_SATURDAY = 5


def is_working_day(day: date, closed: Collection[date]) -> bool:
    """Return whether a day is Monday to Friday and not closed."""
    return day.weekday() < _SATURDAY and day not in closed


def next_working_day(day: date, closed: Collection[date]) -> date:
    """Return the first working day after a day."""
    return next(_working_days_after(day, closed))


def add_working_days(day: date, count: int, closed: Collection[date]) -> date:
    """Return the `count`-th working day after a day; the day itself for 0.

    Raises:
        ValueError: `count` is negative.
    """
    if count < 0:
        raise ValueError("count of working days must not be negative")
    return next(islice(_working_days_after(day, closed), count - 1, None)) if count else day


def working_days_between(start: date, end: date, closed: Collection[date]) -> int:
    """Return how many working days lie after `start` up to and including `end`; 0 if `end` is not later."""
    days = (start + _DAY * number for number in range(1, (end - start).days + 1))
    return sum(is_working_day(day, closed) for day in days)


def pickup_deadline(available_on: date, closed: Collection[date]) -> date:
    """Return the day by whose end an authority must have fetched: it looks at least once every working day (NB § 6)."""
    return next_working_day(available_on, closed)


def plans_deadline(hand_off: date, holidays: Collection[date]) -> date:
    """Return the last day for the plans of an option-2 case: 14 calendar days after the hand-off (NB § 8.3).

    The day of the hand-off does not count; a Saturday, Sunday or public holiday at the end gives way to the next
    working day (§ 31 (3) VwVfG NRW, §§ 187, 193 BGB). Days an office closes by its own choice do not.
    """
    last = hand_off + timedelta(days=PLANS_DAYS)
    return last if is_working_day(last, holidays) else next_working_day(last, holidays)


def local(moment: datetime) -> datetime:
    """Return an aware moment in German local time.

    Raises:
        ValueError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone cannot be converted")
    return moment.astimezone(BERLIN)


def local_date(moment: datetime) -> date:
    """Return the German calendar day of an aware moment."""
    return local(moment).date()


def at_local(day: date, clock: time) -> datetime:
    """Return the aware UTC moment of a German wall-clock time.

    A time that the change to summer time leaves out is taken as if the clocks had not been changed (02:30 is then
    03:30); of a time that occurs twice in autumn the first is meant.
    """
    return datetime.combine(day, clock.replace(tzinfo=None), BERLIN).astimezone(UTC)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Return the aware UTC moments at which a German calendar day begins and ends (the end excluded)."""
    return at_local(day, time.min), at_local(day + _DAY, time.min)


def written_date(day: date) -> str:
    """Return a date as people write it: `21.11.2026`."""
    return f"{day.day:02d}.{day.month:02d}.{day.year:04d}"


def written_moment(moment: datetime) -> str:
    """Return an aware moment in German local time, to the minute: `21.11.2026 14:03`."""
    there = local(moment)
    return f"{written_date(there.date())} {there.hour:02d}:{there.minute:02d}"


def _working_days_after(day: date, closed: Collection[date]) -> Iterator[date]:
    while True:
        day += _DAY
        if is_working_day(day, closed):
            yield day
