"""Evidence, duties and mails in the store: the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.domain.deadlines import Ready
from gateway.domain.delivery import PlansState, State
from gateway.domain.evidence import SEGMENT, Anchor, Event, Fact, anchor, event
from gateway.domain.journal import Act
from gateway.domain.notice_mail import Mail, MailState
from gateway.ports import Store
from tests.kit.stores import AHLEN, BOCHUM, DAWN, StillClock, a_case, a_delivery, fresh_database

DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    from gateway.edges.store import open_store

    opened = open_store(fresh_database(request.param, tmp_path), StillClock())
    yield opened
    opened.close()


def recorded(store: Store, count: int = 3) -> list[Event]:
    """Keep a case and the first events of it, of which only the first is signed."""
    case = a_case(1)
    made: list[Event] = []
    with store.writing() as tx:
        tx.cases.add(case)
        for what in list(Fact)[:count]:
            entry = tx.journal.append(Act("gateway", f"case.{what}", case.number))
            one = event(case, what, entry, before=made[-1] if made else None, facts={"ü": 1}, document=b"\x00<x/>")
            made.append(replace(one, head="h", signature="s") if not made else one)
            tx.evidence.add(made[-1])
    return made


def test_events_come_back_as_they_were_in_their_order(store: Store) -> None:
    made = recorded(store)
    with store.reading() as tx:
        assert list(tx.evidence.of_case(made[0].case_number)) == made
        assert tx.evidence.last(made[0].case_number) == made[-1]
        assert tx.evidence.receipt(made[0].case_id) == made[0]
        assert tx.evidence.receipt("unknown") is None
        assert list(tx.evidence.unsigned(10)) == made[1:]


def test_an_event_is_signed_once(store: Store) -> None:
    made = recorded(store)
    with store.writing() as tx:
        assert tx.evidence.sign(replace(made[1], head="h", signature="s"))
        assert not tx.evidence.sign(replace(made[1], head="x", signature="x"))
        assert not tx.evidence.sign(replace(made[0], head="x", signature="x"))
    with store.reading() as tx:
        assert [one.signature for one in tx.evidence.of_case(made[0].case_number)] == ["s", "s", ""]


def test_evidence_is_forgotten_only_of_cases_whose_content_is_erased(store: Store) -> None:
    made = recorded(store)
    with store.writing() as tx:
        assert tx.evidence.forget(DAWN + 400 * DAY, 10) == 0
        tx.cases.save(replace(a_case(1), state=State.HANDED_OVER, wrapped_key=None, erased_at=DAWN))
        assert tx.evidence.forget(DAWN - DAY, 10) == 0
        assert tx.evidence.forget(DAWN + 400 * DAY, 10) == 1
        assert tx.evidence.of_case(made[0].case_number) == []


def test_anchors_and_digests_of_the_journal(store: Store) -> None:
    with store.writing() as tx:
        assert tx.evidence.journal_end() == 0
        entries = [tx.journal.append(Act("gateway", "noted", str(number))) for number in range(5)]
        assert tx.evidence.journal_end() == 5
        assert list(tx.evidence.digests(2, 4)) == [entry.digest for entry in entries[1:4]]
        made: list[Anchor] = [anchor(first, first + SEGMENT - 1, "r", "c", DAWN) for first in (1, SEGMENT + 1)]
        for one in made:
            tx.evidence.add_anchor(one)
        assert tx.evidence.anchor(1) == made[0]
        assert tx.evidence.anchor(2) is None
        assert tx.evidence.last_anchor() == made[1]


def test_plans_are_found_by_their_day(store: Store) -> None:
    with store.writing() as tx:
        for number in range(1, 5):
            due = date(2026, 12, number)
            tx.cases.add(replace(a_case(number), option="2", plans=PlansState.EXPECTED, plans_due=due))
        tx.cases.add(replace(a_case(9), option="2", plans=PlansState.OVERDUE, plans_due=date(2026, 11, 1)))
        gone = replace(a_case(8), option="2", plans=PlansState.EXPECTED, plans_due=date(2026, 12, 1))
        tx.cases.add(replace(gone, state=State.WITHDRAWN, wrapped_key=None))
        found = tx.duties.plans_expected(date(2026, 12, 2), 10)
        assert [case.plans_due for case in found] == [date(2026, 12, 1), date(2026, 12, 2)]
        assert [case.id for case in tx.duties.plans_overdue(10)] == [a_case(9).id]


def test_what_lies_unfetched_is_counted_by_authority_without_tests_and_without_what_was_fetched(store: Store) -> None:
    with store.writing() as tx:
        for number, key, more in (
            (1, AHLEN, {"available_at": DAWN + DAY}),
            (2, AHLEN, {"available_at": DAWN}),
            (3, BOCHUM, {"available_at": DAWN - DAY}),
            (4, BOCHUM, {"available_at": DAWN - 2 * DAY, "fetched_at": DAWN}),
            (5, BOCHUM, {"available_at": DAWN - 3 * DAY, "test": True}),
        ):
            case = replace(a_case(number), authority=key)
            tx.cases.add(case)
            ready = a_delivery(number, case, authority=key, adapter="sftp", state=State.AVAILABLE, next_at=None, **more)
            tx.deliveries.add(ready)
        found = tx.duties.unfetched()
    oldest = {number: a_delivery(number, a_case(number)) for number in (2, 3)}
    assert list(found) == [
        Ready(BOCHUM, 1, DAWN - DAY, oldest[3].case_number, oldest[3].message_id, "sftp"),
        Ready(AHLEN, 2, DAWN, oldest[2].case_number, oldest[2].message_id, "sftp"),
    ]


def test_an_alarm_is_raised_once_until_it_is_forgotten(store: Store) -> None:
    with store.writing() as tx:
        assert tx.duties.raise_alarm("pickup", "m", 1, DAWN)
        assert not tx.duties.raise_alarm("pickup", "m", 1, DAWN + DAY)
        assert tx.duties.raise_alarm("pickup", "m", 2, DAWN)
        assert tx.duties.forget_alarms(DAWN + DAY) == 2
        assert tx.duties.raise_alarm("pickup", "m", 1, DAWN)


def test_closed_days_replace_the_ones_before(store: Store) -> None:
    with store.writing() as tx:
        tx.duties.set_closed_days({date(2027, 12, 31): "Silvester", date(2027, 12, 24): "Heiligabend"})
        assert list(tx.duties.closed_days()) == [date(2027, 12, 24), date(2027, 12, 31)]
        tx.duties.set_closed_days({})
        assert tx.duties.closed_days() == {}


def test_records_are_forgotten_with_everything_that_hangs_on_them(store: Store) -> None:
    with store.writing() as tx:
        old = replace(a_case(1), state=State.HANDED_OVER, wrapped_key=None, erased_at=DAWN)
        follower = replace(a_case(2), number=old.number, follows=old.id)
        for case in (old, follower):
            tx.cases.add(case)
        tx.cases.put_sealed(follower.id, "x", b"x")
        tx.deliveries.add(a_delivery(1, old, state=State.HANDED_OVER, next_at=None, handed_over_at=DAWN))
        assert tx.duties.forgettable(DAWN + DAY, 10) == []
        tx.cases.save(replace(follower, state=State.HANDED_OVER, wrapped_key=None, erased_at=DAWN))
        assert sorted(tx.duties.forgettable(DAWN + DAY, 10)) == sorted([old.id, follower.id])
        assert tx.duties.forgettable(DAWN, 10) == []
        tx.duties.forget_records([old.id, follower.id])
        assert tx.cases.get(old.id) is None
        assert tx.deliveries.of_case(old.id) == []
        tx.duties.forget_records([])


def test_a_mail_is_kept_only_by_the_worker_whose_attempt_it_is(store: Store) -> None:
    mail = Mail("id-1", "a@nrw.example", "Grüße", "Text\nß\n", DAWN, next_at=DAWN)
    with store.writing() as tx:
        tx.mails.add(mail)
        (due,) = tx.mails.due(DAWN, 10)
        assert replace(due, position=0) == mail
        assert tx.mails.due(DAWN - DAY, 10) == []
        tried = replace(due, attempt=1, next_at=DAWN + DAY)
        assert tx.mails.save(tried, attempt=0)
        assert not tx.mails.save(tried, attempt=0)
        assert tx.mails.save(replace(tried, state=MailState.SENT, next_at=None), attempt=1)
        assert tx.mails.counts() == {MailState.SENT: 1}
        assert [one.state for one in tx.mails.recent(5)] == [MailState.SENT]
        assert tx.mails.forget(DAWN) == 0
        assert tx.mails.forget(DAWN + DAY) == 1
