"""Several servers and workers on one PostgreSQL and one S3 store: every step anywhere, everything exactly once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from gateway.demo.pdf import make_pdf
from gateway.domain.journal import verify
from gateway.edges.vault_s3_bucket import Bucket
from tests.kit.fleet import Fleet, Member, Portal, fleet
from tests.kit.installation import WARENDORF, announcement, overview_pdf
from tests.kit.object_store import keys_in

PORTALS, EACH = 3, int(os.environ.get("SCALE_EACH", "1"))
"""Portals at a time, and what each hands off; SCALE_EACH=50 is a small storm."""


def wait_for(what: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


@pytest.mark.long
def test_any_process_goes_on_where_another_stopped_and_nothing_comes_twice(tmp_path: Path) -> None:
    with fleet(tmp_path, lease_seconds=3) as around:
        servers = [around.start("serve", "--port", "0") for _ in range(2)]
        token = around.installed.token()
        _one_call_at_both(servers, token)
        files = [overview_pdf(), make_pdf(["Plan"], 60_000)]
        workers = [around.start("worker") for _ in range(3)]

        def portal(number: int) -> list[dict[str, object]]:
            line = Portal([server.address for server in servers][:: 1 if number % 2 else -1], token)
            try:
                return [line.hand_off(f"k-{number}-{turn}", *files) for turn in range(EACH)]
            finally:
                line.close()

        with ThreadPoolExecutor(PORTALS) as pool:
            handed = pool.map(portal, range(PORTALS))
            wait_for(lambda: len(around.delivered()) > 0)
            workers[0].kill()
            servers[0].kill()
            accepted = [one for some in handed for one in some]
        wait_for(lambda: len(around.delivered()) == PORTALS * EACH)
        assert around.delivered() == sorted(str(one["message_id"]) for one in accepted)
        numbers = {around.opened(name)["case_number"] for name in around.delivered()}
        assert numbers == {one["case_number"] for one in accepted}
        _fetched_and_erased(around, [str(one["id"]) for one in accepted], servers[1].address, token)
        for member in (servers[1], *workers[1:]):
            member.stop()
        with around.installed.world.store.reading() as tx:
            verify(tx.journal.read())


def _one_call_at_both(servers: list[Member], token: str) -> None:
    """Send one and the same call to both servers at once: it makes one case."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "same"}
    asked, gate = announcement(), threading.Barrier(4)

    def call(number: int) -> httpx.Response:
        gate.wait(10)
        address = servers[number % 2].address
        return httpx.post(f"{address}/v1/submissions", json=asked, headers=headers, timeout=30, trust_env=False)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(call, range(4)))
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}


def _fetched_and_erased(around: Fleet, cases: list[str], address: str, token: str) -> None:
    inbox = around.installed.inboxes[WARENDORF]
    for name in around.delivered():
        (inbox / name).rename(around.installed.home / name)
    line = Portal([address], token)
    wait_for(lambda: all(line.status(case)["erased_at"] for case in cases))
    line.close()
    settings = around.installed.settings
    name, _, prefix = settings.vault.removeprefix("s3://").partition("/")
    left = keys_in(Bucket(name, prefix, settings.vault_endpoint, settings.vault_region, "k", "s"))
    assert left == [], "nothing of what was handed over stays in the object store"
