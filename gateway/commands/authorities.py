"""`bauweiche authorities …`: who takes part, how and since when. Data on stdout, talk on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.commands.authority_lookup import find, matches, names_of, rows_of
from gateway.commands.authority_sheets import (
    Row,
    difference_lines,
    move_lines,
    option_text,
    overview,
    phase_text,
    plan_lines,
    row_json,
    sheet,
)
from gateway.commands.participation_files import read_file, write_csv, write_json
from gateway.commands.seat import DAY_FORMATS, NOT_FOUND, USAGE, day_of, dumped, fail, opened, out, say, seat_of
from gateway.domain.authority import Authority, edition_on, moves, with_step
from gateway.domain.calendar import written_date
from gateway.domain.participation import (
    Option,
    Participation,
    Phase,
    Protection,
    differences,
    in_force,
    to_json,
)
from gateway.domain.participation_json import from_json, invalid
from gateway.flow.participation import change, change_all, faults_of, set_edition
from gateway.ports import Transaction, World


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
    words: Annotated[list[str] | None, typer.Argument(metavar="WORT", help="Nur Behörden mit allen Wörtern.")] = None,
    on: Day = None,
    option: Annotated[Option | None, typer.Option(help="Nur diese Option.")] = None,
    phase: Annotated[Phase | None, typer.Option(help="Nur diese Stufe.")] = None,
    as_json: AsJson = False,
) -> None:
    """Alle Behörden mit Option, Weg, XBau-Version und Stufe."""
    with opened(ctx) as world, world.store.reading() as tx:
        day = day_of(world, on)
        edition = edition_on(tx.registry.edition_plan(), day)
        rows = [
            row
            for row in rows_of(world, tx, day)
            if matches(row, words or [])
            and (option is None or (row.participation is not None and row.participation.option is option))
            and (phase is None or (row.participation is not None and row.participation.phase is phase))
        ]
    out(dumped(list(map(row_json, rows))) if as_json else overview(rows, day, edition))


@app.command("show")
def show(ctx: typer.Context, key: Key, on: Day = None, as_json: AsJson = False) -> None:
    """Eine Behörde mit allem: Zuständigkeit, Teilnahme, Verlauf und künftige Änderungen."""
    with opened(ctx) as world, world.store.reading() as tx:
        day = day_of(world, on)
        authority = find(world, tx, key, day)
        history = tx.registry.history(authority.key)
        edition = world.directory.editions[edition_on(tx.registry.edition_plan(), day)]
    towns = edition.municipalities_of(authority.key)
    if as_json:
        shown = row_json(Row(authority, in_force(history, day)))
        out(dumped({**shown, "municipalities": towns, "history": list(map(to_json, history))}))
    else:
        names = [world.directory.municipalities[ags].name for ags in towns]
        out(sheet(authority, names, history, day))


@app.command("set")
def set_participation(
    ctx: typer.Context,
    key: Key,
    reason: Reason,
    begin: Begin = None,
    option: Annotated[Option | None, typer.Option(help="1, 2, 3a oder 3b.")] = None,
    procedures: Annotated[str | None, typer.Option(help="Verfahren, durch Komma getrennt.")] = None,
    release: Annotated[str | None, typer.Option(help="XBau-Version der Behörde, z. B. 2.6.")] = None,
    adapter: Annotated[str | None, typer.Option(help="Übertragungsweg, z. B. file_drop.")] = None,
    settings: Annotated[str | None, typer.Option(metavar="JSON", help="Einstellungen des Wegs.")] = None,
    protection: Annotated[Protection | None, typer.Option(help="Schutz des Inhalts.")] = None,
    phase: Annotated[Phase | None, typer.Option(help="Stufe.")] = None,
    redirect_url: Annotated[str | None, typer.Option(help="Adresse des eigenen Online-Dienstes.")] = None,
    size_limit: Annotated[int | None, typer.Option(metavar="BYTES", help="Höchstgröße einer Einreichung.")] = None,
    list_posted_plans: Annotated[bool | None, typer.Option(help="Pläne per Post in der Nachricht nennen.")] = None,
    certificates: Annotated[str | None, typer.Option(help="Fingerabdrücke, durch Komma getrennt.")] = None,
    source: Annotated[str, typer.Option(help="Woher die Angabe kommt.")] = "Befehlszeile",
    note: Annotated[str, typer.Option(help="Bemerkung.")] = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Teilnahme ändern; was nicht genannt wird, bleibt wie es an dem Tag gilt."""
    wishes = {
        "option": option,
        "procedures": _split(procedures),
        "release": release,
        "adapter": adapter,
        "settings": _settings(settings),
        "protection": protection,
        "phase": phase,
        "redirect_url": redirect_url,
        "size_limit": size_limit,
        "list_posted_plans": list_posted_plans,
        "certificates": _split(certificates),
        "source": source,
        "note": note,
    }
    wanted = _set(ctx, key, begin, wishes, reason, dry_run)
    out(dumped(to_json(wanted)) if as_json else _kept_line(wanted))


