"""While the object store is away portals are told to wait, workers wait, no authority is blamed, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import httpx

from gateway.demo.pdf import make_pdf
from gateway.domain.case import Delivery
from gateway.domain.delivery import State
from tests.kit.installation import WARENDORF, Installation, announcement, installation, overview_pdf, portal
from tests.kit.object_store import KEY_ID, SECRET, fresh_bucket, object_server, settings_of
from tests.kit.wire import Break, Wire

FILES = (overview_pdf(), make_pdf(["Plan"], 60_000))


async def announced(line: httpx.AsyncClient, key: str) -> dict[str, object]:
    headers = {"Idempotency-Key": key}
    answer = await line.post("/v1/submissions", json=announcement(*FILES, portal_reference=key), headers=headers)
    return dict(answer.raise_for_status().json())


async def upload(line: httpx.AsyncClient, case: dict[str, object], index: int) -> httpx.Response:
    headers = {"Content-Type": "application/pdf"}
    return await line.put(f"/v1/submissions/{case['id']}/attachments/{index}", content=FILES[index], headers=headers)


async def hand_off(line: httpx.AsyncClient, case: dict[str, object]) -> str:
    for index in range(len(FILES)):
        assert (await upload(line, case, index)).status_code == 200
    return str((await line.post(f"/v1/submissions/{case['id']}/complete")).raise_for_status().json()["message_id"])


def delivery(installed: Installation, message_id: str) -> Delivery:
    with installed.world.store.reading() as tx:
        found = tx.deliveries.get(message_id)
    assert found is not None
    return found


async def test_a_lost_object_store_delays_and_loses_nothing(tmp_path: Path) -> None:
    secrets = tmp_path / "state" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "vault").touch(0o600)
    (secrets / "vault").write_text(f"{KEY_ID}\n{SECRET}\n")
    with Wire(object_server().port).running() as wire:
        settings = settings_of(fresh_bucket()) | {"vault_endpoint": f"http://127.0.0.1:{wire.port}"}
        with installation(tmp_path, **settings) as installed:
            async with portal(installed) as line:
                first, second = await announced(line, "k-1"), await announced(line, "k-2")
                message = await hand_off(line, first)
                with wire.broken(Break.REFUSED):
                    await _everything_says_so(installed, line, second, message)
                installed.clock.pass_by(minutes=10)
                other = await hand_off(line, second)
                installed.work()
            inbox = installed.inboxes[WARENDORF]
            assert {entry.name for entry in inbox.iterdir() if entry.name[0] != "."} == {message, other}
            with installed.world.store.reading() as tx:
                assert not [way for way in tx.ways.all() if way.failures or way.open_until], "no authority is blamed"


async def _everything_says_so(
    installed: Installation, line: httpx.AsyncClient, case: dict[str, object], message: str
) -> None:
    for answer in (
        await upload(line, case, 0),
        await line.post(f"/v1/submissions/{case['id']}/complete"),
        await line.get("/readyz"),
    ):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "Objektspeicher" in answer.json()["detail"]
        assert SECRET not in answer.text
    installed.work()
    now = delivery(installed, message)
    assert now.state is State.WAITING
    assert "Objektspeicher" in now.reason
    assert list(installed.inboxes[WARENDORF].iterdir()) == []
