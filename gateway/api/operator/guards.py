"""What stands before every change: a body of the right shape, the state that was seen, and the right to do it."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable

from fastapi import Request

from gateway.api.bodies import Shape, read_body, read_json, shaped
from gateway.api.operator.roles import Operator
from gateway.api.operator.seen import changed
from gateway.domain import codes
from gateway.domain.authority import Authority
from gateway.domain.calendar import local_date
from gateway.domain.errors import Fault, SubmissionError
from gateway.domain.participation import Participation, Phase, in_force
from gateway.flow.golive import is_live
from gateway.flow.proofs import same_way
from gateway.ports import Transaction, World

_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that nobody sees: they have no place in an id, a filter or a reason, and databases refuse some."""

BODY = 200_000
"""Bytes of a JSON body, at most."""


async def readable(request: Request) -> None:
    """Let no address with control characters pass.

    Raises:
        SubmissionError: NOT_FOUND for a part of the path, FAULTS naming every such parameter.
    """
    if any(_UNREADABLE.search(str(value)) for value in request.path_params.values()):
        raise SubmissionError(codes.NOT_FOUND, "Diese Adresse gibt es nicht.")
    found = [name for name, value in request.query_params.multi_items() if _UNREADABLE.search(value)]
    if found:
        faults = [
            Fault(codes.FIELD_INVALID, f"/query/{name}", "Diese Angabe enthält Steuerzeichen.")
            for name in dict.fromkeys(found)
        ]
        raise SubmissionError(codes.FAULTS, "Die Anfrage enthält Steuerzeichen.", "", faults)


def reading(shape: type[Shape]) -> Callable[[Request], Awaitable[Shape]]:
    """Return a dependency that gives a request's JSON body as a shape, or raises every fault in it.

    The body is read in the event loop, so that the endpoint itself can be plain code in a thread.
    """

    async def read(request: Request) -> Shape:
        value = read_json(await read_body(request, BODY))
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:  # half a surrogate pair: no text, and no database takes it
            reason = "Der Inhalt enthält Zeichen, die es nicht gibt (halbe Ersatzzeichen)."
            raise SubmissionError(codes.BODY_UNREADABLE, reason) from error
        return shaped(shape, value)

    return read


def guarded(request: Request, authority: Authority) -> Callable[[Transaction], None]:
    """Return a check that nobody changed the authority since the caller saw it.

    Raises:
        SubmissionError: ETAG_MISSING (428) or ETAG_STALE (412).
    """
    given = if_match(request)

    def check(tx: Transaction) -> None:
        if changed(tx, {authority.key: given}):
            raise stale()

    return check


def if_match(request: Request) -> str:
    """Return what the caller says to have seen.

    Raises:
        SubmissionError: ETAG_MISSING (428).
    """
    given = request.headers.get("if-match", "")
    if not given:
        raise SubmissionError(codes.ETAG_MISSING, "Bitte den gesehenen Stand mitsenden (If-Match).")
    return given


def stale() -> SubmissionError:
    """Return the error for a change over something that somebody else has changed meanwhile."""
    reason = "Jemand anderes hat diese Behörde inzwischen geändert; es wurde nichts überschrieben."
    return SubmissionError(codes.ETAG_STALE, reason, "Bitte neu laden und die Änderung noch einmal eingeben.")


def require_approval_for(world: World, value: Participation, operator: Operator) -> None:
    """Raise where a setting would do what belongs to the onboarding.

    Ending, or another way for an authority that is live, needs the right to approve. Going live nobody may at all.

    Raises:
        SubmissionError: ROLE_MISSING (403).
    """
    if not value.option.accepts or value.phase not in (Phase.LIVE, Phase.ENDED):
        return
    with world.store.reading() as tx:
        current = in_force(tx.registry.history(value.authority), local_date(world.clock.now()))
    if value.phase is Phase.LIVE and not is_live(current):
        return  # nobody may; keeping it says so
    needed = value.phase is Phase.ENDED or not same_way(current, value)
    if needed and "freigeben" not in operator.roles:
        reason = "Beenden und den Weg einer Behörde ändern, die live ist, darf nur, wer „freigeben“ hat."
        raise SubmissionError(codes.ROLE_MISSING, reason)
