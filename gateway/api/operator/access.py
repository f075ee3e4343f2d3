"""Who calls, and whether they may: by the token, or as the local user of a console without a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from gateway.api.operator.roles import Operator, Role
from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.tokens import token_digest
from gateway.ports import World


def operator(needed: Role) -> Callable[[Request], Operator]:
    """Return a dependency that lets only operators with a role pass.

    Raises:
        SubmissionError: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED (401) or ROLE_MISSING (403).
    """

    def check(request: Request) -> Operator:
        found = _local(request) or _by_token(request)
        if found.role < needed:
            raise SubmissionError(codes.ROLE_MISSING, f"Dafür ist die Berechtigung „{needed.word}“ nötig.")
        if found.read_only and needed > Role.LESEN:
            raise SubmissionError(codes.ROLE_MISSING, "Nur-Lese-Betrieb: Es wurde nichts geändert.")
        return found

    return check


def _local(request: Request) -> Operator | None:
    """Return the local user, where the application was built for one (the console without a server)."""
    found: Operator | None = getattr(request.app.state, "local_operator", None)
    return found


def _by_token(request: Request) -> Operator:
    world: World = request.app.state.world
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise SubmissionError(codes.TOKEN_MISSING, "Bitte ein Zugangstoken senden (Authorization: Bearer …).")
    with world.store.reading() as tx:
        client = tx.clients.by_token(token_digest(token.strip()))
    roles = [role for role in Role if client is not None and role.word in client.scopes]
    if client is None or not roles:
        raise SubmissionError(codes.TOKEN_INVALID, "Dieses Zugangstoken ist unbekannt oder kein Betreiber-Token.")
    if client.expires_at <= world.clock.now():
        raise SubmissionError(codes.TOKEN_EXPIRED, "Dieses Zugangstoken ist abgelaufen; bitte ein neues verwenden.")
    return Operator(client.name, max(roles))


Reading = Annotated[Operator, Depends(operator(Role.LESEN))]
Editing = Annotated[Operator, Depends(operator(Role.BEARBEITEN))]
Approving = Annotated[Operator, Depends(operator(Role.FREIGEBEN))]
Managing = Annotated[Operator, Depends(operator(Role.VERWALTEN))]


def world_of(request: Request) -> World:
    """Return the world the application was built over."""
    world: World = request.app.state.world
    return world
