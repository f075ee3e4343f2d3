"""What those see who watch the gateway: logs with ids and no content, an honest answer to a fault of our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.api.app import build_app
from tests.kit.installation import installation

SECRET = "Erika Mustermann, Freckenhorster Straße 43"


async def failing(scope: Any, receive: Any, send: Any) -> None:
    """An endpoint with a fault of ours whose words would give an applicant away."""
    if scope["path"].endswith("/halb"):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"halb", "more_body": True})
    raise LookupError(SECRET)


async def test_a_fault_of_our_own_is_a_problem_with_the_id_under_which_the_log_has_it(tmp_path: Path) -> None:
    with installation(tmp_path) as installed, capture_logs() as logged:
        transport = httpx.ASGITransport(app=build_app(installed.world, mounts={"/kaputt": failing}))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            got = await client.get("/kaputt/ganz", headers={"X-Request-Id": "abc-1"})
    assert got.status_code == 500
    assert got.headers["content-type"] == "application/problem+json"
    assert got.headers["x-request-id"] == "abc-1"
    problem = got.json()
    assert problem["code"] == "internal"
    assert problem["detail"] == "Das Gateway hat einen Fehler gemacht; er ist vermerkt."
    assert problem["hint"] == "Kennung: abc-1"
    (fault,) = [line for line in logged if line["event"] == "unforeseen"]
    assert (fault["kind"], fault["log_level"]) == ("LookupError", "error")
    assert fault["where"].startswith("tests.journeys.law_watch_test:") or "law_watch_test" in fault["where"]
    assert SECRET not in got.text + str(logged)


async def test_half_an_answer_is_broken_off_without_the_errors_own_words(tmp_path: Path) -> None:
    with installation(tmp_path) as installed, capture_logs() as logged:
        transport = httpx.ASGITransport(app=build_app(installed.world, mounts={"/kaputt": failing}))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            with pytest.raises(ConnectionAbortedError) as caught:
                await client.get("/kaputt/halb")
    assert caught.value.__suppress_context__
    assert SECRET not in str(logged)
