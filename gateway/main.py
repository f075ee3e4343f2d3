"""The command `bauweiche`: who sits there, and which commands there are. Nothing else lives here."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands import (
    authorities,
    calendar,
    cases,
    deliveries,
    demo,
    doctor,
    evidence,
    journal,
    keys,
    onboarding,
    opening,
    operators,
    plans,
    rehearse,
    replies,
    reply,
    report,
    running,
    survey,
    tokens,
    webhooks,
    xbau,
)
from gateway.ports import World


@dataclass(frozen=True, slots=True)
class LocalSeat:
    """A person at the machine of the installation: the local user, working on the state folder."""

    state: Path
    read_only: bool

    @property
    def actor(self) -> str:
        """The local user as the journal names them."""
        return f"operator:{getpass.getuser()}"

    @contextmanager
    def open(self) -> Iterator[World]:
        """Open the installation for one command."""
        from gateway.settings import load
        from gateway.wiring import open_world

        world = open_world(load(self.state))
        try:
            yield world
        finally:
            world.store.close()


app = typer.Typer(
    name="bauweiche",
    help="Das Gateway zwischen Bauportal und den Bauaufsichtsbehörden.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def seat(
    ctx: typer.Context,
    state: Annotated[
        Path, typer.Option(envvar="BAUWEICHE_STATE", help="Ordner der Einrichtung (Datenbank, Tresor, Schlüssel).")
    ] = Path("state"),
    read_only: Annotated[bool, typer.Option("--read-only", help="Nichts ändern.")] = False,
) -> None:
    """stdout is data, stderr is talk. Exit: 0 ok, 1 said no, 2 usage, 3 not found, 4 refused, 5 unreachable."""
    ctx.obj = LocalSeat(state, read_only)


for group in (
    authorities.app, calendar.app, deliveries.app, journal.app, keys.app, onboarding.app, operators.app, replies.app,
    survey.app, tokens.app, webhooks.app, xbau.app,
):  # fmt: skip
    app.add_typer(group)
for module in (running, cases, opening, reply, demo, doctor, evidence, plans, rehearse, report):
    module.register(app)


def main() -> None:
    """Run the command line; an interrupt ends quietly with 130."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
