"""`bauweiche rehearse`: what would break on a later day."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.seat import FAILURE, USAGE, dumped, fail, opened, out, say
from gateway.domain.calendar import local_date, written_date
from gateway.domain.rehearsal import day_asked


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(rehearse)


def rehearse(
    ctx: typer.Context,
    at: Annotated[str, typer.Option(help="Tag (2027-05-03, 03.05.2027) oder Spanne (+60d).")] = "+60d",
    as_json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Probt einen späteren Tag: Zertifikate, Schlüssel, XBau-Wechsel, Feiertage, Fristen, je Behörde.

    Endet mit 1, wenn dann etwas nicht mehr ginge.
    """
    from gateway.flow.rehearse import rehearse as look_ahead

    with opened(ctx) as world:
        day = day_asked(at, local_date(world.clock.now()))
        if day is None:
            fail(USAGE, f"„{at}“ ist weder ein Datum (2027-05-03) noch eine Spanne (+60d).")
        found = look_ahead(world, day)
    if as_json:
        rows = [
            {"on": one.on.isoformat(), "authority": one.authority, "authority_name": one.name, "kind": one.kind,
             "sentence": one.sentence, "breaks": one.breaks}
            for one in found
        ]  # fmt: skip
        out(dumped({"at": day.isoformat(), "findings": rows}))
    else:
        for one in found:
            mark = "!" if one.breaks else " "
            out(f"{mark} {written_date(one.on)}  {one.authority:<8}  {one.name}: {one.sentence}\n")
        say(
            f"Geprobt: {written_date(day)}. {len(found)} Feststellungen, davon {sum(f.breaks for f in found)} Ausfälle."
        )
    if any(one.breaks for one in found):
        raise typer.Exit(FAILURE)
