"""All calls of the operator API under one router."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from gateway.api.operator import (
    authorities,
    bulk,
    clocks,
    deliveries,
    map,
    onboarding,
    overview,
    plans,
    records,
    replies_desk,
    report,
    survey,
)
from gateway.api.operator.guards import readable

router = APIRouter(prefix="/operator/v1", dependencies=[Depends(readable)])
for part in (
    overview, authorities, bulk, deliveries, records, map, onboarding, survey, replies_desk, report, plans, clocks,
):  # fmt: skip
    router.include_router(part.router)
