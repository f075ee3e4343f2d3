"""`status`, `trace`, `purge`: where everything stands, where one case is, and erasing what is handed over."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.commands.seat import NOT_FOUND, USAGE, dumped, fail, opened, out, say
from gateway.domain.calendar import written_moment
from gateway.domain.case import Case, Delivery
from gateway.domain.counting import counted
from gateway.domain.deadlines import standing
from gateway.domain.delivery import TITLES, State, why
from gateway.domain.journal import Entry

AsJson = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(status)
    app.command()(trace)
    app.command()(purge)


def status(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Zeigt, wie viele Übermittlungen in welchem Zustand sind und welche Wege ruhen."""
    with opened(ctx) as world:
        with world.store.reading() as tx:
            counts, ways = tx.deliveries.counts(), tx.ways.all()
        free, now = world.vault.free_bytes(), world.clock.now()
    resting = [way for way in ways if way.paused or (way.open_until and way.open_until > now)]
    if as_json:
        shown = {state.value: counts.get(state, 0) for state in State}
        out(dumped({"deliveries": shown, "resting": [way.authority for way in resting], "free_bytes": free}))
        return
    for state in State:
        if counts.get(state):
            out(f"{TITLES[state]:<16} {counts[state]:>8}\n")
    for way in resting:
        reason = way.paused_why or f"{way.failures} Fehlversuche hintereinander"
        out(f"ruht: {way.authority}  {reason}\n")
    if free is not None:
        out(f"freier Speicher  {free / 1e9:>8.1f} GB\n")


def trace(
    ctx: typer.Context,
    text: Annotated[
        str, typer.Argument(metavar="WAS", help="Vorgangsnummer, Aktenzeichen, Kennung des Portals oder der Nachricht.")
    ] = "",
    file: Annotated[
        Path | None, typer.Option(help="Oder: die Antragsübersicht (PDF), wie die antragstellende Person sie hat.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sagt in einfachen Sätzen, wo ein Vorgang ist und was mit ihm geschah."""
    from gateway.api.operator.tracing import trace_of
    from gateway.flow.cases import authority_of

    if bool(text) == bool(file):
        fail(USAGE, "Bitte entweder eine Kennung oder --file mit der Antragsübersicht angeben.")
    shown = text or f"{file}"
    text = text or _digest(file)

    with opened(ctx) as world:
        with world.store.reading() as tx:
            cases = tx.cases.find(text)
            found = [
                (case, tx.deliveries.of_case(case.id), list(tx.journal.read(subject=case.number))) for case in cases
            ]
        named = {case.id: authority_of(world, case.authority).title for case in cases}
        traced = trace_of(world, text) if as_json else []
    if not found:
        fail(NOT_FOUND, f"Zu „{shown}“ ist kein Vorgang bekannt.")
    if as_json:
        out(dumped([_head(one["case"]) | one for one in traced]))
        return
    for case, deliveries, entries in found:
        out("\n".join(_told(case, named[case.id], deliveries[0] if deliveries else None, entries)) + "\n")


def _digest(file: Path | None) -> str:
    """Return the SHA-256 of a file: under it the gateway knows an overview, not under its name."""
    assert file is not None
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        fail(NOT_FOUND, f"Die Datei {file} lässt sich nicht lesen: {error.strerror}.")


def _told(case: Case, authority: str, delivery: Delivery | None, entries: list[Entry]) -> list[str]:
    waits_until = delivery.next_at if delivery else case.expires_at
    sentence = why(
        case.state,
        authority=authority,
        reason=delivery.reason if delivery else "",
        next_at=written_moment(waits_until) if waits_until else "",
        attempts=delivery.attempt if delivery else 0,
        failed=bool(delivery and delivery.code),
    )
    count = counted(len(case.parts), "Anlage", "Anlagen")
    lines = [
        f"Vorgang {case.number}: {TITLES[case.state]}" + (" (TEST)" if case.test else ""),
        f"  {sentence.de}",
        *(f"  {line}" for line in standing(case)),
        f"  Behörde {authority}, Option {case.option}, XBau {case.release}, {count}, {_megabytes(case.size)}"
        + (f", Aktenzeichen {case.file_reference}" if case.file_reference else ""),
    ]
    return [*lines, *(f"  {written_moment(entry.at)}  {_event(entry)}" for entry in entries)]


def _megabytes(size: int) -> str:
    return f"{max(size / 1e6, 0.1):.1f} MB".replace(".", ",")


def _event(entry: Entry) -> str:
    from gateway.api.operator.words import meaning

    return meaning(entry.act.what) + (f": {entry.act.why}" if entry.act.why else "")


def _head(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return what scripts look for first."""
    return {"id": case["id"], "case_number": case["number"], "state": case["state"], "authority": case["authority"]}


def purge(ctx: typer.Context) -> None:
    """Löscht Inhalte übergebener, zurückgezogener und verfallener Vorgänge; nie Unübergebenes."""
    from gateway.flow import purge as erasing

    with opened(ctx, writing=True) as world:
        expired = erasing.expire(world)
        erased = 0
        while count := erasing.purge(world):
            erased += count
        swept = erasing.sweep(world)
        proofs, records = erasing.forget(world)
    say(f"Entwürfe verfallen: {expired}. Inhalte gelöscht: {erased}. Reste entfernt: {swept}.")
    say(f"Nach Ablauf der Aufbewahrung gelöscht: {records} Vorgangsdaten, {proofs} Nachweise.")
