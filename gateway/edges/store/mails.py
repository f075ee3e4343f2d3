"""Deadlines and mails: what is due, what somebody was told, closed days, and mails on their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Result, Row, bindparam, delete, func, insert, select, text, update

from gateway.domain.case import Case
from gateway.domain.deadlines import Ready
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey
from gateway.domain.notice_mail import Mail, MailState
from gateway.edges.store.cases import SqlCases
from gateway.edges.store.law_tables import (
    ALARMS,
    CLOSED_DAYS,
    EXPECTED,
    MAILS,
    OVERDUE,
    UNFETCHED,
    WAITING,
)
from gateway.edges.store.reply_tables import REPLIES, REPLY_SEALED
from gateway.edges.store.tables import ANSWERED, CASES, DELIVERIES, SEALED

ENDED = (State.WITHDRAWN.value, State.EXPIRED.value, State.REJECTED.value)
"""States of a case after which nobody waits for plans."""

_EXPECTED = (
    select(CASES.c.id)
    .where(text(EXPECTED), CASES.c.state.not_in(ENDED), CASES.c.plans_due <= bindparam("until"))
    .order_by(CASES.c.plans_due, CASES.c.number)
    .limit(bindparam("most"))
)
_OVERDUE = select(CASES.c.id).where(text(OVERDUE)).order_by(CASES.c.plans_due, CASES.c.number).limit(bindparam("most"))
_ready = DELIVERIES.c
_COUNTED = (
    select(_ready.authority, func.count().label("many"), func.min(_ready.available_at).label("since"))
    .where(text(UNFETCHED), _ready.test.is_(False))
    .group_by(_ready.authority)
    .subquery()
)
_UNFETCHED = (
    select(
        _COUNTED.c.authority, _COUNTED.c.many, _COUNTED.c.since, _ready.case_number, _ready.message_id, _ready.adapter
    )
    .join(
        DELIVERIES,
        (_ready.authority == _COUNTED.c.authority)
        & (_ready.available_at == _COUNTED.c.since)
        & _ready.test.is_(False)
        & text(UNFETCHED),
    )
    .order_by(_COUNTED.c.since, _ready.position)
)
_other = CASES.alias("other")
_FORGETTABLE = (
    select(CASES.c.id)
    .where(
        CASES.c.erased_at < bindparam("before"),
        ~select(_other.c.id)
        .where(_other.c.number == CASES.c.number)
        .where(_other.c.erased_at.is_(None) | (_other.c.erased_at >= bindparam("before")))
        .exists(),
        ~select(REPLIES.c.id).where(REPLIES.c.case_id == CASES.c.id, REPLIES.c.erased_at.is_(None)).exists(),
    )
    .limit(bindparam("most"))
)
_SAVE = update(MAILS).where(MAILS.c.id == bindparam("key"), MAILS.c.attempt == bindparam("before"))
_DUE = (
    select(MAILS)
    .where(text(WAITING), MAILS.c.next_at <= bindparam("now"))
    .order_by(MAILS.c.next_at, MAILS.c.position)
    .limit(bindparam("most"))
)


class SqlDuties:
    """What the law wants watched, in one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def plans_expected(self, until: date, limit: int) -> Sequence[Case]:
        """Return cases that wait for plans due by a day, the longest due first."""
        return self._cases(self._connection.execute(_EXPECTED, {"until": until, "most": limit}))

    def plans_overdue(self, limit: int) -> Sequence[Case]:
        """Return cases whose plans are overdue, the longest first."""
        return self._cases(self._connection.execute(_OVERDUE, {"most": limit}))

    def unfetched(self) -> Sequence[Ready]:
        """Return, per authority, what lies ready and was never fetched; the longest waiting first."""
        found: dict[str, Ready] = {}
        for row in self._connection.execute(_UNFETCHED):
            given = Ready(
                AuthorityKey(row.authority), row.many, row.since, row.case_number, row.message_id, row.adapter
            )
            found.setdefault(row.authority, given)
        return list(found.values())

    def raise_alarm(self, kind: str, subject: str, level: int, at: datetime) -> bool:
        """Note that somebody is told; False if they were told before."""
        same = (ALARMS.c.kind == kind, ALARMS.c.subject == subject, ALARMS.c.level == level)
        if self._connection.execute(select(ALARMS.c.at).where(*same)).first() is not None:
            return False
        self._connection.execute(insert(ALARMS), {"kind": kind, "subject": subject, "level": level, "at": at})
        return True

    def closed_days(self) -> Mapping[date, str]:
        """Return the days that operators keep closed, with their names."""
        rows = self._connection.execute(select(CLOSED_DAYS).order_by(CLOSED_DAYS.c.day))
        return {row.day: row.name for row in rows}

    def set_closed_days(self, days: Mapping[date, str]) -> None:
        """Replace the days that operators keep closed."""
        self._connection.execute(delete(CLOSED_DAYS))
        if days:
            self._connection.execute(insert(CLOSED_DAYS), [{"day": day, "name": name} for day, name in days.items()])

    def forget_alarms(self, before: datetime) -> int:
        """Delete notes of who was told what before a moment."""
        return self._connection.execute(delete(ALARMS).where(ALARMS.c.at < before)).rowcount

    def forgettable(self, before: datetime, limit: int) -> Sequence[str]:
        """Return ids of cases all of which was erased before a moment, replies and follow-ups included."""
        return list(self._connection.execute(_FORGETTABLE, {"before": before, "most": limit}).scalars())

    def forget_records(self, case_ids: Sequence[str]) -> None:
        """Delete everything the tables still hold of some cases, except journal and evidence."""
        gone = list(case_ids)
        mine = select(REPLIES.c.id).where(REPLIES.c.case_id.in_(gone))
        self._connection.execute(delete(REPLY_SEALED).where(REPLY_SEALED.c.reply_id.in_(mine)))
        for column in (REPLIES.c.case_id, DELIVERIES.c.case_id, SEALED.c.case_id, ANSWERED.c.made, CASES.c.id):
            self._connection.execute(delete(column.table).where(column.in_(gone)))

    def _cases(self, found: Result[Any]) -> list[Case]:
        cases = SqlCases(self._connection)
        return [case for key in found.scalars() if (case := cases.get(key)) is not None]


