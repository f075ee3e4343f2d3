"""Calls with an Idempotency-Key: one at a time per caller and key; what was answered before is answered alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request

from gateway.domain import codes
from gateway.domain.case import Client
from gateway.domain.errors import SubmissionError


def key_of(request: Request) -> str:
    """Return the caller's key.

    Raises:
        SubmissionError: IDEMPOTENCY_MISSING unless it has 1 to 200 printable characters.
    """
    key = request.headers.get("idempotency-key", "")
    if not 1 <= len(key) <= 200 or not key.isprintable():
        raise SubmissionError(
            codes.IDEMPOTENCY_MISSING, "Bitte einen Idempotency-Key senden (1 bis 200 druckbare Zeichen)."
        )
    return key


@contextmanager
def one_at_a_time(request: Request, client: Client, key: str) -> Iterator[None]:
    """Let only one call of this caller with this key through at a time.

    Another process is held back by the database instead: it then finds the answer that was given here.

    Raises:
        SubmissionError: IDEMPOTENCY_IN_FLIGHT.
    """
    in_flight: dict[tuple[str, str], Request] = request.app.state.in_flight
    if in_flight.setdefault((client.name, key), request) is not request:  # one step, also among threads
        raise SubmissionError(codes.IDEMPOTENCY_IN_FLIGHT, "Diese Anfrage wird gerade bearbeitet.")
    try:
        yield
    finally:
        del in_flight[client.name, key]
