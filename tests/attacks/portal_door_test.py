"""The portal's door: every body and every file name of the corpus gets exactly the answer that stands beside it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.domain.participation import Option, Phase
from gateway.flow.announcement import name_fault
from gateway.seal.names import safe_name
from tests.kit.corpus import corpus, octets, patched, text
from tests.kit.installation import AHLEN, MUENSTER, OELDE, Installation, announcement, installation, portal

BODIES = corpus("portal_json")
NAMES = corpus("file_names")
FILE_NAME = "/attachments/0/file_name"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with one authority of each option, and one under test."""
    with installation(tmp_path_factory.mktemp("door")) as installed:
        installed.takes_part(MUENSTER, option=Option.WITHOUT_PLANS, release="2.4.0.1")
        installed.takes_part(
            OELDE, option=Option.REDIRECT, redirect_url="https://bau.oelde.example/", adapter="", settings={}
        )
        installed.takes_part(AHLEN, phase=Phase.TEST)
        yield installed


@pytest.fixture
async def door(place: Installation) -> AsyncIterator[tuple[Installation, httpx.AsyncClient]]:
    async with portal(place) as client:
        yield place, client


def body_of(attack: dict[str, Any]) -> bytes:
    if "body" in attack:
        return octets(attack["body"])
    return json.dumps(patched(announcement(), attack["change"])).encode()


async def announced(client: httpx.AsyncClient, content: bytes, key: str) -> httpx.Response:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    return await client.post("/v1/submissions", content=content, headers=headers)


def kept(installed: Installation) -> int:
    with installed.world.store.reading() as tx:
        return sum(entry.act.what == "case.announced" for entry in tx.journal.read())


def test_the_corpus_has_more_than_a_hundred_bodies_and_a_hundred_names() -> None:
    assert len(BODIES) >= 100
    assert len(NAMES) >= 100


@pytest.mark.parametrize("name", BODIES)
async def test_a_hostile_body_gets_its_answer_and_nothing_is_kept(
    door: tuple[Installation, httpx.AsyncClient], name: str
) -> None:
    installed, client = door
    attack, before = BODIES[name], kept(door[0])
    answer = await announced(client, body_of(attack), "body")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (attack["status"], attack["code"])
    assert answer.headers["content-type"] == "application/problem+json"
    faults = [[fault["code"], fault["pointer"]] for fault in problem.get("errors", [])]
    assert faults == attack.get("faults", faults)
    assert len(faults) == attack.get("count", len(faults))
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert kept(installed) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_is_refused_or_written_as_one_harmless_name(name: str) -> None:
    attack = NAMES[name]
    wanted = text(attack["name"])
    assert bool(name_fault(wanted)) == (attack["answer"] != "")
    assert safe_name(wanted.encode("utf-8", "replace").decode(), "part-0001.pdf") == attack["written"]


async def test_every_file_name_of_the_corpus_gets_its_answer_at_the_door(
    door: tuple[Installation, httpx.AsyncClient],
) -> None:
    for number, (name, attack) in enumerate(NAMES.items()):
        value = patched(announcement(), {FILE_NAME: {"made": attack["name"]}})
        answer = await announced(door[1], json.dumps(value).encode(), f"name-{number}")
        faults = [[fault["code"], fault["pointer"]] for fault in answer.json().get("errors", [])]
        assert faults == ([[attack["answer"], FILE_NAME]] if attack["answer"] else []), name
        assert answer.status_code == (422 if attack["answer"] else 201), name


async def test_one_announcement_with_all_refused_names_names_each_of_them(
    door: tuple[Installation, httpx.AsyncClient],
) -> None:
    value = announcement()
    first = value["attachments"][0]
    refused = [text(attack["name"]) for attack in NAMES.values() if attack["answer"] == "file-name"]
    value["attachments"] = [first | {"file_name": name} for name in refused]
    problem = (await announced(door[1], json.dumps(value).encode(), "all")).json()
    found = {fault["pointer"] for fault in problem["errors"] if fault["code"] == "file-name"}
    assert found == {f"/attachments/{index}/file_name" for index in range(len(refused))}


def test_what_is_written_at_the_authority_never_leaves_its_folder(tmp_path: Path) -> None:
    taken: set[str] = set()
    folder = tmp_path / "Eingang"
    folder.mkdir()
    for attack in NAMES.values():
        name = safe_name(text(attack["name"]).encode("utf-8", "replace").decode(), "part-0001.pdf", taken)
        taken.add(name)
        (folder / name).write_bytes(b"x")
    assert len(list(folder.iterdir())) == len(NAMES)
    assert list(tmp_path.iterdir()) == [folder]
