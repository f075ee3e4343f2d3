"""The map for operators, and the page of it for the public."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from gateway.api.operator import rows
from gateway.api.operator.access import Reading, world_of
from gateway.api.operator.tiles import View, map_of, page_of
from gateway.domain.procedure import Procedure

router = APIRouter()


@router.get("/map", summary="The tile map")
def tiles(request: Request, _: Reading, view: Annotated[View, Query()] = "stage") -> dict[str, Any]:
    """One tile per Kreis, with the authorities in it."""
    return map_of(rows.table_of(world_of(request))["rows"], view)


@router.get("/map.html", summary="The map as a page of its own", response_class=HTMLResponse)
def page(request: Request, _: Reading, procedure: Annotated[Procedure | None, Query()] = None) -> HTMLResponse:
    """Self-contained: no foreign fonts, no scripts from elsewhere; filterable by municipality and procedure."""
    return HTMLResponse(page_of(world_of(request), procedure))
