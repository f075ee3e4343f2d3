"""`bauweiche webhook …`: where portals are told that a reply has come."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.seat import dumped, opened, out, say, seat_of
from gateway.domain.calendar import BERLIN
from gateway.flow import webhooks

app = typer.Typer(
    name="webhook",
    help="Webhooks der Portale (Standard Webhooks, signiert).",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Id = Annotated[str, typer.Argument(help="Kennung aus „webhook list“.")]


@app.command("add")
def add(
    ctx: typer.Context,
    client: Annotated[str, typer.Argument(help="Name des Portals, wie beim Token.")],
    url: Annotated[str, typer.Argument(help="https-Adresse; ihr Rechner muss in allow_hosts stehen.")],
) -> None:
    """Legt einen Webhook an und zeigt sein Geheimnis dieses eine Mal."""
    with opened(ctx, writing=True) as world:
        webhook, secret = webhooks.add(world, client, url, seat_of(ctx).actor)
    say(f"Webhook {webhook.id} für {client}. Das Geheimnis bitte jetzt sicher ablegen:")
    out(secret + "\n")


@app.command("trust")
def trust(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Datei (PEM oder DER).")],
) -> None:
    """Hinterlegt die Zertifizierungsstelle der Portale; von da an wird nur noch den hinterlegten geglaubt."""
    from gateway.flow.certificates import hold

    with opened(ctx, writing=True) as world:
        held = hold(world, webhooks.PORTALS, "tls-anchor", file.read_bytes(), seat_of(ctx).actor)
    for fingerprint in held:
        out(fingerprint + "\n")


@app.command("list")
def list_webhooks(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Als JSON.")] = False
) -> None:
    """Zeigt alle Webhooks."""
    with opened(ctx) as world, world.store.reading() as tx:
        rows = [
            {"id": one.id, "client": one.client, "url": one.url, "disabled": one.disabled} for one in tx.webhooks.all()
        ]
    if as_json:
        out(dumped(rows))
        return
    for row in rows:
        out(f"{row['id']}  {row['client']:<20} {row['url']}{'  (abgeschaltet)' if row['disabled'] else ''}\n")


@app.command("remove")
def remove(ctx: typer.Context, webhook_id: Id) -> None:
    """Entfernt einen Webhook mit allem, was dorthin noch zu senden war."""
    with opened(ctx, writing=True) as world:
        webhooks.remove(world, webhook_id, seat_of(ctx).actor)
    say("Entfernt.")


@app.command("replay")
def replay(
    ctx: typer.Context,
    webhook_id: Id,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Ab wann (Ortszeit).")],
    failed: Annotated[bool, typer.Option("--failed", help="Nur endgültig gescheiterte.")] = False,
) -> None:
    """Sendet Benachrichtigungen seit einem Zeitpunkt noch einmal, unter ihren alten Kennungen."""
    with opened(ctx, writing=True) as world:
        moment = since.replace(tzinfo=BERLIN).astimezone(UTC)
        count = webhooks.replay(world, webhook_id, moment, seat_of(ctx).actor, failed_only=failed)
    say(f"{count} werden noch einmal gesendet.")
    out(f"{count}\n")
