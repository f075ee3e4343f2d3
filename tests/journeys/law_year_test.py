"""A whole year in seconds: 212 authorities, some of whom never fetch; every list and mail is the expected one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from gateway.domain.calendar import BERLIN, at_local, local, local_date
from gateway.domain.delivery import PlansState, State
from gateway.domain.dossier import Contact, Dossier
from gateway.domain.ids import AuthorityKey
from gateway.domain.notice_mail import Mail
from gateway.flow import clocks, mails
from gateway.ports import World
from tests.kit.installation import MovingClock, installation
from tests.kit.stores import a_case, a_delivery

YEAR = 2027
EASTER = date(2027, 3, 28)  # the clocks go forward on this very night
HOLIDAYS = {
    date(2027, 1, 1), date(2027, 3, 26), date(2027, 3, 29), date(2027, 5, 1), date(2027, 5, 6), date(2027, 5, 17),
    date(2027, 5, 27), date(2027, 10, 3), date(2027, 11, 1), date(2027, 12, 25), date(2027, 12, 26),
}  # fmt: skip
"""Written down by hand from the law (FeiertagsG NW): the oracle must not ask what is tested."""

CLOSED = {date(2027, 12, 24): "Heiligabend", date(2027, 12, 31): "Silvester"}
OPERATOR = "leitstelle@gateway.example"
HOURS = (7, 8, 12, 17)
ARRIVES, FETCHES = time(9, 30), time(14)


def works(day: date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS and day not in CLOSED


@dataclass
class Post:
    """Takes every mail and remembers when."""

    clock: MovingClock
    sent: list[tuple[datetime, Mail]] = field(default_factory=list)

    def send(self, mail: Mail) -> None:
        self.sent.append((self.clock.now(), mail))


@dataclass
class Ready:
    """What the oracle knows of one delivery."""

    number: int
    key: AuthorityKey
    day: date


@dataclass
class Year:
    """The year as it is played, and as it must come out."""

    world: World
    clock: MovingClock
    lax: dict[AuthorityKey, str]
    ready: list[Ready] = field(default_factory=list)
    told: set[tuple[int, int]] = field(default_factory=set)
    expected: list[tuple[date, AuthorityKey, int]] = field(default_factory=list)
    mornings: set[date] = field(default_factory=set)
    late: int = 0

    def play(self, keys: list[AuthorityKey]) -> None:
        day, number = date(YEAR, 1, 1), 0
        while day.year == YEAR:
            if works(day):
                self._expect(day)
            for hour in HOURS:
                self._at(day, time(hour))
                clocks.tick(self.world)
                mails.send_due(self.world)
                if hour == 8 and works(day):
                    number = self._arrive(day, self._chosen(day, keys), number)
                if hour == 12 and works(day):
                    self._fetch(day)
            day += timedelta(days=1)

    def _chosen(self, day: date, keys: list[AuthorityKey]) -> list[AuthorityKey]:
        """Return who gets an application on a day: those who are lax every tenth day, the others every 35th."""
        turn = day.toordinal()
        return [key for place, key in enumerate(keys) if (turn + place) % (10 if key in self.lax else 35) == 0]

    def _at(self, day: date, hour: time) -> None:
        self.clock.at = at_local(day, hour)

    def _arrive(self, day: date, keys: list[AuthorityKey], number: int) -> int:
        self._at(day, ARRIVES)
        with self.world.store.writing() as tx:
            for key in keys:
                number += 1
                now = self.clock.now()
                case = replace(a_case(number), authority=key, accepted_at=now)
                tx.cases.add(case)
                tx.deliveries.add(
                    a_delivery(number, case, authority=key, state=State.AVAILABLE, available_at=now, next_at=None)
                )
                self.ready.append(Ready(number, key, day))
        return number

    def _fetch(self, day: date) -> None:
        self._at(day, FETCHES)
        taken = [one for one in self.ready if self._fetches(one.key, day)]
        self.ready = [one for one in self.ready if not self._fetches(one.key, day)]
        with self.world.store.writing() as tx:
            for one in taken:
                delivery = tx.deliveries.get(a_delivery(one.number, a_case(one.number)).message_id)
                assert delivery is not None
                now = self.clock.now()
                tx.deliveries.save(delivery.but(state=State.HANDED_OVER, handed_over_at=now, fetched_at=now))

    def _fetches(self, key: AuthorityKey, day: date) -> bool:
        habit = self.lax.get(key, "daily")
        return habit == "daily" or (habit == "mondays" and day.weekday() == 0)

    def _expect(self, day: date) -> None:
        """Say what must be told at eight o'clock of a working day."""
        oldest: dict[AuthorityKey, Ready] = {}
        for one in self.ready:
            oldest.setdefault(one.key, one)
        outstanding = False
        for key, one in oldest.items():
            missed = sum(works(one.day + timedelta(days=n)) for n in range(1, (day - one.day).days))
            outstanding |= missed > 0
            level = 5 if missed >= 5 else 2 if missed >= 2 else missed
            if level and (one.number, level) not in self.told:
                self.expected.append((day, key, level))
                self.told |= {(one.number, lower) for lower in (1, 2, 5) if lower <= level}
        if outstanding or self.late:
            self.mornings.add(day)


