"""`bauweiche calendar`: days on which nobody works, beside the public holidays."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from gateway.commands.seat import DAY_FORMATS, NOT_FOUND, dumped, fail, opened, out, say, seat_of
from gateway.domain.calendar import local_date, written_date

app = typer.Typer(
    name="calendar",
    help="Geschlossene Tage neben den Feiertagen in NRW.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Day = Annotated[datetime, typer.Argument(formats=DAY_FORMATS, metavar="TAG", help="Der Tag.")]
Reason = Annotated[str, typer.Option(help="Warum; steht im Ereignisprotokoll.")]


@app.command("list")
def list_days(
    ctx: typer.Context,
    year: Annotated[int | None, typer.Option(min=2020, max=2099, help="Nur dieses Jahr; sonst das laufende.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Zeigt Feiertage in NRW und geschlossene Tage eines Jahres."""
    from gateway.edges.holidays_nrw import closed_days, holiday_name

    with opened(ctx) as world:
        chosen = year or local_date(world.clock.now()).year
        with world.store.reading() as tx:
            own = {day: name for day, name in tx.duties.closed_days().items() if day.year == chosen}
    every: dict[date, tuple[str, str]] = {day: ("Feiertag", holiday_name(day)) for day in closed_days(chosen, chosen)}
    every |= {day: ("geschlossen", name) for day, name in own.items()}
    if as_json:
        out(dumped([{"date": day.isoformat(), "kind": every[day][0], "name": every[day][1]} for day in sorted(every)]))
        return
    for day in sorted(every):
        out(f"{written_date(day)}  {every[day][0]:<12} {every[day][1]}".rstrip() + "\n")


@app.command("add")
def add(
    ctx: typer.Context, day: Day, reason: Reason, name: Annotated[str, typer.Option(help="Bezeichnung.")] = ""
) -> None:
    """Nimmt einen Tag auf, an dem niemand arbeitet (zum Beispiel 24. und 31. Dezember)."""
    from gateway.flow import clocks

    with opened(ctx, writing=True) as world:
        with world.store.reading() as tx:
            days = dict(tx.duties.closed_days())
        clocks.set_closed_days(world, days | {day.date(): name}, seat_of(ctx).actor, reason)
    say(f"Der {written_date(day.date())} ist kein Arbeitstag.")


@app.command("remove")
def remove(ctx: typer.Context, day: Day, reason: Reason) -> None:
    """Streicht einen Tag; Feiertage bleiben."""
    from gateway.flow import clocks

    with opened(ctx, writing=True) as world:
        with world.store.reading() as tx:
            days = dict(tx.duties.closed_days())
        if days.pop(day.date(), None) is None:
            fail(NOT_FOUND, f"Der {written_date(day.date())} steht nicht in der Liste der geschlossenen Tage.")
        clocks.set_closed_days(world, days, seat_of(ctx).actor, reason)
    say(f"Der {written_date(day.date())} ist gestrichen.")
