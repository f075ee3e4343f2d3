"""When our own disk or database fails: said, stopped where nothing can be believed, and nothing left lying."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.adapter import Envelope, Handover
from gateway.api.app import build_app
from gateway.domain import codes
from gateway.domain.case import Way
from gateway.domain.delivery import State
from gateway.domain.errors import ConfigurationError, GatewayError
from gateway.edges.gate import Gate
from gateway.edges.vault_disk import DiskCalls
from gateway.edges.vault_folder import FolderVault
from gateway.flow import retry
from gateway.flow.test_messages import send_test
from gateway.flow.worker import Worker
from gateway.ports import Policy, Store
from gateway.wiring import SystemClock
from tests.kit.installation import ACTOR, WARENDORF, announcement, installation, overview_pdf
from tests.kit.recorder import handed_over, recording
from tests.kit.stores import a_delivery

AWAY = ConfigurationError(codes.DRAINING, "Die Datenbank ist nicht erreichbar; es wurde nichts gespeichert.")


@dataclass
class Wobbly:
    """A store whose database is away for the next so many writing blocks."""

    store: Store
    away: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        if self.away:
            self.away -= 1
            raise AWAY
        with self.store.writing() as tx:
            yield tx


@dataclass
class Deaf:
    """A store that cannot say for some looks whether anything changed: its database is being restarted."""

    store: Store
    looks: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def changed(self) -> int:
        if self.looks:
            self.looks -= 1
            raise AWAY
        return self.store.changed()


def test_a_worker_outlives_a_database_that_is_restarted_while_it_rests(tmp_path: Path) -> None:
    clock: Any = SystemClock()
    with installation(tmp_path, clock=clock) as installed:
        book = recording(installed)
        installed.takes_part(WARENDORF, adapter="book", settings={})
        store = Deaf(installed.world.store, looks=2)
        installed.world = replace(installed.world, store=store)
        stop = threading.Event()
        thread = threading.Thread(target=Worker(installed.world, "w", stop=stop).run)
        thread.start()
        until = time.monotonic() + 30
        while store.looks and time.monotonic() < until:
            time.sleep(0.05)
        delivery = send_test(installed.world, WARENDORF, ACTOR, "Test")
        while not book.given and time.monotonic() < until:
            time.sleep(0.05)
        stop.set()
        thread.join()
    assert book.names(WARENDORF) == [delivery.message_id]


def test_an_outcome_that_could_not_be_recorded_is_taken_over_though_its_worker_lives(tmp_path: Path) -> None:
    clock: Any = SystemClock()
    with installation(tmp_path, clock=clock, lease_seconds=0.3) as installed:
        book = recording(installed)
        installed.takes_part(WARENDORF, adapter="book", settings={})
        store = Wobbly(installed.world.store)
        installed.world = replace(installed.world, store=store)

        def database_goes(envelope: Envelope) -> Handover:
            if len(book.given) == 1:
                store.away = 1
            return handed_over(envelope)

        book.behave[WARENDORF] = database_goes
        delivery = send_test(installed.world, WARENDORF, ACTOR, "Test")
        stop = threading.Event()
        thread = threading.Thread(target=Worker(installed.world, "w", stop=stop).run)
        thread.start()
        until, state = time.monotonic() + 30, None
        while state is not State.HANDED_OVER and time.monotonic() < until:
            time.sleep(0.05)
            with store.reading() as tx:
                state = tx.deliveries.get(delivery.message_id).state
        stop.set()
        thread.join()
        assert state is State.HANDED_OVER
        assert book.names(WARENDORF) == [delivery.message_id] * 2


@pytest.mark.parametrize("code", [codes.DRAINING, codes.STORAGE_FULL])
def test_a_passing_failure_of_our_own_holds_no_delivery_and_says_nothing_about_the_far_side(code: codes.Code) -> None:
    now, policy = datetime(2026, 11, 23, tzinfo=UTC), Policy()
    error: GatewayError = ConfigurationError(code, "Platz oder Datenbank fehlt.")
    under_way = a_delivery(state=State.UNDER_WAY, attempt=1)
    after = retry.failed(under_way, error, repeatable=True, now=now, jitter=0.5, policy=policy)
    assert (after.state, after.reason) == (State.WAITING, "Platz oder Datenbank fehlt.")
    assert after.next_at is not None
    careful = retry.failed(under_way, error, repeatable=False, now=now, jitter=0.5, policy=policy)
    assert careful.state is State.HELD
    interrupted = Way(WARENDORF, failures=4)
    assert retry.way_after(interrupted, error, now, policy) is interrupted


async def test_after_a_failed_fsync_the_portal_is_told_and_the_process_is_told_to_end(tmp_path: Path) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with installation(tmp_path) as installed:
        vault = FolderVault(installed.settings.state / "vault", DiskCalls(fsync=broken))
        world = replace(installed.world, vault=vault)
        ended: list[str] = []
        gate = Gate()
        app = build_app(world, gate=gate, stop=lambda: ended.append("stop"))
        headers = {"Authorization": f"Bearer {installed.token()}"}
        pdf = overview_pdf()
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://gateway.test", headers=headers
        ) as client:
            begun = await client.post("/v1/submissions", json=announcement(pdf), headers={"Idempotency-Key": "k"})
            assert begun.status_code == 201, begun.text
            assert ended == []
            put = await client.put(
                begun.json()["attachments"][0]["upload_url"], content=pdf, headers={"Content-Type": "application/pdf"}
            )
        gate.close()
        assert put.status_code == 503
        assert put.json()["code"] == codes.DURABILITY_LOST.name
        assert ended == ["stop"]
