"""The public holidays of North Rhine-Westphalia, as a plain set of dates (Feiertagsgesetz NW § 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

_FIXED: Mapping[tuple[int, int], str] = {
    (1, 1): "Neujahr",
    (5, 1): "Erster Mai",
    (10, 3): "Tag der Deutschen Einheit",
    (11, 1): "Allerheiligen",
    (12, 25): "Erster Weihnachtstag",
    (12, 26): "Zweiter Weihnachtstag",
}
_AFTER_EASTER: Mapping[int, str] = {
    -2: "Karfreitag",
    1: "Ostermontag",
    39: "Christi Himmelfahrt",
    50: "Pfingstmontag",
    60: "Fronleichnam",
}
_ONCE: Mapping[date, str] = {date(2017, 10, 31): "Reformationstag"}
"""What the state made a holiday for one year only."""


def closed_days(year_from: int, year_to: int, extra: Iterable[date] = ()) -> frozenset[date]:
    """Return the public holidays of both years and all between, and the extra days on which nobody works.

    24 and 31 December are no public holidays in NRW: hand them in as `extra` where offices are closed.
    """
    return frozenset(day for year in range(year_from, year_to + 1) for day in _named(year)) | frozenset(extra)


def holiday_name(day: date) -> str:
    """Return the German name of a public holiday, empty for any other day."""
    return _named(day.year).get(day, "")


def _named(year: int) -> Mapping[date, str]:
    easter = _easter(year)
    fixed = {date(year, month, day): name for (month, day), name in _FIXED.items()}
    moving = {easter + timedelta(days): name for days, name in _AFTER_EASTER.items()}
    return fixed | moving | {day: name for day, name in _ONCE.items() if day.year == year}


def _easter(year: int) -> date:
    """Return Easter Sunday (Gregorian; Gauss's rule as Lichtenberg mended it)."""
    century = year // 100
    moon = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    sun = 2 - (3 * century + 3) // 4
    age = year % 19
    first = (19 * age + moon) % 30
    full = 21 + first - (first + age // 11) // 29
    sunday = 7 - (year + year // 4 + sun) % 7
    march = full + 7 - (full - sunday) % 7
    return date(year, 3, 1) + timedelta(march - 1)
