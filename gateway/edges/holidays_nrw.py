"""The public holidays of North Rhine-Westphalia, as a plain set of dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date


def closed_days(year_from: int, year_to: int, extra: Iterable[date] = ()) -> frozenset[date]:
    """Return the public holidays of both years and all between, and the extra days on which nobody works.

    24 and 31 December are no public holidays in NRW: hand them in as `extra` where offices are closed.
    """
    import holidays  # a fifth of a second, and most commands ask for no holiday

    years = range(year_from, year_to + 1)
    return frozenset(holidays.country_holidays("DE", subdiv="NW", language="de", years=years)) | frozenset(extra)


def holiday_name(day: date) -> str:
    """Return the German name of a public holiday, empty for any other day."""
    import holidays

    return holidays.country_holidays("DE", subdiv="NW", language="de", years=day.year).get(day) or ""
