"""`bauweiche token …`: who may call the portal API."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from gateway.commands import token_table
from gateway.commands.seat import USAGE, fail, say
from gateway.domain.case import Client
from gateway.domain.reply import NO_PORTALS

app = typer.Typer(
    name="token",
    help="Zugangstoken der Portale.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command("create")
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name des Portals (a–z, 0–9, -).")],
    scope: Annotated[list[str] | None, typer.Option(help="Berechtigung: submit, read. Ohne Angabe: beide.")] = None,
    days: Annotated[int, typer.Option(min=1, max=800, help="Gültigkeit in Tagen.")] = 365,
) -> None:
    """Legt ein Token an und zeigt es dieses eine Mal; gespeichert wird nur sein Hash."""
    from gateway.domain.tokens import PREFIX, SCOPES

    wanted = frozenset(scope or SCOPES)
    if name in NO_PORTALS:
        fail(USAGE, f"Der Name {name} ist dem Gateway selbst vorbehalten.")
    if not re.fullmatch(token_table.NAME, name) or not wanted <= SCOPES:
        fail(USAGE, "Name: kleine Buchstaben, Ziffern, Bindestrich. Berechtigungen: submit, read.")
    token_table.create(ctx, name, wanted, days, prefix=PREFIX, what="token")


@app.command("list")
def list_tokens(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Als JSON.")] = False) -> None:
    """Zeigt alle Token der Portale ohne ihren Wert."""
    token_table.listing(ctx, _of_portal, as_json=as_json)


@app.command("revoke")
def revoke(ctx: typer.Context, token_id: Annotated[str, typer.Argument(help="Kennung aus „token list“.")]) -> None:
    """Sperrt ein Token sofort."""
    token_table.revoke(ctx, lambda client: client.token_id == token_id and _of_portal(client), what="token")
    say("Gesperrt.")


def _of_portal(client: Client) -> bool:
    from gateway.domain.tokens import SCOPES

    return bool(client.scopes & SCOPES)
