"""The repositories of one transaction that operators, evidence, deadlines and mail need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from gateway.domain.case import Case, Delivery
from gateway.domain.deadlines import Ready
from gateway.domain.delivery import State
from gateway.domain.dossier import Dossier, Survey, SurveyState
from gateway.domain.evidence import Anchor, Event
from gateway.domain.ids import AuthorityKey, CaseNumber
from gateway.domain.insight import Cause, Load, Wanted
from gateway.domain.notice_mail import Mail, MailState


class Insight(Protocol):
    """What operators ask of the queue as a whole; none of it grows with history."""

    def loads(self) -> Mapping[AuthorityKey, Load]: ...

    def counted(self, words: Sequence[str], moments: Sequence[datetime]) -> Sequence[Mapping[str, int]]:
        """Return how often journal words were written from each moment up to before the next, tests left out."""

    def tests(self, begin: datetime, end: datetime) -> int:
        """Return how many test messages were accepted from a moment up to before another."""

    def causes(self) -> Sequence[Cause]: ...

    def deliveries(self, wanted: Wanted) -> Sequence[Delivery]: ...

    def count(self, wanted: Wanted, most: int = 10_000) -> int: ...

    def oldest(self, states: Sequence[State], limit: int) -> Sequence[Delivery]: ...


class Dossiers(Protocol):
    """What operators keep about authorities."""

    def get(self, key: AuthorityKey) -> Dossier: ...

    def all(self) -> Mapping[AuthorityKey, Dossier]: ...

    def save(self, dossier: Dossier) -> bool:
        """Keep a dossier if nobody has changed it since it was read; False otherwise."""


class Surveys(Protocol):
    """Surveys as they were read."""

    def add(self, survey: Survey) -> None: ...

    def get(self, survey_id: str) -> Survey | None: ...

    def heads(self, skipped: int, limit: int) -> Sequence[Survey]:
        """Return surveys, the newest first; of their plans only the counts."""

    def set_state(
        self, survey_id: str, before: SurveyState, after: SurveyState, plan: Mapping[str, Any] | None = None
    ) -> bool:
        """Change a survey's state if it still is `before`; `plan` replaces what was kept of its rows."""


class Evidence(Protocol):
    """Signed facts of cases and signed anchors of the journal; they outlive the content they speak of."""

    def add(self, event: Event) -> None: ...

    def last(self, number: CaseNumber) -> Event | None: ...

    def of_case(self, number: CaseNumber) -> Sequence[Event]: ...

    def receipt(self, case_id: str) -> Event | None: ...

    def unsigned(self, limit: int) -> Sequence[Event]: ...

    def sign(self, event: Event) -> bool: ...

    def forget(self, before: datetime, limit: int) -> int: ...

    def journal_end(self) -> int: ...

    def digests(self, first: int, last: int) -> Sequence[str]: ...

    def anchor(self, first: int) -> Anchor | None: ...

    def last_anchor(self) -> Anchor | None: ...

    def add_anchor(self, anchor: Anchor) -> None: ...


class Duties(Protocol):
    """What the law wants watched: plans, fetching, closed days, and who was told."""

    def plans_expected(self, until: date, limit: int) -> Sequence[Case]: ...

    def plans_overdue(self, limit: int) -> Sequence[Case]: ...

    def unfetched(self) -> Sequence[Ready]: ...

    def raise_alarm(self, kind: str, subject: str, level: int, at: datetime) -> bool:
        """Note that somebody is told; False if they were told before."""

    def closed_days(self) -> Mapping[date, str]: ...

    def set_closed_days(self, days: Mapping[date, str]) -> None: ...

    def forget_alarms(self, before: datetime) -> int: ...

    def forgettable(self, before: datetime, limit: int) -> Sequence[str]:
        """Return ids of cases all of which was erased before a moment, replies and follow-ups included."""

    def forget_records(self, case_ids: Sequence[str]) -> None:
        """Delete everything the tables still hold of some cases, except journal and evidence."""


class Mails(Protocol):
    """Mails on their way."""

    def add(self, mail: Mail) -> None: ...

    def save(self, mail: Mail, *, attempt: int) -> bool: ...

    def due(self, now: datetime, limit: int) -> Sequence[Mail]: ...

    def recent(self, limit: int) -> Sequence[Mail]: ...

    def counts(self) -> Mapping[MailState, int]: ...

    def forget(self, before: datetime) -> int: ...
