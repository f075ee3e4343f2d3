"""Calls about onboarding: how far everybody has come, the evidence for it, and four eyes before going live."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tui.client import Client
from tui.values import read


@dataclass(frozen=True, slots=True)
class OnboardingRow:
    """How far one authority has come: `complete` of `total` checks are proved."""

    key: str
    name: str
    kreis_key: str = ""
    kreis: str = ""
    kreis_abbr: str = ""
    option: str = ""
    adapter: str = ""
    adapter_title: str = ""
    stage: str = ""
    complete: int = 0
    total: int = 0
    next_step: str = ""
    proposer: str = ""
    updated_at: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a checklist; `holds` None: nothing was collected yet."""

    check: str
    label: str = ""
    holds: bool | None = None
    at: str | None = None
    detail: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """Everything about one onboarding."""

    key: str
    name: str
    stage: str = ""
    checks: list[Check] = field(default_factory=list)
    proposer: str = ""
    approver: str = ""
    can_advance_to: list[str] = field(default_factory=list)
    next_step: str = ""
    log: list[dict[str, Any]] = field(default_factory=list)

    @property
    def complete(self) -> int:
        """How many checks are proved."""
        return sum(1 for check in self.checks if check.holds)


async def rows(client: Client) -> list[OnboardingRow]:
    """Return all authorities with their progress."""
    return [read(OnboardingRow, row) for row in (await client.get("/onboarding"))["rows"]]


async def checklist(client: Client, key: str) -> Checklist:
    """Return one authority's checklist."""
    return _checklist(await client.get(f"/authorities/{key}/onboarding"))


async def check(client: Client, key: str) -> Checklist:
    """Collect the evidence anew."""
    return _checklist(await client.post(f"/authorities/{key}/onboarding/check", {}))


async def send_test(client: Client, key: str, reason: str) -> Checklist:
    """Send a test message."""
    return _checklist(await client.post(f"/authorities/{key}/onboarding/test-message", {"reason": reason}))


async def advance(client: Client, key: str, to: str, reason: str, typed_name: str = "") -> Checklist:
    """Move the authority to another stage; ending it needs its name typed."""
    body = {"to": to, "reason": reason, "typed_name": typed_name}
    return _checklist(await client.post(f"/authorities/{key}/onboarding/advance", body))


async def propose(client: Client, key: str, reason: str) -> Checklist:
    """Propose that the authority goes live."""
    return _checklist(await client.post(f"/authorities/{key}/onboarding/propose", {"reason": reason}))


async def approve(client: Client, key: str, typed_name: str, reason: str) -> Checklist:
    """Approve as the second person."""
    body = {"typed_name": typed_name, "reason": reason}
    return _checklist(await client.post(f"/authorities/{key}/onboarding/approve", body))


def _checklist(answer: dict[str, Any]) -> Checklist:
    return read(Checklist, answer | {"checks": [read(Check, one) for one in answer.get("checks") or []]})
