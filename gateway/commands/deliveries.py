"""`bauweiche deliveries …`: the queue, and what a human may do to it."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.seat import FAILURE, NOT_FOUND, dumped, opened, out, say, seat_of
from gateway.commands.words import Words, narrowed
from gateway.domain import codes
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey, MessageId

app = typer.Typer(
    name="deliveries",
    help="Die Übermittlungen.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Message = Annotated[str, typer.Argument(metavar="NACHRICHT", help="Kennung der Nachricht (UUID).")]
Key = Annotated[str, typer.Argument(metavar="BEHÖRDE", help="Schlüssel der Behörde, 8 Ziffern.")]
Reason = Annotated[str, typer.Option(help="Warum; steht im Ereignisprotokoll.")]
AsJson = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
Messages = Annotated[list[str], typer.Argument(metavar="NACHRICHT", help="Kennungen der Nachrichten (UUID).")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Nur zeigen, was ginge.")]
Typed = Annotated[
    str, typer.Option("--confirm", help="Bei mehr als 20 Nachrichten: das Wort WIEDERHOLEN oder ANHALTEN.")
]


@app.command("list")
def list_deliveries(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORT", help="Vorgangsnummer oder ihr Anfang, Wörter aus dem Namen der Behörde."),
    ] = None,
    state: Annotated[list[State] | None, typer.Option(help="Nur diese Zustände, mehrfach möglich.")] = None,
    authority: Annotated[str, typer.Option(help="Nur diese Behörde (Schlüssel).")] = "",
    cause: Annotated[str, typer.Option(help="Nur mit dieser Ursache (Code aus „deliveries causes“).")] = "",
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Die älteste zuerst.")] = False,
    after: Annotated[int, typer.Option(min=0, help="Weiter nach dieser Position (next der vorigen Seite).")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Höchstens so viele.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Zeigt Übermittlungen, die neueste zuerst, mit dem Grund, warum sie warten; Filter wie in der Konsole."""
    from gateway.api.operator.delivery_rows import Asked, page_of

    with opened(ctx) as world:
        asked = Asked(tuple(state or ()), authority, cause, " ".join(words or []), oldest_first)
        page = page_of(world, asked, after, limit)
    if as_json:
        out(dumped(page))
        return
    for row in page["rows"]:
        head = f"{row['position']:>7}  {row['case_number']}  {row['authority']}  {row['state_label']:<14}"
        out(f"{head} Versuch {row['attempt']}  {row['message_id']}\n         {row['sentence']}\n")
    total = f"{page['total']:_}".replace("_", " ") + ("+" if page["capped"] else "")
    say(f"{len(page['rows'])} von {total}." + (f" Weitere mit --after {page['next']}." if page["next"] else ""))


@app.command("causes")
def list_causes(ctx: typer.Context, words: Words = None, as_json: AsJson = False) -> None:
    """Zeigt, was stillsteht, nach Ursache gezählt."""
    from gateway.api.operator.delivery_rows import causes_of

    with opened(ctx) as world:
        found = list(narrowed(causes_of(world), words, {}))
    if as_json:
        out(dumped(found))
        return
    for one in found:
        out(f"{one['count']:>7}  {one['state_label']:<12} {one['code'] or '–':<28} {one['title']}\n")
        out(f"         {one['reason']}\n")


@app.command("requeue")
def requeue(
    ctx: typer.Context, messages: Messages, reason: Reason, confirm: Typed = "", dry_run: DryRun = False
) -> None:
    """Stellt angehaltene oder wartende Übermittlungen sofort wieder ein; Kennung und Inhalt bleiben gleich."""
    _several(ctx, "requeue", messages, reason, confirm, dry_run=dry_run)


@app.command("hold")
def hold(ctx: typer.Context, messages: Messages, reason: Reason, confirm: Typed = "", dry_run: DryRun = False) -> None:
    """Hält Übermittlungen an, die noch nicht unterwegs sind."""
    _several(ctx, "hold", messages, reason, confirm, dry_run=dry_run)


@app.command("divert")
def divert(ctx: typer.Context, message: Message, reason: Reason) -> None:
    """Schickt eine Übermittlung auf dem heutigen Weg der Behörde; was bereitliegt, wird dort zurückgenommen."""
    from gateway.flow import operate

    with opened(ctx, writing=True) as world:
        operate.divert(world, MessageId(message), seat_of(ctx).actor, reason)
    say("Auf den heutigen Weg umgeleitet.")


@app.command("withdraw")
def withdraw(
    ctx: typer.Context, case: Annotated[str, typer.Argument(metavar="VORGANG", help="Vorgangsnummer.")], reason: Reason
) -> None:
    """Zieht einen Vorgang zurück, den die Behörde noch nicht hat; sein Inhalt wird gelöscht."""
    from gateway.api.operator.replies_desk import case_of
    from gateway.flow import operate

    with opened(ctx, writing=True) as world:
        operate.withdraw(world, case_of(world, case), seat_of(ctx).actor, reason)
    say("Zurückgezogen.")


@app.command("arrived")
def arrived(ctx: typer.Context, message: Message, reason: Reason) -> None:
    """Vermerkt, dass die Behörde eine angehaltene Übermittlung hat; ihr Inhalt wird gelöscht."""
    from gateway.flow import operate

    with opened(ctx, writing=True) as world:
        operate.confirm_handover(world, MessageId(message), seat_of(ctx).actor, reason)
    say("Als übergeben vermerkt.")


@app.command("pause")
def pause(ctx: typer.Context, key: Key, reason: Reason) -> None:
    """Sendet an eine Behörde nichts mehr, bis sie fortgesetzt wird."""
    from gateway.flow import operate

    with opened(ctx, writing=True) as world:
        operate.pause(world, AuthorityKey(key), seat_of(ctx).actor, reason)
    say("Der Weg ist angehalten.")


@app.command("resume")
def resume(ctx: typer.Context, key: Key, reason: Reason) -> None:
    """Sendet an eine Behörde wieder."""
    from gateway.flow import operate

    with opened(ctx, writing=True) as world:
        operate.resume(world, AuthorityKey(key), seat_of(ctx).actor, reason)
    say("Der Weg ist wieder frei.")


def _several(ctx: typer.Context, act: str, messages: list[str], reason: str, confirm: str, *, dry_run: bool) -> None:
    """Do the same to several deliveries and say of each that cannot be done why; ends with 1 if there was any."""
    from gateway.api.operator.deliveries import on_several

    with opened(ctx, writing=not dry_run) as world:
        rows = on_several(world, act, messages, seat_of(ctx).actor, reason, typed=confirm, dry_run=dry_run)
    for row in rows:
        if not row["possible"]:
            say(f"{row['message_id']}: {row['detail']}")
    done = sum(row["possible"] for row in rows)
    say(f"{done} von {len(rows)} {'möglich' if dry_run else 'erledigt'}.")
    if done < len(rows):
        missing = all(row["status"] == codes.NOT_FOUND.status for row in rows if not row["possible"])
        raise typer.Exit(NOT_FOUND if missing else FAILURE)
