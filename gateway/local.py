"""The application in this process, on the state folder of this machine: the console without a server.

What the first screen asks for is answered at once, from what one look at the installation shows. The whole application
takes a second to import and to build; it is made in a thread as soon as somebody needs it, or shortly after the first
answer.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from gateway.api.operator.figures import me_of, overview_of
from gateway.api.operator.roles import Operator, Role
from gateway.api.operator.rows import table_of
from gateway.domain.errors import GatewayError
from gateway.settings import Settings, load
from gateway.sight import Looked, look

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/operator/v1"
PATIENCE = 1.5
"""Seconds after the first answer until the whole application is made: the first frame is drawn meanwhile."""


def local_app(state: Path, *, read_only: bool) -> tuple[App, Callable[[], None]]:
    """Return the application over an installation, and what closes it; whoever sits there may do everything.

    No token is asked for: who can read the state folder has the keys anyway.

    Raises:
        ConfigurationError: the state folder has not been set up, or its database does not open.
    """
    settings = load(state)
    seen = look(settings.state, settings.database_url)
    person = Operator(getpass.getuser(), Role.VERWALTEN, read_only)
    first: Mapping[str, Callable[[], Any]] = {
        f"{PREFIX}/me": partial(me_of, seen, person, settings.environment),
        f"{PREFIX}/overview": partial(overview_of, seen),
        f"{PREFIX}/authorities": partial(table_of, seen),
    }
    growing = Growing(first, partial(_whole, seen, settings, person))

    def close() -> None:
        growing.close()
        seen.store.close()

    return growing, close


def _whole(seen: Looked, settings: Settings, person: Operator) -> tuple[App, Callable[[], None]]:
    """Return the application as a server has it, and what closes it."""
    from gateway.api.app import Correlated, inner_app
    from gateway.edges.gate import Gate
    from gateway.logs import configure
    from gateway.wiring import world_behind

    configure(level=logging.CRITICAL)  # the console has the whole terminal, and shows every refusal itself
    gate = Gate(parallel=settings.gate_parallel)
    application = inner_app(world_behind(seen, settings), gate, {}, settings.environment)
    application.state.local_operator = person

    def close() -> None:
        application.state.pool.shutdown(wait=True)
        gate.close()

    return Correlated(application, application.state.precedence), close


class Growing:
    """Answers some plain questions by itself, everything else by an application that is made in the background."""

    def __init__(
        self, first: Mapping[str, Callable[[], Any]], make: Callable[[], tuple[App, Callable[[], None]]]
    ) -> None:
        self._first = first
        self._make = make
        self._lock = threading.Lock()
        self._made: tuple[App, Callable[[], None]] | None = None
        self._later: threading.Timer | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain = self._made is None and scope["method"] == "GET" and not scope["query_string"]
        answer = self._first.get(scope["path"]) if plain else None
        try:
            value = await asyncio.to_thread(answer) if answer else None
        except GatewayError:
            value = None  # the whole application says what is wrong, as a server would
        if value is not None:
            await _say(send, 200, "application/json", value)
            self._soon()
            return
        try:
            application = await asyncio.to_thread(self._whole)
        except GatewayError as error:
            problem = {"detail": error.reason, "hint": error.hint, "code": error.code.name}
            await _say(send, error.code.status, "application/problem+json", problem)
            return
        await application(scope, receive, send)

    def close(self) -> None:
        """Give back what the whole application holds, if it was ever made."""
        if self._later is not None:
            self._later.cancel()
        with self._lock:
            if self._made is not None:
                self._made[1]()

    def _soon(self) -> None:
        if self._later is None:
            self._later = threading.Timer(PATIENCE, self._early)
            self._later.daemon = True
            self._later.start()

    def _early(self) -> None:
        with suppress(GatewayError):  # said to whoever needs the application
            self._whole()

    def _whole(self) -> App:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made[0]


async def _say(send: Send, status: int, media_type: str, value: object) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    headers = [(b"content-type", media_type.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
