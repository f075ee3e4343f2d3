"""`bauweiche evidence`: give out the evidence of a case, or check one offline, without any installation."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.commands.seat import FAILURE, NOT_FOUND, USAGE, dumped, fail, opened, out, say
from gateway.domain.calendar import written_date, written_moment
from gateway.domain.errors import GatewayError
from gateway.domain.evidence import Fact
from gateway.domain.ids import read_case_number

if TYPE_CHECKING:
    from gateway.seal.evidence_check import Verified

VERIFY = "verify"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(evidence)


def evidence(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="VORGANG|verify", help="Vorgangsnummer, oder das Wort verify.")],
    file: Annotated[Path | None, typer.Argument(metavar="[DATEI]", help="Bei verify: das Nachweisbündel.")] = None,
    to: Annotated[Path | None, typer.Option(help="In diese neue Datei schreiben (sonst auf die Ausgabe).")] = None,
    gateway: Annotated[
        list[Path] | None, typer.Option(help="Bei verify: Zertifikate des Gateways (PEM), mehrfach möglich.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Bei verify: Ergebnis als JSON.")] = False,
) -> None:
    """Gibt den Nachweis zu einem Vorgang aus, oder prüft einen: offline, ohne Datenbank, auch nach der Löschung."""
    if what != VERIFY:
        _give(ctx, what, to)
        return
    if file is None or not gateway:
        fail(USAGE, "Bitte so aufrufen: bauweiche evidence verify DATEI --gateway ZERTIFIKAT.pem")
    _verify(file, gateway, as_json)


def _give(ctx: typer.Context, text: str, to: Path | None) -> None:
    from gateway.flow.evidence import bundle

    number = read_case_number(text)
    if number is None:
        fail(NOT_FOUND, f"„{text}“ ist keine Vorgangsnummer (BW-Jahr-XXXX-XXXX).")
    with opened(ctx) as world:
        data = bundle(world, number)
    if to is None:
        if sys.stdout.isatty():
            fail(USAGE, "Ein Nachweisbündel ist eine Binärdatei; bitte mit --to DATEI speichern.")
        sys.stdout.buffer.write(data)
        return
    try:
        with to.open("xb") as stream:
            stream.write(data)
    except FileExistsError:
        fail(FAILURE, f"Die Datei {to} gibt es schon.")
    except OSError as error:
        fail(FAILURE, f"Die Datei {to} lässt sich nicht schreiben: {error.strerror}.")
    say(f"Geschrieben: {to} ({len(data)} Byte). Prüfen: bauweiche evidence verify {to} --gateway ZERTIFIKAT.pem")


def _verify(file: Path, gateway: list[Path], as_json: bool) -> None:
    from gateway.seal.evidence_check import check
    from gateway.seal.evidence_zip import BYTES
    from gateway.seal.keys import read_certificates
    from gateway.seal.trust import Trust

    try:
        with file.open("rb") as stream:
            data = stream.read(BYTES + 1)
        trust = Trust(tuple(found for path in gateway for found in read_certificates(path.read_bytes())))
        verified = check(data, trust)
    except FileNotFoundError as error:
        fail(NOT_FOUND, f"Die Datei {error.filename} gibt es nicht.")
    except OSError as error:
        fail(FAILURE, f"Die Datei {error.filename} lässt sich nicht lesen: {error.strerror}.")
    except GatewayError as error:
        fail(FAILURE, f"UNGÜLTIG: {error.reason}" + (f"\n{error.hint}" if error.hint else ""))
    out(dumped({"ok": True} | _as_json(verified)) if as_json else _as_text(verified))


def _as_json(verified: Verified) -> dict[str, Any]:
    receipt = verified.first(Fact.ACCEPTED)
    facts = receipt.facts if receipt else {}
    return {
        "case_number": verified.case_number,
        "addressee": facts.get("addressee"),
        "test": facts.get("test"),
        "parts": len(facts.get("parts", ())),
        "issued_at": verified.issued_at.isoformat(),
        "facts": [
            {"sequence": one.sequence, "event": one.what.value, "at": one.at.isoformat(), "message_id": one.message_id}
            for one in verified.facts
        ],
        "journal_entries": verified.entries,
        "signers": list(verified.signers),
        "notes": list(verified.notes),
    }


def _as_text(verified: Verified) -> str:
    receipt = verified.first(Fact.ACCEPTED)
    facts = receipt.facts if receipt else {}
    test = " (TEST)" if facts.get("test") else ""
    lines = [f"ECHT UND UNVERÄNDERT: Nachweis zum Vorgang {verified.case_number}{test}"]
    if receipt:
        lines.append(f"  Behörde   {facts['addressee']['name']} ({facts['addressee']['dvdv_key']})")
        count = len(facts["parts"])
        parts = "1 Anlage" if count == 1 else f"{count} Anlagen"
        lines.append(f"  Inhalt    1 Nachricht, {parts}, jede mit Größe und SHA-256")
    lines += [f"  {written_moment(one.at)} Uhr  {one.what.label}{_day(one.facts)}" for one in verified.facts]
    lines.append(f"  Protokoll {verified.entries} Einträge, jeder mit Prüfpfad zu einem signierten Anker")
    lines += [f"  Signiert  {name}" for name in verified.signers]
    lines += [f"  Hinweis   {note}" for note in verified.notes]
    return "\n".join(lines) + "\n"


def _day(facts: object) -> str:
    """Return the day that a fact names, where it is not the day it was recorded on."""
    from datetime import date

    on = facts.get("on") if isinstance(facts, dict) else None
    return f" am {written_date(date.fromisoformat(on))}" if isinstance(on, str) else ""
