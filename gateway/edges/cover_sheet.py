"""Accessible PDFs (PDF/UA-1 and PDF/A-2a in one file) by typst: the Begleitschein and the Einlieferungsbeleg.

Everything goes in as values in memory; nothing is written to disk, no network, no system fonts.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import segno
import typst

from gateway.domain.calendar import written_date, written_moment
from gateway.edges.code128 import svg as code128

STANDARDS: list[Any] = ["ua-1", "a-2a"]
PLANS = 26
"""Plans listed on the one page, at most; the rest is counted."""

TITLE, KIND = 90, 40
"""Characters of a plan's title, and of what kind of plan it is, on the page, at most."""

MANY, SHORT_TITLE, SHORT_KIND = 6, 46, 20
"""More plans than this are listed on one line each."""

ADDRESS_LINES, ADDRESS_LINE = 6, 60
"""Lines of the address, and characters of each, at most."""

_PRINTABLE = frozenset(chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x180), 0x1E9E, 0x20AC))
"""Characters the packaged font surely has; others are tried, and replaced if the page could not be made."""


@dataclass(frozen=True, slots=True)
class PostedPlan:
    """A plan that is to be posted, as the applicant called it."""

    title: str
    kind: str
    date: date


@dataclass(frozen=True, slots=True)
class CoverSheet:
    """What stands on a Begleitschein; `plans` is None once the titles are erased.

    `address_kept` is False where nobody entered the authority's postal address: the page then says so.
    """

    case_number: str
    address: Sequence[str]
    due: date
    count: int
    plans: Sequence[PostedPlan] | None
    at: datetime
    test: bool = False
    address_kept: bool = True


@dataclass(frozen=True, slots=True)
class ReceiptSheet:
    """What stands on an Einlieferungsbeleg: the signed receipt's own words, and who signed it."""

    event: Mapping[str, Any]
    procedure: str
    signer: str
    kid: str
    at: datetime


def cover_sheet(sheet: CoverSheet) -> bytes:
    """Return the Begleitschein as PDF, one page."""
    many = len(sheet.plans or ()) > MANY
    title, kind = (SHORT_TITLE, SHORT_KIND) if many else (TITLE, KIND)
    shown = [
        {"title": _cut(plan.title, title), "kind": _cut(plan.kind, kind), "date": written_date(plan.date)}
        for plan in (sheet.plans or ())[:PLANS]
    ]
    data = {
        "case_number": sheet.case_number,
        "address": [_cut(line, ADDRESS_LINE) for line in sheet.address][:ADDRESS_LINES],
        "address_kept": sheet.address_kept,
        "due": written_date(sheet.due),
        "count": sheet.count,
        "plans": shown,
        "erased": sheet.plans is None and sheet.count > 0,
        "test": sheet.test,
        "qr": _qr(sheet.case_number),
        "code128": code128(sheet.case_number),
    }
    return _render("cover_sheet.typ", data, sheet.at)


def receipt_sheet(sheet: ReceiptSheet) -> bytes:
    """Return the Einlieferungsbeleg as PDF."""
    event, facts = sheet.event, sheet.event["facts"]
    due = facts["plans_due"]
    parts = [("Nachricht (XBau)", facts["message"]), ("Inhaltsverzeichnis", facts["manifest"])]
    parts += [(f"Anlage {number}", part) for number, part in enumerate(facts["parts"], start=1)]
    data = {
        "case_number": event["case_number"],
        "addressee": facts["addressee"]["name"],
        "accepted_at": written_moment(datetime.fromisoformat(event["at"])),
        "procedure": sheet.procedure,
        "message_id": event["message_id"],
        "without_plans": due is not None,
        "plans_due": written_date(date.fromisoformat(due)) if due else "",
        "parts": [{"name": name, "size": _bytes(part["size"]), "sha256": part["sha256"]} for name, part in parts],
        "test": facts["test"],
        "signer": sheet.signer,
        "kid": sheet.kid,
    }
    return _render("receipt.typ", data, sheet.at)


def _render(name: str, data: Mapping[str, Any], at: datetime) -> bytes:
    text = json.dumps(data, ensure_ascii=False)
    try:
        return _compiled(name, text, at)
    except typst.TypstError:  # an exotic letter the font lacks: an archive-proof page must not have holes
        plain = "".join(character if character in _PRINTABLE else "?" for character in text)
        return _compiled(name, plain, at)


def _compiled(name: str, data: str, at: datetime) -> bytes:
    made = typst.compile(
        _folder() / name,
        root=_folder(),
        sys_inputs={"data": data},
        pdf_standards=STANDARDS,
        ignore_system_fonts=True,
        timestamp=at.replace(microsecond=0),  # typst knows whole seconds only
    )
    assert isinstance(made, bytes)
    return made


@lru_cache(maxsize=1)
def _folder() -> Path:
    return Path(str(files("gateway.edges") / "typst"))


def _qr(text: str) -> str:
    drawn = io.BytesIO()
    segno.make(text, error="q", micro=False).save(drawn, kind="svg", border=4, xmldecl=False, nl=False, light="#fff")
    return drawn.getvalue().decode("utf-8")


def _cut(text: str, most: int = TITLE) -> str:
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _bytes(count: int) -> str:
    return f"{count:,}".replace(",", ".")
