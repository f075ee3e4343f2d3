"""The whole chain in one process: portal → gateway → file drop → the authority's tool."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
from typer.testing import CliRunner

from gateway.domain.journal import verify
from gateway.main import app
from tests.kit.installation import WARENDORF, Installation, announcement, installation, overview_pdf, portal


async def hand_off(client: httpx.AsyncClient, *files: bytes, key: str = "k-1", **changes: object) -> dict[str, object]:
    """Announce, upload and complete; return the last answer."""
    announced = await client.post(
        "/v1/submissions", json=announcement(*files, **changes), headers={"Idempotency-Key": key}
    )
    assert announced.status_code == 201, announced.text
    case = announced.json()
    for slot, octets in zip(case["attachments"], files or (), strict=False):
        put = await client.put(slot["upload_url"], content=octets, headers={"Content-Type": "application/pdf"})
        assert put.status_code == 200, put.text
    completed = await client.post(f"/v1/submissions/{case['id']}/complete")
    assert completed.status_code == 201, completed.text
    return completed.json()  # type: ignore[no-any-return]


def open_by_tool(installed: Installation, folder: Path) -> dict[str, object]:
    """Open a fetched folder with `bauweiche open`, as the authority would."""
    arguments = ["open", str(folder), "--json", "--key", str(installed.keys[WARENDORF]), "--authority", WARENDORF]
    done = CliRunner().invoke(app, [*arguments, "--gateway", str(installed.gateway_certificate())])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)  # type: ignore[no-any-return]


async def test_what_a_portal_hands_off_is_opened_and_verified_by_the_authority_and_then_erased(tmp_path: Path) -> None:
    files = (overview_pdf(), overview_pdf(60_000))
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            case = await hand_off(client, *files)
            assert case["status"] == "accepted"
            installed.work()
            status = (await client.get(f"/v1/submissions/{case['id']}")).json()
            assert status["status"] == "available"
            folder = installed.inboxes[WARENDORF] / str(case["message_id"])
            taken = folder.rename(tmp_path / "taken")
            report = open_by_tool(installed, taken)
            assert report["ok"] is True
            assert report["case_number"] == case["case_number"]
            opened = Path(str(report["folder"]))
            assert (opened / "Antragsübersicht.pdf").read_bytes() == files[0]
            assert (opened / "Plan 1.pdf").read_bytes() == files[1]
            installed.clock.pass_by(minutes=10)
            installed.work()
            after = (await client.get(f"/v1/submissions/{case['id']}")).json()
            assert after["status"] == "handed_over"
            assert after["erased_at"] is not None
            events = (await client.get(f"/v1/submissions/{case['id']}/timeline")).json()["events"]
        assert [event["event"] for event in events] == [
            "case.announced", "case.accepted", "delivery.attempt",
            "delivery.available", "delivery.handed_over", "case.erased",
        ]  # fmt: skip
        with installed.world.store.reading() as tx:
            assert verify(tx.journal.read()) is None
        assert not any(path.is_file() for path in (tmp_path / "state" / "vault").rglob("*"))
