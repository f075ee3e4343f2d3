"""Operators at their API: tokens by role, and HTTP clients on the application in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from gateway.api.app import App, build_app
from gateway.api.operator.roles import PREFIX
from gateway.domain.case import Client
from gateway.domain.tokens import token_digest
from gateway.edges.gate import Gate
from gateway.ports import World
from tests.kit.installation import Installation

HIGHEST = "verwalten"


def operator_token(world: World, name: str = "anna", role: str = HIGHEST, days: float = 400) -> str:
    """Return a new token of an operator."""
    token = f"{PREFIX}{name}-{world.chance.uuid()}"
    client = Client(name, frozenset({role}), world.clock.now() + timedelta(days=days), str(world.chance.uuid()))
    with world.store.writing() as tx:
        tx.clients.add(client, token_digest(token))
    return token


@dataclass
class Door:
    """One application over an installation, and the tokens of those who come to it."""

    world: World
    app: App
    tokens: dict[str, str] = field(default_factory=dict)

    def client(self, name: str = "anna", role: str = HIGHEST) -> httpx.AsyncClient:
        """Return a client of an operator; the same name is the same token."""
        if name not in self.tokens:
            self.tokens[name] = operator_token(self.world, name, role)
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://gateway.test/operator/v1",
            headers={"Authorization": f"Bearer {self.tokens[name]}"},
        )


@contextmanager
def door(installed: Installation) -> Iterator[Door]:
    """Build the application once, for as many clients as come."""
    gate = Gate()
    try:
        yield Door(installed.world, build_app(installed.world, gate=gate))
    finally:
        gate.close()


@asynccontextmanager
async def operators(installed: Installation, **roles: str) -> AsyncIterator[tuple[httpx.AsyncClient, ...]]:
    """Open one client per operator (name=role) on one application; one called anna with every role if none is named."""
    with door(installed) as opened:
        clients = [opened.client(name, role) for name, role in (roles or {"anna": HIGHEST}).items()]
        try:
            yield tuple(clients)
        finally:
            for client in clients:
                await client.aclose()


async def etag_of(client: httpx.AsyncClient, key: str) -> dict[str, str]:
    """Return the If-Match header for what is seen of an authority now."""
    return {"If-Match": (await client.get(f"/authorities/{key}")).headers["etag"]}


def problem(answer: httpx.Response) -> dict[str, Any]:
    """Return a refusal's document after looking at what every refusal must have."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code
    assert document["code"]
    assert document["detail"].endswith((".", "?", "!")), document
    return document
