"""`bauweiche xbau compose|check`, `bauweiche xbau schemas`: XBau on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from gateway.commands.seat import FAILURE, dumped, fail, out, say, seat_of
from gateway.domain.errors import GatewayError
from gateway.domain.ids import MessageId, document_id
from gateway.domain.message import Document, Heading, Party, Stamp
from gateway.domain.procedure import Procedure

app = typer.Typer(
    name="xbau",
    help="XBau-Nachrichten zeigen und prüfen.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


@app.command("compose")
def compose_file(
    file: File,
    release: Annotated[str, typer.Option(help="XBau-Version.")] = "2.6",
    procedure: Annotated[Procedure, typer.Option(help="Verfahren.")] = Procedure.BUILDING_PERMIT,
) -> None:
    """Zeigt die Nachricht, die aus einem Antrag (JSON, Objekt „antrag“) in einer XBau-Version würde."""
    from gateway.xbau.antrag import parse_antrag
    from gateway.xbau.compose import compose, faults_for
    from gateway.xbau.release import release as release_named

    try:
        chosen = release_named(release)
        antrag = parse_antrag(procedure, json.loads(file.read_text(encoding="utf-8")))
        faults = faults_for(antrag, _example(), chosen)
        if not faults:
            out(compose(antrag, _example(), chosen).decode() + "\n")
            return
    except GatewayError as error:
        say(error.reason)
        faults = list(error.faults)
    except ValueError:
        fail(FAILURE, "Die Datei ist kein gültiges JSON.")
    fail(FAILURE, "\n".join(f"{fault.pointer or '/'}: {fault.detail}" for fault in faults))


def _example() -> Heading:
    nobody = UUID(int=0)
    overview = Document(
        document_id(nobody),
        "Antragsübersicht",
        "1101",
        "Antragsuebersicht.pdf",
        _today().date(),
        size=1,
        sha256="0" * 64,
    )
    return Heading(
        stamp=Stamp(MessageId(str(nobody)), _today()),
        addressee=Party("bab:05000000", "Beispielbehörde"),
        sender=Party(
            "bap:050000000000",
            "Beispielportal",
            street="Musterstraße",
            number="1",
            postcode="40213",
            town="Musterstadt",
            email="post@portal.example",
        ),
        reference=nobody,
        documents=(overview,),
        test="Beispiel",
    )


def _today() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@app.command("check")
def check_file(
    file: File,
    schemas: Annotated[Path | None, typer.Option(help="Ordner der amtlichen XBau-Schemas, zusätzlich geprüft.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Prüft eine XBau-Nachricht gegen unser Schema ihrer Version, die Regeln daneben und die amtlichen Schemas."""
    from gateway.xbau.check import check

    try:
        report = check(file.read_bytes(), official=schemas)
    except GatewayError as error:
        fail(FAILURE, f"{error.reason} {error.hint}".strip())
    rows = [
        {
            "path": found.path,
            "line": found.line,
            "text": found.sentence,
            "english": found.original,
            "source": found.source,
        }
        for found in report.findings
    ]
    if as_json:
        out(dumped({"release": report.release, "number": report.number, "findings": rows}))
    else:
        for row in rows:
            out(f"Zeile {row['line'] or '?'}  {row['path']}\n    {row['text']}  [{row['source']}]\n")
    if rows:
        fail(FAILURE, f"{len(rows)} Beanstandungen in Nachricht {report.number} (XBau {report.release}).")
    say(f"Ohne Beanstandung: Nachricht {report.number} (XBau {report.release}).")


@app.command("schemas")
def import_schemas(ctx: typer.Context, archive: File) -> None:
    """Nimmt amtliche XBau-Schemas (ZIP) auf; sie werden dann zusätzlich verwendet."""
    from gateway.settings import load
    from gateway.xbau.schemazip import import_zip

    target = load(seat_of(ctx).state).state / "schemas"
    try:
        found = import_zip(archive, target)
    except GatewayError as error:
        fail(FAILURE, f"{error.reason} {error.hint}".strip())
    say(f"Aufgenommen: {', '.join(found)}")
