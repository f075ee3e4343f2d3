"""`bauweiche authorities …`: who takes part, how and since when. Data on stdout, talk on stderr."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from gateway.commands import authority_changes
from gateway.commands.authority_filter import FIELDS, chosen
from gateway.commands.authority_lookup import find, names_of, rows_of
from gateway.commands.authority_sheets import (
    Row,
    move_lines,
    overview,
    plan_lines,
    row_json,
    sheet,
)
from gateway.commands.participation_files import write_csv, write_json
from gateway.commands.seat import DAY_FORMATS, NOT_FOUND, USAGE, day_of, dumped, fail, opened, out, say, seat_of
from gateway.domain.authority import edition_on, moves, with_step
from gateway.domain.counting import counted
from gateway.domain.participation import (
    Option,
    Phase,
    in_force,
    to_json,
)
from gateway.flow.participation import set_edition


class Form(StrEnum):
    """A file format."""

    CSV = "csv"
    JSON = "json"


app = typer.Typer(
    name="authorities",
    help="Die Bauaufsichtsbehörden: wer nimmt wie teil, seit wann.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Day = Annotated[datetime | None, typer.Option(formats=DAY_FORMATS, metavar="DATUM", help="Stand an diesem Tag.")]
Begin = Annotated[
    datetime | None,
    typer.Option("--from", formats=DAY_FORMATS, metavar="DATUM", help="Gilt ab diesem Tag (sonst: heute)."),
]
Key = Annotated[
    str, typer.Argument(metavar="BEHÖRDE", help="Schlüssel (05570000), DVDV-Schlüssel (bab:05570) oder Name.")
]
Reason = Annotated[str, typer.Option(help="Warum; steht im Ereignisprotokoll.")]
AsJson = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Nur zeigen, was sich ändern würde.")]


@app.command("list")
def list_authorities(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORT", help="Filter wie in der Konsole: wort, !wort, feld:wert,wert, zert:<30."),
    ] = None,
    on: Day = None,
    option: Annotated[Option | None, typer.Option(help="Nur diese Option.")] = None,
    phase: Annotated[Phase | None, typer.Option(help="Nur diese Stufe.")] = None,
    as_json: AsJson = False,
) -> None:
    """Alle Behörden mit Option, Weg, XBau-Version und Stufe; mit --json alles, was die Konsole zeigt."""
    from gateway.api.operator.rows import table_of

    with opened(ctx) as world:
        day = day_of(world, on)
        with world.store.reading() as tx:
            held = {row.authority.key: row for row in rows_of(world, tx, day)}
        table = table_of(world, day)
    wanted, unknown = chosen(table["rows"], words or [])
    if unknown:
        say(f"Diese Felder gibt es nicht: {', '.join(unknown)}. Vorhanden: {', '.join(FIELDS)}.")
    rows = [
        (held[row["key"]], row)
        for row in wanted
        if (option is None or row["option"] == option) and (phase is None or row["phase"] == phase)
    ]
    plain = [one for one, _ in rows]
    out(dumped([row_json(one) | dict(row) for one, row in rows]) if as_json else overview(plain, day, table["edition"]))


@app.command("show")
def show(ctx: typer.Context, key: Key, on: Day = None, as_json: AsJson = False) -> None:
    """Eine Behörde mit allem: Zuständigkeit, Teilnahme, Verlauf und künftige Änderungen."""
    from gateway.api.operator.detail import detail

    with opened(ctx) as world, world.store.reading() as tx:
        day = day_of(world, on)
        authority = find(world, tx, key, day)
        history = tx.registry.history(authority.key)
        edition = world.directory.editions[edition_on(tx.registry.edition_plan(), day)]
        shown = detail(world, tx, authority, day)
    towns = edition.municipalities_of(authority.key)
    if as_json:
        shown |= row_json(Row(authority, in_force(history, day)))
        out(dumped({**shown, "municipalities": towns, "history": list(map(to_json, history))}))
    else:
        names = [world.directory.municipalities[ags].name for ags in towns]
        out(sheet(authority, names, history, day))


@app.command("export")
def export(
    ctx: typer.Context,
    form: Annotated[Form, typer.Option("--format", help="Format.")] = Form.CSV,
    on: Day = None,
    history: Annotated[bool, typer.Option("--history", help="Auch frühere und künftige Einstellungen.")] = False,
    as_json: AsJson = False,
) -> None:
    """Teilnahmen als Datei auf die Standardausgabe; „import“ liest sie wieder ein."""
    with opened(ctx) as world, world.store.reading() as tx:
        if history:
            keys = {key for edition in world.directory.editions.values() for key in edition.authorities}
            values = [value for key in sorted(keys) for value in tx.registry.history(key)]
        else:
            values = [value for _, value in sorted(tx.registry.all_in_force(day_of(world, on)).items())]
        names = names_of(world)
    more = "." if history else "; frühere und künftige mit --history."
    say(counted(len(values), "Einstellung", "Einstellungen") + more)
    out(write_json(values) if as_json or form is Form.JSON else write_csv(values, names))


@app.command("edition")
def edition(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="AUSGABE", help="212 oder 215; ohne: zeigen.")] = None,
    begin: Begin = None,
    reason: Annotated[str, typer.Option(help="Warum; steht im Ereignisprotokoll.")] = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Welche Ausgabe des Behördenverzeichnisses ab wann gilt; zeigt, wer welche Gemeinden abgibt."""
    with opened(ctx, writing=bool(name) and not dry_run) as world:
        editions = world.directory.editions
        with world.store.reading() as tx:
            plan = tx.registry.edition_plan()
        if name:
            day = day_of(world, begin)
            if name not in editions:
                fail(NOT_FOUND, f"Die Ausgabe „{name}“ gibt es nicht. Vorhanden: {', '.join(editions)}.")
            if not dry_run and not reason:
                fail(USAGE, "Bitte mit --reason angeben, warum die Ausgabe wechselt.")
            changed = moves(editions[edition_on(plan, day)], editions[name])
            say("\n".join(move_lines(changed, names_of(world))) or "Keine Gemeinde wechselt die Behörde.")
            plan = with_step(plan, name, day)
            if not dry_run:
                set_edition(world, name, day, seat_of(ctx).actor, reason)
    steps = [{"valid_from": begin_.isoformat(), "edition": step} for begin_, step in plan.steps]
    out(dumped(steps) if as_json else "\n".join(plan_lines(plan)) + "\n")


authority_changes.register(app)
