"""Rehearsal: what would be so on a later day if nobody did anything, from what is set up and stored today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from cryptography import x509

from gateway.domain import codes
from gateway.domain.authority import edition_on, moves
from gateway.domain.calendar import at_local, is_working_day, local_date, written_date
from gateway.domain.case import Case
from gateway.domain.deadlines import missed_days, plans_overdue
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Participation, Protection, differences, in_force, upcoming
from gateway.domain.rehearsal import FURTHEST, Finding
from gateway.flow.cases import authority_of
from gateway.flow.clocks import AT_ONCE
from gateway.ports import Transaction, World
from gateway.seal.keys import fingerprint
from gateway.xbau.release import RELEASES

OVERLAP = timedelta(days=28)
"""How long an old and a new key of ours must both be valid, so that authorities can exchange certificates."""

_KEYS = {
    "sign": ("Signaturschlüssel", "nichts wird mehr angenommen"),
    "wrap": ("Verschlüsselungsschlüssel", "nichts wird mehr angenommen"),
    "tls": ("TLS-Schlüssel", "das Postfach ist nicht mehr erreichbar, und Wege mit Anmeldung per Zertifikat ruhen"),
}

_CHANGES = {
    "release": "XBau-Version",
    "adapter": "Übertragungsweg",
    "option": "Option",
    "phase": "Stand",
    "protection": "Verschlüsselung",
    "procedures": "Verfahren",
}


@dataclass(frozen=True, slots=True)
class _Then:
    """From when to when is looked ahead, and with what."""

    world: World
    tx: Transaction
    now: datetime
    at: datetime

    @property
    def today(self) -> date:
        return local_date(self.now)

    @property
    def day(self) -> date:
        return local_date(self.at)

    def name(self, key: AuthorityKey) -> str:
        return authority_of(self.world, key).name

    def found(self, on: date, key: AuthorityKey, kind: str, sentence: str, *, breaks: bool = False) -> Finding:
        return Finding(on, key, self.name(key), kind, sentence, breaks)


def rehearse(world: World, day: date) -> list[Finding]:
    """Return what will have changed or broken by noon of a day, in order of time.

    Raises:
        SubmissionError: FIELD_INVALID for a day in the past or too far ahead.
    """
    now = world.clock.now()
    today = local_date(now)
    if not today <= day <= today + timedelta(days=FURTHEST):
        reason = f"Geprobt wird ein Tag von heute an, höchstens {FURTHEST} Tage voraus; nicht {written_date(day)}."
        raise SubmissionError(codes.FIELD_INVALID, reason)
    with world.store.reading() as tx:
        then = _Then(world, tx, now, max(now, at_local(day, time(12))))
        found = [
            *_own_keys(then),
            *_participations(then),
            *_certificates(then),
            *_editions(then),
            *_closed(then),
            *_plans(then),
            *_pickups(then),
        ]
    return sorted(found)


def _own_keys(then: _Then) -> Iterator[Finding]:
    held: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for key in then.world.keyring.list():
        if key.not_before is not None and key.not_after is not None:
            held[key.purpose].append((key.not_before, key.not_after))
    for purpose, (what, loss) in _KEYS.items():
        yield from _key(then, what, loss, held[purpose])


def _key(then: _Then, what: str, loss: str, spans: Sequence[tuple[datetime, datetime]]) -> Iterator[Finding]:
    """Follow a key of ours from successor to successor until the day, and say where the chain ends or is too tight.

    `spans` are what the keys are valid for, oldest first; the newest that is valid is the one in use.
    """
    at, before = then.now, None
    while at <= then.at:
        current = next((span for span in reversed(spans) if span[0] <= at <= span[1]), None)
        if current is None:
            on = local_date(at)
            yield Finding(
                on, "", "Gateway", "key", f"Ab {written_date(on)} gibt es keinen gültigen {what}; {loss}.", True
            )
            return
        if before is not None and before - current[0] < OVERLAP:
            sentence = f"Der nächste {what} überlappt den alten um weniger als {OVERLAP.days} Tage."
            yield Finding(local_date(before), "", "Gateway", "key", sentence, False)
        before = current[1]
        at = before + timedelta(seconds=1)


def _participations(then: _Then) -> Iterator[Finding]:
    for key, history in then.tx.registry.histories().items():
        before = in_force(history, then.today)
        for change in upcoming(history, then.today):
            if change.valid_from > then.day:
                break
            yield from _change(then, key, before, change)
            before = change
        if before is not None and before.option.accepts and before.phase.reachable:
            yield from _unusable(then, key, before)


def _change(then: _Then, key: AuthorityKey, before: Participation | None, change: Participation) -> Iterator[Finding]:
    told = [one for one in differences(before, change) if one.name in _CHANGES]
    words = ", ".join(f"{_CHANGES[one.name]} {_said(one.before)} → {_said(one.after)}" for one in told)
    if words:
        kind = "release" if any(one.name == "release" for one in told) else "participation"
        yield then.found(change.valid_from, key, kind, f"Ab {written_date(change.valid_from)} gilt: {words}.")


def _said(value: object) -> str:
    if isinstance(value, list):
        return "/".join(map(str, value)) or "keine"
    return str(value) if value not in (None, "") else "nichts"


def _unusable(then: _Then, key: AuthorityKey, taking_part: Participation) -> Iterator[Finding]:
    on = max(taking_part.valid_from, then.today)
    if taking_part.release not in RELEASES:
        sentence = f"XBau {taking_part.release or '(keine Version)'} kennt dieses Gateway nicht."
        yield then.found(on, key, "release", sentence, breaks=True)
    if taking_part.adapter not in then.world.plugins:
        sentence = f"Den Übertragungsweg „{taking_part.adapter or 'keiner'}“ gibt es hier nicht."
        yield then.found(on, key, "participation", sentence, breaks=True)


def _certificates(then: _Then) -> Iterator[Finding]:
    """Say for whom no certificate is left on the day: to encrypt for it, or to recognise it at the mailbox."""
    held: dict[tuple[AuthorityKey, str], list[x509.Certificate]] = defaultdict(list)
    for key, purpose, certificate in then.tx.certificates.all():
        held[key, purpose].append(certificate)
    for key, taking_part in then.tx.registry.all_in_force(then.day).items():
        if not (taking_part.option.accepts and taking_part.phase.reachable):
            continue
        if taking_part.protection is Protection.END_TO_END:
            mine = held[key, "encrypt"]
            chosen = [one for one in mine if fingerprint(one) in taking_part.certificates] or mine
            yield from _ends(then, key, chosen, "wird nicht mehr verschlüsselt, also nichts mehr übermittelt")
        if held[key, "tls"]:
            yield from _ends(then, key, held[key, "tls"], "kann sie sich am Postfach nicht mehr anmelden")


def _ends(then: _Then, key: AuthorityKey, held: Sequence[x509.Certificate], then_what: str) -> Iterator[Finding]:
    end = max((one.not_valid_after_utc for one in held), default=None)
    if end is None:
        sentence = f"Für {then.name(key)} ist kein Zertifikat hinterlegt."
        yield then.found(then.today, key, "certificate", sentence, breaks=True)
    elif end < then.at:
        on = max(local_date(end), then.today)
        sentence = f"Das letzte Zertifikat endet am {written_date(local_date(end))}; für {then.name(key)}"
        yield then.found(on, key, "certificate", f"{sentence} {then_what}.", breaks=True)


def _editions(then: _Then) -> Iterator[Finding]:
    plan, editions = then.tx.registry.edition_plan(), then.world.directory.editions
    old, new = edition_on(plan, then.today), edition_on(plan, then.day)
    if old == new:
        return
    on = next(valid_from for valid_from, name in plan.steps if name == new and valid_from > then.today)
    for move in moves(editions[old], editions[new]):
        count = len(move.municipalities)
        what = "eine Gemeinde" if count == 1 else f"{count} Gemeinden"
        sentence = f"{what} wechselt" if count == 1 else f"{what} wechseln"
        sentence = f"Ab {written_date(on)}: {sentence} von {then.name(move.giver)} zu {then.name(move.taker)}."
        yield then.found(on, move.taker, "edition", sentence)


def _closed(then: _Then) -> Iterator[Finding]:
    holidays = then.world.holidays(then.today.year, then.day.year)
    own = then.tx.duties.closed_days()
    for day in sorted(holidays | frozenset(own)):
        if then.today <= day <= then.day and is_working_day(day, frozenset()):
            named = f" ({own[day]})" if own.get(day) else ""
            sentence = f"Der {written_date(day)} ist kein Arbeitstag{named}."
            yield Finding(day, "", "Alle", "holiday", sentence)


def _plans(then: _Then) -> Iterator[Finding]:
    due: dict[AuthorityKey, list[Case]] = defaultdict(list)
    for case in then.tx.duties.plans_expected(then.day, AT_ONCE):
        if case.plans_due and plans_overdue(case.plans_due, then.day):
            due[case.authority].append(case)
    for key, cases in due.items():
        first = cases[0].plans_due or then.day
        what = "einem Vorgang" if len(cases) == 1 else f"{len(cases)} Vorgängen"
        sentence = f"Bei {what} endet bis dahin die Frist für die Pläne, zuerst am {written_date(first)}."
        yield then.found(max(first, then.today), key, "plans", sentence)


def _pickups(then: _Then) -> Iterator[Finding]:
    closed = then.world.holidays(then.today.year - 1, then.day.year) | frozenset(then.tx.duties.closed_days())
    for ready in then.tx.duties.unfetched():
        missed = missed_days(ready.since, then.at, closed)
        if missed:
            days = "ist ein Arbeitstag" if missed == 1 else f"sind {missed} Arbeitstage"
            sentence = f"Holt sie bis dahin nicht ab, {days} versäumt (Vorgang {ready.case_number})."
            yield then.found(then.day, ready.authority, "pickup", sentence)
