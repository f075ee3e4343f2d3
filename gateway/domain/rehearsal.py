"""What a rehearsal finds: what will change or break by a day, for whom, in one German sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

FURTHEST = 3660
"""Days ahead, at most."""

_AHEAD = re.compile(r"\+\s*(\d{1,4})\s*[dt]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that will be so from a day on. `breaks`: without action, something stops working then.

    `authority` is "" where it concerns all; `kind` one of key, certificate, release, participation, edition, holiday,
    plans, pickup.
    """

    on: date
    authority: str
    name: str
    kind: str
    sentence: str
    breaks: bool = False


def day_asked(text: str, today: date) -> date | None:
    """Return the day that `2027-05-03`, `03.05.2027` or `+60d` means, or None."""
    tidy = text.strip()
    ahead = _AHEAD.fullmatch(tidy)
    if ahead:
        return today + timedelta(days=int(ahead[1]))
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(tidy, form).date()  # noqa: DTZ007  only its day is used
        except ValueError:
            continue
    return None
