"""`init`, `serve`, `worker`, `run`: setting an installation up, and running it."""

from __future__ import annotations

import os
import signal
import socket
import threading
from datetime import timedelta
from typing import Annotated, Any

import typer

from gateway.commands.seat import opened, out, say, seat_of
from gateway.ports import World
from gateway.settings import FILE, Settings, load

KEY_DAYS = 730

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
    settings = load(seat_of(ctx).state)  # type: ignore[attr-defined]  # a seat at this machine has a folder
    set_up(settings, name)
    say(f"Eingerichtet in {settings.state}. Nächste Schritte: bauweiche token create …, bauweiche run")


def set_up(settings: Settings, name: str) -> None:
    """Make what is missing of an installation: folders (0700), settings file, keys, tables; keep what is there."""
    from gateway.edges.keyring import FolderKeyring
    from gateway.edges.store import open_store
    from gateway.wiring import SystemClock

    clock = SystemClock()
    settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in ("keys", "vault", "secrets"):
        (settings.state / folder).mkdir(mode=0o700, exist_ok=True)
    example = settings.state / FILE
    if not example.exists():
        example.write_text(_example(), encoding="utf-8")
    keyring = FolderKeyring(settings.state / "keys")
    held = {info.purpose for info in keyring.list()}
    for purpose in ("sign", "wrap", "tls"):
        if purpose not in held:
            keyring.create(
                purpose,
                name=name,
                at=clock.now() - timedelta(minutes=5),
                days=KEY_DAYS,
                hosts=("localhost",) if purpose == "tls" else (),
            )
    open_store(settings.database_url, clock).close()


def _example() -> str:
    lines = ["# Einstellungen dieser Einrichtung; auskommentiert steht der Vorgabewert.\n"]
    for field, info in Settings.model_fields.items():
        if field != "state":
            lines.append(f"# {info.description}\n# {field} = {_toml(info.default)}\n")
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return str(list(value))
    return str(value) if isinstance(value, int | float) else f'"{value or ""}"'


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

    with opened(ctx, writing=True) as world:
        out(f"{Worker(world, _worker_name()).turn()}\n")


def run(ctx: typer.Context, port: Port = None) -> None:
    """Nimmt an und übermittelt in einem Prozess: das Übliche auf einer Maschine."""
    _run(ctx, port, serving=True, working=True)


def _run(ctx: typer.Context, port: int | None, *, serving: bool, working: bool) -> None:
    from gateway.logs import configure

    configure()
    settings = load(seat_of(ctx).state)  # type: ignore[attr-defined]  # a seat at this machine has a folder
    with opened(ctx, writing=True) as world:
        stop = threading.Event()
        thread = _start_worker(world, settings, stop) if working else None
        try:
            if serving:
                _serve(world, settings, settings.port if port is None else port)
            else:
                _until_stopped(stop)
        finally:
            stop.set()
            if thread:
                thread.join()


def _start_worker(world: World, settings: Settings, stop: threading.Event) -> threading.Thread:
    from gateway.flow.worker import Worker

    working = Worker(world, _worker_name(), settings.workers, stop)
    thread = threading.Thread(target=working.run, name="worker")
    thread.start()
    return thread


def _worker_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


def _until_stopped(stop: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    say("bereit: worker")
    stop.wait()


def _serve(world: World, settings: Settings, port: int) -> None:
    import uvicorn

    from gateway.api.app import build_app
    from gateway.edges.gate import Gate

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((settings.host, port))
    application: Any = build_app(world, gate=Gate(parallel=settings.gate_parallel))
    config = uvicorn.Config(
        application,
        http="httptools",
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        h11_max_incomplete_event_size=None,
    )
    say(f"bereit: http://{settings.host}:{listening.getsockname()[1]}")
    uvicorn.Server(config).run(sockets=[listening])
