"""Bearer tokens of portal clients: looked up by their SHA-256, with scopes and expiry."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request

from gateway.domain import codes
from gateway.domain.case import Client
from gateway.domain.errors import SubmissionError
from gateway.domain.tokens import token_digest
from gateway.ports import World


def caller(scope: str) -> Callable[[Request], Client]:
    """Return a dependency that lets only callers with `scope` pass; raises as `identified` does."""

    def check(request: Request) -> Client:
        return identified(request, scope)

    return check


def identified(request: Request, scope: str) -> Client:
    """Return who calls; it asks the database, so call it in a thread.

    Raises:
        SubmissionError: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED (401) or SCOPE_MISSING (403).
    """
    world: World = request.app.state.world
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise SubmissionError(codes.TOKEN_MISSING, "Bitte ein Zugangstoken senden (Authorization: Bearer …).")
    with world.store.reading() as tx:
        client = tx.clients.by_token(token_digest(token.strip()))
    if client is None:
        raise SubmissionError(codes.TOKEN_INVALID, "Dieses Zugangstoken ist unbekannt oder gesperrt.")
    if client.expires_at <= world.clock.now():
        raise SubmissionError(codes.TOKEN_EXPIRED, "Dieses Zugangstoken ist abgelaufen; bitte ein neues verwenden.")
    if scope not in client.scopes:
        raise SubmissionError(codes.SCOPE_MISSING, f"Diesem Zugangstoken fehlt die Berechtigung „{scope}“.")
    return client
