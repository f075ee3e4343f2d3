"""`bauweiche onboarding …`: how far everybody has come, the evidence for it, test messages, and four eyes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import typer

from gateway.api.operator.sifting import ONBOARDING_FIELDS
from gateway.commands.authority_lookup import find
from gateway.commands.seat import dumped, opened, out, say, seat_of
from gateway.commands.words import Words, narrowed
from gateway.domain.calendar import local_date, written_moment
from gateway.domain.dossier import Contact
from gateway.domain.ids import AuthorityKey
from gateway.domain.onboarding import Stage
from gateway.ports import World

app = typer.Typer(
    name="onboarding",
    help="Die Anbindung der Behörden: Stufen, Nachweise, Testnachrichten, Freigabe.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Who = Annotated[str, typer.Argument(metavar="BEHÖRDE", help="Schlüssel oder Name der Behörde.")]
Reason = Annotated[str, typer.Option(help="Warum; steht im Ereignisprotokoll.")]
AsJson = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
Typed = Annotated[str, typer.Option("--name", help="Name der Behörde, genau so wie angezeigt, zur Bestätigung.")]

MARKS = {True: "✓", False: "✗", None: "·"}


@app.command("list")
def list_onboardings(
    ctx: typer.Context,
    words: Words = None,
    stage: Annotated[list[Stage] | None, typer.Option(help="Nur diese Stufen, mehrfach möglich.")] = None,
    as_json: AsJson = False,
) -> None:
    """Zeigt, wie weit jede Behörde ist und was als Nächstes zu tun ist."""
    from gateway.api.operator.onboarding import table

    with opened(ctx) as world:
        staged = [row for row in table(world) if not stage or row["stage"] in stage]
    rows = list(narrowed(staged, words, ONBOARDING_FIELDS))
    if as_json:
        out(dumped(rows))
        return
    for row in rows:
        proofs = f"{row['complete']}/{row['total']}"
        out(f"{row['key']}  {row['name'][:28]:<28} {row['stage_label']:<12} {proofs:>4}  {row['next_step']}\n")


@app.command("show")
def show(ctx: typer.Context, who: Who, as_json: AsJson = False) -> None:
    """Zeigt die Nachweise einer Behörde."""
    with opened(ctx) as world:
        _tell(world, _key(world, who), as_json)


@app.command("contact")
def contact(
    ctx: typer.Context,
    who: Who,
    role: Annotated[
        str, typer.Option(help="Rolle: Technisch, Fachlich, Postanschrift oder andere; Vorhandenes wird ersetzt.")
    ],
    name: Annotated[
        str, typer.Option(help="Name der Person oder Stelle; bei Postanschrift ihre Zeilen, durch Komma getrennt.")
    ],
    reason: Reason,
    email: Annotated[str, typer.Option(help="E-Mail-Adresse.")] = "",
    phone: Annotated[str, typer.Option(help="Telefon.")] = "",
    as_json: AsJson = False,
) -> None:
    """Trägt einen Kontakt der Behörde ein."""
    from gateway.api.bodies import shaped
    from gateway.api.operator.shapes import ContactIn
    from gateway.flow.contacts import set_contacts

    def act(world: World, key: AuthorityKey, actor: str) -> None:
        shaped(ContactIn, {"role": role, "name": name, "email": email, "phone": phone})
        with world.store.reading() as tx:
            others = [one for one in tx.dossiers.get(key).contacts if one.role != role]
        set_contacts(world, key, [*others, Contact(role, name, email, phone)], actor, reason)

    _act(ctx, who, as_json, act)


@app.command("check")
def check(ctx: typer.Context, who: Who, as_json: AsJson = False) -> None:
    """Sammelt alle Nachweise neu; prüft dabei den Weg zur Behörde, ohne etwas zu senden."""
    from gateway.flow import onboarding

    _act(ctx, who, as_json, lambda world, key, actor: onboarding.check(world, key, actor))


@app.command("test")
def send(ctx: typer.Context, who: Who, reason: Reason, as_json: AsJson = False) -> None:
    """Stellt eine Testnachricht (0200 mit Kennzeichen „test“) in die Warteschlange."""
    from gateway.flow.test_messages import send_test

    _act(ctx, who, as_json, lambda world, key, actor: send_test(world, key, actor, reason))


@app.command("advance")
def advance(
    ctx: typer.Context,
    who: Who,
    to: Annotated[Stage, typer.Argument(metavar="STUFE", help="Neue Stufe: details, connected, verified, paused …")],
    reason: Reason,
    name: Typed = "",
    as_json: AsJson = False,
) -> None:
    """Setzt eine Behörde auf eine andere Stufe; „ended“ braucht --name."""
    from gateway.flow import onboarding

    _act(ctx, who, as_json, lambda world, key, actor: onboarding.advance(world, key, to, actor, reason, name))


@app.command("propose")
def propose(ctx: typer.Context, who: Who, reason: Reason, as_json: AsJson = False) -> None:
    """Schlägt vor, dass eine Behörde live geht; freigeben muss eine zweite Person."""
    from gateway.flow import onboarding

    _act(ctx, who, as_json, lambda world, key, actor: onboarding.propose(world, key, actor, reason))


@app.command("approve")
def approve(ctx: typer.Context, who: Who, reason: Reason, name: Typed, as_json: AsJson = False) -> None:
    """Gibt als zweite Person frei: Die Behörde ist von heute an live."""
    from gateway.flow import onboarding

    _act(ctx, who, as_json, lambda world, key, actor: onboarding.approve(world, key, actor, name, reason))


def _act(ctx: typer.Context, who: str, as_json: bool, act: Callable[[World, AuthorityKey, str], object]) -> None:
    with opened(ctx, writing=True) as world:
        key = _key(world, who)
        act(world, key, seat_of(ctx).actor)
        _tell(world, key, as_json)


def _key(world: World, who: str) -> AuthorityKey:
    with world.store.reading() as tx:
        return find(world, tx, who, local_date(world.clock.now())).key


def _tell(world: World, key: AuthorityKey, as_json: bool) -> None:
    from gateway.api.operator.onboarding import shown

    found = shown(world, key)
    if as_json:
        out(dumped(found))
        return
    out(_sheet(found))
    if found["next_step"]:
        say(f"Als Nächstes: {found['next_step']}")


def _sheet(found: dict[str, Any]) -> str:
    lines = [f"{found['name']} ({found['key']}): {found['stage_label']}"]
    for one in found["checks"]:
        when = written_moment(datetime.fromisoformat(one["at"])) if one["at"] else "noch nicht geprüft"
        lines += [f"{MARKS[one['holds']]} {one['label']:<26} {when}"]
        lines += [f"    {text}" for text in (one["detail"],) if text]
    if found["proposer"]:
        lines.append(f"Vorgeschlagen von {found['proposer']}")
    if found["approver"]:
        lines.append(f"Freigegeben von {found['approver']}")
    return "\n".join(lines) + "\n"
