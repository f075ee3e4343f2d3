"""A small submission in one call: all of it counts, or nothing of it was ever there."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.domain import codes
from gateway.domain.journal import verify
from tests.journeys.chain_test import open_by_tool
from tests.kit.installation import WARENDORF, Installation, announcement, installation, overview_pdf, portal
from tests.kit.pdfs_hostile import HOSTILE

Stage = tuple[Installation, httpx.AsyncClient]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            yield installed, client


def enclosed(*files: bytes, **changes: Any) -> dict[str, Any]:
    """Return an announcement whose attachments bring their content along."""
    body = announcement(*files, **changes)
    for entry, file in zip(body["attachments"], files, strict=True):
        entry["content"] = base64.b64encode(file).decode()
    return body


async def submit(client: httpx.AsyncClient, body: dict[str, Any], key: str = "k") -> httpx.Response:
    return await client.post("/v1/submissions", json=body, headers={"Idempotency-Key": key})


def kept(installed: Installation) -> list[Path]:
    """Return the files in the vault."""
    return [path for path in (installed.settings.state / "vault").rglob("*") if path.is_file()]


def nothing_is_there(installed: Installation) -> bool:
    with installed.world.store.reading() as tx:
        told = [entry.act.what for entry in tx.journal.read() if entry.act.what.startswith("case.")]
        return not told and not tx.deliveries.counts() and not kept(installed)


async def test_it_is_accepted_by_one_call_and_reaches_the_authority_like_any_other(
    stage: Stage, tmp_path: Path
) -> None:
    installed, client = stage
    files = (overview_pdf(), overview_pdf(20_000))
    answer = await submit(client, enclosed(*files))
    assert answer.status_code == 201, answer.text
    case = answer.json()
    assert case["status"] == "accepted"
    assert case["accepted_at"] is not None
    assert case["receipt"].count(".") == 2
    assert all(entry["received"] for entry in case["attachments"])
    assert answer.headers["location"] == f"/v1/submissions/{case['id']}"
    assert (await client.get(f"/v1/submissions/{case['id']}")).json() | {"receipt": case["receipt"]} == case
    installed.work()
    report = open_by_tool(installed, (installed.inboxes[WARENDORF] / case["message_id"]).rename(tmp_path / "taken"))
    assert report["ok"] is True
    opened = Path(str(report["folder"]))
    assert (opened / "Antragsübersicht.pdf").read_bytes() == files[0]
    assert (opened / "Plan 1.pdf").read_bytes() == files[1]
    installed.clock.pass_by(minutes=10)
    installed.work()
    assert kept(installed) == []
    with installed.world.store.reading() as tx:
        assert verify(tx.journal.read()) is None


async def test_the_same_call_again_is_answered_alike_and_another_body_is_not(stage: Stage) -> None:
    installed, client = stage
    body = enclosed(overview_pdf())
    first, again = await submit(client, body), await submit(client, body)
    assert again.status_code == 201
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    other = await submit(client, enclosed(overview_pdf(5000)))
    assert (other.status_code, other.json()["code"]) == (422, codes.IDEMPOTENCY_MISMATCH.name)
    assert len(kept(installed)) == 1


async def test_one_of_many_equal_calls_at_once_is_accepted(stage: Stage) -> None:
    installed, client = stage
    body = enclosed(overview_pdf())
    answers = await asyncio.gather(*(submit(client, body) for _ in range(6)))
    told = {answer.status_code for answer in answers}
    assert told <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert len(kept(installed)) == 1


async def test_a_completed_submission_takes_no_upload_and_completes_again_alike(stage: Stage) -> None:
    _, client = stage
    case = (await submit(client, enclosed(overview_pdf()))).json()
    slot = case["attachments"][0]["upload_url"]
    put = await client.put(slot, content=overview_pdf(), headers={"Content-Type": "application/pdf"})
    assert (put.status_code, put.json()["code"]) == (409, "state-conflict")
    again = await client.post(f"/v1/submissions/{case['id']}/complete")
    assert again.status_code == 201
    assert again.json()["message_id"] == case["message_id"]


@pytest.mark.parametrize("kind", ["an empty archive", "an object stream that swells"])
async def test_a_file_the_gate_refuses_leaves_nothing_of_the_others(stage: Stage, kind: str) -> None:
    installed, client = stage
    build, code = HOSTILE[kind]
    answer = await submit(client, enclosed(overview_pdf(), build()))
    assert (answer.status_code, answer.json()["code"]) == (422, code.name)
    assert nothing_is_there(installed)
    mended = await submit(client, enclosed(overview_pdf(), overview_pdf(4000)))
    assert mended.status_code == 201, "the key of a refused call is free"


async def test_every_fault_of_content_and_antrag_is_named_at_once(stage: Stage) -> None:
    installed, client = stage
    body = enclosed(overview_pdf(), overview_pdf(4000), overview_pdf(5000))
    body["attachments"][0]["sha256"] = "0" * 64
    body["attachments"][1]["size"] += 1
    body["attachments"][2]["anlageart"] = "9998"
    body["antrag"]["bauvorhaben"]["gegenstand"]["art_der_massnahme"] = ["XX"]
    answer = await submit(client, body)
    assert (answer.status_code, answer.json()["code"]) == (422, codes.FAULTS.name)
    found = {fault["pointer"]: fault["code"] for fault in answer.json()["errors"]}
    assert found["/attachments/0/sha256"] == "digest-mismatch"
    assert found["/attachments/1/size"] == "size-mismatch"
    assert found["/attachments/2/anlageart"] == "code-unknown"
    assert any(pointer.startswith("/antrag/") for pointer in found), found
    assert nothing_is_there(installed)


@pytest.mark.parametrize("content", [None, "", "%%%", "QQ", "QUJD\n", "QUJD=", "ä", "A" * 1_400_001])
async def test_content_that_is_missing_or_no_base64_is_named(stage: Stage, content: str | None) -> None:
    installed, client = stage
    body = enclosed(overview_pdf(), overview_pdf(4000))
    body["attachments"][1]["content"] = content
    answer = await submit(client, body)
    assert answer.status_code == 422, answer.text
    assert {fault["pointer"].rsplit("/", 1)[0] for fault in answer.json()["errors"]} == {"/attachments/1"}
    assert nothing_is_there(installed)


async def test_more_than_a_megabyte_is_to_be_uploaded_instead(stage: Stage) -> None:
    installed, client = stage
    answer = await submit(client, enclosed(overview_pdf(600_000), overview_pdf(600_001)))
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["code"], fault["pointer"]) == ("body-too-large", "/attachments")
    assert nothing_is_there(installed)


async def test_no_plaintext_of_it_is_ever_on_the_disk(stage: Stage, tmp_path: Path) -> None:
    _, client = stage
    canary, overview = "Zweihundertsiebenunddreissigste", overview_pdf()
    body = enclosed(overview)
    body["antrag"]["bauvorhaben"]["bezeichnung_des_bauvorhabens"] = canary
    assert (await submit(client, body)).status_code == 201
    needles = [canary.encode(), base64.b64encode(overview)[300:340], overview[300:340]]
    for path in (tmp_path / "state").rglob("*"):
        if path.is_file():
            assert not any(needle in path.read_bytes() for needle in needles), path
