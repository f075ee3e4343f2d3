"""A caller that hangs up in the middle of a body: nothing is kept, and nobody is alarmed."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from gateway.api.app import build_app
from gateway.edges.gate import Gate
from tests.kit.installation import installation


async def test_a_caller_that_hangs_up_in_the_middle_of_a_body_is_no_fault_of_ours(tmp_path: Path) -> None:
    coming: list[dict[str, Any]] = [
        {"type": "http.request", "body": b'{"municipality": ', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return coming.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    with installation(tmp_path) as installed, capture_logs() as logged:
        gate = Gate()
        headers = [
            (b"content-type", b"application/json"),
            (b"authorization", f"Bearer {installed.token()}".encode()),
            (b"idempotency-key", b"half"),
        ]
        scope = {
            "type": "http", "method": "POST", "path": "/v1/submissions", "raw_path": b"/v1/submissions",
            "query_string": b"", "headers": headers, "root_path": "", "scheme": "http", "http_version": "1.1",
            "server": ("gateway.test", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        await build_app(installed.world, gate=gate)(scope, receive, send)
        gate.close()
        with installed.world.store.reading() as tx:
            assert tx.idempotency.get("portal", "half") is None
    assert sent[0]["status"] == 400, "nobody reads it any more"
    assert [entry["event"] for entry in logged] == ["request"]
