"""`bauweiche token …`: who may call the portal API."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Annotated

import typer

from gateway.commands.seat import NOT_FOUND, USAGE, dumped, fail, opened, out, say, seat_of
from gateway.domain.calendar import written_moment
from gateway.domain.case import Client
from gateway.domain.journal import Act

app = typer.Typer(
    name="token",
    help="Zugangstoken der Portale.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@app.command("create")
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name des Portals (a–z, 0–9, -).")],
    scope: Annotated[list[str] | None, typer.Option(help="Berechtigung: submit, read. Ohne Angabe: beide.")] = None,
    days: Annotated[int, typer.Option(min=1, max=800, help="Gültigkeit in Tagen.")] = 365,
) -> None:
    """Legt ein Token an und zeigt es dieses eine Mal; gespeichert wird nur sein Hash."""
    from gateway.api.auth import PREFIX, SCOPES, token_digest

    wanted = frozenset(scope or SCOPES)
    if not _NAME.fullmatch(name) or not wanted <= SCOPES:
        fail(USAGE, "Name: kleine Buchstaben, Ziffern, Bindestrich. Berechtigungen: submit, read.")
    with opened(ctx, writing=True) as world:
        token = PREFIX + secrets.token_urlsafe(32)
        identifier = str(world.chance.uuid())
        client = Client(name, wanted, world.clock.now() + timedelta(days=days), identifier)
        with world.store.writing() as tx:
            tx.clients.add(client, token_digest(token))
            facts = {"token_id": identifier, "scopes": sorted(wanted), "until": client.expires_at.isoformat()}
            tx.journal.append(Act(seat_of(ctx).actor, "token.created", name, facts=facts))
    say(f"Token für {name}, gültig bis {written_moment(client.expires_at)}. Bitte jetzt sicher ablegen:")
    out(token + "\n")


@app.command("list")
def list_tokens(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Als JSON.")] = False) -> None:
    """Zeigt alle Token ohne ihren Wert."""
    with opened(ctx) as world, world.store.reading() as tx:
        clients = tx.clients.all()
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


@app.command("revoke")
def revoke(ctx: typer.Context, token_id: Annotated[str, typer.Argument(help="Kennung aus „token list“.")]) -> None:
    """Sperrt ein Token sofort."""
    with opened(ctx, writing=True) as world, world.store.writing() as tx:
        if not tx.clients.revoke(token_id):
            fail(NOT_FOUND, "Dieses Token gibt es nicht.")
        tx.journal.append(Act(seat_of(ctx).actor, "token.revoked", token_id))
    say("Gesperrt.")
