"""Mails to authorities and operators, as values: ids and dates only, never an applicant's data; German, plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain import codes
from gateway.domain.calendar import written_date, written_moment
from gateway.domain.counting import counted
from gateway.domain.deadlines import Ready
from gateway.domain.errors import ConfigurationError

SUBJECT = 150
"""Characters of a subject, at most."""

LINES = 200
"""Lines of a list in a mail, at most; more are counted."""

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_BREAKING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class MailState(StrEnum):
    """Where a mail stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address; `next_at` is when it is tried (again), `reason` the German outcome of the last attempt.

    `id` becomes the Message-ID and stays the same at every attempt, so that a receiver sees repeats.
    """

    id: str
    to: str
    subject: str
    body: str
    at: datetime
    state: MailState = MailState.WAITING
    attempt: int = 0
    next_at: datetime | None = None
    reason: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, before it has an address."""

    subject: str
    body: str


def address(text: str) -> str:
    """Return an address that cannot smuggle a header or a second receiver into a mail (RFC 5321 dot-atom, no quotes).

    Raises:
        ConfigurationError: CONFIGURATION; the address is none.
    """
    tidy = text.strip(" ")
    if not _ADDRESS.fullmatch(tidy) or ".." in tidy or tidy.startswith(".") or ".@" in tidy:
        shown = _BREAKING.sub("?", text)[:80]
        raise ConfigurationError(
            codes.CONFIGURATION,
            f"„{shown}“ ist keine zulässige E-Mail-Adresse; dorthin wird nichts gesendet.",
            "Bitte die Ansprechperson berichtigen.",
        )
    return tidy


def subject(text: str) -> str:
    """Return a subject on one line."""
    return _BREAKING.sub(" ", text).strip()[:SUBJECT]


@dataclass(frozen=True, slots=True)
class Unfetched:
    """What lies ready for an authority and was not fetched for `missed` whole working days; `name` for people."""

    ready: Ready
    name: str
    missed: int


@dataclass(frozen=True, slots=True)
class Posted:
    """An option-2 case whose plans are not there."""

    authority: str
    name: str
    case_number: str
    due: date


def to_authority(unfetched: Unfetched | None, plans: Sequence[Posted], name: str) -> Letter:
    """Return the mail to an authority's contacts: what it has not fetched, and whose plans have not come."""
    lines = [f"Guten Tag, dies ist eine automatische Nachricht des Gateways an: {name}.", ""]
    if unfetched:
        lines += [
            f"Für Sie liegen {counted(unfetched.ready.count, 'Vorgang', 'Vorgänge')} bereit und wurden nicht abgeholt,"
            f" der älteste seit {written_moment(unfetched.ready.since)} Uhr ({unfetched.ready.case_number}).",
            f"Seitdem {_days(unfetched.missed)}. Teilnehmende Behörden holen an jedem Arbeitstag",
            "mindestens einmal ab (Nutzungsbedingungen § 6).",
            "",
            "Bitte prüfen Sie Ihren Abruf. Es geht nichts verloren: Die Vorgänge bleiben bereit, bis Sie sie haben.",
            "",
        ]
    if plans:
        lines += [
            "Bei diesen Vorgängen ohne Pläne (Option 2) ist die Frist abgelaufen, ohne dass uns der Eingang der",
            "Pläne gemeldet wurde. Sie dürfen den Antrag zurückweisen (Nutzungsbedingungen § 8.3). Sind die Pläne da,",
            "melden Sie bitte den Eingang mit der Vorgangsnummer.",
            *_listed(f"  {one.case_number}  Frist {written_date(one.due)}" for one in plans),
            "",
        ]
    what = "Nicht abgeholte Vorgänge" if unfetched else "Frist für Pläne abgelaufen"
    return Letter(subject(f"{what}: {name}"), "\n".join([*lines, *_FOOT]))


def urgent(level: int, found: Sequence[Unfetched]) -> Letter:
    """Return the immediate mail to operators about authorities that have reached a level of escalation."""
    lines = [
        f"Seit {_days_word(level)} wurde hier nichts abgeholt:",
        "",
        *_listed(_unfetched(one) for one in found),
        "",
        "Nächster Schritt: bei der Behörde anrufen (Ansprechpersonen: bauweiche authorities show SCHLÜSSEL).",
        "",
    ]
    word = "Dringend: " if level >= 5 else ""
    head = f"{word}{counted(len(found), 'Behörde', 'Behörden')} seit {_days_word(level)} ohne Abholung"
    return Letter(subject(head), "\n".join([*lines, *_FOOT]))


def digest(
    day: date,
    unfetched: Sequence[Unfetched],
    plans: Sequence[Posted],
    held: int,
    ending: Sequence[tuple[str, str, datetime]],
) -> Letter | None:
    """Return the operators' mail of a morning, or None if there is nothing to say.

    `ending`: name, purpose and end of certificates that run out soon.
    """
    lines: list[str] = []
    if unfetched:
        lines += [f"Nicht abgeholt ({len(unfetched)}):", *_listed(_unfetched(one) for one in unfetched), ""]
    if plans:
        late = (f"  {one.case_number}  {one.name}  Frist {written_date(one.due)}" for one in plans)
        lines += [f"Pläne überfällig ({len(plans)}):", *_listed(late), ""]
    if held:
        lines += [f"Angehalten, ein Mensch muss entscheiden: {counted(held, 'Übermittlung', 'Übermittlungen')}.", ""]
    if ending:
        ends = (f"  {name}: {purpose} bis {written_moment(end)} Uhr" for name, purpose, end in ending)
        lines += [f"Zertifikate, die bald ablaufen ({len(ending)}):", *_listed(ends), ""]
    if not lines:
        return None
    return Letter(subject(f"Bauweiche, Tagesübersicht {written_date(day)}"), "\n".join([*lines, *_FOOT]))


_FOOT = ("--", "Automatisch gesendet vom Gateway Bauweiche. Diese Nachricht enthält keine personenbezogenen Daten.", "")


def _unfetched(one: Unfetched) -> str:
    ready = one.ready
    count = counted(ready.count, "Vorgang", "Vorgänge")
    since = f"ältester seit {written_moment(ready.since)} Uhr ({ready.case_number})"
    return f"  {ready.authority}  {one.name}: {count}, {since}"


def _listed(lines: Iterable[str]) -> list[str]:
    every = list(lines)
    rest = len(every) - LINES
    return [*every[:LINES], *([f"  … und {rest} weitere"] if rest > 0 else [])]


def _days(missed: int) -> str:
    return "ist ein Arbeitstag vergangen" if missed == 1 else f"sind {missed} Arbeitstage vergangen"


def _days_word(level: int) -> str:
    return "einem Arbeitstag" if level == 1 else f"{level} Arbeitstagen"
