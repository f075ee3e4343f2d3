"""Who I am and what I see first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tui.client import Client
from tui.values import Me, Overview, read


@dataclass(frozen=True, slots=True)
class Late:
    """What is overdue: `kind` is `pickup` or `plans`; `since` an ISO moment, or the day that plans were due."""

    kind: str
    authority: str
    authority_name: str = ""
    case_number: str = ""
    since: str = ""
    missed: int = 0
    count: int = 1


async def me(client: Client) -> Me:
    """Return who sits at the console."""
    return read(Me, await client.get("/me"))


async def overview(client: Client) -> Overview:
    """Return the numbers of the first screen."""
    return read(Overview, await client.get("/overview"))


async def overdue(client: Client) -> list[Late]:
    """Return what is overdue, pickups first, each the longest waiting first."""
    found = await client.get("/overdue")
    pickups = [read(Late, {**one, "kind": "pickup"}) for one in found["pickups"]]
    return pickups + [read(Late, {**one, "kind": "plans", "since": one["due"]}) for one in found["plans"]]


async def map_of(client: Client, view: str) -> dict[str, Any]:
    """Return the 53 tiles for a view (`option`, `stage`, `way`, `trouble`) with their legend."""
    found: dict[str, Any] = await client.get("/map", view=view)
    return found


async def map_page(client: Client, procedure: str = "") -> bytes:
    """Return the public map as a page of its own."""
    return await client.octets("/map.html", procedure=procedure)
