"""Tokens at the three doors that take them: every kind gets exactly its answer, and time tells nothing."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.api.app import build_app
from gateway.api.operator.roles import Role
from gateway.domain.tokens import token_digest
from gateway.edges.store import clients
from tests.kit.corpus import corpus
from tests.kit.installation import WARENDORF, Installation, installation

TOKENS = corpus("tokens")
DOORS = {
    "portal": ("GET", "/v1/authorities"),
    "operator": ("GET", "/operator/v1/me"),
    "authority": ("POST", "/authority/v1/replies"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, dict[str, str]]]:
    with installation(tmp_path_factory.mktemp("tokens")) as made:
        operator = frozenset({Role.LESEN.word})
        tokens = {
            "portal": made.token(),
            "operator": made.token(name="op", scopes=operator),
            "authority": made.token(name=f"authority-{WARENDORF}", scopes=frozenset({"reply"})),
            "expired": made.token(name="late", days=-1 / 86400),
            "gone": made.token(name="late-op", days=-1 / 86400, scopes=operator),
            "revoked": made.token(name="revoked"),
            "reader": made.token(name="reader", scopes=frozenset({"read"})),
            "submitter": made.token(name="submitter", scopes=frozenset({"submit"})),
            "nothing": made.token(name="nothing", scopes=frozenset()),
        }
        with made.world.store.writing() as tx:
            revoked = tx.clients.by_token(token_digest(tokens["revoked"]))
            assert revoked is not None
            assert tx.clients.revoke(revoked.token_id)
        forms = {
            "portal:hash": token_digest(tokens["portal"]),
            "portal:short": tokens["portal"][:-1],
            "portal:upper": tokens["portal"].upper(),
        }
        yield made, tokens | forms


async def answered(place: tuple[Installation, dict[str, str]], door: str, headers: dict[str, str]) -> str:
    """Return the code of the refusal at a door, "" if there is none for want of rights."""
    filled = {}
    for name, value in headers.items():
        for token, secret in place[1].items():
            value = value.replace(f"{{{token}}}", secret)  # one after the other
        filled[name] = value.encode("utf-8")
    transport = httpx.ASGITransport(app=build_app(place[0].world))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        answer = await client.request(*DOORS[door], headers=filled)
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    code: str = answer.json()["code"] if answer.status_code in (401, 403) else ""
    return code


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", TOKENS)
async def test_a_token_gets_its_answer(place: tuple[Installation, dict[str, str]], name: str, door: str) -> None:
    assert await answered(place, door, TOKENS[name]["headers"]) == TOKENS[name][door]


async def test_a_refusal_never_repeats_the_token(place: tuple[Installation, dict[str, str]]) -> None:
    transport = httpx.ASGITransport(app=build_app(place[0].world))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        answer = await client.get("/v1/authorities", headers={"Authorization": "Bearer bw_geheim-1234"})
    assert "geheim" not in answer.text


def test_a_token_is_looked_up_by_its_hash_so_that_time_tells_nothing_about_it() -> None:
    """No secret is ever compared: the index is asked for a SHA-256 that the caller cannot steer byte by byte."""
    source = inspect.getsource(clients)
    assert "token_sha256 == bindparam" in source
    assert len(token_digest("a")) == len(token_digest("b" * 1000)) == 64


async def test_nothing_that_is_stored_opens_a_door(place: tuple[Installation, dict[str, str]], tmp_path: Path) -> None:
    del tmp_path
    octets = (place[0].settings.state / "bauweiche.db").read_bytes()
    log = place[0].settings.state / "bauweiche.db-wal"
    octets += log.read_bytes() if log.exists() else b""
    assert token_digest(place[1]["portal"]).encode() in octets
    assert place[1]["portal"].encode() not in octets
