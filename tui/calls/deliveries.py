"""Calls about deliveries and cases: what is under way, why it waits, where a case is, what a human may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tui.client import Client
from tui.values import Json, read

PAGE = 100
"""Rows that are asked for at once."""

MOST_AT_ONCE = 500
"""Rows that the server gives in one answer at most."""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery as the list shows it; moments are ISO texts, `age_seconds` counts since it was made."""

    message_id: str
    position: int = 0
    case_number: str = ""
    authority: str = ""
    authority_name: str = ""
    kind: str = ""
    number: str = ""
    release: str = ""
    state: str = ""
    sentence: str = ""
    sentence_en: str = ""
    adapter: str = ""
    attempt: int = 0
    next_at: str | None = None
    age_seconds: int = 0
    size: int = 0
    test: bool = False
    reason: str = ""
    code: str = ""
    available_at: str | None = None
    fetched_at: str | None = None
    handed_over_at: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """Some rows of a long list: `next` goes on (None: nothing follows), `total` counts all there are (0: unknown).

    `capped` says that there are more than `total`.
    """

    rows: list[Any]
    next: int | None = None
    total: int = 0
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Which deliveries are wanted; empty fields ask for all."""

    states: tuple[str, ...] = ()
    authority: str = ""
    cause: str = ""
    words: str = ""
    oldest_first: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """Why several deliveries stand still."""

    code: str
    title: str = ""
    state: str = ""
    count: int = 0
    oldest_at: str | None = None
    reason: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Traced:
    """One case with its deliveries and everything that happened, oldest first."""

    case: dict[str, Any]
    sentence: str = ""
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)


async def listed(client: Client, asked: Asked, *, after: int = 0, limit: int = PAGE) -> Listed:
    """Return deliveries, newest first unless asked otherwise; go on with `next` as `after`."""
    answer = await client.get(
        "/deliveries",
        state=list(asked.states) or None,
        authority=asked.authority,
        cause=asked.cause,
        q=asked.words,
        order="oldest" if asked.oldest_first else None,
        after=after or None,
        limit=limit,
    )
    rows = [read(DeliveryRow, row) for row in answer["rows"]]
    return Listed(rows, answer.get("next"), int(answer.get("total") or 0), bool(answer.get("capped")))


async def causes(client: Client) -> list[Cause]:
    """Return what stands still, grouped by cause, the most frequent first."""
    return [read(Cause, one) for one in await client.get("/deliveries/causes")]


async def act(client: Client, message_id: str, what: str, reason: str) -> None:
    """Put back (`requeue`), hold, divert to the present way, or note as `arrived`."""
    await client.post(f"/deliveries/{quote(message_id, safe='')}/{what}", {"reason": reason})


async def act_on_several(
    client: Client, message_ids: Sequence[str], what: str, reason: str, *, dry_run: bool, typed: str = ""
) -> list[dict[str, Any]]:
    """Preview `requeue` or `hold` for several deliveries, or do it; each answer says whether it is possible and why."""
    body = {"message_ids": list(message_ids), "act": what, "reason": reason, "dry_run": dry_run, "typed": typed}
    send = client.ask if dry_run else client.post
    found: list[dict[str, Any]] = (await send("/deliveries/bulk", body))["rows"]
    return found


async def withdraw(client: Client, case_number: str, reason: str) -> None:
    """Take a case back before the authority has it; its content is erased."""
    await client.post(f"/cases/{quote(case_number, safe='')}/withdraw", {"reason": reason})


async def plans_arrived(client: Client, case_number: str, on: str, reason: str) -> None:
    """Record the day (ISO) on which the authority got the posted plans of a case."""
    await client.post(f"/cases/{quote(case_number, safe='')}/plans-arrived", {"on": on, "reason": reason})


async def trace(client: Client, words: str) -> list[Traced]:
    """Return the cases that a case number, reference, message id or digest means."""
    answer: list[Json] = await client.get("/trace", q=words)
    return [read(Traced, one) for one in answer]
