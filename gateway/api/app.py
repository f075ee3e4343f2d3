"""The HTTP application: portal API, health, and what adapters mount beside it."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI
from starlette.requests import Request

from gateway.api import (
    evidence,
    followups,
    metrics,
    parameters,
    plans,
    portal,
    problems,
    replies,
    reply_intake,
)
from gateway.api.documented import complete
from gateway.api.followups import MessageIn
from gateway.api.operator import routes as operator
from gateway.api.operator.described import describe
from gateway.api.precedence import Precedence
from gateway.api.shapes import AnnouncementIn, WithdrawalIn
from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.edges.gate import Gate
from gateway.ports import World

UPLOAD_THREADS = 16

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_log = structlog.get_logger("http")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def build_app(
    world: World,
    *,
    gate: Gate | None = None,
    mounts: Mapping[str, Any] | None = None,
    environment: str = "TEST",
    stop: Callable[[], None] = lambda: None,
) -> App:
    """Return the application over a world; `mounts` are the adapters' own endpoints by path prefix.

    `environment` is what operators read in the header: PROD or TEST. `stop` is called once a caller has been told that
    an fsync failed: the process must end then (law 1).
    """
    app = inner_app(world, gate or Gate(), mounts or {}, environment)
    app.state.stop = stop
    return Correlated(app, app.state.precedence)


def inner_app(world: World, the_gate: Gate, mounts: Mapping[str, Any], environment: str) -> FastAPI:
    """Return the application without the wrapper that correlates and logs."""
    pool = ThreadPoolExecutor(UPLOAD_THREADS, thread_name_prefix="arrival", initializer=_give_way)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        pool.shutdown(wait=True)
        the_gate.close()

    app = FastAPI(
        title="Bauweiche: Portal API",
        version="1",
        summary="Hand off building applications to the 212 building authorities of North Rhine-Westphalia.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.state.world = world
    app.state.gate = the_gate
    app.state.pool = pool
    app.state.precedence = Precedence()
    app.state.in_flight = {}
    app.state.environment = environment
    app.state.local_operator = None
    app.state.stop = None
    problems.install(app)
    parameters.install(app)
    app.include_router(portal.router)
    app.include_router(followups.router)
    app.include_router(replies.router)
    app.include_router(reply_intake.router)
    app.include_router(evidence.router)
    app.include_router(plans.router)
    app.include_router(metrics.router)
    app.include_router(operator.router)
    _health(app, world)
    _describe_bodies(app)
    for prefix, mounted in mounts.items():
        app.mount(prefix, mounted)
    return app


def _give_way() -> None:
    """Let the calling thread step back behind others: who uploads 30 MB does not notice, who asks does."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def _health(app: FastAPI, world: World) -> None:
    @app.get("/healthz", include_in_schema=False)
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    def readyz() -> dict[str, str]:
        with world.store.reading() as tx:
            tx.evidence.journal_end()  # the database answers; a question whose cost does not grow
        world.vault.exists("ready", "ready")  # raises while an object store does not answer
        free = world.vault.free_bytes()
        if free is not None and free < world.policy.disk_reserve:
            raise SubmissionError(codes.STORAGE_FULL, "Der Speicher ist fast voll.")
        return {"status": "ready"}


def _describe_bodies(app: FastAPI) -> None:
    """Put the shapes of bodies that are read by hand into the OpenAPI document."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        document = build()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for shape in (AnnouncementIn, MessageIn, WithdrawalIn):
            described = shape.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(described.pop("$defs", {}))
            schemas[shape.__name__] = described
        describe(document)
        complete(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the documented way to extend a FastAPI document


class Correlated:
    """Gives every request an id and echoes it, logs one line without content, turns the unforeseen into a problem.

    All but uploads are given precedence over them.
    """

    def __init__(self, app: App, precedence: Precedence) -> None:
        self._app = app
        self._precedence = precedence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status, whole = 0, False

        async def echoing(message: MutableMapping[str, Any]) -> None:
            nonlocal status, whole
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            elif message["type"] == "http.response.body":
                whole = not message.get("more_body", False)
            await send(message)

        pace = nullcontext() if scope["method"] == "PUT" else self._precedence.asking()
        with structlog.contextvars.bound_contextvars(request_id=request_id), pace:
            try:
                await self._app(scope, receive, echoing)
            except Exception as error:
                _log.error("unforeseen", kind=type(error).__name__, where=_where(error), path=_route(scope))
                if status and not whole:  # half an answer is out: break off, without the error's own words in a log
                    raise ConnectionAbortedError("answer broken off") from None
                if not status:
                    await problems.answer(Request(scope), problems.unforeseen(request_id))(scope, receive, echoing)
            _log.info("request", method=scope["method"], path=_route(scope), status=status)


def _where(error: Exception) -> str:
    """Return the innermost place an error came from, `module:line`: enough to find it, and no content."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return f"{place.tb_frame.f_globals.get('__name__', '?')}:{place.tb_lineno}" if place is not None else ""


def _request_id(scope: Scope) -> str:
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return given if _REQUEST_ID.fullmatch(given) else str(uuid4())


def _route(scope: Scope) -> str:
    """Return the matched route's pattern, so that logs carry no caller's text."""
    route = scope.get("route")
    return getattr(route, "path", "-")
