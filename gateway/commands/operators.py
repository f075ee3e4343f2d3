"""`bauweiche operator …`: who may work at the console of a server, and what they may do there."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import typer

from gateway.commands import token_table
from gateway.commands.seat import USAGE, fail, say
from gateway.domain.case import Client

app = typer.Typer(
    name="operator",
    help="Zugänge der Betreiberinnen und Betreiber.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


class RoleName(StrEnum):
    """What a person may do; each role includes the ones before."""

    LESEN = "lesen"
    BEARBEITEN = "bearbeiten"
    FREIGEBEN = "freigeben"
    VERWALTEN = "verwalten"


Name = Annotated[str, typer.Argument(help="Name der Person (a–z, 0–9, -).")]


@app.command("create")
def create(
    ctx: typer.Context,
    name: Name,
    role: Annotated[RoleName, typer.Option(help="Was die Person darf; jede Stufe schließt die davor ein.")],
    days: Annotated[int, typer.Option(min=1, max=800, help="Gültigkeit in Tagen.")] = 90,
) -> None:
    """Legt einen Zugang an und zeigt sein Token dieses eine Mal; gespeichert wird nur sein Hash."""
    from gateway.api.operator.roles import PREFIX

    if not re.fullmatch(token_table.NAME, name):
        fail(USAGE, "Name: kleine Buchstaben, Ziffern, Bindestrich.")
    token_table.create(ctx, name, frozenset({role.value}), days, prefix=PREFIX, what="operator")


@app.command("list")
def list_operators(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Als JSON.")] = False
) -> None:
    """Zeigt alle Zugänge ohne ihr Token."""
    token_table.listing(ctx, _of_operator, as_json=as_json)


@app.command("revoke")
def revoke(ctx: typer.Context, name: Name) -> None:
    """Sperrt alle Zugänge einer Person sofort."""
    count = token_table.revoke(ctx, lambda client: client.name == name and _of_operator(client), what="operator")
    say(f"Gesperrt: {count} {'Zugang' if count == 1 else 'Zugänge'} von {name}.")


def _of_operator(client: Client) -> bool:
    return bool(client.scopes & {role.value for role in RoleName})
