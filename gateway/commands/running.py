"""`init`, `serve`, `worker`, `run`: setting an installation up, and running it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.commands.seat import opened, out, refusals, say, seat_of
from gateway.settings import Settings, load

if TYPE_CHECKING:
    from gateway.ports import World

Port = Annotated[int | None, typer.Option(help="Port der HTTP-Schnittstelle (0: ein freier).")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(init)
    app.command()(serve)
    app.command()(worker)
    app.command()(run)


def init(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="Name der Betreiberin in den Zertifikaten.")] = "Bauweiche",
) -> None:
    """Richtet den Ordner ein: Datenbank, Tresor, Schlüssel (selbst ausgestellt). Mehrfach aufrufbar."""
    from gateway.installing import set_up

    settings = load(seat_of(ctx).state)
    with refusals():
        set_up(settings, name)
    say(f"Eingerichtet in {settings.state}. Nächste Schritte: bauweiche token create …, bauweiche run")


def serve(ctx: typer.Context, port: Port = None) -> None:
    """Nimmt Einreichungen an (HTTP-Schnittstelle), ohne selbst zu übermitteln."""
    _run(ctx, port, serving=True, working=False)


def worker(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Alles Fällige einmal erledigen und enden.")] = False,
) -> None:
    """Übermittelt, was angenommen ist. Beliebig viele dürfen nebeneinander laufen."""
    if not once:
        _run(ctx, None, serving=False, working=True)
        return
    from gateway.flow.worker import Worker

    with opened(ctx, writing=True) as world, _on_duty(load(seat_of(ctx).state)) as (name, gone):
        out(f"{Worker(world, name, gone=gone).turn()}\n")


def run(ctx: typer.Context, port: Port = None) -> None:
    """Nimmt an und übermittelt in einem Prozess: das Übliche auf einer Maschine."""
    _run(ctx, port, serving=True, working=True)


def _run(ctx: typer.Context, port: int | None, *, serving: bool, working: bool) -> None:
    from gateway.edges.sandbox import keep_memory
    from gateway.logs import configure

    keep_memory()
    configure()
    settings = load(seat_of(ctx).state)
    with opened(ctx, writing=True) as world, ExitStack() as stack:
        stop = threading.Event()
        on_duty = stack.enter_context(_on_duty(settings)) if working else None
        thread = _start_worker(world, settings, stop, *on_duty) if on_duty else None
        try:
            if serving:
                from gateway.serving import serve as serve_world

                serve_world(world, settings, settings.port if port is None else port, say)
            else:
                _until_stopped(stop)
        finally:
            stop.set()
            if thread:
                thread.join()


def _start_worker(
    world: World, settings: Settings, stop: threading.Event, name: str, gone: Callable[[str], bool]
) -> threading.Thread:
    from gateway.flow.worker import Worker

    working = Worker(world, name, settings.workers, stop, gone=gone)

    def work() -> None:
        try:
            working.run()
        finally:
            if not stop.is_set():  # a process whose worker is gone must not look as if it worked
                os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    return thread


@contextmanager
def _on_duty(settings: Settings) -> Iterator[tuple[str, Callable[[str], bool]]]:
    """Put a new worker on the roll; yields its name, which no other process ever has, and who tells of the others."""
    from gateway.edges.roll import Roll

    roll = Roll(settings.state / "workers")
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    with roll.on_duty(name):
        yield name, roll.gone


def _until_stopped(stop: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    say("bereit: worker")
    stop.wait()
