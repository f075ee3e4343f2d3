"""`bauweiche survey …`: read a table of answers, look at its plan, apply it as one batch, take it back."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.api.operator.sifting import SURVEY_FIELDS
from gateway.commands.authority_sheets import difference_lines
from gateway.commands.seat import DAY_FORMATS, USAGE, day_of, dumped, fail, opened, out, say, seat_of
from gateway.commands.words import Words, narrowed
from gateway.domain.calendar import written_date, written_moment
from gateway.domain.counting import counted
from gateway.domain.participation import Difference

app = typer.Typer(
    name="survey",
    help="Umfragen unter den Kommunen einlesen, prüfen, übernehmen, zurücknehmen.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Survey = Annotated[str, typer.Argument(metavar="UMFRAGE", help="Kennung aus „survey list“, auch ihr Anfang.")]
Reason = Annotated[str, typer.Option(help="Warum; steht im Ereignisprotokoll.")]
AsJson = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
Day = Annotated[datetime | None, typer.Option("--from", formats=DAY_FORMATS, help="Gilt ab; ohne Angabe heute.")]

AT_ONCE = 500
"""Surveys that are read at once while looking for those that are wanted."""

MARKS = {"change": "±", "same": "=", "empty": "·", "error": "✗", "applied": "✓", "left_out": "·"}


@app.command("read")
def read(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV oder XLSX.")],
    begin: Day = None,
    name: Annotated[str, typer.Option(help="Name der Umfrage; ohne Angabe der Dateiname.")] = "",
    as_json: AsJson = False,
) -> None:
    """Liest eine Tabelle als Entwurf ein und zeigt, was sie ändern würde; es wird nichts übernommen."""
    from gateway.api.operator.survey import plan_out
    from gateway.flow import surveys
    from gateway.survey.table import FILE_BYTES

    with file.open("rb") as source:
        octets = source.read(FILE_BYTES + 1)
    with opened(ctx, writing=True) as world:
        survey = surveys.read(world, name or file.name, octets, seat_of(ctx).actor, valid_from=day_of(world, begin))
        plan = plan_out(world, survey)
    out(dumped(plan) if as_json else _told(plan))
    if plan["counts"]["faulty"]:
        say(f"{plan['counts']['faulty']} Zeilen haben Fehler und werden nicht übernommen.")
    if plan["counts"]["changed"]:
        say(f"Übernehmen mit: bauweiche survey apply {survey.id[:8]} --reason …")
    else:
        say("Es gibt nichts zu übernehmen.")


@app.command("list")
def list_surveys(
    ctx: typer.Context,
    words: Words = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Höchstens so viele.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Zeigt die Umfragen, die neueste zuerst."""
    from gateway.api.operator.survey import heads

    with opened(ctx) as world, world.store.reading() as tx:
        listed = (head for _, head in heads(tx, 0, AT_ONCE))
        found = list(islice(narrowed(listed, words, SURVEY_FIELDS), limit))
    if as_json:
        out(dumped(found))
        return
    for head in found:
        when = written_moment(datetime.fromisoformat(head["at"]))
        counts = f"{head['rows']} Zeilen, {head['changes']} ändern"
        out(f"{head['id'][:8]}  {when}  {head['state_label']:<15} {counts:<28} {head['name']}\n")


@app.command("show")
def show(ctx: typer.Context, survey: Survey, as_json: AsJson = False) -> None:
    """Zeigt den Plan einer Umfrage, Zelle für Zelle."""
    from gateway.api.operator.survey import plan_out

    with opened(ctx) as world:
        plan = plan_out(world, _found(world, survey))
    out(dumped(plan) if as_json else _told(plan))


@app.command("apply")
def apply(
    ctx: typer.Context,
    survey: Survey,
    reason: Reason,
    begin: Day = None,
    row: Annotated[list[int] | None, typer.Option(help="Nur diese Zeilen der Tabelle, mehrfach möglich.")] = None,
    as_json: AsJson = False,
) -> None:
    """Übernimmt eine Umfrage von einem Tag an, ganz oder gar nicht; Zeilen mit Fehlern bleiben außen vor."""
    from gateway.flow import surveys

    with opened(ctx, writing=True) as world:
        found = _found(world, survey)
        day = day_of(world, begin)
        applied = surveys.apply(world, found, day, seat_of(ctx).actor, reason, row)
    if as_json:
        out(dumped({"batch": surveys.batch_of(found), "valid_from": day.isoformat(), "applied": len(applied)}))
    whom = counted(len(applied), "Behörde", "Behörden")
    say(f"Übernommen: {whom} ab {written_date(day)} als „{surveys.batch_of(found)}“.")


@app.command("undo")
def undo(ctx: typer.Context, survey: Survey, reason: Reason, as_json: AsJson = False) -> None:
    """Nimmt eine übernommene Umfrage zurück; seither von Hand Geändertes bleibt."""
    from gateway.flow import surveys
    from gateway.flow.cases import authority_of

    with opened(ctx, writing=True) as world:
        undone = surveys.undo(world, _found(world, survey), seat_of(ctx).actor, reason)
        names = [authority_of(world, key).title for key in undone.left_alone]
    if as_json:
        out(dumped({"restored": list(undone.restored), "left_alone": list(undone.left_alone)}))
    whom = counted(len(undone.restored), "Behörde", "Behörden")
    left = counted(len(undone.left_alone), "seither geänderte bleibt", "seither geänderte bleiben")
    say(f"Zurückgenommen bei {whom}; {left}.")
    if names:
        say(f"Nicht überschrieben: {', '.join(names)}.")


def _found(world: Any, text: str) -> Any:
    """Return the survey that an id or the beginning of one means."""
    from gateway.flow import surveys

    with world.store.reading() as tx:
        near = [one for one in tx.surveys.heads(0, 100_000) if one.id.startswith(text)] if len(text) >= 4 else []
    if len(near) > 1:
        fail(USAGE, f"Mehrere Umfragen beginnen mit {text}; bitte mehr Zeichen angeben.")
    return surveys.found(world, near[0].id if near else text)


def _told(plan: dict[str, Any]) -> str:
    counts = plan["counts"]
    since = "gilt ab" if plan["state"] == "applied" else "gelesen für"
    changed = "ändern" if plan["state"] == "draft" else "geändert"
    left_out = f", {counts['left_out']} ausgelassen" if counts.get("left_out") else ""
    lines = [
        f"{plan['name']}: {plan['state_label']}, {since} {written_date(_day(plan['valid_from']))}",
        f"{counts['rows']} Zeilen: {counts['changed']} {changed}, {counts['unchanged']} gleich, "
        f"{counts['faulty']} Fehler{left_out}",
    ]
    lines += [f"  {one['detail']}" for one in plan["findings"]]
    for row in plan["rows"]:
        if row["changes"] or row["faults"]:
            lines.append(f"{MARKS[row['status']]} {row['line']:>4}  {row['authority_name'] or 'unbekannt'}")
            changes = [Difference(one["field"], one["before"], one["after"]) for one in row["changes"]]
            lines += [f"        {line}" for line in difference_lines(changes)]
            lines += [f"        {one['column']}{': ' if one['column'] else ''}{one['detail']}" for one in row["faults"]]
    return "\n".join(lines) + "\n"


def _day(text: str) -> Any:
    return datetime.fromisoformat(text).date()
