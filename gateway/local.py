"""The application in this process, on the state folder of this machine: the console without a server."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Callable
from pathlib import Path

from gateway.api.app import App, Correlated, inner_app
from gateway.api.operator.access import Operator, Role
from gateway.edges.gate import Gate
from gateway.logs import configure
from gateway.settings import load
from gateway.wiring import open_world


def local_app(state: Path, *, read_only: bool) -> tuple[App, Callable[[], None]]:
    """Return the application over an installation, and what closes it; whoever sits there may do everything.

    No token is asked for: who can read the state folder has the keys anyway.

    Raises:
        ConfigurationError: the state folder has not been set up.
    """
    configure(level=logging.CRITICAL)  # the console has the whole terminal, and shows every refusal itself
    settings = load(state)
    world = open_world(settings)
    gate = Gate(parallel=settings.gate_parallel)
    application = inner_app(world, gate, {}, settings.environment)
    application.state.local_operator = Operator(getpass.getuser(), Role.VERWALTEN, read_only)

    def close() -> None:
        application.state.pool.shutdown(wait=True)
        gate.close()
        world.store.close()

    return Correlated(application), close
