"""`tui`: the operators' console. It is started as a program of its own, so the command line never imports Textual."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.seat import seat_of


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("tui")(console)


def console(
    ctx: typer.Context,
    url: Annotated[str, typer.Option(help="Adresse des Gateways; ohne sie wird der Ordner geöffnet.")] = "",
    token_file: Annotated[Path | None, typer.Option(help="Datei mit dem eigenen Zugangstoken (bo_…).")] = None,
    ca_file: Annotated[Path | None, typer.Option(help="Wurzelzertifikat des Gateways (PEM).")] = None,
    lang: Annotated[str, typer.Option(help="Sprache: de oder en.")] = "de",
    colours: Annotated[str, typer.Option(help="Farben: dunkel, hell oder ansi.")] = "dunkel",
    screen: Annotated[str, typer.Option(help="Womit sie beginnt, z. B. authorities.")] = "",
) -> None:
    """Öffnet die Konsole; jede Ansicht gibt es auch als Befehl (e zeigt ihn)."""
    seat = seat_of(ctx)
    given = {
        "--url": url,
        "--token-file": str(token_file or ""),
        "--ca-file": str(ca_file or ""),
        "--local": "" if url else str(getattr(seat, "state", "")),
        "--lang": lang,
        "--colours": colours,
        "--screen": screen,
    }
    arguments = [part for name, value in given.items() if value for part in (name, value)]
    arguments += ["--read-only"] if seat.read_only else []
    os.execv(sys.executable, [sys.executable, "-m", "tui", *arguments])  # noqa: S606  # our own program, no shell
