"""What a portal can prove: the receipt, signed and as PDF, and the bundle of evidence."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.api.auth import caller
from gateway.domain.case import Client
from gateway.domain.evidence import Event
from gateway.domain.procedure import Procedure
from gateway.domain.tokens import READ
from gateway.edges.cover_sheet import ReceiptSheet, receipt_sheet
from gateway.flow import evidence
from gateway.flow.cases import own_case
from gateway.ports import World
from gateway.seal.evidence_jws import certificate_of, payload_of
from gateway.seal.evidence_zip import MEDIA_TYPE
from gateway.seal.keys import fingerprint

router = APIRouter(prefix="/v1")

Reader = Annotated[Client, Depends(caller(READ))]
PRIVATE = {"Cache-Control": "no-store"}
PDF = "application/pdf"
JOSE = "application/jose"
BUNDLE = MEDIA_TYPE.decode("ascii")


def _receipt(request: Request, submission_id: str, client: Client) -> Event:
    world: World = request.app.state.world
    with world.store.reading() as tx:
        return evidence.receipt_of(tx, own_case(tx, client, submission_id))


@router.get(
    "/submissions/{submission_id}/receipt",
    summary="The signed receipt (compact JWS)",
    response_class=Response,
    responses={200: {"content": {JOSE: {}}}},
)
def receipt(request: Request, submission_id: str, client: Reader) -> Response:
    """The same as `receipt` in the answer to `complete`; there after erasure too."""
    return Response(_receipt(request, submission_id, client).jws, media_type=JOSE, headers=PRIVATE)


@router.get(
    "/submissions/{submission_id}/receipt.pdf",
    summary="The receipt as an accessible PDF",
    response_class=Response,
    responses={200: {"content": {PDF: {}}}},
)
def receipt_pdf(request: Request, submission_id: str, client: Reader) -> Response:
    """PDF/UA-1 and PDF/A-2a; the signature is in `receipt`."""
    found = _receipt(request, submission_id, client)
    certificate = certificate_of(found.head)
    value = payload_of(found.payload)
    sheet = ReceiptSheet(
        event=value,
        procedure=Procedure(value["facts"]["procedure"]).label,
        signer=certificate.subject.rfc4514_string(),
        kid=fingerprint(certificate),
        at=found.at,
    )
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="Einlieferungsbeleg-{found.case_number}.pdf"'}
    return Response(receipt_sheet(sheet), media_type=PDF, headers=headers)


@router.get(
    "/submissions/{submission_id}/evidence",
    summary="Everything that can be proved about the case, as one file",
    response_class=Response,
    responses={200: {"content": {BUNDLE: {}}}},
)
def bundle(request: Request, submission_id: str, client: Reader) -> Response:
    """`bauweiche evidence verify FILE --gateway CERT` checks it offline, also after erasure."""
    world: World = request.app.state.world
    with world.store.reading() as tx:
        case = own_case(tx, client, submission_id)
    headers = PRIVATE | {"Content-Disposition": f'attachment; filename="Nachweis-{case.number}.asice"'}
    return Response(evidence.bundle(world, case.number), media_type=BUNDLE, headers=headers)
