"""`bauweiche plans-arrived` and `bauweiche overdue`: plans by post, and who has not fetched."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from gateway.commands.seat import DAY_FORMATS, day_of, dumped, opened, out, say, seat_of
from gateway.commands.words import Words, narrowed
from gateway.domain.calendar import written_date, written_moment
from gateway.domain.deadlines import submitted_on


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("plans-arrived")(plans_arrived)
    app.command()(overdue)


def overdue(
    ctx: typer.Context,
    words: Words = None,
    as_json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Zeigt, welche Behörden einen ganzen Arbeitstag lang nicht abgeholt haben, und wessen Pläne überfällig sind."""
    from gateway.api.operator.late import FIELDS, overdue_of

    with opened(ctx) as world:
        found = {name: list(narrowed(rows, words, FIELDS)) for name, rows in overdue_of(world).items()}
    if as_json:
        out(dumped(found))
        return
    for one in found["pickups"]:
        since = f"{one['count']} bereit seit {written_moment(datetime.fromisoformat(one['since']))}"
        out(f"nicht abgeholt  {one['authority']}  {one['authority_name']}: {since}, {_days(one['missed'])} versäumt\n")
    for plan in found["plans"]:
        due = written_date(date.fromisoformat(plan["due"]))
        out(f"Pläne fehlen    {plan['authority']}  {plan['authority_name']}: {plan['case_number']}, Frist {due}\n")
    if not any(found.values()):
        say("Nichts überfällig.")


def _days(missed: int) -> str:
    return "1 Arbeitstag" if missed == 1 else f"{missed} Arbeitstage"


def plans_arrived(
    ctx: typer.Context,
    case: Annotated[str, typer.Argument(metavar="VORGANG", help="Vorgangsnummer, wie auf dem Begleitschein.")],
    on: Annotated[
        datetime | None, typer.Option(formats=DAY_FORMATS, help="Tag des Eingangs bei der Behörde; sonst heute.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Woher bekannt; steht im Ereignisprotokoll.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Vermerkt, dass die Pläne zu einem Vorgang (Option 2) bei der Behörde eingegangen sind."""
    from gateway.flow import plans

    with opened(ctx, writing=True) as world:
        found = plans.plans_arrived(world, case, day_of(world, on), seat_of(ctx).actor, reason)
    assert found.plans_arrived_on is not None
    submitted = submitted_on(found)
    if as_json:
        shown = {"case_number": found.number, "arrived_on": found.plans_arrived_on.isoformat()}
        out(dumped(shown | {"submitted_on": submitted.isoformat() if submitted else None}))
        return
    say(f"Vermerkt: Pläne zu {found.number} eingegangen am {written_date(found.plans_arrived_on)}.")
    if submitted:
        say(f"Der Antrag gilt als eingereicht am {written_date(submitted)}.")
    else:
        say("Als eingereicht gilt der Antrag erst, wenn die Behörde auch die Daten abgeholt hat.")
