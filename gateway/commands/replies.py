"""`bauweiche replies …`: what authorities sent back and what nobody could match."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

import typer

from gateway.api.operator.sifting import REPLY_FIELDS
from gateway.commands import token_table
from gateway.commands.seat import NOT_FOUND, USAGE, dumped, fail, opened, out, say, seat_of
from gateway.commands.words import Words, narrowed
from gateway.domain.calendar import written_moment
from gateway.domain.case import Client
from gateway.domain.ids import AuthorityKey, read_case_number
from gateway.domain.reply import Reply, ReplyState
from gateway.flow.cases import authority_of
from gateway.ports import World

app = typer.Typer(
    name="replies",
    help="Antworten der Behörden, vor allem solche, die keinem Vorgang zuzuordnen waren.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Why = Annotated[str, typer.Option("--reason", help="Grund; er steht danach im Ereignisprotokoll.")]
Json = Annotated[bool, typer.Option("--json", help="Als JSON.")]


@app.command("list")
def list_replies(
    ctx: typer.Context,
    words: Words = None,
    state: Annotated[list[ReplyState] | None, typer.Option(help="Zustand; ohne Angabe: in Klärung.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Weiter nach dieser Position.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Höchstens so viele.")] = 100,
    as_json: Json = False,
) -> None:
    """Zeigt Antworten, die älteste zuerst, ohne Angabe die in Klärung."""
    from gateway.api.operator.replies_desk import in_order

    with opened(ctx) as world, world.store.reading() as tx:
        wanted = frozenset(state or [ReplyState.QUARANTINED])
        shown = (_described(world, one) for one in in_order(tx, wanted, after, limit))
        found = list(islice(narrowed(shown, words, REPLY_FIELDS), limit))
    if as_json:
        out(dumped(found))
        return
    for row in found:
        head = f"{row['id']}  {row['received']}  {row['number'] or '????'}  {row['state_label']:<12}"
        out(f"{head} {row['authority_name']}\n    {row['reason'] or row['case_number']}\n")
    if not found:
        say("Nichts.")


@app.command("show")
def show(
    ctx: typer.Context,
    reply_id: Annotated[str, typer.Argument(help="Kennung aus „replies list“.")],
    message: Annotated[bool, typer.Option("--message", help="Die XBau-Nachricht selbst ausgeben.")] = False,
    as_json: Json = False,
) -> None:
    """Zeigt eine Antwort mit den Vorgängen, die gemeint sein können."""
    from gateway.flow import replies_kept

    with opened(ctx) as world:
        reply = replies_kept.existing(world, reply_id)
        if message:
            out(replies_kept.message_of(world, reply).decode("utf-8", "replace"))
            return
        row = _described(world, reply)
    if as_json:
        out(dumped(row))
        return
    for name, value in row.items():
        if name != "candidates":
            out(f"{name:<16} {value}\n")
    for candidate in row["candidates"]:
        out(
            f"  kommt in Frage   {candidate['case_number']} ({candidate['score']}): {'; '.join(candidate['reasons'])}\n"
        )


@app.command("assign")
def assign(
    ctx: typer.Context,
    reply_id: Annotated[str, typer.Argument(help="Kennung der Antwort.")],
    case: Annotated[str, typer.Argument(help="Vorgangsnummer.")],
    reason: Why,
) -> None:
    """Ordnet eine Antwort in Klärung einem Vorgang zu; das Portal bekommt sie dann."""
    from gateway.flow import replies

    number = read_case_number(case)
    if number is None or not reason.strip():
        fail(USAGE, "Bitte eine gültige Vorgangsnummer und einen Grund angeben.")
    with opened(ctx, writing=True) as world:
        with world.store.reading() as tx:
            found = tx.cases.by_number(number)
        if found is None:
            fail(NOT_FOUND, f"Den Vorgang {number} gibt es nicht.")
        replies.assign(world, reply_id, found.id, seat_of(ctx).actor, reason)
    say(f"Zugeordnet: {number}.")


@app.command("discard")
def discard(
    ctx: typer.Context,
    reply_id: Annotated[str, typer.Argument(help="Kennung der Antwort.")],
    reason: Why,
) -> None:
    """Verwirft eine Antwort in Klärung; ihr Inhalt wird gelöscht."""
    from gateway.flow import replies

    if not reason.strip():
        fail(USAGE, "Bitte einen Grund angeben.")
    with opened(ctx, writing=True) as world:
        replies.discard(world, reply_id, seat_of(ctx).actor, reason)
    say("Verworfen.")


@app.command("token")
def token(
    ctx: typer.Context,
    authority: Annotated[str, typer.Argument(help="Schlüssel der Behörde (8 Ziffern).")],
    days: Annotated[int, typer.Option(min=1, max=800, help="Gültigkeit in Tagen.")] = 365,
) -> None:
    """Legt ein Token an, mit dem eine Behörde Antworten über HTTPS abgibt."""
    from gateway.api.reply_intake import NAME, REPLY
    from gateway.domain.tokens import PREFIX

    with opened(ctx) as world:
        found = authority_of(world, AuthorityKey(authority))
    token_table.create(ctx, NAME + found.key, frozenset({REPLY}), days, prefix=PREFIX, what="token")


@app.command("tokens")
def tokens(ctx: typer.Context, as_json: Json = False) -> None:
    """Zeigt die Token der Behörden ohne ihren Wert."""
    token_table.listing(ctx, _of_authority, as_json=as_json)


@app.command("revoke")
def revoke(ctx: typer.Context, token_id: Annotated[str, typer.Argument(help="Kennung aus „replies tokens“.")]) -> None:
    """Sperrt das Token einer Behörde sofort."""
    token_table.revoke(ctx, lambda client: client.token_id == token_id and _of_authority(client), what="token")
    say("Gesperrt.")


def _of_authority(client: Client) -> bool:
    from gateway.api.reply_intake import REPLY

    return REPLY in client.scopes


def _described(world: World, reply: Reply) -> dict[str, Any]:
    from gateway.api.operator.replies_desk import reply_out

    return reply_out(world, reply) | {
        "received": written_moment(reply.received_at),
        "message_id": reply.message_id,
        "matched_by": reply.matched_by,
        "repeats": reply.repeats,
    }
