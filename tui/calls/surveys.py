"""Calls about surveys: a file becomes a draft, a draft becomes one dated batch, a batch can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tui.calls.deliveries import PAGE, Listed
from tui.client import Client
from tui.values import read

LIMIT = 20_000_000
"""Bytes of a file that are sent at most; the server takes less and says how much."""


@dataclass(frozen=True, slots=True)
class SurveyHead:
    """One survey in the list."""

    id: str
    name: str
    at: str | None = None
    actor: str = ""
    state: str = ""
    rows: int = 0
    changes: int = 0


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What one row of the table would do; `line` as a spreadsheet counts, `match` how the authority was found."""

    line: int
    authority: str = ""
    authority_name: str = ""
    match: str = ""
    confidence: float = 0.0
    changes: list[dict[str, Any]] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    status: str = ""
    apply: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The dry run of a survey."""

    id: str
    name: str
    state: str = ""
    at: str | None = None
    actor: str = ""
    valid_from: str = ""
    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[PlanRow] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    restored: list[str] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)


async def heads(client: Client, words: str = "", *, after: int = 0, limit: int = PAGE) -> Listed:
    """Return surveys that fit a filter, the newest first."""
    answer = await client.get("/survey", q=words, after=after or None, limit=limit)
    return Listed([read(SurveyHead, one) for one in answer["rows"]], answer.get("next"))


async def upload(client: Client, name: str, file_name: str, octets: bytes, valid_from: str) -> Plan:
    """Hand a table in; nothing is applied."""
    query = urlencode({"name": name, "valid_from": valid_from})
    return _plan(await client.upload(f"/survey?{query}", file_name, octets))


async def plan(client: Client, survey_id: str) -> Plan:
    """Return the dry run of a survey."""
    return _plan(await client.get(f"/survey/{survey_id}"))


async def apply(client: Client, survey_id: str, valid_from: str, reason: str, lines: Sequence[int] = ()) -> Plan:
    """Apply a draft as one batch; `lines` limits it to some rows."""
    body: dict[str, Any] = {"valid_from": valid_from, "reason": reason}
    return _plan(await client.post(f"/survey/{survey_id}/apply", body | ({"rows": list(lines)} if lines else {})))


async def undo(client: Client, survey_id: str, reason: str) -> Plan:
    """Take an applied survey back."""
    return _plan(await client.post(f"/survey/{survey_id}/undo", {"reason": reason}))


def _plan(answer: dict[str, Any]) -> Plan:
    return read(Plan, answer | {"rows": [read(PlanRow, row) for row in answer.get("rows") or []]})
