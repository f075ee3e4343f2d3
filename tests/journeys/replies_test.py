"""The way back: an authority answers, the case advances, the portal reads, acknowledges, and nothing is left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from gateway.domain.delivery import State
from gateway.domain.journal import verify
from tests.journeys.chain_test import hand_off
from tests.kit.installation import WARENDORF, Installation, installation, overview_pdf, portal
from tests.kit.replying import Answering, answering, leave, leave_sealed, next_round, register, signing_key


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
        import hashlib
        from uuid import UUID

        from tests.kit import xbau_replies

        signer = signing_key(installed)
        register(installed, signer)
        plan = overview_pdf(300_000)
        xml = known.xml("1150").replace(xbau_replies.SHA256.encode(), hashlib.sha256(plan).hexdigest().encode())
        identity = UUID(xbau_replies.DOCUMENT_ID.removeprefix("urn_uuid_"))
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
