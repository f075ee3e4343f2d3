"""`bauweiche overview`, `map` and `report`: the console's first screen, its map, and what the ministry gets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.commands.seat import DAY_FORMATS, USAGE, dumped, fail, opened, out, say

AsJson = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


class Form(StrEnum):
    """In which form the report is written."""

    JSON = "json"
    XLSX = "xlsx"
    PDF = "pdf"


class View(StrEnum):
    """What the map shows."""

    OPTION = "option"
    STAGE = "stage"
    WAY = "way"
    TROUBLE = "trouble"


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(overview)
    app.command("map")(tile_map)
    app.command()(report)


def overview(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Zeigt auf einen Blick, wer teilnimmt, was heute geschah und was jemanden braucht."""
    from gateway.api.operator.figures import overview_of

    with opened(ctx) as world:
        found = overview_of(world)
    out(dumped(found) if as_json else _sheet(found))


def tile_map(
    ctx: typer.Context,
    view: Annotated[View, typer.Option(help="Was die Karte zeigt.")] = View.STAGE,
    html: Annotated[Path | None, typer.Option(help="Als eigenständige Seite in diese Datei schreiben.")] = None,
    procedure: Annotated[str, typer.Option(help="Auf der Seite nur dieses Verfahren.")] = "",
    as_json: AsJson = False,
) -> None:
    """Zeigt die Kacheln von NRW, oder schreibt die öffentliche Seite „Wer nimmt teil?“."""
    from gateway.api.operator.rows import table_of
    from gateway.api.operator.tiles import map_of, page_of
    from gateway.domain.procedure import Procedure

    if procedure and procedure not in set(Procedure):
        fail(USAGE, f"Verfahren: {', '.join(Procedure)}.")
    with opened(ctx) as world:
        if html is not None:
            html.write_text(page_of(world, Procedure(procedure) if procedure else None), encoding="utf-8")
            say(f"Geschrieben: {html}")
            return
        found = map_of(table_of(world)["rows"], view.value)
    out(dumped(found) if as_json else _tiles(found))


def report(
    ctx: typer.Context,
    form: Annotated[Form, typer.Option("--format", help="json, xlsx oder pdf (PDF/UA).")] = Form.JSON,
    begin: Annotated[
        datetime | None, typer.Option("--from", formats=DAY_FORMATS, help="Erster Tag; ohne Angabe heute.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=DAY_FORMATS, help="Letzter Tag.")] = None,
    to: Annotated[Path | None, typer.Option("--output", "-o", help="Zieldatei; für xlsx und pdf nötig.")] = None,
    as_json: AsJson = False,
) -> None:
    """Schreibt den Bericht für das Ministerium, mit denselben Zahlen wie die Bildschirme."""
    from gateway.api.operator.report import rendered, report_of

    if as_json:
        form = Form.JSON
    if form is not Form.JSON and to is None:
        fail(USAGE, "Bitte mit --output sagen, wohin die Datei geschrieben werden soll.")
    with opened(ctx) as world:
        made = report_of(world, begin.date() if begin else None, end.date() if end else None)
        octets = dumped(made).encode() if form is Form.JSON else rendered(made, form.value)
    if to is None:
        out(octets.decode())
        return
    to.write_bytes(octets)
    say(f"Geschrieben: {to}")


def _sheet(found: dict[str, Any]) -> str:
    part, today, attention = found["participation"], found["today"], found["attention"]
    lines = [
        "Teilnahme    " + "   ".join(f"Option {name}: {part[name]}" for name in ("1", "2", "3a", "3b")),
        f"             live: {found['live']}   im Test: {found['test']}   von {part['sum']}",
        f"Heute        eingereicht: {today['submitted']}   bereitgestellt: {today['available']}"
        f"   übergeben: {today['handed_over']}   bestätigt: {today['confirmed']}   abgelehnt: {today['rejected']}"
        f"   (dazu Tests: {today['tests']})",
        f"Zu klären    angehalten: {attention['held']}   nicht abgeholt: {attention['overdue']}"
        f"   Zertifikate: {attention['certificates']}   Rückläufe: {attention['replies']}"
        f"   Pläne überfällig: {attention['plans_overdue']}",
        f"Wartend      {found['waiting']}",
    ]
    lines += [f"  {one['case_number']}  {one['authority_name']}: {one['sentence']}" for one in found["items"]]
    return "\n".join(lines) + "\n"


def _tiles(found: dict[str, Any]) -> str:
    """Return the tiles at their places, three signs and a count each, and below what the signs mean."""
    places = {(tile["row"], tile["col"]): tile for tile in found["tiles"]}
    wide = range(min(col for _, col in places), max(col for _, col in places) + 1)
    high = range(min(row for row, _ in places), max(row for row, _ in places) + 1)
    lines = ["".join(_tile(places.get((row, col))) for col in wide).rstrip() for row in high]
    legend = "  ".join(f"{one['symbol']} {one['word']}: {one['count']}" for one in found["legend"])
    return "\n".join([*lines, "", legend]) + "\n"


def _tile(tile: dict[str, Any] | None) -> str:
    return f"{tile['symbol']}{tile['abbr'][:3]:<3}{tile['count']:>2} " if tile else " " * 7
