"""A message of 240 MB on each way: neither the server that takes it nor the worker that carries it holds it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gateway.demo.pdf import make_pdf
from gateway.domain.delivery import State
from tests.kit import xta_official
from tests.kit.installation import announcement, overview_pdf
from tests.kit.running import process
from tests.kit.ways import Ways, ways
from tests.kit.xta_tls import make_pki

LIMIT = 200
"""MB of resident memory, at most, over the whole life of a process."""

FILES = 8
SIZE = 30_000_000


@pytest.mark.long
@pytest.mark.skipif(not xta_official.OFFICIAL.exists(), reason=xta_official.MISSING)
def test_server_and_worker_stay_small_whatever_the_way_and_the_size(tmp_path: Path) -> None:
    adapters = ("xta_push", "sftp", "soap_push")
    with ways(tmp_path / "ways", make_pki(tmp_path), adapters) as around:
        for adapter in adapters:
            end = around.ends[adapter]
            end.settings["patience"] = 120
            around.takes_part(end.authority, adapter)
        settings: dict[str, Any] = {"disk_reserve_bytes": 0, "allow_hosts": '["localhost"]', "lease_seconds": 60}
        with (
            process(around.installed, "serve", "--port", "0", **settings) as server,
            process(around.installed, "worker", **settings) as worker,
            httpx.Client(base_url=server.address("http"), timeout=120) as portal,
        ):
            portal.headers["Authorization"] = f"Bearer {around.token}"
            files = [overview_pdf(), *(make_pdf([f"Plan {number}"], SIZE) for number in range(FILES))]
            for adapter in adapters:
                end = around.ends[adapter]
                message_id = _hand_off(portal, end.authority, files)
                _until_there(around, message_id)
                assert list(end.stored()) == [message_id]
                assert worker.peak_memory() < LIMIT, adapter
            assert server.peak_memory() < LIMIT


def _hand_off(portal: httpx.Client, municipality: str, files: list[bytes]) -> str:
    asked = announcement(*files, municipality=municipality)
    case = portal.post("/v1/submissions", json=asked, headers={"Idempotency-Key": str(uuid4())}).json()
    for slot, octets in zip(case["attachments"], files, strict=True):
        put = portal.put(slot["upload_url"], content=octets, headers={"Content-Type": "application/pdf"})
        assert put.status_code == 200, put.text
    return str(portal.post(f"/v1/submissions/{case['id']}/complete").raise_for_status().json()["message_id"])


def _until_there(around: Ways, message_id: str) -> None:
    until = time.monotonic() + 120
    while (now := around.delivery(message_id)).state not in (State.AVAILABLE, State.HANDED_OVER):
        assert time.monotonic() < until, now
        assert now.state is not State.HELD, now.reason
        time.sleep(0.1)
