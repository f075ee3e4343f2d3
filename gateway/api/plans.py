"""Option 2 for portals: the Begleitschein that travels with the posted plans."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.auth import caller
from gateway.domain import codes
from gateway.domain.case import Client
from gateway.domain.errors import SubmissionError
from gateway.domain.participation import Option
from gateway.domain.tokens import READ
from gateway.edges.cover_sheet import CoverSheet, PostedPlan, cover_sheet
from gateway.flow import plans
from gateway.flow.cases import authority_of, own_case
from gateway.ports import World
from gateway.xbau.codelists import newest

router = APIRouter(prefix="/v1")

Reader = Annotated[Client, Depends(caller(READ))]


@router.get(
    "/submissions/{submission_id}/cover-sheet",
    summary="The Begleitschein (option 2) as an accessible PDF",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
def sheet(request: Request, submission_id: str, client: Reader) -> Response:
    """One page, PDF/UA-1 and PDF/A-2a; fetch it with the receipt: once the content is erased it lacks the titles."""
    world: World = request.app.state.world
    with world.store.reading() as tx:
        case = own_case(tx, client, submission_id)
        address = plans.postal_address(tx, case, authority_of(world, case.authority).title)
    if case.option != Option.WITHOUT_PLANS:
        reason = "Diese Behörde nimmt Pläne elektronisch an (Option 1); es gibt keinen Begleitschein."
        raise SubmissionError(codes.PLANS_UNEXPECTED, reason)
    if case.accepted_at is None or case.plans_due is None:
        raise SubmissionError(codes.STATE_CONFLICT, "Den Begleitschein gibt es erst nach dem Abschluss der Abgabe.")
    listed = plans.titles(world, case)
    made = cover_sheet(
        CoverSheet(
            case_number=case.number,
            address=address.lines,
            address_kept=address.kept,
            due=case.plans_due,
            count=case.posted_plans,
            plans=None if listed is None else [PostedPlan(one.title, _in_words(one.kind), one.date) for one in listed],
            at=case.accepted_at,
            test=case.test,
        )
    )
    name = f'attachment; filename="Begleitschein-{case.number}.pdf"'
    return Response(
        made, media_type="application/pdf", headers={"Cache-Control": "no-store", "Content-Disposition": name}
    )


def _in_words(kind: str) -> str:
    """Return what kind of plan a code of the XBau list `anlagen` means, for people; an unknown code stays itself."""
    return newest("anlagen").label(kind) or kind
