"""`bauweiche open`: the authority's tool. Needs the folder, its own key and the gateway's certificate; nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.commands.seat import FAILURE, USAGE, fail, out, say
from gateway.domain.errors import GatewayError
from gateway.domain.ids import AuthorityKey


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("open")(open_folder)


def open_folder(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Der abgeholte Ordner.")],
    key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Ihr Schlüssel (PEM oder PKCS#12).")],
    gateway: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Zertifikat des Gateways (PEM).")],
    to: Annotated[Path | None, typer.Option(help="Zielordner (neu oder leer); sonst neben dem Ordner.")] = None,
    authority: Annotated[str | None, typer.Option(help="Ihr Behördenschlüssel: Fremdes wird abgewiesen.")] = None,
    password: Annotated[bool, typer.Option("--password", help="Nach dem Passwort des Schlüssels fragen.")] = False,
    schemas: Annotated[Path | None, typer.Option(help="Ordner der amtlichen XBau-Schemas, zusätzlich geprüft.")] = None,
    receipt: Annotated[
        bool, typer.Option("--receipt", help="Danach neben dem Ordner die Quittung „geöffnet“ hinterlegen.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Entschlüsselt, prüft Signatur, Prüfsummen und Schema, und legt die Dateien im Klartext ab."""
    from gateway.commands import opened_report
    from gateway.seal.envelope import open_envelope
    from gateway.seal.keys import read_private_key
    from gateway.seal.trust import Trust

    secret = typer.prompt("Passwort", hide_input=True, err=True).encode() if password else None
    target = to or folder.with_name(f"{folder.name}-geoeffnet")
    try:
        entry = read_private_key(key.read_bytes(), secret)
        opened = open_envelope(
            folder,
            [entry],
            Trust.of(gateway.read_bytes()),
            datetime.now(UTC),
            target=target,
            addressee=AuthorityKey(authority) if authority else None,
            names=opened_report.names,
        )
        report: dict[str, Any] = opened_report.report(opened, target, schemas)
    except GatewayError as error:
        faults = "".join(f"\n  {fault.pointer or '/'}: {fault.detail}" for fault in error.faults)
        fail(FAILURE, f"Nicht geöffnet: {error.reason}{faults}\n{error.hint}".strip())
    except OSError as error:
        fail(USAGE, f"Der Zielordner {target} lässt sich nicht verwenden: {error.strerror}.")
    out(json.dumps(report, ensure_ascii=False, indent=2) + "\n" if as_json else opened_report.told(report))
    if not report["ok"]:
        say("Nicht alles ist in Ordnung; bitte den Vorgang nicht verwenden und das Gateway verständigen.")
        raise typer.Exit(FAILURE)
    if receipt:
        folder.with_name(f"{folder.name}.quittung").write_text("geöffnet\n", encoding="utf-8")
