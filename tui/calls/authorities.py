"""Calls about authorities; each change carries its reason, and the ETag of what was seen."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from tui.client import Client, FieldFault
from tui.values import AuthorityDetail, AuthorityRow, Json, Previewed, read


async def rows(client: Client, on: str = "") -> list[AuthorityRow]:
    """Return every authority as it takes part on a day (today unless chosen)."""
    answer = await client.get("/authorities", on=on)
    return [read(AuthorityRow, row) for row in answer["rows"]]


async def detail(client: Client, key: str) -> AuthorityDetail:
    """Return everything about one authority."""
    answer = await client.fetch(f"/authorities/{key}")
    return _detail(answer.value, answer.etag)


async def set_participation(client: Client, key: str, participation: Json, reason: str, etag: str) -> AuthorityDetail:
    """Set how an authority takes part from the date in the participation on."""
    body = {"participation": dict(participation), "reason": reason}
    answer = await client.put(f"/authorities/{key}/participation", body, etag=etag)
    return _detail(answer.value, answer.etag)


async def remove_participation(client: Client, key: str, valid_from: str, reason: str, etag: str) -> None:
    """Take a dated setting back."""
    await client.delete(f"/authorities/{key}/participation/{valid_from}", etag=etag, reason=reason)


async def bulk(
    client: Client,
    keys: Sequence[str],
    changes: Mapping[str, Any],
    *,
    valid_from: str,
    reason: str,
    batch: str = "",
    dry_run: bool = True,
    seen: Mapping[str, str] | None = None,
) -> list[Previewed]:
    """Preview the same change for several authorities, or make it if all are still as they were `seen` (key → ETag)."""
    body = {
        "keys": list(keys),
        "changes": dict(changes),
        "valid_from": valid_from,
        "reason": reason,
        "batch": batch,
        "dry_run": dry_run,
        "seen": dict(seen or {}),
    }
    send = client.ask if dry_run else client.post
    answer = await send("/authorities/bulk", body)
    return [read(Previewed, row) for row in answer["rows"]]


async def pause(client: Client, key: str, reason: str) -> bool:
    """Send nothing to an authority; returns True."""
    await client.post(f"/authorities/{key}/pause", {"reason": reason})
    return True


async def resume(client: Client, key: str, reason: str) -> bool:
    """Send to an authority again; returns True."""
    await client.post(f"/authorities/{key}/resume", {"reason": reason})
    return True


async def set_contacts(client: Client, key: str, contacts: Sequence[Json], reason: str, etag: str) -> AuthorityDetail:
    """Replace the contacts."""
    body = {"contacts": [dict(one) for one in contacts], "reason": reason}
    answer = await client.put(f"/authorities/{key}/contacts", body, etag=etag)
    return _detail(answer.value, answer.etag)


async def add_note(client: Client, key: str, text: str) -> None:
    """Add a note."""
    await client.post(f"/authorities/{key}/notes", {"text": text})


async def add_certificate(client: Client, key: str, purpose: str, octets: bytes, reason: str) -> bool:
    """Hold a certificate (PEM or DER); returns True."""
    body = {"purpose": purpose, "data": b64encode(octets).decode(), "reason": reason}
    await client.post(f"/authorities/{key}/certificates", body)
    return True


async def remove_certificate(client: Client, key: str, fingerprint: str, reason: str) -> None:
    """Forget a certificate."""
    await client.delete(f"/authorities/{key}/certificates/{fingerprint}", reason=reason)


async def adapters(client: Client) -> list[dict[str, Any]]:
    """Return the ways there are, each with the schema of its settings."""
    found: list[dict[str, Any]] = await client.get("/adapters")
    return found


async def check_settings(client: Client, adapter: str, settings: Json) -> list[FieldFault]:
    """Return what is wrong with an adapter's settings; nothing is kept."""
    answer = await client.ask(f"/adapters/{adapter}/check", {"settings": dict(settings)})
    return [FieldFault(str(one.get("pointer", "")), str(one.get("detail", ""))) for one in answer["faults"]]


async def procedures(client: Client) -> list[dict[str, str]]:
    """Return all procedures in the order of their numbers."""
    found: list[dict[str, str]] = await client.get("/procedures")
    return found


async def releases(client: Client) -> list[str]:
    """Return all XBau releases the gateway speaks."""
    found: list[str] = await client.get("/releases")
    return found


async def deliveries_of(client: Client, key: str) -> list[dict[str, Any]]:
    """Return an authority's newest deliveries."""
    found: list[dict[str, Any]] = (await client.get("/deliveries", authority=key, limit=200))["rows"]
    return found


async def journal_of(client: Client, key: str) -> list[dict[str, Any]]:
    """Return what happened to an authority, newest first."""
    found: list[dict[str, Any]] = (await client.get("/journal", about=key, limit=200))["rows"]
    return found


def _detail(answer: Json, etag: str) -> AuthorityDetail:
    row = read(AuthorityRow, answer)
    parts = {
        name: list(answer.get(name) or [])
        for name in ("history", "upcoming", "municipalities", "certificates", "contacts", "notes")
    }
    return AuthorityDetail(row=row, etag=etag or row.etag, ways=dict(answer.get("ways") or {}), **parts)
