"""The command `bauweiche`: who sits there, and which commands there are. Nothing else lives here."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.domain.errors import ConfigurationError

if TYPE_CHECKING:
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


GROUPS: Mapping[str, str] = {
    "authorities": "authorities",
    "calendar": "calendar",
    "deliveries": "deliveries",
    "journal": "journal",
    "keys": "keys",
    "onboarding": "onboarding",
    "operator": "operators",
    "replies": "replies",
    "survey": "survey",
    "token": "tokens",
    "webhook": "webhooks",
    "xbau": "xbau",
}
"""Families of commands (each module has an `app`), by their word on the command line."""

COMMANDS: Mapping[str, str] = {
    "init": "running",
    "serve": "running",
    "worker": "running",
    "run": "running",
    "backup": "backup",
    "restored": "backup",
    "status": "cases",
    "trace": "cases",
    "purge": "cases",
    "open": "opening",
    "reply": "reply",
    "demo": "demo",
    "doctor": "doctor",
    "evidence": "evidence",
    "plans-arrived": "plans",
    "overdue": "plans",
    "rehearse": "rehearse",
    "report": "report",
    "certificates": "records",
    "overview": "report",
    "map": "report",
    "tui": "tui",
}
"""Single commands (each module has a `register`), by their word on the command line."""


def build(words: Sequence[str] = ()) -> typer.Typer:
    """Return the command line; with `words` that name a command, only that one's module is loaded."""
    app = typer.Typer(
        name="bauweiche",
        help="Das Gateway zwischen Bauportal und den Bauaufsichtsbehörden.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(seat)
    alone = _command_in(words)
    for word, module in GROUPS.items():
        if alone in ("", word):
            app.add_typer(import_module(f"gateway.commands.{module}").app)
    for module in dict.fromkeys(COMMANDS.values()):
        if alone == "" or COMMANDS.get(alone) == module:
            import_module(f"gateway.commands.{module}").register(app)
    return app


def _command_in(words: Sequence[str]) -> str:
    """Return the command that the words call, or nothing if that is not certain (then everything is loaded)."""
    rest = list(words)
    while rest and rest[0].startswith("-"):
        if rest[0] not in ("--state", "--read-only"):
            return ""
        del rest[: 2 if rest[0] == "--state" else 1]
    return rest[0] if rest and (rest[0] in GROUPS or rest[0] in COMMANDS) else ""


def seat(
    ctx: typer.Context,
    state: Annotated[
        Path, typer.Option(envvar="BAUWEICHE_STATE", help="Ordner der Einrichtung (Datenbank, Tresor, Schlüssel).")
    ] = Path("state"),
    read_only: Annotated[bool, typer.Option("--read-only", help="Nichts ändern.")] = False,
) -> None:
    """stdout is data, stderr is talk. Exit: 0 ok, 1 said no, 2 usage, 3 not found, 4 refused, 5 unreachable."""
    ctx.obj = LocalSeat(state, read_only)


def __getattr__(name: str) -> Any:
    """Give `gateway.main.app`, the whole command line, to those who ask for it; `main` loads only what it needs."""
    if name == "app":
        return build()
    raise AttributeError(name)


def main() -> None:
    """Run the command line; an interrupt ends quietly with 130, an unusable folder or setting with a sentence and 1."""
    try:
        build(sys.argv[1:])()
    except KeyboardInterrupt:
        sys.exit(130)
    except ConfigurationError as error:
        typer.echo(f"{error.reason}\n{error.hint}", err=True)
        sys.exit(1)
    except OSError as error:
        typer.echo(f"Nicht möglich: {error.strerror or error} ({error.filename or 'ohne Pfad'}).", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
