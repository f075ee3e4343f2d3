"""`/metrics` for Prometheus, beside health and readiness."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.edges.metrics import MEDIA_TYPE, Overdue, exposition
from gateway.flow import clocks
from gateway.flow.days import unfetched
from gateway.ports import Transaction, World

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request) -> Response:
    """No label carries anything but states, purposes and authority keys."""
    return Response(exposition(request.app.state.world, watch), media_type=MEDIA_TYPE)


def watch(world: World, tx: Transaction) -> Overdue:
    """Return what time has made of what is open."""
    lax = [(str(one.ready.authority), one.missed) for one in unfetched(world, tx)]
    return Overdue(lax, len(clocks.overdue_plans(world, tx)))