class SqlMails:
    """The mails of one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, mail: Mail) -> None:
        """Keep a new mail."""
        self._connection.execute(insert(MAILS), _values(mail))

    def save(self, mail: Mail, *, attempt: int) -> bool:
        """Keep a mail whose stored attempt is `attempt`; False if another worker was faster."""
        values = _values(mail)
        fixed = {"key": values.pop("id"), "before": attempt}
        return self._connection.execute(_SAVE.values(values), fixed).rowcount == 1

    def due(self, now: datetime, limit: int) -> Sequence[Mail]:
        """Return mails that are to be tried, the longest due first."""
        return [_mail(row) for row in self._connection.execute(_DUE, {"now": now, "most": limit})]

    def recent(self, limit: int) -> Sequence[Mail]:
        """Return mails, newest first."""
        query = select(MAILS).order_by(MAILS.c.position.desc()).limit(limit)
        return [_mail(row) for row in self._connection.execute(query)]

    def counts(self) -> Mapping[MailState, int]:
        """Return how many mails stand where."""
        rows = self._connection.execute(select(MAILS.c.state, func.count()).group_by(MAILS.c.state))
        return {MailState(state): count for state, count in rows}

    def forget(self, before: datetime) -> int:
        """Delete mails that are over and older than a moment."""
        over = delete(MAILS).where(MAILS.c.state != MailState.WAITING.value, MAILS.c.at < before)
        return self._connection.execute(over).rowcount


def _values(mail: Mail) -> dict[str, Any]:
    names = ("id", "to", "subject", "body", "at", "attempt", "next_at", "reason")
    return {name: getattr(mail, name) for name in names} | {"state": mail.state.value}


def _mail(row: Row[Any]) -> Mail:
    return Mail(**(row._asdict() | {"state": MailState(row.state)}))
