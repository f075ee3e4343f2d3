"""What a portal announces: the application, its attachments, and the plans that will come by post."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

from gateway.domain import codes, limits
from gateway.domain.errors import Fault
from gateway.domain.ids import document_id
from gateway.domain.message import Document
from gateway.domain.participation import Option
from gateway.domain.procedure import Procedure
from gateway.xbau.charset import file_names_for
from gateway.xbau.release import Release

ANNOUNCEMENT = "announcement"
"""Name of the sealed part that holds what the portal announced."""

OVERVIEW_KIND = "1101"
"""The application overview (code list `anlagen`: Antragsformulare); it travels with every option."""

# Never part of an honest file name: controls, line separators, writing-direction overrides and isolates, what nobody
# sees (two names that look alike are two plans for the price of one glance), noncharacters.
_HOSTILE = frozenset(
    [
        *range(0x20),
        *range(0x7F, 0xA0),
        *(0xAD, 0x061C, 0x115F, 0x1160, 0x180E, 0x2028, 0x2029, 0x3164, 0xFEFF, 0xFFA0),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE0080),
        *(plane << 16 | last for plane in range(17) for last in (0xFFFE, 0xFFFF)),
    ]
)


@dataclass(frozen=True, slots=True)
class Attached:
    """An announced attachment: applicant's file name and title, code of the list `anlagen`, bytes, SHA-256 hex."""

    file_name: str
    title: str
    kind: str
    date: date
    size: int
    sha256: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class Posted:
    """A plan that the applicant will send by post."""

    title: str
    kind: str
    date: date


@dataclass(frozen=True, slots=True)
class Announcement:
    """A submission as announced; `antrag` is JSON-able and still to be read by the procedure's model."""

    municipality: str
    procedure: Procedure
    antrag: Mapping[str, Any]
    attachments: tuple[Attached, ...]
    posted: tuple[Posted, ...] = ()
    portal_reference: str = ""
    test: bool = False


def to_bytes(announcement: Announcement) -> bytes:
    """Return the sealed form's plain bytes: canonical JSON, UTF-8."""
    return json.dumps(announcement, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> Any:
    """Return what JSON has no word for as something it has; `asdict` would copy the whole antrag first."""
    if isinstance(value, Announcement | Attached | Posted):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)


def from_bytes(octets: bytes) -> Announcement:
    """Read what `to_bytes` wrote."""
    data = json.loads(octets)
    return Announcement(
        municipality=data["municipality"],
        procedure=Procedure(data["procedure"]),
        antrag=data["antrag"],
        attachments=tuple(Attached(**entry | {"date": _day(entry)}) for entry in data["attachments"]),
        posted=tuple(Posted(**entry | {"date": _day(entry)}) for entry in data["posted"]),
        portal_reference=data["portal_reference"],
        test=data["test"],
    )


def _day(entry: Mapping[str, str]) -> date:
    return date.fromisoformat(entry["date"])


def limit_faults(announcement: Announcement, option: Option, size_limit: int) -> list[Fault]:
    """Return every limit of the door the announcement breaks (NB § 5.4, § 4), pointers into the announcement."""
    return [
        *_size_faults(announcement.attachments, min(size_limit, limits.SUBMISSION_BYTES)),
        *_name_faults(announcement.attachments),
        *_option_faults(announcement, option),
    ]


def _size_faults(attachments: Sequence[Attached], total_limit: int) -> Iterator[Fault]:
    if not attachments:
        yield Fault(codes.ATTACHMENTS_MISSING, "/attachments", "Mindestens die Antragsübersicht (PDF) gehört dazu.")
    if len(attachments) > limits.ATTACHMENTS:
        yield Fault(
            codes.ATTACHMENTS_TOO_MANY,
            "/attachments",
            f"{len(attachments)} Anlagen angekündigt, höchstens {limits.ATTACHMENTS} sind möglich.",
        )
    for index, attached in enumerate(attachments):
        if attached.size > limits.ATTACHMENT_BYTES:
            yield Fault(
                codes.ATTACHMENT_TOO_LARGE,
                f"/attachments/{index}/size",
                f"{attached.size} Byte; eine PDF darf höchstens {limits.ATTACHMENT_BYTES} Byte (30 MB) haben.",
            )
    total = sum(attached.size for attached in attachments)
    if total > total_limit:
        yield Fault(
            codes.SUBMISSION_TOO_LARGE,
            "/attachments",
            f"Zusammen {total} Byte; höchstens {total_limit} Byte ({total_limit // limits.MEGABYTE} MB) sind möglich.",
        )


