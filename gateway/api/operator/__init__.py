"""The operator API: everything the console does, each change with actor and reason."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from gateway.api.operator import (
    authorities,
    bulk,
    clocks,
    deliveries,
    onboarding,
    overview,
    plans,
    records,
    replies_desk,
    report,
    survey,
    tiles,
)
from gateway.api.operator.guards import readable

router = APIRouter(prefix="/operator/v1", dependencies=[Depends(readable)])
for part in (
    overview, authorities, bulk, deliveries, records, tiles, onboarding, survey, replies_desk, report, plans, clocks,
):  # fmt: skip
    router.include_router(part.router)