@app.command("import")
def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="DATEI", help="CSV oder JSON; - liest die Standardeingabe.")],
    reason: Reason,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Teilnahmen aus einer Datei übernehmen: alle oder keine; Gleiches wird übergangen."""
    octets = _octets(file)
    with opened(ctx, writing=not dry_run) as world:
        read = read_file(octets)
        with world.store.reading() as tx:
            new = [value for value in read if not _kept(tx, value)]
        _refuse_faults(world, new)
        if new and not dry_run:
            change_all(world, new, seat_of(ctx).actor, reason)
    counts = {"read": len(read), "changed": len(new), "unchanged": len(read) - len(new), "dry_run": dry_run}
    text = f"{len(read)} gelesen, {len(new)} {'zu ändern' if dry_run else 'geändert'}, {counts['unchanged']} gleich\n"
    out(dumped(counts) if as_json else text)


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
    say(f"{len(values)} Einstellungen" + ("." if history else "; frühere und künftige mit --history."))
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


def _set(
    ctx: typer.Context, key: str, begin: datetime | None, wishes: Mapping[str, Any], reason: str, dry_run: bool
) -> Participation:
    """Keep (or only check) what holds on the day with the wishes laid over it, and say what differs."""
    with opened(ctx, writing=not dry_run) as world:
        day = day_of(world, begin)
        with world.store.reading() as tx:
            authority = find(world, tx, key, day)
            held = in_force(tx.registry.history(authority.key), day)
        wanted = _changed(authority, held, day, wishes)
        say(f"{authority.title}, ab {written_date(day)}:")
        say("\n".join(f"  {line}" for line in difference_lines(differences(held, wanted))) or "  keine Änderung")
        if dry_run:
            _refuse_faults(world, [wanted])
        else:
            wanted = change(world, wanted, seat_of(ctx).actor, reason)
    return wanted


def _kept_line(value: Participation) -> str:
    return f"{value.authority} {option_text(value)} {phase_text(value)} ab {written_date(value.valid_from)}\n"


def _changed(authority: Authority, held: Participation | None, day: date, wishes: Mapping[str, Any]) -> Participation:
    if held is None and wishes["option"] is None:
        fail(USAGE, "Für diese Behörde gilt noch nichts; bitte --option angeben.")
    base = (
        to_json(replace(held, valid_from=day)) if held else {"authority": authority.key, "valid_from": day.isoformat()}
    )
    return from_json({**base, **{name: value for name, value in wishes.items() if value is not None}})


def _kept(tx: Transaction, value: Participation) -> bool:
    """Return whether exactly this setting is kept already, whoever entered it."""
    same = (other for other in tx.registry.history(value.authority) if other.valid_from == value.valid_from)
    return any(replace(other, changed_by=value.changed_by, changed_at=value.changed_at) == value for other in same)


def _refuse_faults(world: World, values: Sequence[Participation]) -> None:
    faults = faults_of(world, values)
    if faults:
        raise invalid(faults)


def _split(text: str | None) -> list[str] | None:
    return None if text is None else text.replace(",", " ").split()


def _settings(text: str | None) -> Mapping[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        fail(USAGE, '--settings erwartet ein JSON-Objekt, zum Beispiel \'{"folder": "/srv/bauamt"}\'.')
    return value


def _octets(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        fail(NOT_FOUND, f"Die Datei {file} lässt sich nicht lesen ({error.strerror}).")
