"""The console without a server: the first screen's questions are answered before the application is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.local import Growing, local_app
from tests.kit.installation import WARENDORF, installation

ASKED = ("/me", "/overview", "/authorities")


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here/operator/v1")


def settled(value: Any) -> Any:
    """Return an answer without what passes with time."""
    return {name: one for name, one in value.items() if name not in ("now", "oldest")}


async def test_what_is_answered_at_once_is_what_the_whole_application_answers(tmp_path: Path) -> None:
    with installation(tmp_path) as made:
        made.takes_part(WARENDORF)
        state = made.settings.state
    app, close = local_app(state, read_only=True)
    try:
        async with client_of(app) as client:
            first = {path: (await client.get(path)).json() for path in ASKED}
            assert isinstance(app, Growing)
            assert app._made is None
            assert (await client.get(f"/authorities/{WARENDORF}")).json()["name"] == "Kreis Warendorf"
            assert app._made is not None
            whole = {path: (await client.get(path)).json() for path in ASKED}
            assert {path: settled(one) for path, one in first.items()} == {p: settled(one) for p, one in whole.items()}
            refused = await client.post(f"/authorities/{WARENDORF}/pause", json={"reason": "x"})
            assert refused.json()["code"] == "role-missing"
    finally:
        close()


async def test_what_cannot_be_answered_at_once_is_refused_by_the_whole_application() -> None:
    def busy() -> Any:
        raise SubmissionError(codes.DRAINING, "Die Datenbank ist belegt.")

    async def whole(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    growing = Growing({"/operator/v1/overview": busy}, lambda: (whole, lambda: None))
    async with client_of(growing) as client:
        answer = await client.get("/overview")
    growing.close()
    assert (answer.status_code, answer.text) == (503, "/operator/v1/overview")


def test_the_first_answers_need_no_web_framework() -> None:
    late = {"fastapi", "starlette", "structlog", "pikepdf", "signxml", "smtplib", "sqlalchemy.dialects.postgresql"}
    code = f"import gateway.local, sys; print(*sorted({late!r} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
