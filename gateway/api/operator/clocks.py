"""Operators on time: the calendar, who has not fetched, whose plans are late, and what a later day would bring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from gateway.api.operator.access import Editing, Reading, world_of
from gateway.api.operator.guards import if_match, reading
from gateway.api.operator.late import overdue_of
from gateway.api.operator.rows import etag_of
from gateway.api.operator.shapes import Line, Reason, Shape
from gateway.api.shapes import Day
from gateway.domain import codes
from gateway.domain.calendar import local_date
from gateway.domain.errors import SubmissionError
from gateway.domain.rehearsal import day_asked
from gateway.flow import clocks, rehearse

router = APIRouter()


class ClosedDay(Shape):
    """A day on which nobody works though it is no public holiday."""

    date: Day
    name: Line = ""


class ClosedDaysIn(Shape):
    """All such days; they replace the ones kept before."""

    dates: Annotated[list[ClosedDay], Field(max_length=1000)]
    reason: Reason


@router.get("/calendar", summary="Days on which nobody works beside the public holidays")
def calendar(request: Request, response: Response, _: Reading) -> dict[str, Any]:
    """In order of time; the ETag guards the list against being overwritten unseen."""
    with world_of(request).store.reading() as tx:
        return _closed_out(response, tx.duties.closed_days())


@router.put("/calendar/closed", summary="Replace the days on which nobody works")
def set_closed(
    request: Request,
    response: Response,
    operator: Editing,
    given: Annotated[ClosedDaysIn, Depends(reading(ClosedDaysIn))],
) -> dict[str, Any]:
    """Needs If-Match. Public holidays of North Rhine-Westphalia are known and need not be among them."""
    seen = if_match(request)

    def guard(days: Mapping[date, str]) -> None:
        if etag_of(sorted(days.items())) != seen:
            reason = "Jemand anderes hat diese Liste inzwischen geändert; es wurde nichts überschrieben."
            raise SubmissionError(codes.ETAG_STALE, reason, "Bitte neu laden und die Änderung noch einmal eingeben.")

    days = {one.date: one.name for one in given.dates}
    clocks.set_closed_days(world_of(request), days, operator.actor, given.reason, guard)
    return _closed_out(response, days)


def _closed_out(response: Response, days: Mapping[date, str]) -> dict[str, Any]:
    ordered = sorted(days.items())
    response.headers["ETag"] = etag_of(ordered)
    return {"closed": [{"date": day.isoformat(), "name": name} for day, name in ordered]}


@router.get("/overdue", summary="Who has not fetched, and whose plans are late")
def overdue(request: Request, _: Reading) -> dict[str, Any]:
    """The longest waiting first; `level` is 1, 2 or 5 working days (NB § 6)."""
    return overdue_of(world_of(request))


@router.get("/rehearse", summary="What a later day would bring if nobody did anything")
def rehearsal(request: Request, _: Reading, at: Annotated[str, Query(min_length=1, max_length=20)]) -> dict[str, Any]:
    """`at` is `2027-05-03` or `+60d`; `breaks` marks what would stop working."""
    world = world_of(request)
    day = day_asked(at, local_date(world.clock.now()))
    if day is None:
        raise SubmissionError(codes.FIELD_INVALID, f"„{at}“ ist weder ein Datum noch eine Spanne wie +60d.")
    return {
        "at": day.isoformat(),
        "findings": [
            {
                "on": one.on.isoformat(),
                "authority": one.authority,
                "authority_name": one.name,
                "kind": one.kind,
                "sentence": one.sentence,
                "breaks": one.breaks,
            }
            for one in rehearse.rehearse(world, day)
        ],
    }
