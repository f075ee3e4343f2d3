"""What every command shares: who sits there, the exit codes, and how data and talk leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

import typer

from gateway.domain import codes
from gateway.domain.calendar import local_date
from gateway.domain.errors import GatewayError, Unreachable

if TYPE_CHECKING:
    from gateway.ports import World

FAILURE, USAGE, NOT_FOUND, REFUSED, UNREACHABLE = 1, 2, 3, 4, 5
"""Exit codes beside 0: the business said no, wrong call, not there, not allowed here, somebody else does not answer."""

_REFUSALS = frozenset({codes.FOUR_EYES.name, codes.ROLE_MISSING.name})

DAY_FORMATS = ["%Y-%m-%d", "%d.%m.%Y"]


class Seat(Protocol):
    """Who sits at the command line, and at which installation; `gateway.main` puts it into `ctx.obj`."""

    @property
    def actor(self) -> str:
        """Return `operator:<name>`."""

    @property
    def state(self) -> Path:
        """Return the folder of the installation."""

    @property
    def read_only(self) -> bool:
        """Return whether nothing may be changed from here."""

    def open(self) -> AbstractContextManager[World]:
        """Open the installation for one command."""


def seat_of(ctx: typer.Context) -> Seat:
    """Return who sits there."""
    return cast(Seat, ctx.obj)


@contextmanager
def opened(ctx: typer.Context, *, writing: bool = False) -> Iterator[World]:
    """Open the installation; every refusal becomes German sentences on stderr and an exit code."""
    if writing and seat_of(ctx).read_only:
        fail(REFUSED, "Nur-Lese-Betrieb: Es wurde nichts geändert.")
    with refusals(), seat_of(ctx).open() as world:
        yield world


@contextmanager
def refusals() -> Iterator[None]:
    """Turn every refusal into German sentences on stderr and an exit code."""
    try:
        yield
    except GatewayError as error:
        lines = [error.reason, *([error.hint] if error.hint else [])]
        lines += [f"  {fault.pointer or '/'}: {fault.detail}" for fault in error.faults]
        fail(exit_code_of(error), "\n".join(lines))


def exit_code_of(error: GatewayError) -> int:
    """Return the exit code of a refusal: not there, not allowed to this person, out of reach, or simply no."""
    if error.code.name in _REFUSALS:
        return REFUSED
    if isinstance(error, Unreachable) or error.code is codes.DRAINING:
        return UNREACHABLE
    return NOT_FOUND if error.code.status == codes.NOT_FOUND.status else FAILURE


def day_of(world: World, chosen: datetime | None) -> date:
    """Return the day a person chose, or today in Germany."""
    return chosen.date() if chosen else local_date(world.clock.now())


def dumped(value: object) -> str:
    """Return a value as JSON for stdout."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def out(text: str) -> None:
    """Write data to stdout as it is."""
    typer.echo(text, nl=False)


def say(text: str) -> None:
    """Tell the person something, on stderr."""
    typer.echo(text, err=True)


def fail(code: int, text: str) -> NoReturn:
    """Say what is wrong and end with an exit code."""
    say(text)
    raise typer.Exit(code)
