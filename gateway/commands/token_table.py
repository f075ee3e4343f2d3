"""Tokens of portals and of operators: made, listed and revoked the same way; only prefix and rights differ."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

import typer

from gateway.commands.seat import NOT_FOUND, dumped, fail, opened, out, say, seat_of
from gateway.domain.calendar import written_moment
from gateway.domain.case import Client
from gateway.domain.journal import Act

NAME = r"[a-z0-9][a-z0-9-]{0,39}"
"""What a portal or a person may be called."""


def create(ctx: typer.Context, name: str, scopes: frozenset[str], days: int, *, prefix: str, what: str) -> None:
    """Make a token and write it this once; only its hash is kept."""
    from gateway.domain.tokens import token_digest

    with opened(ctx, writing=True) as world:
        token = prefix + secrets.token_urlsafe(32)
        identifier = str(world.chance.uuid())
        client = Client(name, scopes, world.clock.now() + timedelta(days=days), identifier)
        with world.store.writing() as tx:
            tx.clients.add(client, token_digest(token))
            facts = {"token_id": identifier, "scopes": sorted(scopes), "until": client.expires_at.isoformat()}
            tx.journal.append(Act(seat_of(ctx).actor, f"{what}.created", name, facts=facts))
    say(f"Token für {name}, gültig bis {written_moment(client.expires_at)}. Bitte jetzt sicher ablegen:")
    out(token + "\n")


def listing(ctx: typer.Context, wanted: Callable[[Client], bool], *, as_json: bool) -> None:
    """Write the tokens of one kind without their values."""
    with opened(ctx) as world, world.store.reading() as tx:
        clients = [client for client in tx.clients.all() if wanted(client)]
    rows = [
        {
            "id": client.token_id,
            "name": client.name,
            "scopes": sorted(client.scopes),
            "until": client.expires_at.isoformat(),
        }
        for client in clients
    ]
    if as_json:
        out(dumped(rows))
        return
    for row in rows:
        out(f"{row['id']}  {row['name']:<20} {','.join(row['scopes']):<12} bis {row['until'][:16]}\n")


def revoke(ctx: typer.Context, wanted: Callable[[Client], bool], *, what: str) -> int:
    """Forget the wanted tokens at once and return how many there were; nothing there ends with NOT_FOUND."""
    with opened(ctx, writing=True) as world, world.store.writing() as tx:
        found = [client for client in tx.clients.all() if wanted(client)]
        if not found:
            fail(NOT_FOUND, "Dieses Token gibt es nicht.")
        for client in found:
            tx.clients.revoke(client.token_id)
            facts = {"token_id": client.token_id}
            tx.journal.append(Act(seat_of(ctx).actor, f"{what}.revoked", client.name, facts=facts))
    return len(found)
