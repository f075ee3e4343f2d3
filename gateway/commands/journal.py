"""`bauweiche journal show|verify`: what happened, and the proof that nothing was changed."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gateway.commands.seat import FAILURE, fail, opened, out, say
from gateway.commands.words import JOURNAL_FIELDS, Words, narrowed
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
        found = tx.journal.read(subject=subject, limit=limit, below=after, newest_first=True)
        entries = {entry.number: entry for entry in found}
    kept = [int(row["number"]) for row in narrowed(map(_row, entries.values()), words, JOURNAL_FIELDS)]
    for entry in (entries[number] for number in reversed(kept)):
        out((json.dumps(_row(entry), ensure_ascii=False) if as_json else _line(entry)) + "\n")


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


def _line(entry: Entry) -> str:
    facts = " ".join(f"{name}={value}" for name, value in entry.act.facts.items())
    why = f"  ({entry.act.why})" if entry.act.why else ""
    head = f"{entry.number:>7}  {written_moment(entry.at)}  {entry.act.actor:<22} {entry.act.what:<24}"
    return f"{head} {entry.act.subject}  {facts}{why}".rstrip()


def _row(entry: Entry) -> dict[str, object]:
    from gateway.api.operator.records import entry_out

    return entry_out(entry) | {"before": entry.before}
