"""`bauweiche deliveries …`: the queue, and what a human may do to it."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.commands.seat import dumped, opened, out, say, seat_of
from gateway.domain.calendar import written_moment
from gateway.domain.case import Delivery
from gateway.domain.delivery import TITLES, State
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


@app.command("list")
def list_deliveries(
    ctx: typer.Context,
    state: Annotated[list[State] | None, typer.Option(help="Nur diese Zustände, mehrfach möglich.")] = None,
    authority: Annotated[str | None, typer.Option(help="Nur diese Behörde (Schlüssel).")] = None,
    after: Annotated[int, typer.Option(min=0, help="Nach dieser Position.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Zeigt Übermittlungen in der Reihenfolge ihrer Annahme."""
    with opened(ctx) as world, world.store.reading() as tx:
        found = tx.deliveries.listing(
            states=frozenset(state or ()),
            authority=AuthorityKey(authority) if authority else None,
            after=after,
            limit=limit,
        )
    if as_json:
        out(dumped([_row(delivery) for delivery in found]))
        return
    for delivery in found:
        out(_line(delivery) + "\n")
    if len(found) == limit:
        say(f"Weitere mit --after {found[-1].position}.")


@app.command("requeue")
def requeue(ctx: typer.Context, message: Message, reason: Reason) -> None:
    """Stellt eine angehaltene Übermittlung wieder ein; Kennung und Inhalt bleiben gleich."""
    from gateway.flow import operate

    with opened(ctx, writing=True) as world:
        operate.requeue(world, MessageId(message), seat_of(ctx).actor, reason)
    say("Wieder eingestellt.")


@app.command("hold")
def hold(ctx: typer.Context, message: Message, reason: Reason) -> None:
    """Hält eine Übermittlung an, die noch nicht unterwegs ist."""
    from gateway.flow import operate

    with opened(ctx, writing=True) as world:
        operate.hold(world, MessageId(message), seat_of(ctx).actor, reason)
    say("Angehalten.")


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


def _line(delivery: Delivery) -> str:
    when = f"  nächster Versuch {written_moment(delivery.next_at)}" if delivery.next_at else ""
    reason = f"  {delivery.reason}" if delivery.reason else ""
    head = f"{delivery.position:>7}  {delivery.case_number}  {delivery.authority}  {TITLES[delivery.state]:<14}"
    return f"{head} Versuch {delivery.attempt}  {delivery.message_id}{when}{reason}"


def _row(delivery: Delivery) -> dict[str, object]:
    return {
        "position": delivery.position,
        "message_id": delivery.message_id,
        "case_number": delivery.case_number,
        "authority": delivery.authority,
        "state": delivery.state.value,
        "adapter": delivery.adapter,
        "attempt": delivery.attempt,
        "next_at": delivery.next_at.isoformat() if delivery.next_at else None,
        "code": delivery.code,
        "reason": delivery.reason,
    }