@pytest.mark.long
def test_in_a_whole_year_exactly_the_right_people_are_told_at_the_right_time(tmp_path: Path) -> None:
    clock = MovingClock(at_local(date(YEAR, 1, 1), time(0)))
    with installation(tmp_path, clock=clock) as installed:
        post = Post(clock)
        policy = replace(installed.world.policy, mail_to=(OPERATOR,))
        world = replace(installed.world, mailer=post, policy=policy)
        keys = [AuthorityKey(key) for key in sorted(world.directory.editions["212"].authorities)]
        assert len(keys) == 212
        lax = dict.fromkeys(keys[::70], "never") | dict.fromkeys(keys[5::30], "mondays")
        with world.store.writing() as tx:
            for key in keys:
                tx.dossiers.save(Dossier(key, contacts=(Contact("Technisch", "", f"it-{key}@stadt.example"),)))
        clocks.set_closed_days(world, CLOSED, "operator:test", "Jahresplanung")
        year = Year(world, clock, lax)
        year.play(keys)

        with world.store.reading() as tx:
            alarms = [
                (local_date(entry.at), entry.act.subject, entry.act.facts["level"])
                for entry in tx.journal.read()
                if entry.act.what == "pickup.overdue"
            ]
            listed = {one.ready.authority for one in clocks.unfetched(world, tx)}
    assert sorted(alarms) == sorted(year.expected)
    assert {key for _day, key, _level in alarms} == set(lax)
    assert len(alarms) > 100
    assert listed == {one.key for one in year.ready if one.day < date(YEAR, 12, 29)}

    for at, _mail in post.sent:
        assert works(local(at).date())
        assert 8 <= local(at).hour < 17
    to_authorities = Counter((local_date(at), mail.to) for at, mail in post.sent if mail.to != OPERATOR)
    assert to_authorities == Counter((day, f"it-{key}@stadt.example") for day, key, _ in year.expected)
    mornings = [local_date(at) for at, mail in post.sent if "Tagesübersicht" in mail.subject]
    assert len(mornings) == len(set(mornings))
    assert set(mornings) == year.mornings
    urgent = Counter(
        (local_date(at), "Dringend" in mail.subject) for at, mail in post.sent if "ohne Abholung" in mail.subject
    )
    assert urgent == Counter({(day, level == 5): 1 for day, _key, level in year.expected if level > 1})
    assert len(post.sent) == sum(to_authorities.values()) + len(mornings) + sum(urgent.values())


def test_plans_are_reminded_of_and_overdue_on_the_very_day_all_year_round(tmp_path: Path) -> None:
    clock = MovingClock(at_local(date(YEAR, 1, 1), time(0)))
    with installation(tmp_path, clock=clock) as installed:
        world = installed.world
        clocks.set_closed_days(world, CLOSED, "operator:test", "Jahresplanung")
        dues = [date(YEAR, 1, 20) + timedelta(days=9 * n) for n in range(38)]
        with world.store.writing() as tx:
            for number, due in enumerate(dues, start=1):
                accepted = at_local(due - timedelta(days=14), time(23, 30))
                case = replace(
                    a_case(number), option="2", plans=PlansState.EXPECTED, plans_due=due, accepted_at=accepted
                )
                tx.cases.add(case)
        day = date(YEAR, 1, 1)
        while day <= date(YEAR, 12, 31):
            for hour in (0, 2, 3, 8):  # 2 o'clock is left out or comes twice when the clocks change
                clock.at = datetime.combine(day, time(hour), BERLIN).astimezone(clock.at.tzinfo)
                clocks.tick(world)
            day += timedelta(days=1)
        with world.store.reading() as tx:
            said: dict[str, list[tuple[date, int]]] = {"plans.reminded": [], "plans.overdue": []}
            for entry in tx.journal.read():
                if entry.act.what in said:
                    said[entry.act.what].append((local_date(entry.at), local(entry.at).hour))
    assert said["plans.overdue"] == [(due + timedelta(days=1), 0) for due in dues if due < date(YEAR, 12, 31)]
    expected = []
    for due in dues:
        left, before = 3, due
        while left:
            before -= timedelta(days=1)
            left -= works(before)
        expected.append((before, 8))
    assert said["plans.reminded"] == expected
