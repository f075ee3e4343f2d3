"""Every call by which an operator changes something: a right, a reason, the state that was seen, and an entry."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.api.app import inner_app
from gateway.api.operator.described import ROOT
from gateway.api.operator.glossary import EXAMPLES, PARAMETERS
from gateway.domain.calendar import local_date
from gateway.domain.journal import Entry
from gateway.domain.participation import Option, Phase
from gateway.edges.gate import Gate
from gateway.edges.keys_issue import new_key, self_signed
from tests.kit.installation import (
    AHLEN,
    MUENSTER,
    OELDE,
    WARENDORF,
    Installation,
    announcement,
    installation,
    overview_pdf,
    portal,
)
from tests.kit.operating import etag_of, operators, problem
from tests.kit.replying import hand_in, known_case
from tests.kit.surveys import csv_bytes
from tests.kit.testing_authority import answer_test

Call = tuple[str, str]
NO_CHANGE = {("POST", "/adapters/{name}/check"), ("POST", "/journal/verify")}
"""They look like changes and are none."""

NO_REASON = {
    ("POST", "/authorities/{key}/onboarding/check"): "it only looks",
    ("POST", "/authorities/{key}/notes"): "the note says it",
    ("POST", "/survey"): "a draft changes nothing",
}
SEEN = {
    ("PUT", "/authorities/{key}/participation"),
    ("DELETE", "/authorities/{key}/participation/{valid_from}"),
    ("PUT", "/authorities/{key}/contacts"),
    ("PUT", "/calendar/closed"),
}
"""What replaces something: it needs If-Match. All others are acts, and the state of what they act on guards them."""

CONTACTS = [
    {"role": "Technischer Kontakt", "name": "IT Ahlen", "email": "it@ahlen.example"},
    {"role": "Fachlich", "name": "Bauamt", "email": "bau@ahlen.example"},
]
FILLED = {
    "key": WARENDORF, "valid_from": "2026-01-01", "fingerprint": "0" * 64, "name": "file_drop", "message_id": "nichts",
    "act": "hold", "case_number": "BW-2026-0000-0000", "reply_id": "nichts", "survey_id": "nichts",
}  # fmt: skip


async def changes(client: httpx.AsyncClient) -> list[Call]:
    """Return method and path of every call that changes something, as the API itself describes them."""
    document = (await client.get("http://gateway.test/v1/openapi.json")).json()
    found = {
        (method.upper(), path.removeprefix(ROOT))
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith(ROOT)
    }
    return sorted({call for call in found if call[0] != "GET"} - NO_CHANGE)


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: str(FILLED[found.group(1)]), path)


@dataclass
class Desk:
    """Two operators at one installation; every call they make is looked after."""

    home: Installation
    anna: httpx.AsyncClient
    bernd: httpx.AsyncClient
    made: set[Call] = field(default_factory=set)
    reasons: Any = field(default_factory=lambda: count(1))

    async def act(self, method: str, path: str, who: str = "anna", **rest: Any) -> dict[str, Any]:
        """Make a call that must succeed, and look for its entry; `with_` fills the path."""
        client = self.anna if who == "anna" else self.bernd
        where = path.format(**rest.pop("with_", {"key": AHLEN}))
        reason = f"Grund {next(self.reasons)}"
        wants = (method, path) not in NO_REASON
        if method == "DELETE":
            rest["params"] = {"reason": reason}
        elif "content" not in rest:
            rest["json"] = rest.get("json", {}) | ({"reason": reason} if wants else {})
        before = len(entries(self.home))
        answer = await client.request(method, where, **rest)
        assert answer.status_code in (200, 201), f"{method} {where}: {answer.text}"
        new = entries(self.home)[before:]
        assert [one for one in new if one.act.actor == f"operator:{who}"], f"{method} {path} leaves no entry"
        assert not wants or [one for one in new if one.act.why == reason], f"{method} {path} loses its reason"
        self.made.add((method, path))
        found: dict[str, Any] = answer.json()
        return found

    async def seen(self, key: str = AHLEN) -> dict[str, str]:
        return await etag_of(self.anna, key)


def entries(home: Installation) -> list[Entry]:
    with home.world.store.reading() as tx:
        return list(tx.journal.read())


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    with installation(tmp_path) as home:
        home.takes_part(WARENDORF, option=Option.WITHOUT_PLANS)
        home.takes_part(AHLEN, phase=Phase.NOT_CONNECTED)
        async with operators(home, anna="verwalten", bernd="freigeben") as (anna, bernd):
            yield Desk(home, anna, bernd)


async def test_every_change_leaves_an_entry_with_who_and_why(desk: Desk) -> None:
    await on_authorities(desk)
    await on_onboarding(desk)
    await on_deliveries(desk)
    await on_the_rest(desk)
    assert sorted(desk.made) == await changes(desk.anna)


async def on_authorities(desk: Desk) -> None:
    day = local_date(desk.home.clock.now()) + timedelta(days=30)
    setting = {"valid_from": day.isoformat(), "option": "3b"}
    one = "/authorities/{key}"
    oelde = {"key": OELDE}
    body = {"participation": setting}
    await desk.act("PUT", f"{one}/participation", with_=oelde, json=body, headers=await desk.seen(OELDE))
    where = oelde | {"valid_from": day.isoformat()}
    await desk.act("DELETE", one + "/participation/{valid_from}", with_=where, headers=await desk.seen(OELDE))
    await desk.act("POST", f"{one}/pause")
    await desk.act("POST", f"{one}/resume")
    await desk.act("PUT", f"{one}/contacts", json={"contacts": CONTACTS}, headers=await desk.seen())
    await desk.act("POST", f"{one}/notes", json={"text": "angerufen"})
    certificate = self_signed(new_key(), "wrap", name="Oelde", at=desk.home.clock.now() - timedelta(days=1), days=90)
    data = b64encode(certificate.public_bytes(Encoding.DER)).decode()
    body = {"purpose": "encrypt", "data": data}
    shown = await desk.act("POST", f"{one}/certificates", with_=oelde, json=body)
    print_ = {"fingerprint": shown["certificates"][0]["fingerprint"]}
    await desk.act("DELETE", one + "/certificates/{fingerprint}", with_=oelde | print_)
    bulk = {"keys": [MUENSTER], "changes": {"note": "x"}, "valid_from": day.isoformat(), "dry_run": False}
    seen = {MUENSTER: (await desk.seen(MUENSTER))["If-Match"]}
    await desk.act("POST", "/authorities/bulk", json=bulk | {"seen": seen})


async def on_onboarding(desk: Desk) -> None:
    where = "/authorities/{key}/onboarding"
    await desk.act("POST", f"{where}/advance", json={"to": "details"})
    sent = await desk.act("POST", f"{where}/test-message")
    answer_test(desk.home, AHLEN, sent["test_message"])
    await desk.act("POST", f"{where}/check")
    for stage in ("connected", "verified"):
        await desk.act("POST", f"{where}/advance", json={"to": stage})
    await desk.act("POST", f"{where}/propose")
    await desk.act("POST", f"{where}/approve", "bernd", json={"typed_name": "Ahlen"})


async def on_deliveries(desk: Desk) -> None:
    async with portal(desk.home) as client:
        numbers = [await handed_in(client, f"k{number}") for number in range(3)]
    rows = (await desk.anna.get("/deliveries")).json()["rows"]
    ids = {row["case_number"]: row["message_id"] for row in rows}
    for act in ("hold", "requeue", "divert", "hold", "arrived"):
        # one path with four acts: each is a call of its own
        await desk.act("POST", "/deliveries/{message_id}/{act}", with_={"message_id": ids[numbers[0]], "act": act})
    bulk = {"message_ids": [ids[numbers[1]]], "act": "hold", "dry_run": False}
    await desk.act("POST", "/deliveries/bulk", json=bulk)
    await desk.act("POST", "/cases/{case_number}/withdraw", with_={"case_number": numbers[2]})
    on = local_date(desk.home.clock.now()).isoformat()
    await desk.act("POST", "/cases/{case_number}/plans-arrived", with_={"case_number": numbers[0]}, json={"on": on})


async def handed_in(client: httpx.AsyncClient, key: str) -> str:
    pdf = overview_pdf()
    body = announcement(pdf, posted_plans=[{"bezeichnung": "Lageplan", "anlageart": "2001", "datum": "2026-05-04"}])
    told = await client.post("/v1/submissions", json=body, headers={"Idempotency-Key": key})
    where = f"/v1/submissions/{told.json()['id']}"
    await client.put(f"{where}/attachments/0", content=pdf, headers={"Content-Type": "application/pdf"})
    done = await client.post(f"{where}/complete")
    assert done.status_code == 201, done.text
    return str(done.json()["case_number"])


async def on_the_rest(desk: Desk) -> None:
    known = known_case(desk.home, 90_001)
    for act in ("assign", "discard"):
        lost = hand_in(desk.home, known.xml("1120", reference=uuid4(), about=None))
        body = {"case_number": known.case.number} if act == "assign" else {}
        await desk.act("POST", f"/replies/{{reply_id}}/{act}", with_={"reply_id": lost}, json=body)
    table = csv_bytes([("AGS", "Option"), (MUENSTER, "3b")])
    survey = await desk.act("POST", "/survey", content=table)
    named = {"survey_id": survey["id"]}
    day = {"valid_from": local_date(desk.home.clock.now()).isoformat()}
    await desk.act("POST", "/survey/{survey_id}/apply", with_=named, json=day)
    await desk.act("POST", "/survey/{survey_id}/undo", with_=named)
    seen = {"If-Match": (await desk.anna.get("/calendar")).headers["etag"]}
    closed = {"dates": [{"date": "2027-12-24", "name": "Heiligabend"}]}
    await desk.act("PUT", "/calendar/closed", json=closed, headers=seen)
    stale = await desk.anna.put("/calendar/closed", json=closed | {"reason": "x"}, headers=seen)
    assert problem(stale)["code"] == "etag-stale"


async def test_every_change_needs_a_right_a_reason_and_where_it_replaces_something_what_was_seen(
    tmp_path: Path,
) -> None:
    with installation(tmp_path) as home:
        async with operators(home, lena="lesen", vera="verwalten") as (lena, vera):
            before = len(entries(home))
            for call in await changes(vera):
                method, path = call[0], filled(call[1])
                refused = await lena.request(method, path, json={})
                assert (refused.status_code, problem(refused)["code"]) == (403, "role-missing"), call
                if call not in NO_REASON:
                    bare = await vera.request(method, path, **({} if method == "DELETE" else {"json": {}}))
                    pointers = {one["pointer"] for one in problem(bare).get("errors", [])}
                    assert pointers & {"/reason", "/query/reason"}, (call, bare.text)
                if call in SEEN:
                    blind = await vera.request(method, path, **unseen(call))
                    assert problem(blind)["code"] == "etag-missing", (call, blind.text)
            assert len(entries(home)) == before


def unseen(call: Call) -> dict[str, Any]:
    """Return a good body, but not what was seen."""
    bodies: dict[str, Any] = {
        "/authorities/{key}/participation": {"participation": {"valid_from": "2030-01-01", "option": "3b"}},
        "/authorities/{key}/contacts": {"contacts": []},
        "/calendar/closed": {"dates": []},
    }
    return {"params": {"reason": "x"}} if call[0] == "DELETE" else {"json": bodies[call[1]] | {"reason": "x"}}


def test_every_call_parameter_and_body_of_operators_is_described_with_an_example(tmp_path: Path) -> None:
    with installation(tmp_path) as home:
        gate = Gate()
        document = inner_app(home.world, gate, {}, "TEST").openapi()
        gate.close()
    told = {name for name, _ in PARAMETERS.items()}
    used = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not path.startswith(ROOT):
                continue
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            for one in operation.get("parameters", []):
                used.add(one["name"])
                assert one["description"], f"{where} {one['name']}"
                assert "example" in one, f"{where} {one['name']}"
            given = operation.get("requestBody", {}).get("content", {}).get("application/json")
            assert given is None or given["example"], where
    assert told <= used, f"described but never asked for: {sorted(told - used)}"
    for shape, example in EXAMPLES.items():
        shape.model_validate_json(json.dumps(example))
