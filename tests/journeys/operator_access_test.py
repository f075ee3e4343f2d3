"""Who may do what at the operator API, and how everything wrong is refused: a German problem, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from gateway.api.app import inner_app
from gateway.api.operator.described import BODIES, FILE, NO_BODY, ROOT
from gateway.api.operator.roles import Operator, Role
from gateway.edges.gate import Gate
from tests.kit.installation import MUENSTER, WARENDORF, Installation, installation
from tests.kit.operating import Door, door, operator_token, operators, problem

AUTHORITY = f"/authorities/{WARENDORF}"
BECAUSE = {"reason": "Test"}

READING = (
    "/me", "/overview", "/authorities", AUTHORITY, "/adapters", "/procedures", "/releases", "/deliveries",
    "/deliveries/causes", "/trace?q=BW", "/journal", "/certificates", "/map", "/map.html", "/onboarding",
    f"{AUTHORITY}/onboarding", "/survey", "/report", "/report?format=xlsx", "/replies",
)  # fmt: skip

EDITING = (
    ("PUT", f"{AUTHORITY}/participation"),
    ("DELETE", f"{AUTHORITY}/participation/2026-01-01?reason=x"),
    ("POST", f"{AUTHORITY}/pause"),
    ("POST", f"{AUTHORITY}/resume"),
    ("PUT", f"{AUTHORITY}/contacts"),
    ("POST", f"{AUTHORITY}/notes"),
    ("POST", f"{AUTHORITY}/certificates"),
    ("DELETE", f"{AUTHORITY}/certificates/abc?reason=x"),
    ("POST", "/authorities/bulk"),
    ("POST", "/deliveries/bulk"),
    ("POST", "/deliveries/abc/requeue"),
    ("POST", "/cases/BW-2026-0000-0000/withdraw"),
    ("POST", f"{AUTHORITY}/onboarding/check"),
    ("POST", f"{AUTHORITY}/onboarding/test-message"),
    ("POST", f"{AUTHORITY}/onboarding/advance"),
    ("POST", f"{AUTHORITY}/onboarding/propose"),
    ("POST", "/survey"),
    ("POST", "/survey/abc/apply"),
    ("POST", "/survey/abc/undo"),
    ("POST", "/replies/abc/assign"),
    ("POST", "/replies/abc/discard"),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("operators")) as installed:
        yield installed


@pytest.fixture(scope="module")
def entrance(shared: Installation) -> Iterator[Door]:
    with door(shared) as opened:
        yield opened


@pytest.fixture
def people(entrance: Door) -> tuple[httpx.AsyncClient, ...]:
    roles = {"lena": "lesen", "berta": "bearbeiten", "frida": "freigeben", "vera": "verwalten"}
    return tuple(entrance.client(name, role) for name, role in roles.items())


@pytest.mark.parametrize("path", READING)
async def test_whoever_may_read_sees_everything(people: tuple[httpx.AsyncClient, ...], path: str) -> None:
    answer = await people[0].get(path)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("method", "path"), EDITING)
async def test_whoever_may_only_read_changes_nothing(
    shared: Installation, people: tuple[httpx.AsyncClient, ...], method: str, path: str
) -> None:
    before = entries(shared)
    answer = await people[0].request(method, path, json={})
    assert answer.status_code == 403
    assert problem(answer)["code"] == "role-missing"
    assert "bearbeiten" in answer.json()["detail"]
    assert entries(shared) == before


async def test_approving_needs_its_own_right(people: tuple[httpx.AsyncClient, ...]) -> None:
    body = {"typed_name": "Kreis Warendorf", "reason": "x"}
    answer = await people[1].post(f"{AUTHORITY}/onboarding/approve", json=body)
    assert answer.status_code == 403
    assert problem(answer)["code"] == "role-missing"


async def test_ending_an_authority_needs_the_right_to_approve(people: tuple[httpx.AsyncClient, ...]) -> None:
    body = {"to": "ended", "typed_name": "Kreis Warendorf", "reason": "x"}
    answer = await people[1].post(f"{AUTHORITY}/onboarding/advance", json=body)
    assert problem(answer)["code"] == "role-missing"


async def test_me_names_the_person_with_every_right_the_role_includes(people: tuple[httpx.AsyncClient, ...]) -> None:
    shown = [(await one.get("/me")).json() for one in people]
    assert [one["name"] for one in shown] == ["lena", "berta", "frida", "vera"]
    assert [len(one["roles"]) for one in shown] == [1, 2, 3, 4]
    assert shown[0]["environment"] == "TEST"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, "token-missing"),
        ({"Authorization": "Basic abc"}, "token-missing"),
        ({"Authorization": "Bearer bo_nobody"}, "token-invalid"),
    ],
)
async def test_without_a_good_token_there_is_nothing(shared: Installation, header: dict[str, str], code: str) -> None:
    async with operators(shared) as (client,):
        del client.headers["Authorization"]
        answer = await client.get("/overview", headers=header)
    assert answer.status_code == 401
    assert problem(answer)["code"] == code
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_expired_token_says_so(shared: Installation) -> None:
    token = operator_token(shared.world, "otto", days=-0.1)
    async with operators(shared) as (client,):
        answer = await client.get("/me", headers={"Authorization": f"Bearer {token}"})
    assert problem(answer)["code"] == "token-expired"


async def test_a_portals_token_opens_nothing_here(shared: Installation) -> None:
    async with operators(shared) as (client,):
        answer = await client.get("/me", headers={"Authorization": f"Bearer {shared.token()}"})
    assert problem(answer)["code"] == "token-invalid"


async def test_an_operators_token_submits_nothing(shared: Installation) -> None:
    async with operators(shared) as (client,):
        answer = await client.get("http://gateway.test/v1/replies")
    assert answer.status_code == 403


async def test_a_local_user_needs_no_token_and_read_only_changes_nothing(shared: Installation) -> None:
    gate = Gate()
    app = inner_app(shared.world, gate, {}, "PROD")
    app.state.local_operator = Operator("karla", Role.VERWALTEN, read_only=True)
    try:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://here/operator/v1"
        ) as client:
            me = (await client.get("/me")).json()
            assert (me["name"], me["environment"], me["read_only"]) == ("karla", "PROD", True)
            answer = await client.post(f"{AUTHORITY}/pause", json=BECAUSE)
            assert problem(answer)["detail"].startswith("Nur-Lese-Betrieb")
    finally:
        gate.close()


HOSTILE: list[Any] = ["", "\x1b[31mrot\x1b[0m", "a\u202eb", "x" * 501, 5, None, ["x"]]


@pytest.mark.parametrize("reason", HOSTILE)
async def test_a_reason_that_is_none_is_refused_with_its_pointer(
    people: tuple[httpx.AsyncClient, ...], reason: Any
) -> None:
    answer = await people[3].post(f"{AUTHORITY}/pause", json={"reason": reason})
    assert answer.status_code == 422
    assert [one["pointer"] for one in problem(answer)["errors"]] == ["/reason"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"reason": NaN}', b"\xff\xfe", b'{"reason":"a","reason":"b"}'])
async def test_a_body_that_is_no_json_object_is_refused(people: tuple[httpx.AsyncClient, ...], content: bytes) -> None:
    answer = await people[3].post(f"{AUTHORITY}/pause", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert problem(answer)["code"] in ("body-unreadable", "submission-faults")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/deliveries?limit=0", "/query/limit"),
        ("/deliveries?state=quatsch", "/query/state/0"),
        ("/deliveries?after=-1", "/query/after"),
        ("/authorities?on=2026-13-01", "/query/on"),
        ("/journal?limit=99999999", "/query/limit"),
        ("/map?view=x", "/query/view"),
        ("/trace", "/query/q"),
        ("/report?from=gestern", "/query/from"),
        ("/report?from=2026-02-01&to=2026-01-01", "/query/from"),
        ("/report?from=1500-01-01", "/query/to"),
        ("/report?format=doc", "/query/format"),
        ("/replies?state=x", "/query/state"),
    ],
)
async def test_a_wrong_parameter_is_a_problem_with_its_pointer(
    people: tuple[httpx.AsyncClient, ...], path: str, pointer: str
) -> None:
    answer = await people[0].get(path)
    assert answer.status_code == 422
    assert pointer in [one["pointer"] for one in problem(answer)["errors"]]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/authorities/99999999", None),
        ("GET", "/authorities/99999999/onboarding", None),
        ("POST", "/authorities/99999999/onboarding/check", {}),
        ("POST", "/authorities/99999999/onboarding/test-message", BECAUSE),
        ("POST", "/authorities/99999999/onboarding/propose", BECAUSE),
        ("POST", "/authorities/99999999/pause", BECAUSE),
        ("POST", "/authorities/99999999/notes", {"text": "x"}),
        ("POST", "/deliveries/nichts/requeue", BECAUSE),
        ("POST", "/deliveries/nichts/tanzen", BECAUSE),
        ("POST", "/cases/nichts/withdraw", BECAUSE),
        ("GET", "/survey/nichts", None),
        ("POST", "/survey/nichts/apply", {"valid_from": "2026-12-01", "reason": "x"}),
        ("POST", "/survey/nichts/undo", BECAUSE),
        ("POST", "/replies/nichts/discard", BECAUSE),
        ("POST", "/replies/nichts/assign", {"case_number": "BW-2026-0000-0000", "reason": "x"}),
        ("POST", "/adapters/brieftaube/check", {"settings": {}}),
        ("DELETE", f"{AUTHORITY}/certificates/{'0' * 64}?reason=x", None),
        ("GET", "/nirgends", None),
    ],
)
async def test_what_does_not_exist_is_said_to_be_unknown(
    people: tuple[httpx.AsyncClient, ...], method: str, path: str, body: Any
) -> None:
    answer = await people[3].request(method, path, json=body)
    assert answer.status_code in (404, 422), answer.text
    assert problem(answer)["code"] in ("not-found", "authority-unknown", "adapter-unknown")


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        (f"{AUTHORITY}/notes", {"text": "a\x00b"}, ["/text"]),
        (f"{AUTHORITY}/certificates", {"purpose": "zier", "data": "", "reason": "x"}, ["/purpose"]),
        ("/authorities/bulk", {"keys": [], "changes": {}, "valid_from": "x"}, ["/keys", "/reason", "/valid_from"]),
        ("/deliveries/bulk", {"message_ids": ["a"], "act": "zaubern", "reason": "x"}, ["/act"]),
        (f"{AUTHORITY}/onboarding/advance", {"to": "himmel", "reason": "x"}, ["/to"]),
        (f"{AUTHORITY}/onboarding/approve", {"reason": "x"}, ["/typed_name"]),
        (f"{AUTHORITY}/pause", {"reason": "x", "mehr": 1}, ["/mehr"]),
    ],
)
async def test_every_fault_of_a_body_is_named_at_once(
    people: tuple[httpx.AsyncClient, ...], path: str, body: Any, pointers: list[str]
) -> None:
    answer = await people[3].post(path, json=body)
    assert answer.status_code == 422
    assert sorted(one["pointer"] for one in problem(answer)["errors"]) == pointers


async def test_contacts_take_no_control_characters_and_no_broken_addresses(
    shared: Installation, people: tuple[httpx.AsyncClient, ...]
) -> None:
    tag = (await people[3].get(AUTHORITY)).headers["etag"]
    contacts = [{"role": "Technisch", "name": "\x1b[2J", "email": "kein at"}]
    answer = await people[3].put(
        f"{AUTHORITY}/contacts", json={"contacts": contacts, "reason": "x"}, headers={"If-Match": tag}
    )
    assert [one["pointer"] for one in problem(answer)["errors"]] == ["/contacts/0/name", "/contacts/0/email"]


async def test_markup_in_a_note_comes_back_as_it_was_written(people: tuple[httpx.AsyncClient, ...]) -> None:
    text = "[bold]laut[/bold] <b>x</b> {0} \\"
    answer = await people[1].post(f"/authorities/{MUENSTER}/notes", json={"text": text})
    assert answer.json()["notes"][0] | {"id": "", "at": ""} == {"id": "", "at": "", "actor": "berta", "text": text}


def entries(installed: Installation) -> int:
    """Return how many entries the journal has."""
    with installed.world.store.reading() as tx:
        return sum(1 for _ in tx.journal.read())


async def test_the_document_describes_the_body_of_every_change(people: tuple[httpx.AsyncClient, ...]) -> None:
    document = (await people[0].get("http://gateway.test/v1/openapi.json")).json()
    changes = {
        (method, path.removeprefix(ROOT))
        for path, found in document["paths"].items()
        for method in found
        if path.startswith(ROOT) and method in ("post", "put")
    }
    assert changes == {*BODIES, *NO_BODY, FILE}
    for (method, path), shape in BODIES.items():
        described = document["paths"][ROOT + path][method]["requestBody"]["content"]["application/json"]["schema"]
        assert described["$ref"].endswith(f"/{shape.__name__}")
        assert shape.__name__ in document["components"]["schemas"]


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", "/deliveries?q=%00", b""),
        ("GET", "/journal?about=a%1bb", b""),
        ("GET", "/survey/%00", b""),
        ("POST", "/replies/%ED%A0%80/discard", b'{"reason": "x"}'),
        ("DELETE", f"{AUTHORITY}/certificates/abc?reason=%00", b""),
        ("PUT", f"{AUTHORITY}/participation", b'{"participation": {"note": "\\ud800"}, "reason": "x"}'),
        ("POST", "/adapters/sftp/check", b'{"settings": {"host": "\\udfff"}}'),
    ],
)
async def test_what_nobody_can_see_is_refused_in_a_sentence(
    people: tuple[httpx.AsyncClient, ...], method: str, path: str, content: bytes
) -> None:
    headers = {"content-type": "application/json", "if-match": "x"}
    answer = await people[3].request(method, path, content=content, headers=headers)
    assert answer.status_code in (400, 404, 422), answer.text
    assert problem(answer)["detail"]
