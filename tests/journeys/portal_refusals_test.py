"""Whatever a portal does wrong is answered with the exact problem, and nothing of it is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.domain.participation import Option, Phase
from tests.kit.installation import (
    AHLEN,
    MUENSTER,
    OELDE,
    Installation,
    announcement,
    installation,
    overview_pdf,
    portal,
)

JSON = {"Content-Type": "application/json"}
PDF = {"Content-Type": "application/pdf"}


@contextmanager
def several(home: Path) -> Iterator[Installation]:
    """An installation with one authority of each option, and one under test."""
    with installation(home) as installed:
        installed.takes_part(MUENSTER, option=Option.WITHOUT_PLANS, release="2.4.0.1")
        installed.takes_part(
            OELDE, option=Option.REDIRECT, redirect_url="https://bau.oelde.example/", adapter="", settings={}
        )
        installed.takes_part(AHLEN, phase=Phase.TEST)
        yield installed


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """For refusals at the announcement, of which nothing is kept."""
    with several(tmp_path_factory.mktemp("shared")) as installed:
        yield installed


@pytest.fixture
async def refusing(shared: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with portal(shared) as client:
        yield client


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[tuple[Installation, httpx.AsyncClient]]:
    with several(tmp_path) as installed:
        async with portal(installed) as client:
            yield installed, client


Stage = tuple[Installation, httpx.AsyncClient]


async def announce(client: httpx.AsyncClient, body: object, key: str = "k") -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post("/v1/submissions", content=content, headers={**JSON, "Idempotency-Key": key})


def only(problem: dict[str, Any]) -> dict[str, str]:
    assert len(problem["errors"]) == 1, problem
    found: dict[str, str] = problem["errors"][0]
    return found


def kept(installed: Installation) -> list[Path]:
    return [path for path in (installed.settings.state / "vault").rglob("*") if path.is_file()]


async def test_a_redirect_tells_the_address_to_send_the_applicant_to(refusing: httpx.AsyncClient) -> None:
    problem = (await announce(refusing, announcement(municipality=OELDE))).json()
    assert "https://bau.oelde.example/" in problem["detail"] + problem.get("hint", "")


async def test_option_2_takes_the_overview_only_and_names_each_plan(refusing: httpx.AsyncClient) -> None:
    plans = announcement(overview_pdf(), overview_pdf(4000), overview_pdf(5000), municipality=MUENSTER)
    problem = (await announce(refusing, plans)).json()
    assert [(fault["code"], fault["pointer"]) for fault in problem["errors"]] == [
        ("attachment-not-asked", "/attachments/1/anlageart"),
        ("attachment-not-asked", "/attachments/2/anlageart"),
    ]


async def test_every_fault_is_named_at_once(refusing: httpx.AsyncClient) -> None:
    value = announcement(overview_pdf(), overview_pdf(4000))
    value["attachments"][0]["file_name"] = value["attachments"][1]["file_name"] = "Gleich.PDF"
    value["attachments"][1]["size"] = 30_000_001
    del value["antrag"]["antragsteller"]
    problem = (await announce(refusing, value)).json()
    assert {fault["pointer"] for fault in problem["errors"]} == {
        "/attachments/1/size",
        "/attachments/1/file_name",
        "/antrag/antragsteller",
    }


async def test_251_megabytes_and_1000_files_are_refused_from_the_announced_sizes(refusing: httpx.AsyncClient) -> None:
    value = announcement()
    first = value["attachments"][0]
    value["attachments"] = [first | {"file_name": f"P{index}.pdf", "size": 251_000} for index in range(1000)]
    problem = (await announce(refusing, value)).json()
    assert {fault["code"] for fault in problem["errors"]} == {"attachments-too-many", "submission-too-large"}


async def test_a_wrong_content_type_or_a_missing_idempotency_key_is_refused(refusing: httpx.AsyncClient) -> None:
    form = await refusing.post(
        "/v1/submissions", content=b"{}", headers={"Content-Type": "text/xml", "Idempotency-Key": "k"}
    )
    assert (form.status_code, form.json()["code"]) == (415, "content-type")
    keyless = await refusing.post("/v1/submissions", content=b"{}", headers=JSON)
    assert (keyless.status_code, keyless.json()["code"]) == (400, "idempotency-key-missing")


async def test_the_same_key_and_body_get_the_same_answer_and_another_body_is_refused(stage: Stage) -> None:
    body = announcement()
    first, again = await announce(stage[1], body), await announce(stage[1], body)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = await announce(stage[1], announcement(portal_reference="other"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_the_same_key_twice_at_the_same_moment_is_answered_once_and_once_told_to_wait(stage: Stage) -> None:
    body = announcement()
    both = await asyncio.gather(announce(stage[1], body), announce(stage[1], body))
    assert sorted(answer.status_code for answer in both) == [201, 409]
    refused = next(answer for answer in both if answer.status_code == 409)
    assert refused.json()["code"] == "idempotency-in-flight"
    assert (await announce(stage[1], body)).status_code == 201


async def upload(client: httpx.AsyncClient, case: dict[str, Any], octets: bytes, **headers: str) -> httpx.Response:
    return await client.put(case["attachments"][0]["upload_url"], content=octets, headers={**PDF, **headers})


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (overview_pdf()[:-1], "size-mismatch"),
        (overview_pdf() + b" ", "size-mismatch"),
        (b"", "size-mismatch"),
    ],
    ids=["short", "over-long", "empty"],
)
async def test_a_short_or_over_long_body_is_refused_and_nothing_is_kept(stage: Stage, octets: bytes, code: str) -> None:
    case = (await announce(stage[1], announcement())).json()
    answer = await upload(stage[1], case, octets)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert kept(stage[0]) == []


async def test_a_body_without_declared_length_is_cut_where_it_passes_the_announcement(stage: Stage) -> None:
    case = (await announce(stage[1], announcement())).json()
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield overview_pdf()
        while sent < 10**9:
            sent += 65_536
            yield b"x" * 65_536

    answer = await stage[1].put(case["attachments"][0]["upload_url"], content=endless(), headers=PDF)
    assert (answer.status_code, answer.json()["code"]) == (422, "size-mismatch")
    assert sent < 10**7
    assert kept(stage[0]) == []


async def test_wrong_bytes_of_the_right_length_are_refused_by_their_digest(stage: Stage) -> None:
    right = overview_pdf()
    case = (await announce(stage[1], announcement(right))).json()
    wrong = right.replace(b"Antrags", b"Betrags")
    answer = await upload(stage[1], case, wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "digest-mismatch")
    assert kept(stage[0]) == []


async def test_a_broken_or_active_pdf_is_refused_with_the_reason(stage: Stage) -> None:
    from gateway.demo.pdf import make_pdf

    faulty = {
        "pdf-not-a-pdf": b"PK\x03\x04 not a pdf at all",
        "pdf-damaged": overview_pdf()[:1500],
        "pdf-active-content": make_pdf(["x"], script="app.alert(1)"),
    }
    for index, (code, octets) in enumerate(faulty.items()):
        case = (await announce(stage[1], announcement(octets), key=f"k{index}")).json()
        answer = await upload(stage[1], case, octets)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        completed = await stage[1].post(f"/v1/submissions/{case['id']}/complete")
        assert only(completed.json())["pointer"] == "/attachments/0"
    assert kept(stage[0]) == []


async def test_calls_out_of_order_are_refused_and_repeated_calls_are_answered_alike(stage: Stage) -> None:
    client, overview = stage[1], overview_pdf()
    case = (await announce(client, announcement(overview))).json()
    early = await client.post(f"/v1/submissions/{case['id']}/complete")
    assert (early.status_code, early.json()["code"]) == (422, "attachments-missing")
    for _ in range(2):
        assert (await upload(client, case, overview)).status_code == 200
    first = await client.post(f"/v1/submissions/{case['id']}/complete")
    again = await client.post(f"/v1/submissions/{case['id']}/complete")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["message_id"] == again.json()["message_id"]
    late = await upload(client, case, overview)
    assert (late.status_code, late.json()["code"]) == (409, "state-conflict")
    withdrawn = await client.post(f"/v1/submissions/{case['id']}/withdraw", json={"reason": "versehen"})
    assert withdrawn.json()["status"] == "withdrawn"
    stage[0].work()
    assert not list(stage[0].inboxes["05570000"].iterdir())
    after = await client.post(f"/v1/submissions/{case['id']}/complete")
    assert after.status_code == 201
    assert after.json()["status"] == "withdrawn"


async def test_an_unknown_slot_submission_or_address_is_not_found(stage: Stage) -> None:
    client = stage[1]
    case = (await announce(client, announcement())).json()
    base = f"/v1/submissions/{case['id']}"
    for method, address in [
        ("PUT", f"{base}/attachments/1"),
        ("PUT", f"{base}/attachments/-1"),
        ("PUT", "/v1/submissions/nope/attachments/0"),
        ("GET", "/v1/submissions/../../etc/passwd"),
        ("GET", "/v1/submissions/00000000-0000-0000-0000-000000000000"),
        ("GET", "/v1/nothing"),
    ]:
        answer = await client.request(method, address, content=b"x", headers=PDF)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), address
    wrong_method = await client.delete(base)
    assert (wrong_method.status_code, wrong_method.json()["code"]) == (405, "method-not-allowed")


async def test_expired_foreign_and_narrow_tokens_are_turned_away(stage: Stage) -> None:
    installed, client = stage
    case = (await announce(client, announcement())).json()
    address = f"/v1/submissions/{case['id']}"

    async def status_with(token: str) -> tuple[int, str]:
        answer = await client.get(address, headers={"Authorization": token})
        return answer.status_code, answer.json()["code"]

    assert await status_with("") == (401, "token-missing")
    assert await status_with("Basic abc") == (401, "token-missing")
    assert await status_with("Bearer bw_invented") == (401, "token-invalid")
    assert await status_with(f"Bearer {installed.token(name='late', days=-1)}") == (401, "token-expired")
    assert await status_with(f"Bearer {installed.token(name='other')}") == (404, "not-found")
    narrow = installed.token(name="narrow", scopes=frozenset({"submit"}))
    assert await status_with(f"Bearer {narrow}") == (403, "scope-missing")


async def test_a_draft_that_is_never_completed_expires_and_leaves_nothing(stage: Stage) -> None:
    from gateway.flow import purge

    installed, client = stage
    overview = overview_pdf()
    case = (await announce(client, announcement(overview))).json()
    assert (await upload(client, case, overview)).status_code == 200
    installed.clock.pass_by(hours=25)
    assert purge.expire(installed.world) == 1
    purge.purge(installed.world)
    assert kept(installed) == []
    token = {"Authorization": f"Bearer {installed.token()}"}
    status = (await client.get(f"/v1/submissions/{case['id']}", headers=token)).json()
    assert (status["status"], status["final"]) == ("expired", True)
    late = await client.post(f"/v1/submissions/{case['id']}/complete", headers=token)
    assert (late.status_code, late.json()["code"]) == (409, "state-conflict")


async def test_a_callers_request_id_is_echoed_and_a_hostile_one_replaced(stage: Stage) -> None:
    ours = await stage[1].get("/v1/authorities", headers={"X-Request-ID": "abc-123"})
    assert ours.headers["x-request-id"] == "abc-123"
    hostile = await stage[1].get("/v1/authorities", headers={"X-Request-ID": "a b<script>"})
    assert "script" not in hostile.headers["x-request-id"]


async def test_a_full_disk_refuses_uploads_and_says_so(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            case = (await announce(client, announcement())).json()
        from dataclasses import replace

        from gateway.api.app import build_app
        from gateway.edges.gate import Gate

        full = replace(installed.world, policy=replace(installed.world.policy, disk_reserve=10**18))
        gate = Gate()
        transport = httpx.ASGITransport(app=build_app(full, gate=gate))
        headers = {"Authorization": f"Bearer {installed.token()}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers=headers) as client:
            answer = await upload(client, case, overview_pdf())
        gate.close()
        assert (answer.status_code, answer.json()["code"]) == (507, "storage-full")
        assert answer.headers["retry-after"]
