"""Operators at first sight: who they are, and everything that needs somebody."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from gateway.api.operator.access import Reading, world_of
from gateway.api.operator.figures import me_of, overview_of

router = APIRouter()


@router.get("/me", summary="Who I am and what I may do")
def me(request: Request, operator: Reading) -> dict[str, Any]:
    """The header of the console is made of this."""
    return me_of(world_of(request), operator, request.app.state.environment)


@router.get("/overview", summary="Everything at first sight")
def overview(request: Request, _: Reading) -> dict[str, Any]:
    """Counts, today's figures by the hour, and what needs somebody."""
    return overview_of(world_of(request))
