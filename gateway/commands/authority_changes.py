"""`bauweiche authorities set` and `import`: change how authorities take part, never whether they go live."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.api.operator.seen import tags, unchanged
from gateway.commands.authority_lookup import find
from gateway.commands.authority_sheets import difference_lines, option_text, phase_text
from gateway.commands.participation_files import read_file
from gateway.commands.seat import DAY_FORMATS, NOT_FOUND, USAGE, day_of, dumped, fail, opened, out, say, seat_of
from gateway.domain.authority import Authority
from gateway.domain.calendar import written_date
from gateway.domain.participation import Option, Participation, Phase, Protection, differences, in_force, to_json
from gateway.domain.participation_json import from_json, invalid
from gateway.flow import golive
from gateway.flow.participation import change_all, faults_of
from gateway.ports import Transaction, World

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
Unapproved = Annotated[
    bool,
    typer.Option("--without-approval", help="Ohne Nachweise und Freigabe live setzen; nie in einer Einrichtung PROD."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `bauweiche authorities`."""
    app.command("set")(set_participation)
    app.command("import")(import_file)


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
    unapproved: Unapproved = False,
    seen: Annotated[
        str, typer.Option("--seen", metavar="ETAG", help="Nur ändern, was noch so ist („etag“ aus show --json).")
    ] = "",
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
    wanted = _set(ctx, key, begin, wishes, Manner(reason, dry_run, unapproved, seen))
    out(dumped(to_json(wanted)) if as_json else _kept_line(wanted))


def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="DATEI", help="CSV oder JSON; - liest die Standardeingabe.")],
    reason: Reason,
    unapproved: Unapproved = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Teilnahmen aus einer Datei übernehmen: alle oder keine; Gleiches wird übergangen."""
    octets = _octets(file)
    with opened(ctx, writing=not dry_run) as world:
        read = read_file(octets)
        with world.store.reading() as tx:
            new = [value for value in read if not _kept(tx, value)]
            seen = tags(tx, {value.authority for value in new})
        _refuse_faults(world, new, unapproved=unapproved)
        if new and not dry_run:
            change_all(world, new, seat_of(ctx).actor, reason, guard=unchanged(seen), unapproved=unapproved)
    counts = {"read": len(read), "changed": len(new), "unchanged": len(read) - len(new), "dry_run": dry_run}
    text = f"{len(read)} gelesen, {len(new)} {'zu ändern' if dry_run else 'geändert'}, {counts['unchanged']} gleich\n"
    out(dumped(counts) if as_json else text)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a change is made: why, only as a trial, without approval; over what was seen, if that is told."""

    reason: str
    dry_run: bool
    unapproved: bool
    seen: str


def _set(ctx: typer.Context, key: str, begin: datetime | None, wishes: Mapping[str, Any], how: Manner) -> Participation:
    """Keep (or only check) what holds on the day with the wishes laid over it, and say what differs."""
    with opened(ctx, writing=not how.dry_run) as world:
        day = day_of(world, begin)
        with world.store.reading() as tx:
            authority = find(world, tx, key, day)
            held = in_force(tx.registry.history(authority.key), day)
            seen = {authority.key: how.seen} if how.seen else tags(tx, [authority.key])
        wanted = _changed(authority, held, day, wishes)
        say(f"{authority.title}, ab {written_date(day)}:")
        say("\n".join(f"  {line}" for line in difference_lines(differences(held, wanted))) or "  keine Änderung")
        if how.dry_run:
            _refuse_faults(world, [wanted], unapproved=how.unapproved)
        else:
            guard, actor = unchanged(seen), seat_of(ctx).actor
            (wanted,) = change_all(world, [wanted], actor, how.reason, guard=guard, unapproved=how.unapproved)
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


def _refuse_faults(world: World, values: Sequence[Participation], *, unapproved: bool) -> None:
    faults = faults_of(world, values)
    if faults:
        raise invalid(faults)
    if not unapproved:
        with world.store.reading() as tx:
            golive.refuse(world, tx, values)


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
