"""Legal time applied: when fetching is overdue, when plans are, and when people may be told. Pure; days handed in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gateway.domain.calendar import is_working_day, local, local_date, working_days_between, written_date
from gateway.domain.case import Case
from gateway.domain.delivery import PlansState, State
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option

LEVELS = (1, 2, 5)
"""Working days without fetching after which somebody else is told (NB § 6: once every working day)."""

REMINDER = 3
"""Working days before the end of the plans' time on which the portal is reminded."""

PLANS_MOOT = (State.WITHDRAWN, State.EXPIRED, State.REJECTED)
"""States of a case of which nobody waits for plans any more."""

OPENS, CLOSES = 8, 17
"""Hours of German time between which people are written to, on working days."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ready:
    """What lies ready for an authority and was never fetched: how many, since when, and the oldest of them."""

    authority: AuthorityKey
    count: int
    since: datetime
    case_number: str
    message_id: str
    adapter: str


def missed_days(available_at: datetime, now: datetime, closed: Collection[date]) -> int:
    """Return how many whole working days have passed without fetching what has been ready since then.

    The day on which it became ready does not count, and neither does today: it is not over.
    """
    return working_days_between(local_date(available_at), local_date(now) - _DAY, closed)


def level_of(missed: int) -> int:
    """Return the level of escalation that has been reached, 0 if none."""
    return max((level for level in LEVELS if missed >= level), default=0)


def may_write(now: datetime, closed: Collection[date]) -> bool:
    """Return whether people may be written to now: not at night, not at weekends, not on closed days."""
    there = local(now)
    return is_working_day(there.date(), closed) and OPENS <= there.hour < CLOSES


def plans_overdue(due: date, today: date) -> bool:
    """Return whether the plans' last day is over."""
    return today > due


def reminder_day(due: date, closed: Collection[date]) -> date:
    """Return the working day on which the portal is reminded: the third before the plans' last day."""
    day, left = due, REMINDER
    while left:
        day -= _DAY
        left -= is_working_day(day, closed)
    return day


def submitted_on(case: Case) -> date | None:
    """Return the day on which the case counts as submitted, or None (NB § 7).

    The data must have arrived at the authority; with option 2 the plans too.
    """
    if case.handed_over_at is None or case.state in (State.WITHDRAWN, State.EXPIRED):
        return None
    arrived = local_date(case.handed_over_at)
    if case.option != Option.WITHOUT_PLANS:
        return arrived
    if case.plans is not PlansState.ARRIVED or case.plans_arrived_on is None:
        return None
    return max(arrived, case.plans_arrived_on)


def standing(case: Case) -> list[str]:
    """Return in German whether the application counts as submitted, since when, and what is missing (NB § 7)."""
    if case.accepted_at is None or case.state in (State.WITHDRAWN, State.EXPIRED, State.REJECTED) or case.follows:
        return []
    by_post = case.option == Option.WITHOUT_PLANS
    plans = "einer per Post" if case.posted_plans == 1 else f"{case.posted_plans} per Post"
    lines = []
    if by_post and case.plans_arrived_on is not None:
        lines.append(f"Pläne ({plans}): am {written_date(case.plans_arrived_on)} bei der Behörde eingegangen.")
    elif by_post and case.plans_due is not None:
        late = "; die Frist ist abgelaufen, die Behörde darf den Antrag zurückweisen"
        over = late if case.plans is PlansState.OVERDUE else ""
        lines.append(
            f"Pläne ({plans}): noch nicht als eingegangen gemeldet, Frist {written_date(case.plans_due)}{over}."
        )
    submitted = submitted_on(case)
    if submitted is not None:
        return [f"Eingereicht: ja, am {written_date(submitted)}.", *lines]
    missing = [] if case.handed_over_at else ["die Behörde hat die Daten noch nicht abgeholt"]
    missing += ["die Pläne sind noch nicht da"] if by_post and case.plans_arrived_on is None else []
    return [f"Eingereicht: noch nicht; {' und '.join(missing)}.", *lines]
