"""How an authority takes part: one dated value per change, its laws, and which of them holds on a day."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from gateway.domain import codes
from gateway.domain.errors import Fault
from gateway.domain.ids import AuthorityKey
from gateway.domain.limits import MEGABYTE, SUBMISSION_BYTES
from gateway.domain.procedure import Procedure


class Option(StrEnum):
    """What an authority accepts (terms of use of the assistants, options 1, 2, 3a, 3b)."""

    WITH_PLANS = "1"
    WITHOUT_PLANS = "2"
    REDIRECT = "3a"
    NONE = "3b"

    @property
    def label(self) -> str:
        """The German name as people read it."""
        return OPTION_TITLES[self]

    @property
    def accepts(self) -> bool:
        """Applications arrive electronically through us."""
        return self in (Option.WITH_PLANS, Option.WITHOUT_PLANS)


class Protection(StrEnum):
    """What guards the content on its way: mutual TLS alone, or sealed for the authority's certificate as well."""

    TRANSPORT = "transport"
    END_TO_END = "end_to_end"


class Phase(StrEnum):
    """What may be sent to an authority now: nothing, tests only, everything, nothing for a while, nothing any more."""

    NOT_CONNECTED = "not_connected"
    TEST = "test"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"

    @property
    def label(self) -> str:
        """The German name as people read it."""
        return PHASE_TITLES[self]

    @property
    def reachable(self) -> bool:
        """Messages can be carried there, test messages at least."""
        return self in (Phase.TEST, Phase.LIVE, Phase.PAUSED)


OPTION_TITLES: Mapping[Option, str] = {
    Option.WITH_PLANS: "mit Plänen",
    Option.WITHOUT_PLANS: "ohne Pläne",
    Option.REDIRECT: "Umleitung",
    Option.NONE: "keine",
}
PROTECTION_TITLES: Mapping[Protection, str] = {
    Protection.TRANSPORT: "Transportverschlüsselung",
    Protection.END_TO_END: "Ende-zu-Ende verschlüsselt",
}
PHASE_TITLES: Mapping[Phase, str] = {
    Phase.NOT_CONNECTED: "nicht angebunden",
    Phase.TEST: "Test",
    Phase.LIVE: "live",
    Phase.PAUSED: "pausiert",
    Phase.ENDED: "beendet",
}


@dataclass(frozen=True, slots=True)
class Participation:
    """How one authority takes part from `valid_from` on, until a later one holds.

    `settings` belong to the adapter and are JSON-able; `size_limit` bytes; `certificates` are SHA-256 fingerprints
    (64 hex digits) of the encryption certificates to use, the preferred one first (empty: every one that is held for
    the authority); `list_posted_plans` False leaves plans that follow by post out of the message; `redirect_url` is
    also used for real applications while an authority is under test. `source` says where the answer came from,
    `changed_at` is aware UTC.
    """

    authority: AuthorityKey
    valid_from: date
    option: Option
    procedures: frozenset[Procedure] = frozenset()
    release: str = ""
    adapter: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    protection: Protection = Protection.END_TO_END
    phase: Phase = Phase.NOT_CONNECTED
    redirect_url: str = ""
    size_limit: int = SUBMISSION_BYTES
    list_posted_plans: bool = True
    certificates: tuple[str, ...] = ()
    source: str = ""
    note: str = ""
    changed_by: str = ""
    changed_at: datetime | None = None


def in_force(history: Sequence[Participation], on: date) -> Participation | None:
    """Return what holds on a date, whatever the order of the history; None before the first one."""
    begun = [change for change in history if change.valid_from <= on]
    return max(begun, key=_age, default=None)


def upcoming(history: Sequence[Participation], on: date) -> tuple[Participation, ...]:
    """Return the changes that begin after a date, the next one first."""
    return tuple(sorted((change for change in history if change.valid_from > on), key=_age))


