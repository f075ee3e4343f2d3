"""`bauweiche demo`: the whole chain in a few seconds, ending by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.seat import FAILURE, USAGE, fail, out, say


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(demo)


def demo(
    keep: Annotated[Path | None, typer.Option(help="In diesem neuen Ordner spielen und ihn behalten.")] = None,
) -> None:
    """Spielt die ganze Kette vor: Portal, Gateway, Absturz, Behörden, die öffnen und prüfen. Endet von selbst."""
    from gateway.demo.play import play

    if keep is not None and keep.exists():
        fail(USAGE, f"Den Ordner {keep} gibt es schon; bitte einen neuen nennen.")
    if not play(keep, out, say):
        raise typer.Exit(FAILURE)
