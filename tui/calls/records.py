"""Calls about replies, certificates, the journal, the report and the rehearsal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tui.calls.deliveries import PAGE, Listed
from tui.client import Client
from tui.values import read


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """An answer of an authority that belongs to no case yet; `candidates` are ranked, the likeliest first."""

    id: str
    authority: str = ""
    authority_name: str = ""
    number: str = ""
    received_at: str | None = None
    reason: str = ""
    code: str = ""
    via: str = ""
    size: int = 0
    test: bool = False
    assignable: bool = True
    candidates: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate; `own` belongs to the gateway itself."""

    fingerprint: str
    purpose: str = ""
    subject: str = ""
    issuer: str = ""
    not_before: str | None = None
    not_after: str | None = None
    days: int | None = None
    algorithm: str = ""
    authority: str = ""
    authority_name: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of the journal."""

    number: int
    at: str = ""
    actor: str = ""
    what: str = ""
    text: str = ""
    subject: str = ""
    why: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    digest: str = ""


@dataclass(frozen=True, slots=True)
class RehearsedRow:
    """What would go wrong on a day."""

    on: str = ""
    authority: str = ""
    authority_name: str = ""
    kind: str = ""
    sentence: str = ""


async def replies(client: Client, words: str = "", *, after: int = 0, limit: int = PAGE) -> Listed:
    """Return the replies without a case that fit a filter, oldest first."""
    answer = await client.get("/replies", state="quarantined", q=words, after=after or None, limit=limit)
    return Listed([read(ReplyRow, row) for row in answer["rows"]], answer.get("next"))


async def assign(client: Client, reply_id: str, case_number: str, reason: str) -> None:
    """Give a reply to the case it belongs to."""
    await client.post(f"/replies/{quote(reply_id, safe='')}/assign", {"case_number": case_number, "reason": reason})


async def discard(client: Client, reply_id: str, reason: str) -> None:
    """Throw a reply away."""
    await client.post(f"/replies/{quote(reply_id, safe='')}/discard", {"reason": reason})


async def certificates(client: Client) -> list[CertificateRow]:
    """Return all certificates, the soonest to end first, the gateway's own among them."""
    answer = await client.get("/certificates")
    found = [
        read(CertificateRow, one | {"own": own})
        for name, own in (("rows", False), ("own", True))
        for one in answer.get(name) or []
    ]
    return sorted(found, key=lambda one: one.not_after or "")


async def journal(client: Client, about: str, words: str = "", *, after: int = 0, limit: int = PAGE) -> Listed:
    """Return entries that fit a filter, newest first; `about` is a case number, key or id."""
    answer = await client.get("/journal", about=about, q=words, after=after or None, limit=limit)
    return Listed([read(EntryRow, row) for row in answer["rows"]], answer.get("next"))


async def verify(client: Client) -> dict[str, Any]:
    """Prove that the journal was not changed: `ok`, `count`, `digest`, `broken`."""
    found: dict[str, Any] = await client.ask("/journal/verify", {})
    return found


async def report(client: Client, begin: str, end: str) -> dict[str, Any]:
    """Return the ministry's report for a period as numbers; both days count."""
    found: dict[str, Any] = await client.get("/report", from_=begin, to=end, format="json")
    return found


async def report_file(client: Client, begin: str, end: str, kind: str) -> bytes:
    """Return the report as a file: `xlsx`, `pdf` or `json`."""
    return await client.octets("/report", from_=begin, to=end, format=kind)


async def rehearse(client: Client, at: str) -> list[RehearsedRow]:
    """Return what would go wrong on a day."""
    return [read(RehearsedRow, one) for one in (await client.get("/rehearse", at=at))["findings"]]
