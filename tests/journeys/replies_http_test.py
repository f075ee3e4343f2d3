"""Replies handed in over plain HTTPS with an authority's token: streamed, taken once, refused exactly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner

from gateway.domain.delivery import State
from gateway.domain.reply import Proof
from gateway.main import app
from tests.kit.installation import WARENDORF, Installation, installation, portal
from tests.kit.replying import Answering, kept, known_case, state_of
from tests.kit.xbau_replies import DOCUMENT_ID, SHA256

NUMBERS = count(1)
SCOPES = frozenset({"reply"})
NAME = f"authority-{WARENDORF}"
URL = "/authority/v1/replies"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("http")) as made:
        yield made


@pytest.fixture
def known(installed: Installation) -> Answering:
    return known_case(installed, next(NUMBERS))


def files_in(installed: Installation) -> set[Path]:
    return {path for path in (installed.home / "state" / "vault").rglob("*") if path.is_file()}


async def post(client: httpx.AsyncClient, xml: bytes, **files: tuple[str, bytes, str]) -> httpx.Response:
    return await client.post(URL, files={**files, "message": ("m.xml", xml, "application/xml")})


async def test_a_reply_with_a_plan_is_taken_and_has_its_effect(installed: Installation, known: Answering) -> None:
    plan = bytes(range(256)) * 9_000
    xml = known.xml("0205").replace(SHA256.encode(), hashlib.sha256(plan).hexdigest().encode())
    async with portal(installed, name=NAME, scopes=SCOPES) as client:
        answer = await post(client, xml, **{DOCUMENT_ID: ("../../Bescheid.pdf", plan, "application/pdf")})
        assert answer.status_code == 201, answer.text
        again = await post(client, xml, **{DOCUMENT_ID: ("Bescheid.pdf", plan, "application/pdf")})
    assert (again.status_code, again.json()["id"]) == (201, answer.json()["id"])
    assert answer.json()["status"] == "matched"
    reply = kept(installed, answer.json()["id"])
    assert (reply.proof, reply.via, reply.parts[0].size) == (Proof.TOKEN, "http", len(plan))
    async with portal(installed) as reader:
        detail = (await reader.get(f"/v1/replies/{reply.id}")).json()
        got = await reader.get(detail["documents"][0]["url"])
    assert got.content == plan
    assert ".." not in got.headers["content-disposition"]


async def test_a_receipt_confirms(installed: Installation, known: Answering) -> None:
    async with portal(installed, name=NAME, scopes=SCOPES) as client:
        assert (await post(client, known.xml("1120"))).status_code == 201
    assert state_of(known)[0] is State.CONFIRMED


async def test_a_faulty_message_is_taken_and_its_fault_is_told_at_once(
    installed: Installation, known: Answering
) -> None:
    async with portal(installed, name=NAME, scopes=SCOPES) as client:
        answer = await post(client, b"<!DOCTYPE a><a/>")
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (201, "refused", "xml-unsafe")


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/xml", b"<a/>", 415, "content-type"),
        ("multipart/form-data", b"", 415, "content-type"),
        ("multipart/form-data; boundary=x", b"", 400, "body-unreadable"),
        ("multipart/form-data; boundary=x", b"nonsense", 400, "body-unreadable"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\n<a/>', 400,
         "body-unreadable"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nplan\r\n--x--\r\n',
         400, "body-unreadable"),
    ],
)  # fmt: skip
async def test_what_is_no_form_leaves_nothing(
    installed: Installation, content_type: str, body: bytes, status: int, code: str
) -> None:
    before = files_in(installed)
    async with portal(installed, name=NAME, scopes=SCOPES) as client:
        answer = await client.post(URL, content=body, headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert files_in(installed) == before


async def test_only_an_authoritys_token_may_hand_in_and_it_may_do_nothing_else(
    installed: Installation, known: Answering
) -> None:
    async with portal(installed) as client:
        assert (await post(client, known.xml("1120"))).json()["code"] == "scope-missing"
    async with portal(installed, name="portal", scopes=SCOPES) as client:
        assert (await post(client, known.xml("1120"))).json()["code"] == "scope-missing"
    async with portal(installed, name=NAME, scopes=SCOPES) as client:
        assert (await client.get("/v1/replies")).json()["code"] == "scope-missing"
    async with portal(installed, name="authority-05570004", scopes=SCOPES) as client:
        answer = await post(client, known.xml("1120"))
    assert (answer.json()["status"], answer.json()["code"]) == ("refused", "reply-sender-wrong")
    assert state_of(known)[0] is State.HANDED_OVER


async def test_the_same_idempotency_key_is_taken_once(installed: Installation, known: Answering) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    async with portal(installed, name=NAME, scopes=SCOPES) as client:
        first = await client.post(URL, files={"message": b"<a/>"}, headers=key)
        second = await client.post(URL, files={"message": b"<b/>"}, headers=key)
    assert first.json()["id"] == second.json()["id"]


def test_a_token_for_an_authority_is_made_and_revoked_on_the_command_line(installed: Installation) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["--state", str(installed.settings.state), "replies", *arguments])
        return done.exit_code, done.stdout

    assert run("token", WARENDORF)[1].startswith("bw_")
    assert run("token", "00000000")[0] == 3
    listed = run("tokens")[1]
    assert f"authority-{WARENDORF}" in listed
    token_id = next(line for line in listed.splitlines() if "365" not in line).split()[0]
    assert run("revoke", token_id)[0] == 0
    assert run("revoke", token_id)[0] == 3
