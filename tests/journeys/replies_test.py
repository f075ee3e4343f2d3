"""The way back: an authority answers, the case advances, the portal reads, acknowledges, and nothing is left."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx

from gateway.domain.delivery import State
from gateway.domain.journal import verify
from tests.journeys.chain_test import hand_off
from tests.kit.installation import WARENDORF, Installation, installation, overview_pdf, portal
from tests.kit.replying import (
    Answering,
    answering,
    hand_in,
    known_case,
    leave,
    leave_sealed,
    next_round,
    register,
    signing_key,
)
from tests.kit.xbau_replies import DOCUMENT_ID, SHA256


@asynccontextmanager
async def delivered(tmp_path: Path) -> AsyncIterator[tuple[Installation, httpx.AsyncClient, Answering]]:
    """A case that lies ready in the authority's folder."""
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            case = await hand_off(client, overview_pdf())
            installed.work()
            yield installed, client, answering(installed, str(case["id"]))


async def test_a_receipt_confirms_the_case_and_is_read_acknowledged_and_erased(tmp_path: Path) -> None:
    async with delivered(tmp_path) as (installed, client, known):
        xml = known.xml("1120")
        folder = leave(installed, xml)
        next_round(installed)
        assert not folder.exists()
        assert (folder.parent / ".abgeholt" / folder.name).is_dir()
        status = (await client.get(f"/v1/submissions/{known.case.id}")).json()
        assert status["status"] == "confirmed"
        assert status["handed_over_at"] is not None
        listed = (await client.get("/v1/replies")).json()
        (reply,) = listed["replies"]
        assert (reply["number"], reply["case_number"], reply["status"]) == ("1120", known.case.number, "matched")
        assert (await client.get(f"/v1/replies?after={listed['next']}")).json()["replies"] == []
        assert (await client.get(f"/v1/replies/{reply['id']}/message")).content == xml
        detail = (await client.get(f"/v1/replies/{reply['id']}")).json()
        assert detail["content"]["paragraphs"] == ["Ihr Antrag ist eingegangen."]
        done = await client.post(f"/v1/replies/{reply['id']}/acknowledge")
        assert done.json()["status"] == "acknowledged"
        installed.work()
        again = await client.post(f"/v1/replies/{reply['id']}/acknowledge")
        assert again.json()["status"] == "erased"
        gone = await client.get(f"/v1/replies/{reply['id']}/message")
        assert (gone.status_code, gone.json()["code"]) == (410, "key-erased")
        assert (await client.get(f"/v1/replies/{reply['id']}")).json()["content"] is None
        with installed.world.store.reading() as tx:
            assert verify(tx.journal.read()) is None
            acts = [entry.act.what for entry in tx.journal.read(subject=known.case.number)]
        assert acts[-5:] == [
            "reply.received",
            "delivery.confirmed",
            "case.erased",
            "reply.acknowledged",
            "reply.erased",
        ]
        assert not any(path.is_file() for path in (tmp_path / "state" / "vault").rglob("*"))


async def test_a_sealed_reply_is_verified_and_its_attachments_stream_back_byte_for_byte(tmp_path: Path) -> None:
    async with delivered(tmp_path) as (installed, client, known):
        signer = signing_key(installed)
        register(installed, signer)
        plan = overview_pdf(300_000)
        xml = known.xml("1150").replace(SHA256.encode(), hashlib.sha256(plan).hexdigest().encode())
        identity = UUID(DOCUMENT_ID.removeprefix("urn_uuid_"))
        leave_sealed(installed, xml, signer, files=((identity, plan),))
        next_round(installed)
        (reply,) = (await client.get("/v1/replies")).json()["replies"]
        detail = (await client.get(f"/v1/replies/{reply['id']}")).json()
        (document,) = detail["documents"]
        assert (document["file_name"], document["size"]) == ("Bescheid.pdf", len(plan))
        got = await client.get(document["url"])
        assert got.content == plan
        assert got.headers["content-length"] == str(len(plan))
        with installed.world.store.reading() as tx:
            stored = tx.replies.get(reply["id"])
            case = tx.cases.get(known.case.id)
        assert stored is not None
        assert stored.proof.value == "signature"
        assert case is not None
        assert case.state is State.AVAILABLE
        assert stored.authority == WARENDORF


async def test_a_file_that_stands_in_the_message_itself_is_read_like_any_other(tmp_path: Path) -> None:
    plan = overview_pdf(20_000)
    with installation(tmp_path) as installed:
        xml = known_case(installed).xml("0205", release="2.2")
        inside = b"primaerdokument>" + base64.b64encode(plan) + b"</xbau:primaerdokument>"
        xml = xml.replace(
            b"referenzPrimaerdokument>" + DOCUMENT_ID.encode() + b"</xbau:referenzPrimaerdokument>", inside
        )
        reply_id = hand_in(installed, xml)
        async with portal(installed) as client:
            (document,) = (await client.get(f"/v1/replies/{reply_id}")).json()["documents"]
            assert (document["index"], document["size"], document["file_name"]) == (0, len(plan), "Bescheid.pdf")
            got = await client.get(document["url"])
            assert got.content == plan
            assert (await client.get(f"/v1/replies/{reply_id}/attachments/1")).json()["code"] == "not-found"


async def test_a_portal_sees_only_its_own_replies_and_every_refusal_is_a_problem(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        reply_id = hand_in(installed, known_case(installed).xml("1120"))
        async with portal(installed, name="another") as stranger:
            assert (await stranger.get("/v1/replies")).json() == {"replies": [], "next": 0}
            for path in ("", "/message", "/attachments/0"):
                answer = await stranger.get(f"/v1/replies/{reply_id}{path}")
                assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
            answer = await stranger.post(f"/v1/replies/{reply_id}/acknowledge")
            assert answer.status_code == 404
        async with portal(installed, scopes=frozenset({"read"})) as reader:
            assert (await reader.get(f"/v1/replies/{reply_id}")).status_code == 200
            assert (await reader.post(f"/v1/replies/{reply_id}/acknowledge")).json()["code"] == "scope-missing"
            assert (await reader.get("/v1/replies?after=-1")).status_code in (400, 422)
            assert (await reader.get("/v1/replies?limit=9999")).status_code in (400, 422)


async def test_the_shapes_are_in_the_openapi_document(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            document = (await client.get("/v1/openapi.json")).json()
    assert {"/v1/replies", "/v1/replies/{reply_id}", "/v1/replies/{reply_id}/message",
            "/v1/replies/{reply_id}/attachments/{index}", "/v1/replies/{reply_id}/acknowledge",
            "/authority/v1/replies"} <= set(document["paths"])  # fmt: skip
    assert {"RepliesOut", "ReplyDetailOut", "TakenOut"} <= set(document["components"]["schemas"])
