"""Moments, dates, ages and numbers as people read them, in German local time."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from gateway.domain.calendar import BERLIN
from tui.texts import Texts

_DATE = "%d.%m.%Y"


def moment(text: str | None) -> datetime | None:
    """Return an ISO moment in German local time; None where there is none or it cannot be read."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(BERLIN) if found.tzinfo else found.replace(tzinfo=BERLIN)


def day(text: str | None) -> str:
    """Return an ISO date or moment as `21.11.2026`; the text itself where it is none."""
    if not text:
        return ""
    try:
        return date.fromisoformat(text[:10]).strftime(_DATE) if len(text) == 10 else f"{moment(text):{_DATE}}"
    except (ValueError, TypeError):
        return text


def full(text: str | None) -> str:
    """Return an ISO moment as `21.11.2026 14:03`."""
    found = moment(text)
    return f"{found:%d.%m.%Y %H:%M}" if found else ""


def lately(text: str | None, now: datetime, texts: Texts) -> str:
    """Return a moment as short as it can be understood: `08:12`, `gestern`, `19.11.`, `19.11.25`."""
    found = moment(text)
    if found is None:
        return "–"
    today = now.astimezone(BERLIN).date()
    if found.date() == today:
        return f"{found:%H:%M}"
    if found.date() == today - timedelta(days=1):
        return texts("shell.yesterday")
    return f"{found:%d.%m.}" if found.year == today.year else f"{found:%d.%m.%y}"


def age(seconds: float | None, texts: Texts) -> str:
    """Return a span in its largest sensible unit: `40 s`, `12 min`, `26 h`, `3 T`."""
    if seconds is None:
        return "–"
    for unit, size, until in (("seconds", 1, 90), ("minutes", 60, 5400), ("hours", 3600, 172_800)):
        if seconds < until:
            return texts(f"shell.{unit}", n=int(seconds // size))
    return texts("shell.days", n=int(seconds // 86_400))


def size(octets: int) -> str:
    """Return a size in decimal units, as the terms of use count."""
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if octets >= factor:
            return f"{octets / factor:.1f} {unit}".replace(".", ",")
    return f"{octets} B"


def read_day(text: str) -> date | None:
    """Return the date that somebody typed as `21.11.2026`, `21.11.26` or `2026-11-21`; None where it is none."""
    bare = text.strip()
    for form in (_DATE, "%d.%m.%y", "%Y-%m-%d"):
        try:
            return datetime.strptime(bare, form).date()  # noqa: DTZ007  # a calendar day has no time zone
        except ValueError:
            continue
    return None


SPARKS = "▁▂▃▄▅▆▇█"


def spark(values: list[int]) -> str:
    """Return numbers as a row of bars; zero is the lowest bar."""
    top = max(values, default=0)
    return "".join(SPARKS[round(value / top * 7) if top else 0] for value in values)
