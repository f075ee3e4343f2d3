"""The figures of the first sight: who takes part, what happened today, and what needs somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from importlib.metadata import version
from typing import Any

from gateway.api.operator import rows
from gateway.api.operator.delivery_rows import delivery_out
from gateway.api.operator.roles import Operator
from gateway.api.operator.rows import Seen
from gateway.domain.calendar import at_local, day_bounds, local_date
from gateway.domain.case import Delivery
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey
from gateway.domain.insight import OPEN, Wanted
from gateway.domain.participation import Option, Participation, Phase, in_force
from gateway.flow.cases import authority_of
from gateway.flow.days import unfetched
from gateway.ports import Sight, Transaction

CERTIFICATE_DAYS = 30
SHOWN = 20

SUBMITTED = "case.accepted"
TODAY = {
    SUBMITTED: "submitted",
    "delivery.available": "available",
    "delivery.handed_over": "handed_over",
    "delivery.confirmed": "confirmed",
    "delivery.rejected": "rejected",
}

NEXT_STEP: Mapping[State, str] = {
    State.HELD: "Ursache klären, dann wieder einstellen oder als übergeben vermerken (Taste a).",
    State.WAITING: "Nichts zu tun; bei langer Dauer bei der Behörde nachfragen.",
    State.AVAILABLE: "Die Behörde an den Abruf erinnern.",
}


def me_of(world: Sight, operator: Operator, environment: str) -> dict[str, Any]:
    """Return who sits there and what they may do: the header of the console is made of this."""
    return {
        "name": operator.name,
        "roles": operator.roles,
        "read_only": operator.read_only,
        "environment": environment,
        "version": version("bauweiche"),
        "now": world.clock.now().isoformat(),
    }


def overview_of(world: Sight) -> dict[str, Any]:
    """Return the overview; the command line and the report show the same numbers."""
    now = world.clock.now()
    hours = _hours(local_date(now))
    with world.store.reading() as tx:
        seen = rows.see(world, tx)
        (today,) = tx.insight.counted(tuple(TODAY), (hours[0], hours[-1]))
        tests = tx.insight.tests(hours[0], hours[-1])
        per_hour = tx.insight.counted((SUBMITTED,), hours)
        oldest, waiting = tx.insight.oldest(OPEN, 1), tx.insight.oldest((State.WAITING,), 1)
        held = tx.insight.deliveries(Wanted(states=frozenset({State.HELD}), limit=SHOWN))
        attention = _attention(world, tx, seen)
    settings = [in_force(seen.histories.get(key, ()), seen.on) for key in seen.edition.authorities]
    return {
        "participation": _participation(settings),
        "live": sum(_is(one, Phase.LIVE) for one in settings),
        "test": sum(_is(one, Phase.TEST) for one in settings),
        "today": {name: today.get(word, 0) for word, name in TODAY.items()} | {"tests": tests},
        "attention": attention | {"certificates": sum(_runs_out(seen, key) for key in seen.edition.authorities)},
        "waiting": sum(load.waiting for load in seen.loads.values()),
        "oldest": _oldest(world, oldest),
        "longest_wait": _longest(world, waiting),
        "per_hour": [hour.get(SUBMITTED, 0) for hour in per_hour],
        "items": [delivery_out(world, one) | {"next_step": NEXT_STEP.get(one.state, "")} for one in held],
    }


def _participation(settings: Sequence[Participation | None]) -> dict[str, int]:
    counted = Counter(one.option if one else Option.NONE for one in settings)
    return {option.value: counted[option] for option in Option} | {"sum": len(settings)}


def _is(one: Participation | None, phase: Phase) -> bool:
    return one is not None and one.phase is phase and one.option.accepts


def _attention(world: Sight, tx: Transaction, seen: Seen) -> dict[str, int]:
    """Count what needs somebody: held, not fetched for a working day, replies without a case, plans that never came."""
    return {
        "held": sum(load.held for load in seen.loads.values()),
        "overdue": len(unfetched(world, tx)),
        "replies": tx.replies.count_quarantined(),
        "plans_overdue": tx.cases.plans_overdue(),
    }


def _runs_out(seen: Seen, key: AuthorityKey) -> bool:
    until = rows.soonest_end(seen, key)
    return until is not None and (until - seen.now).days < CERTIFICATE_DAYS


def _oldest(world: Sight, found: Sequence[Delivery]) -> dict[str, Any] | None:
    if not found:
        return None
    age = int((world.clock.now() - found[0].stamped_at).total_seconds())
    return {"case_number": found[0].case_number, "age_seconds": age, "authority": found[0].authority}


def _longest(world: Sight, waiting: Sequence[Delivery]) -> dict[str, Any] | None:
    if not waiting:
        return None
    key = AuthorityKey(waiting[0].authority)
    return {"authority": key, "name": authority_of(world, key).name, "adapter": waiting[0].adapter}


def _hours(day: date) -> list[datetime]:
    """Return the moments at which the hours of a German day begin, and its end: 25 of them, whatever the clocks do."""
    begins = [at_local(day, time(hour)) for hour in range(24)]
    return [*begins, day_bounds(day)[1]]
