"""What time alone makes true: plans that are due, fetching that is overdue, and who is told when (NB § 6, § 8.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from gateway.domain.calendar import local_date
from gateway.domain.case import Case
from gateway.domain.deadlines import LEVELS, PLANS_MOOT, level_of, may_write, plans_overdue, reminder_day
from gateway.domain.delivery import PlansState, State
from gateway.domain.evidence import Fact
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Act
from gateway.domain.notice_mail import Posted, Unfetched, digest, to_authority, urgent
from gateway.flow import evidence, expiry, webhooks
from gateway.flow.cases import authority_of
from gateway.flow.days import closed_days, unfetched
from gateway.flow.mails import addresses, queue
from gateway.ports import Transaction, World

AT_ONCE = 5000
AHEAD = timedelta(days=21)
"""How far ahead plans are looked at: three working days never span more."""

URGENT = (2, 5)
"""Levels of which operators are told at once; the morning's mail has the others."""

ENDING = 30
"""Days before its end from which on a certificate is in the morning's mail."""


def tick(world: World) -> int:
    """Do what has become due by time alone; returns how many things that were. Doing it twice changes nothing."""
    now = world.clock.now()
    with world.store.reading() as tx:
        closed = closed_days(world, tx, local_date(now))
        waiting = tx.duties.plans_expected(local_date(now) + AHEAD, AT_ONCE)
    done = sum(_plans(world, case, closed) for case in waiting)
    return done + (_tell(world) if may_write(now, closed) else 0)


def set_closed_days(
    world: World,
    days: Mapping[date, str],
    actor: str,
    why: str,
    guard: Callable[[Mapping[date, str]], None] | None = None,
) -> None:
    """Replace the operators' own list of days on which nobody works.

    `guard` sees the list as it is, and may raise before anything is kept.
    """
    with world.store.writing() as tx:
        before = tx.duties.closed_days()
        if guard is not None:
            guard(before)
        tx.duties.set_closed_days(days)
        facts = {
            "added": [day.isoformat() for day in sorted(days.keys() - before.keys())],
            "removed": [day.isoformat() for day in sorted(before.keys() - days.keys())],
        }
        tx.journal.append(Act(actor, "calendar.changed", "", why, facts))


def overdue_plans(world: World, tx: Transaction) -> list[Posted]:
    """Return the cases whose plans are overdue, the longest first; test cases are nobody's duty."""
    late = tx.duties.plans_overdue(AT_ONCE)
    return [_posted(world, case) for case in late if case.state not in PLANS_MOOT and not case.test]


def _plans(world: World, case: Case, closed: Collection[date]) -> bool:
    """Remind of one case's plans, or note that they are overdue; the portal learns either."""
    assert case.plans_due is not None
    now = world.clock.now()
    today = local_date(now)
    if plans_overdue(case.plans_due, today):
        return _overdue(world, case)
    if reminder_day(case.plans_due, closed) > today or not may_write(now, closed):
        return False
    with world.store.writing() as tx:
        if not tx.duties.raise_alarm("plans_reminder", case.number, 0, now):
            return False
        tx.journal.append(Act("gateway", "plans.reminded", case.number, facts={"due": case.plans_due.isoformat()}))
        webhooks.tell(world, tx, case.client, "plans.reminder", _told(case))
    return True


def _overdue(world: World, case: Case) -> bool:
    with world.store.writing() as tx:
        current = tx.cases.get(case.id)
        if current is None or current.plans is not PlansState.EXPECTED or current.plans_due is None:
            return False
        late = replace(current, plans=PlansState.OVERDUE)
        tx.cases.save(late)
        facts = {"due": current.plans_due.isoformat()}
        entry = tx.journal.append(Act("gateway", "plans.overdue", late.number, facts=facts))
        evidence.noted(world, tx, late, Fact.PLANS_OVERDUE, entry, facts=facts)
        webhooks.tell(world, tx, late.client, "plans.overdue", _told(late) | {"authority_may_reject": "true"})
    return True


def _told(case: Case) -> dict[str, str]:
    due = case.plans_due.isoformat() if case.plans_due else ""
    return {"submission_id": case.id, "case_number": case.number, "due": due}


def _tell(world: World) -> int:
    """Write to authorities and operators what they have not been told yet; nothing is written twice."""
    now = world.clock.now()
    with world.store.reading() as tx:
        lax = unfetched(world, tx)
        late = overdue_plans(world, tx)
    with world.store.writing() as tx:
        risen = _risen(tx, lax, now)
        fresh = [one for one in late if tx.duties.raise_alarm("plans_overdue", one.case_number, 0, now)]
        _to_authorities(world, tx, [one for one, _level in risen], fresh)
        for level in URGENT:
            reached = [one for one, risen_to in risen if risen_to == level]
            if reached:
                queue(world, tx, world.policy.mail_to, urgent(level, reached))
        morning = _morning(world, tx, lax, late, now)
    return len(risen) + len(fresh) + morning


def _risen(tx: Transaction, lax: Sequence[Unfetched], now: datetime) -> list[tuple[Unfetched, int]]:
    """Return who has reached a level of escalation that nobody was told of, with that level; it is journaled."""
    risen = []
    for one in lax:
        reached = level_of(one.missed)
        levels = [level for level in LEVELS if level <= reached]
        told = [tx.duties.raise_alarm("pickup", one.ready.message_id, level, now) for level in levels]
        if any(told):
            facts = {"level": reached, "count": one.ready.count, "message_id": one.ready.message_id}
            tx.journal.append(Act("gateway", "pickup.overdue", one.ready.authority, facts=facts))
            risen.append((one, reached))
    return risen


def _to_authorities(world: World, tx: Transaction, lax: Sequence[Unfetched], late: Sequence[Posted]) -> None:
    by_authority = {one.ready.authority: one for one in lax}
    keys = [*by_authority, *(AuthorityKey(one.authority) for one in late)]
    for key in dict.fromkeys(keys):
        mine = [one for one in late if one.authority == key]
        letter = to_authority(by_authority.get(key), mine, authority_of(world, key).title)
        queue(world, tx, addresses(tx, key), letter, key)


def _morning(world: World, tx: Transaction, lax: Sequence[Unfetched], late: Sequence[Posted], now: datetime) -> int:
    """Queue the operators' mail of the day, once a day, if there is anything to say."""
    today = local_date(now)
    if not world.policy.mail_to or not tx.duties.raise_alarm("digest", today.isoformat(), 0, now):
        return 0
    letter = digest(today, lax, late, tx.deliveries.counts().get(State.HELD, 0), _ending(world, tx, now))
    return queue(world, tx, world.policy.mail_to, letter) if letter else 0


def _ending(world: World, tx: Transaction, now: datetime) -> list[tuple[str, str, datetime]]:
    """Return certificates, the gateway's own among them, that run out soon and have nothing to take their place."""
    soon = [one.held for one in expiry.soon(world, tx, now) if one.threshold <= ENDING]
    return [(expiry.whose(world, one.owner), expiry.PURPOSES.get(one.purpose, one.purpose), one.until) for one in soon]


def _posted(world: World, case: Case) -> Posted:
    assert case.plans_due is not None
    return Posted(case.authority, authority_of(world, case.authority).name, case.number, case.plans_due)