def _age(change: Participation) -> tuple[date, datetime]:
    return change.valid_from, change.changed_at or datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which two participations differ; the values as in their JSON form, None where there was none."""

    name: str
    before: Any
    after: Any


COMPARED = (
    "option",
    "procedures",
    "release",
    "adapter",
    "settings",
    "protection",
    "phase",
    "redirect_url",
    "size_limit",
    "list_posted_plans",
    "certificates",
)
"""The fields that say how an authority takes part; the others say who changed it, when and why."""


def differences(before: Participation | None, after: Participation) -> tuple[Difference, ...]:
    """Return what changes for the authority when `after` takes the place of `before`; from nothing to empty is none."""
    old = to_json(before) if before else {}
    new = to_json(after)
    return tuple(
        Difference(name, old.get(name), new[name])
        for name in COMPARED
        if (old[name] != new[name] if before else new[name] not in ("", [], {}))
    )


def to_json(participation: Participation) -> dict[str, Any]:
    """Return the JSON form; `gateway.domain.participation_json.from_json` reads it back."""
    value = participation
    return {
        "authority": value.authority,
        "valid_from": value.valid_from.isoformat(),
        "option": value.option.value,
        "procedures": [procedure.value for procedure in Procedure if procedure in value.procedures],
        "release": value.release,
        "adapter": value.adapter,
        "settings": dict(value.settings),
        "protection": value.protection.value,
        "phase": value.phase.value,
        "redirect_url": value.redirect_url,
        "size_limit": value.size_limit,
        "list_posted_plans": value.list_posted_plans,
        "certificates": list(value.certificates),
        "source": value.source,
        "note": value.note,
        "changed_by": value.changed_by,
        "changed_at": value.changed_at.isoformat() if value.changed_at else None,
    }


def validate(
    participation: Participation,
    *,
    authorities: Collection[str] | None = None,
    releases: Collection[str] | None = None,
    adapters: Collection[str] | None = None,
) -> list[Fault]:
    """Return everything that keeps a participation from being used, with JSON pointers into its JSON form.

    Authority, release and adapter are held against what the installation knows, where that is given. Option 1 and 2
    must be complete as soon as messages can be carried; an authority that is only invited may still lack details.
    """
    return [
        *_faults_of_form(participation),
        *_faults_of_option(participation),
        *_faults_of_places(participation, authorities, releases, adapters),
    ]


_RELEASE = re.compile(r"\d{1,3}(\.\d{1,3}){1,3}")
_ADAPTER = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TEXT_LIMIT = 2000


def _faults_of_form(value: Participation) -> Iterator[Fault]:
    if not re.fullmatch(r"\d{8}", value.authority):
        yield _invalid("/authority", "Der Schlüssel der Behörde hat acht Ziffern.")
    if not 2020 <= value.valid_from.year <= 2099:
        yield _invalid("/valid_from", "Das Datum muss zwischen 2020 und 2099 liegen.")
    if value.release and not _RELEASE.fullmatch(value.release):
        yield _invalid("/release", "Die XBau-Version besteht aus Zahlen und Punkten, zum Beispiel 2.6.")
    if value.adapter and not _ADAPTER.fullmatch(value.adapter):
        yield _invalid("/adapter", "Der Übertragungsweg besteht aus kleinen Buchstaben, Ziffern und Unterstrichen.")
    if not _is_json(value.settings):
        yield _invalid("/settings", "Die Einstellungen lassen sich nicht als JSON schreiben.")
    if not MEGABYTE <= value.size_limit <= SUBMISSION_BYTES:
        yield _invalid("/size_limit", f"Die Höchstgröße liegt zwischen {MEGABYTE} und {SUBMISSION_BYTES} Bytes.")
    for number, fingerprint in enumerate(value.certificates):
        if not _FINGERPRINT.fullmatch(fingerprint):
            yield _invalid(f"/certificates/{number}", "Ein Fingerabdruck (SHA-256) hat 64 Zeichen 0–9 und a–f.")
    for name, text in (("source", value.source), ("note", value.note), ("changed_by", value.changed_by)):
        if _CONTROL.search(text) or len(text) > _TEXT_LIMIT:
            yield _invalid(f"/{name}", f"Höchstens {_TEXT_LIMIT} Zeichen, ohne Steuerzeichen.")
    if value.redirect_url and not is_web_address(value.redirect_url):
        yield _invalid("/redirect_url", "Die Adresse muss mit https:// beginnen und einen Rechnernamen nennen.")


def _faults_of_option(value: Participation) -> Iterator[Fault]:
    if value.option is Option.REDIRECT and not value.redirect_url:
        yield _missing("/redirect_url", "Bei Option 3a fehlt die Adresse des eigenen Online-Dienstes (https).")
    if not (value.option.accepts and value.phase.reachable):
        return
    if not value.procedures:
        yield _missing("/procedures", "Mindestens ein Verfahren muss freigeschaltet sein.")
    if not value.release:
        yield _missing("/release", "Die XBau-Version der Behörde fehlt.")
    if not value.adapter:
        yield _missing("/adapter", "Der Übertragungsweg zur Behörde fehlt.")


def _faults_of_places(
    value: Participation,
    authorities: Collection[str] | None,
    releases: Collection[str] | None,
    adapters: Collection[str] | None,
) -> Iterator[Fault]:
    if authorities is not None and value.authority not in authorities:
        yield Fault(codes.AUTHORITY_UNKNOWN, "/authority", f"Eine Behörde {value.authority} gibt es nicht.")
    if releases is not None and value.release and value.release not in releases:
        known = ", ".join(sorted(releases))
        yield Fault(codes.RELEASE_UNKNOWN, "/release", f"XBau {value.release} kennt das Gateway nicht, nur {known}.")
    if adapters is not None and value.adapter and value.adapter not in adapters:
        known = ", ".join(sorted(adapters)) or "keinen"
        yield Fault(codes.ADAPTER_UNKNOWN, "/adapter", f"Den Weg {value.adapter} gibt es hier nicht, nur {known}.")


def is_web_address(text: str) -> bool:
    """Return whether a text is an https address that an applicant can be sent to."""
    if len(text) > _TEXT_LIMIT or _CONTROL.search(text) or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return False


def _is_json(settings: Mapping[str, Any]) -> bool:
    try:
        json.dumps(dict(settings), allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return all(isinstance(key, str) for key in settings)


def _invalid(pointer: str, detail: str) -> Fault:
    return Fault(codes.FIELD_INVALID, pointer, detail)


def _missing(pointer: str, detail: str) -> Fault:
    return Fault(codes.FIELD_MISSING, pointer, detail)
