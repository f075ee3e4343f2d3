"""`bauweiche doctor`: is this installation sound? Configuration, keys, disk, clock, schemas, ways."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated

import typer
from cryptography import x509

from gateway.commands.findings import Result, shown
from gateway.commands.seat import FAILURE, opened, out, say, seat_of
from gateway.domain.calendar import local_date, written_date, written_moment
from gateway.domain.counting import counted
from gateway.domain.dossier import POSTAL
from gateway.domain.errors import GatewayError
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Option, Participation
from gateway.ports import World

WARN_DAYS = 30
CLOCK_YEARS = range(2026, 2100)
ROOM = 5 * 10**9


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(doctor)


def doctor(
    ctx: typer.Context,
    security: Annotated[
        bool, typer.Option("--security", help="Die Sicherheit statt der Einrichtung (siehe docs/sicherheit.md).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Untersucht die Einrichtung und sagt, was fehlt; Ende mit 1, wenn etwas nicht in Ordnung ist."""
    with opened(ctx) as world:
        results = _security(ctx, world) if security else _soundness(ctx, world)
    out(shown(results, as_json=as_json))
    failed = sum(result.level == "fail" for result in results)
    if failed:
        say(f"{failed} Punkte sind nicht in Ordnung.")
        raise typer.Exit(FAILURE)


def _soundness(ctx: typer.Context, world: World) -> list[Result]:
    return [
        *_settings(ctx, world),
        *_keys(world),
        *_disk(world),
        *_clock(world),
        *_schemas(world),
        *_ways(world),
        *_mail(world),
        *_addresses(world),
    ]


def _security(ctx: typer.Context, world: World) -> list[Result]:
    from gateway.commands import security_host, security_world
    from gateway.settings import load

    settings = load(seat_of(ctx).state)
    return [*security_host.look(settings), *security_world.look(world, settings), *_clock(world), *_schemas(world)]


def _settings(ctx: typer.Context, world: World) -> Iterator[Result]:
    state = seat_of(ctx).state
    mode = stat.S_IMODE(state.stat().st_mode)
    level = "fail" if mode & 0o077 else "ok"
    yield Result(level, "Ordner", f"{state}, Rechte {mode:o}" + (" (nötig: 700)" if level == "fail" else ""))
    name = world.policy.sender_identifier
    invented = name == "bap:050000000000"
    text = "Vorgabewert; vor dem Betrieb den DVDV-Schlüssel des Portals eintragen" if invented else name
    yield Result("warn" if invented else "ok", "Absenderkennung", text)


def _keys(world: World) -> Iterator[Result]:
    now = world.clock.now()
    yield _key("Signaturschlüssel", lambda: world.keyring.signer(now).certificate, now)
    yield _key("Verpackungsschlüssel", lambda: world.keyring.wrapping_certificate(now), now)

    ends = [key.not_after for key in world.keyring.list() if key.purpose == "tls" and key.not_after is not None]
    if ends:
        yield _until("TLS-Schlüssel", max(ends), now)


def _key(what: str, find: Callable[[], x509.Certificate], now: datetime) -> Result:
    try:
        end = find().not_valid_after_utc
    except GatewayError as error:
        return Result("fail", what, error.reason)
    return _until(what, end, now)


def _until(what: str, end: datetime, now: datetime) -> Result:
    days = (end - now).days
    level = "fail" if end < now else "warn" if days < WARN_DAYS else "ok"
    return Result(level, what, f"gültig bis {written_date(end.date())} ({max(days, 0)} Tage)")


def _disk(world: World) -> Iterator[Result]:
    free = world.vault.free_bytes()
    if free is None:
        world.vault.exists("doctor", "doctor")
        yield Result("ok", "Tresor", "Objektspeicher antwortet")
        return
    level = "fail" if free < world.policy.disk_reserve else "warn" if free < ROOM else "ok"
    yield Result(level, "Speicherplatz", f"{free / 1e9:.1f} GB frei")


def _clock(world: World) -> Iterator[Result]:
    now = world.clock.now()
    with world.store.reading() as tx:
        last = next(iter(tx.journal.read(limit=1, newest_first=True)), None)
    if now.year not in CLOCK_YEARS or (last is not None and last.at > now):
        yield Result("fail", "Uhr", f"{written_moment(now)} liegt vor dem letzten Eintrag des Protokolls")
    else:
        yield Result("ok", "Uhr", f"{written_moment(now)}")


def _schemas(world: World) -> Iterator[Result]:
    from gateway.xbau.official import installed

    found = installed(world.official_schemas) if world.official_schemas else ()
    text = f"zusätzlich geprüft wird mit {', '.join(found)}" if found else "keine; geprüft wird mit den eigenen Schemas"
    yield Result("ok" if found else "warn", "Amtliche Schemas", text)


def _ways(world: World) -> Iterator[Result]:
    """Build every adapter in use and look for the certificate its authority needs."""
    today = local_date(world.clock.now())
    with world.store.reading() as tx:
        taking_part = [one for one in tx.registry.all_in_force(today).values() if one.option.accepts and one.adapter]
        held = {one.authority: list(tx.certificates.of(one.authority, "encrypt")) for one in taking_part}
    faults = [(one.authority, fault) for one in taking_part if (fault := _fault(world, one, bool(held[one.authority])))]
    for key, fault in faults:
        yield Result("fail", f"Weg zu {AuthorityKey(key)}", fault)
    if not faults:
        count = counted(len(taking_part), "Behörde hat", "Behörden haben")
        yield Result("ok", "Wege", f"{count} einen Weg, alle Einstellungen vollständig")


def _fault(world: World, participation: Participation, has_certificate: bool) -> str:
    try:
        world.build(participation.authority, participation)
    except GatewayError as error:
        return error.reason
    if participation.protection == "end_to_end" and not has_certificate:
        return "Es ist kein Verschlüsselungszertifikat hinterlegt."
    return ""


def _mail(world: World) -> Iterator[Result]:
    if world.mailer is None:
        yield Result("warn", "Mail", "kein Mailserver eingetragen: wer nicht abholt, wird nicht angeschrieben")
    elif not world.policy.mail_to:
        yield Result(
            "warn", "Mail", "keine Adresse der Leitstelle (mail_to): Tagesübersicht und Warnungen gehen an niemanden"
        )
    else:
        yield Result("ok", "Mail", f"Tagesübersicht an {', '.join(world.policy.mail_to)}")


def _addresses(world: World) -> Iterator[Result]:
    """Look for the address on the Begleitschein of authorities to which plans go by post."""
    today = local_date(world.clock.now())
    with world.store.reading() as tx:
        by_post = [key for key, one in tx.registry.all_in_force(today).items() if one.option is Option.WITHOUT_PLANS]
        without = sorted(key for key in by_post if not tx.dossiers.get(key).postal_address)
    if without:
        shown = ", ".join(without[:5]) + (f" und {len(without) - 5} weitere" if len(without) > 5 else "")
        yield Result("warn", "Postanschriften", f"fehlen für die Pläne bei {shown} (Kontakt mit Rolle „{POSTAL}“)")
    elif by_post:
        yield Result(
            "ok",
            "Postanschriften",
            f"hinterlegt für {counted(len(by_post), 'Behörde', 'Behörden')} mit Plänen per Post",
        )
