"""`bauweiche backup`, `bauweiche restored`: a copy while everything runs, and what must happen once one is put back."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.seat import FAILURE, USAGE, fail, opened, out, say, seat_of
from gateway.domain.journal import Act
from gateway.settings import FILE, load

KEYS = ("keys", "secrets")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(backup)
    app.command()(restored)


def backup(
    ctx: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="ZIEL", help="Neuer Ordner für die Sicherung.")],
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Schlüssel und Geheimnisse nicht mitnehmen (getrennt verwahren).")
    ] = False,
) -> None:
    """Sichert die Einrichtung im laufenden Betrieb: erst die Datenbank, dann Tresor, Einstellungen und Schlüssel."""
    from gateway.edges.backup import copy_database, copy_folder

    state = seat_of(ctx).state
    settings = load(state)
    if target.exists():
        fail(USAGE, f"{target} gibt es schon; bitte einen neuen Ordner nennen.")
    with opened(ctx, writing=True) as world:
        with world.store.writing() as tx:
            entry = tx.journal.append(Act(seat_of(ctx).actor, "installation.backed_up"))
        target.mkdir(mode=0o700, parents=True)
        try:
            here = copy_database(settings.database_url, target / "bauweiche.db")
        except sqlite3.Error as error:
            fail(FAILURE, f"Die Datenbank ließ sich nicht sichern: {error}.")
        copied = 0 if settings.vault else copy_folder(state / "vault", target / "vault")
        for name in ("schemas", *(() if without_keys else KEYS)):
            if (state / name).is_dir():
                copy_folder(state / name, target / name)
        (target / FILE).write_bytes((state / FILE).read_bytes())
    if not here:
        say("Die Datenbank liegt auf einem Server: Sie muss VOR diesem Befehl gesichert sein (pg_dump).")
    if settings.vault:
        say("Der Tresor liegt im Objektspeicher und ist hier nicht enthalten.")
    say(f"Gesichert nach {target}: {copied / 1e6:.1f} MB versiegelte Teile.")
    out(f"{entry.number} {entry.digest}\n")


def restored(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option(help="Warum und welche Sicherung zurückgeholt wurde; steht im Protokoll.")],
) -> None:
    """Nach dem Zurückholen einer Sicherung, vor dem ersten Worker: hält an, was inzwischen angekommen sein kann."""
    from gateway.flow.restored import hold_open

    with opened(ctx, writing=True) as world:
        held = hold_open(world, seat_of(ctx).actor, reason)
    say(f"{held} Übermittlungen angehalten; nachfragen und mit „bauweiche deliveries“ freigeben oder bestätigen.")
    out(f"{held}\n")