def _name_faults(attachments: Sequence[Attached]) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for index, attached in enumerate(attachments):
        pointer = f"/attachments/{index}/file_name"
        reason = name_fault(attached.file_name)
        if reason:
            yield Fault(codes.FILE_NAME, pointer, reason)
        first = seen.setdefault(attached.file_name.casefold(), index)
        if first != index:
            yield Fault(codes.ATTACHMENT_DUPLICATE, pointer, f"Derselbe Dateiname wie bei /attachments/{first}.")


def name_fault(name: str) -> str:
    """Say in German why a file name is refused, or return an empty string."""
    if any(ord(character) in _HOSTILE or 0xD800 <= ord(character) <= 0xDFFF for character in name):
        return "Der Dateiname enthält Steuerzeichen, unsichtbare Zeichen oder solche, die die Schreibrichtung ändern."
    if "/" in name or "\\" in name:
        return "Der Dateiname darf keinen Pfad enthalten."
    if not name.lower().endswith(".pdf") or not name[:-4].strip(" ."):
        return "Der Dateiname muss auf „.pdf“ enden und davor einen Namen haben."
    if len(name) > 255:
        return "Der Dateiname ist länger als 255 Zeichen."
    return ""


def _option_faults(announcement: Announcement, option: Option) -> Iterator[Fault]:
    kinds = [attached.kind for attached in announcement.attachments]
    if option is Option.WITHOUT_PLANS:
        for index, kind in enumerate(kinds):
            if kind != OVERVIEW_KIND:
                yield Fault(
                    codes.ATTACHMENT_NOT_ASKED,
                    f"/attachments/{index}/anlageart",
                    "Diese Behörde nimmt ohne Pläne teil (Option 2): nur die Antragsübersicht (1101) wird übermittelt,"
                    " Pläne gehen mit der Post.",
                )
        if kinds and OVERVIEW_KIND not in kinds:
            yield Fault(codes.ATTACHMENTS_MISSING, "/attachments", "Die Antragsübersicht (Anlageart 1101) fehlt.")
    elif announcement.posted:
        yield Fault(
            codes.FIELD_INVALID,
            "/posted_plans",
            "Diese Behörde nimmt mit Plänen teil (Option 1): bitte alle Pläne hochladen statt ankündigen.",
        )


def documents(
    announcement: Announcement, identities: Sequence[UUID], release: Release, *, list_posted: bool
) -> tuple[Document, ...]:
    """Return the documents as the message names them: file names valid for the release and unique.

    `identities` gives one UUID per attachment, then one per posted plan.
    """
    posted = announcement.posted if list_posted else ()
    names = (*(entry.file_name for entry in announcement.attachments), *(f"{plan.title}.pdf" for plan in posted))
    named = list(zip(file_names_for(names, release.charset), identities, strict=False))
    count = len(announcement.attachments)
    attached = tuple(
        Document(
            document_id=document_id(identity),
            title=entry.title,
            kind=entry.kind,
            file_name=name,
            date=entry.date,
            version=entry.version,
            size=entry.size,
            sha256=entry.sha256,
        )
        for entry, (name, identity) in zip(announcement.attachments, named[:count], strict=True)
    )
    return attached + tuple(
        Document(document_id(identity), plan.title, plan.kind, name, plan.date, by_post=True)
        for plan, (name, identity) in zip(posted, named[count:], strict=True)
    )
