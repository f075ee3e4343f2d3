"""`bauweiche journal show|verify`: what happened, and the proof that nothing was changed."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import islice
from typing import Annotated

import typer

from gateway.api.operator.sifting import JOURNAL_FIELDS, Row
from gateway.commands.seat import FAILURE, fail, opened, out, say
from gateway.commands.words import Words, narrowed
from gateway.domain.actors import spoken
from gateway.domain.calendar import written_moment
from gateway.domain.journal import Counted, Entry, verify

app = typer.Typer(
    name="journal",
    help="Das Ereignisprotokoll.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

FEW = 4
"""Values of a list that are shown in a line."""


@app.command("show")
def show(
    ctx: typer.Context,
    words: Words = None,
    subject: Annotated[
        str | None, typer.Option("--about", help="Nur zu Vorgangsnummer oder Behördenschlüssel.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Höchstens so viele Einträge, die neuesten.")] = 50,
    after: Annotated[int, typer.Option(min=0, help="Weiter vor dieser Nummer: ältere Einträge.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Eine JSON-Zeile je Eintrag.")] = False,
) -> None:
    """Zeigt die neuesten Einträge, der jüngste zuletzt."""
    with opened(ctx) as world, world.store.reading() as tx:
        entries = tx.journal.read(subject=subject, limit=None if words else limit, below=after, newest_first=True)
        found = list(islice(narrowed(map(_row, entries), words, JOURNAL_FIELDS), limit))
    for row in reversed(found):
        out((json.dumps(row, ensure_ascii=False) if as_json else _line(row)) + "\n")


@app.command("verify")
def check(ctx: typer.Context) -> None:
    """Prüft die Hash-Kette vom ersten bis zum letzten Eintrag."""
    from gateway.flow.evidence import verify_anchors

    last = Counted()
    with opened(ctx) as world:
        with world.store.reading() as tx:
            broken = verify(last.of(tx.journal.read()))
        broken = broken or verify_anchors(world)
    if broken:
        fail(FAILURE, f"Das Protokoll ist ab Eintrag {broken.number} nicht mehr unversehrt: {broken.reason}.")
    out(f"{last.digest}\n")
    say(f"Unversehrt: {last.number} Einträge. Die ausgegebene Prüfsumme bitte getrennt aufbewahren.")


def _line(row: Row) -> str:
    facts = " ".join(f"{name}={_short(value)}" for name, value in row["facts"].items())
    why = f"  ({row['why']})" if row["why"] else ""
    when = written_moment(datetime.fromisoformat(row["at"]))
    who = spoken(row["actor"])
    return f"{row['number']:>7}  {when}  {who:<22} {row['what']:<24} {row['subject']}  {facts}{why}".rstrip()


def _short(value: object) -> str:
    """Return a fact as it fits into a line: of a long list only how long it is; `--json` has all of it."""
    return f"[{len(value)} Einträge]" if isinstance(value, list) and len(value) > FEW else str(value)


def _row(entry: Entry) -> dict[str, object]:
    from gateway.api.operator.records import entry_out

    return entry_out(entry) | {"before": entry.before}
