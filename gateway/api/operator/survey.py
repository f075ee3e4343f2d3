"""Operators on surveys: upload a table, look at its plan, apply it as one batch, take it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool

from gateway.api.operator.access import Editing, Reading, world_of
from gateway.api.operator.guards import reading, require_approval_for
from gateway.api.operator.shapes import ApplySurveyIn, Because
from gateway.api.operator.sifting import SURVEY_FIELDS, sift
from gateway.api.operator.uploads import read_file
from gateway.domain.dossier import Survey, SurveyState
from gateway.flow import surveys as flow
from gateway.ports import Transaction, World

router = APIRouter()

STATES = {
    SurveyState.DRAFT: "Entwurf",
    SurveyState.APPLIED: "übernommen",
    SurveyState.UNDONE: "zurückgenommen",
}

HIDDEN = frozenset({"wanted", "seen"})
"""What a row keeps for the moment it is applied."""


@router.post("/survey", summary="Read a table as a draft; nothing is applied")
async def upload(
    request: Request,
    operator: Editing,
    name: Annotated[str, Query(max_length=200)] = "",
    filename: Annotated[str, Query(max_length=200)] = "",
    valid_from: Annotated[date | None, Query()] = None,
) -> dict[str, Any]:
    """CSV or XLSX, as the raw body or as the first file of a form."""
    given, octets = await read_file(request)
    title = name or filename or given or "Umfrage"
    survey = await run_in_threadpool(flow.read, world_of(request), title, octets, operator.actor, valid_from=valid_from)
    return plan_out(world_of(request), survey)


@router.get("/survey", summary="All surveys, the newest first")
def surveys(
    request: Request,
    _: Reading,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Without their rows; go on with `next` as `after`, `q` filters as the console does (`stand:entwurf`)."""
    with world_of(request).store.reading() as tx:
        return sift(heads(tx, after, limit), q, SURVEY_FIELDS, limit)


def heads(tx: Transaction, after: int, at_once: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield all surveys behind a place, the newest first, each with its place and without its rows."""
    while found := tx.surveys.heads(after, at_once):
        for one in found:
            after += 1
            yield after, head_out(one)


@router.get("/survey/{survey_id}", summary="The plan of a survey")
def survey(request: Request, survey_id: str, _: Reading) -> dict[str, Any]:
    """Cell by cell, with reasons."""
    world = world_of(request)
    return plan_out(world, flow.found(world, survey_id))


@router.post("/survey/{survey_id}/apply", summary="Apply a survey from a date on, as one batch")
def apply(
    request: Request,
    survey_id: str,
    operator: Editing,
    given: Annotated[ApplySurveyIn, Depends(reading(ApplySurveyIn))],
) -> dict[str, Any]:
    """All rows without errors, or nothing if anything has changed meanwhile."""
    world = world_of(request)
    found = flow.found(world, survey_id)
    for value in flow.values_of(world, found, given.valid_from, given.rows):
        require_approval_for(world, value, operator)
    applied = flow.apply(world, found, given.valid_from, operator.actor, given.reason, given.rows)
    return plan_out(world, flow.found(world, survey_id)) | {"applied": len(applied), "batch": flow.batch_of(found)}


@router.post("/survey/{survey_id}/undo", summary="Take a survey back")
def undo(
    request: Request, survey_id: str, operator: Editing, given: Annotated[Because, Depends(reading(Because))]
) -> dict[str, Any]:
    """Authorities that were changed by hand since are left alone, and named."""
    world = world_of(request)
    undone = flow.undo(world, flow.found(world, survey_id), operator.actor, given.reason)
    lists = {"restored": list(undone.restored), "left_alone": list(undone.left_alone)}
    return plan_out(world, flow.found(world, survey_id)) | lists


def head_out(survey: Survey) -> dict[str, Any]:
    """Return a survey in one line."""
    return _said(survey) | {"rows": survey.plan["counts"]["rows"], "changes": survey.plan["counts"]["changed"]}


def _said(survey: Survey) -> dict[str, Any]:
    return {
        "id": survey.id,
        "name": survey.name,
        "at": survey.at.isoformat(),
        "actor": survey.actor,
        "state": survey.state.value,
        "state_label": STATES[survey.state],
    }


def plan_out(world: World, survey: Survey) -> dict[str, Any]:
    """Return a survey with its plan; once it is applied, `valid_from` is the day from which it holds."""
    rows = [{name: value for name, value in row.items() if name not in HIDDEN} for row in survey.plan["rows"]]
    day = flow.holds_from(world, survey).isoformat()
    return _said(survey) | {"batch": flow.batch_of(survey)} | {**survey.plan, "rows": rows, "valid_from": day}
