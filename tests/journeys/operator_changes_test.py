"""What operators change: dated, guarded against each other, with actor and reason in the journal."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.domain.calendar import local_date
from gateway.domain.ids import AuthorityKey
from gateway.domain.journal import Entry
from gateway.domain.participation import Option, Phase
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

Stage = tuple[Installation, httpx.AsyncClient, httpx.AsyncClient]
BECAUSE = {"reason": "Absprache am Telefon"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    with installation(tmp_path) as installed:
        installed.takes_part(MUENSTER, phase=Phase.TEST)
        async with operators(installed, anna="bearbeiten", bernd="freigeben") as (anna, bernd):
            yield installed, anna, bernd


def journal(installed: Installation, what: str) -> list[Entry]:
    with installed.world.store.reading() as tx:
        return [entry for entry in tx.journal.read() if entry.act.what == what]


def setting(installed: Installation, key: AuthorityKey, days: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a complete setting by file drop, valid some days from now."""
    value = {
        "valid_from": (local_date(installed.clock.now()) + timedelta(days=days)).isoformat(),
        "option": "1",
        "procedures": ["baugenehmigung"],
        "release": "2.6",
        "adapter": "file_drop",
        "settings": {"folder": str(installed.inboxes[key])},
        "phase": "test",
    }
    return value | changes


async def test_a_setting_for_a_future_day_shows_as_the_next_change(stage: Stage) -> None:
    installed, anna, _ = stage
    value = setting(installed, MUENSTER, days=3, option="2")
    answer = await anna.put(
        f"/authorities/{MUENSTER}/participation",
        json={"participation": value, **BECAUSE},
        headers=await etag_of(anna, MUENSTER),
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["option"] == "1"
    assert answer.json()["next_change"]["option"] == "2"
    assert [one["changed_by"] for one in answer.json()["upcoming"]] == ["operator:anna"]
    later = value["valid_from"]
    rows = (await anna.get(f"/authorities?on={later}")).json()["rows"]
    assert [row["option"] for row in rows if row["key"] == MUENSTER] == ["2"]
    last = journal(installed, "participation.changed")[-1].act
    assert (last.actor, last.why, last.facts["after"]) == ("operator:anna", BECAUSE["reason"], {"option": "2"})


async def test_the_second_of_two_operators_overwrites_nothing(stage: Stage) -> None:
    installed, anna, bernd = stage
    seen = await etag_of(anna, MUENSTER)
    both: dict[str, Any] = {
        "json": {"participation": setting(installed, MUENSTER, release="2.5"), **BECAUSE},
        "headers": seen,
    }
    first = await anna.put(f"/authorities/{MUENSTER}/participation", **both)
    second = await bernd.put(f"/authorities/{MUENSTER}/participation", **both)
    assert first.status_code == 200
    assert second.status_code == 412
    assert "nichts überschrieben" in problem(second)["detail"]
    assert "neu laden" in problem(second)["hint"]
    assert [entry.act.actor for entry in journal(installed, "participation.changed")][-1] == "operator:anna"


@pytest.mark.parametrize("where", ["participation", "contacts"])
async def test_without_the_seen_state_nothing_is_changed(stage: Stage, where: str) -> None:
    installed, anna, _ = stage
    body: dict[str, Any] = {"participation": setting(installed, MUENSTER), "contacts": []}
    body = {where: body[where]}
    answer = await anna.put(f"/authorities/{MUENSTER}/{where}", json={**body, **BECAUSE})
    assert answer.status_code == 428
    assert problem(answer)["code"] == "etag-missing"


async def test_contacts_are_guarded_like_settings(stage: Stage) -> None:
    _, anna, bernd = stage
    seen = await etag_of(anna, MUENSTER)
    contacts = [{"role": "Technisch", "name": "Erika Ohm", "email": "ohm@stadt.example", "phone": "+49 251 1"}]
    first = await anna.put(f"/authorities/{MUENSTER}/contacts", json={"contacts": contacts, **BECAUSE}, headers=seen)
    assert first.json()["contacts"] == contacts
    second = await bernd.put(f"/authorities/{MUENSTER}/contacts", json={"contacts": [], **BECAUSE}, headers=seen)
    assert second.status_code == 412


async def test_a_note_of_a_colleague_makes_the_seen_state_stale(stage: Stage) -> None:
    _, anna, bernd = stage
    seen = await etag_of(anna, MUENSTER)
    await bernd.post(f"/authorities/{MUENSTER}/notes", json={"text": "ruft morgen an"})
    answer = await anna.put(f"/authorities/{MUENSTER}/contacts", json={"contacts": [], **BECAUSE}, headers=seen)
    assert answer.status_code == 412


async def test_a_future_setting_can_be_taken_back(stage: Stage) -> None:
    installed, anna, _ = stage
    value = setting(installed, MUENSTER, days=3, option="2")
    where = f"/authorities/{MUENSTER}/participation"
    await anna.put(where, json={"participation": value, **BECAUSE}, headers=await etag_of(anna, MUENSTER))
    day = value["valid_from"]
    missing = await anna.delete(f"{where}/{day}?reason=x")
    assert missing.status_code == 428
    gone = await anna.delete(f"{where}/{day}?reason=x", headers=await etag_of(anna, MUENSTER))
    assert gone.json()["next_change"] is None
    again = await anna.delete(f"{where}/{day}?reason=x", headers=await etag_of(anna, MUENSTER))
    assert again.status_code == 404


async def test_nobody_makes_an_authority_live_past_the_second_person(stage: Stage) -> None:
    installed, anna, bernd = stage
    value = setting(installed, MUENSTER, phase="live")
    for person in (anna, bernd):
        answer = await person.put(
            f"/authorities/{MUENSTER}/participation",
            json={"participation": value, **BECAUSE},
            headers=await etag_of(person, MUENSTER),
        )
        assert answer.status_code == 403
        assert problem(answer)["code"] == "four-eyes"
    many: dict[str, Any] = {"keys": [MUENSTER], "changes": {"phase": "live"}, "valid_from": value["valid_from"]}
    answer = await bernd.post("/authorities/bulk", json=await previewed(bernd, many | BECAUSE))
    assert problem(answer)["code"] == "four-eyes"
    assert (await anna.get(f"/authorities/{MUENSTER}")).json()["phase"] == "test"


async def test_who_may_edit_changes_the_option_of_a_live_authority_but_not_its_way(stage: Stage) -> None:
    installed, anna, bernd = stage
    where = f"/authorities/{WARENDORF}/participation"
    option = setting(installed, WARENDORF, phase="live", option="2")
    way = setting(installed, WARENDORF, phase="live", release="2.5")
    changed = await anna.put(where, json={"participation": option, **BECAUSE}, headers=await etag_of(anna, WARENDORF))
    assert changed.status_code == 200
    refused = await anna.put(where, json={"participation": way, **BECAUSE}, headers=await etag_of(anna, WARENDORF))
    assert problem(refused)["code"] == "role-missing"
    taken = await bernd.put(where, json={"participation": way, **BECAUSE}, headers=await etag_of(bernd, WARENDORF))
    assert taken.status_code == 200


async def test_a_bulk_change_is_previewed_applied_as_one_batch_and_taken_back(stage: Stage) -> None:
    installed, anna, _ = stage
    installed.takes_part(AHLEN, phase=Phase.TEST)
    day = local_date(installed.clock.now()).isoformat()
    body: dict[str, Any] = {"keys": [MUENSTER, AHLEN], "changes": {"release": "2.5"}, "valid_from": day, **BECAUSE}
    preview = (await anna.post("/authorities/bulk", json=body)).json()
    assert preview["applied"] is False
    assert [row["differences"] for row in preview["rows"]] == [
        [{"name": "release", "before": "2.6", "after": "2.5"}]
    ] * 2
    assert (await anna.get(f"/authorities/{AHLEN}")).json()["release"] == "2.6"
    body["batch"] = "Release 2.5"
    done = await anna.post("/authorities/bulk", json=await previewed(anna, body))
    assert done.json()["applied"] is True
    assert (await anna.get(f"/authorities/{AHLEN}")).json()["release"] == "2.5"
    again = await anna.post("/authorities/bulk", json=await previewed(anna, body))
    assert again.status_code in (200, 409)
    assert len(journal(installed, "participation.batch_applied")) == 1


async def previewed(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    """Return what makes a change after its preview: the same, with the state that the preview showed."""
    rows = (await client.post("/authorities/bulk", json=body | {"dry_run": True})).json()["rows"]
    return body | {"dry_run": False, "seen": {row["key"]: row["etag"] for row in rows}}


async def test_a_bulk_change_without_the_state_that_was_seen_changes_nothing(stage: Stage) -> None:
    installed, anna, bernd = stage
    installed.takes_part(AHLEN, phase=Phase.TEST)
    day = local_date(installed.clock.now()).isoformat()
    body: dict[str, Any] = {"keys": [MUENSTER, AHLEN], "changes": {"release": "2.5"}, "valid_from": day, **BECAUSE}
    made = await previewed(anna, body)
    for seen in ({}, {MUENSTER: made["seen"][MUENSTER]}):
        answer = await anna.post("/authorities/bulk", json=made | {"seen": seen})
        assert answer.status_code == 428
        assert problem(answer)["code"] == "etag-missing"
        assert [one["pointer"] for one in problem(answer)["errors"]] == [
            f"/seen/{key}" for key in (MUENSTER, AHLEN) if key not in seen
        ]
    other = setting(installed, MUENSTER, note="von Bernd")
    where = f"/authorities/{MUENSTER}/participation"
    put = await bernd.put(where, json={"participation": other, **BECAUSE}, headers=await etag_of(bernd, MUENSTER))
    assert put.status_code == 200
    late = await anna.post("/authorities/bulk", json=made)
    assert late.status_code == 412
    assert "1 Behörde" in problem(late)["detail"]
    assert (await anna.get(f"/authorities/{AHLEN}")).json()["release"] == "2.6"


async def test_a_bulk_change_that_does_not_fit_one_changes_none(stage: Stage) -> None:
    installed, anna, _ = stage
    day = local_date(installed.clock.now()).isoformat()
    keys = [MUENSTER, OELDE]
    body: dict[str, Any] = {"keys": keys, "changes": {"option": "1", "phase": "test"}, "valid_from": day, **BECAUSE}
    preview = (await anna.post("/authorities/bulk", json=body)).json()
    assert [bool(row["faults"]) for row in preview["rows"]] == [False, True]
    answer = await anna.post("/authorities/bulk", json=await previewed(anna, body))
    assert answer.status_code == 422
    found = problem(answer)
    assert "1 von 2" in found["detail"]
    assert all(one["pointer"].startswith(f"/{OELDE}/") for one in found["errors"])
    assert (await anna.get(f"/authorities/{OELDE}")).json()["option"] == "3b"


async def test_a_certificate_is_taken_shown_with_its_days_and_dropped(stage: Stage) -> None:
    installed, anna, _ = stage
    private = new_key()
    good = self_signed(private, "wrap", name="Stadt Münster", at=installed.clock.now() - timedelta(days=1), days=21)
    old = self_signed(private, "wrap", name="Alt", at=installed.clock.now() - timedelta(days=90), days=10)
    where = f"/authorities/{OELDE}/certificates"

    def body(octets: bytes) -> dict[str, Any]:
        return {"purpose": "encrypt", "data": b64encode(octets).decode(), **BECAUSE}

    refused = await anna.post(where, json=body(old.public_bytes(Encoding.DER)))
    assert problem(refused)["code"] == "certificate-expired"
    shown = (await anna.post(where, json=body(good.public_bytes(Encoding.PEM)))).json()
    assert shown["certificate_days"] in (19, 20)
    assert [one["subject"] for one in shown["certificates"]] == ["CN=Stadt Münster"]
    first = (await anna.get("/certificates")).json()["rows"][0]
    assert (first["authority"], first["days"]) == (OELDE, shown["certificate_days"])
    gone = await anna.delete(f"{where}/{first['fingerprint']}?reason=x")
    assert gone.json()["certificates"] == []


async def test_a_pause_holds_the_way_until_it_is_resumed(stage: Stage) -> None:
    installed, anna, _ = stage
    paused = (await anna.post(f"/authorities/{WARENDORF}/pause", json=BECAUSE)).json()
    assert (paused["paused"], paused["paused_why"]) == (True, BECAUSE["reason"])
    resumed = (await anna.post(f"/authorities/{WARENDORF}/resume", json=BECAUSE)).json()
    assert resumed["paused"] is False
    assert [entry.act.actor for entry in journal(installed, "way.paused")] == ["operator:anna"]


async def submitted(installed: Installation) -> str:
    """Return the case number of an application that a portal has completed."""
    pdf = overview_pdf()
    async with portal(installed) as client:
        told = await client.post(
            "/v1/submissions", json=announcement(pdf), headers={"Idempotency-Key": f"k{installed.world.chance.uuid()}"}
        )
        where = f"/v1/submissions/{told.json()['id']}"
        await client.put(f"{where}/attachments/0", content=pdf, headers={"Content-Type": "application/pdf"})
        done = await client.post(f"{where}/complete")
    assert done.status_code in (200, 201), done.text
    return str(done.json()["case_number"])


async def test_a_delivery_is_found_held_put_back_and_traced(stage: Stage) -> None:
    installed, anna, _ = stage
    number = await submitted(installed)
    listed = (await anna.get(f"/deliveries?q={number}")).json()
    assert listed["total"] == 1
    message = listed["rows"][0]["message_id"]
    held = (await anna.post(f"/deliveries/{message}/hold", json=BECAUSE)).json()
    assert (held["state"], held["state_label"]) == ("held", "angehalten")
    assert BECAUSE["reason"] in held["sentence"]
    overview = (await anna.get("/overview")).json()
    assert overview["attention"]["held"] == 1
    assert [one["case_number"] for one in overview["items"]] == [number]
    assert overview["today"]["submitted"] == 1
    causes = (await anna.get("/deliveries/causes")).json()
    assert [(one["count"], one["example"]) for one in causes] == [(1, message)]
    assert (await anna.post(f"/deliveries/{message}/requeue", json=BECAUSE)).json()["state"] == "waiting"
    installed.work()
    assert (await anna.get("/deliveries?state=available")).json()["rows"][0]["case_number"] == number
    trace = (await anna.get(f"/trace?q={number}")).json()
    told = [(event["what"], event["actor"]) for event in trace[0]["events"]]
    assert ("delivery.held", "operator:anna") in told
    assert ("delivery.available", "gateway") in told
    assert trace[0]["case"]["attachments"] == 1
    late = await anna.post(f"/deliveries/{message}/requeue", json=BECAUSE)
    assert late.status_code in (200, 409)


async def test_a_case_is_withdrawn_before_the_authority_has_it_and_not_after(stage: Stage) -> None:
    installed, anna, _ = stage
    number = await submitted(installed)
    assert (await anna.post(f"/cases/{number}/withdraw", json=BECAUSE)).json()["state"] == "withdrawn"
    again = await anna.post(f"/cases/{number}/withdraw", json=BECAUSE)
    assert again.status_code == 409
    assert problem(again)["code"] == "state-conflict"


async def test_more_than_twenty_deliveries_are_put_back_only_with_the_word(stage: Stage) -> None:
    _, anna, _ = stage
    body = {"message_ids": [f"m{number}" for number in range(21)], "act": "requeue", **BECAUSE}
    preview = await anna.post("/deliveries/bulk", json=body)
    assert {row["possible"] for row in preview.json()["rows"]} == {False}
    refused = await anna.post("/deliveries/bulk", json={**body, "dry_run": False})
    assert problem(refused)["code"] == "name-mismatch"
    done = await anna.post("/deliveries/bulk", json={**body, "dry_run": False, "typed": "WIEDERHOLEN"})
    assert done.json()["applied"] is True
    wrong = await anna.post("/deliveries/bulk", json={**body, "act": "hold", "dry_run": False, "typed": "WIEDERHOLEN"})
    assert "ANHALTEN" in problem(wrong)["detail"]


async def test_the_journal_is_paged_in_both_directions_and_proves_itself(stage: Stage) -> None:
    _, anna, _ = stage
    newest = (await anna.get("/journal?limit=2")).json()
    oldest = (await anna.get("/journal?limit=2&newest=false")).json()
    assert newest["rows"][0]["number"] > newest["rows"][1]["number"]
    assert [row["number"] for row in oldest["rows"]] == [1, 2]
    following = (await anna.get(f"/journal?limit=2&newest=false&after={oldest['next']}")).json()
    assert following["rows"][0]["number"] == 3
    older = (await anna.get(f"/journal?limit=2&after={newest['next']}")).json()
    assert older["rows"][0]["number"] == newest["rows"][1]["number"] - 1
    proof = (await anna.post("/journal/verify")).json()
    assert (proof["ok"], proof["broken"]) == (True, None)
    assert proof["count"] == newest["rows"][0]["number"]


@pytest.mark.parametrize("view", ["option", "stage", "way", "trouble"])
async def test_the_map_counts_every_authority_once(stage: Stage, view: str) -> None:
    _, anna, _ = stage
    shown = (await anna.get(f"/map?view={view}")).json()
    assert len(shown["tiles"]) == 53
    assert sum(tile["total"] for tile in shown["tiles"]) == 212
    assert sum(one["count"] for one in shown["legend"]) == 212
    assert all(tile["word"] for tile in shown["tiles"])


async def test_the_public_page_needs_nothing_from_elsewhere(stage: Stage) -> None:
    _, anna, _ = stage
    page = await anna.get("/map.html")
    assert page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    assert "<script src" not in page.text
    assert "Beelen" in page.text


async def test_adapters_say_what_their_settings_are_and_check_them(stage: Stage) -> None:
    _, anna, _ = stage
    found = {one["name"]: one for one in (await anna.get("/adapters")).json()}
    assert {"file_drop", "sftp", "soap_push", "xta_push", "xta_mailbox"} <= found.keys()
    assert found["file_drop"]["settings_schema"]["properties"]["folder"]["title"] == "Ablageordner"
    bad = await anna.post("/adapters/file_drop/check", json={"settings": {"ordner": "x"}})
    assert {fault["pointer"] for fault in bad.json()["faults"]} == {"/settings/folder", "/settings/ordner"}
    good = await anna.post("/adapters/file_drop/check", json={"settings": {"folder": "/srv/eingang"}})
    assert good.json()["faults"] == []


async def test_redirecting_authorities_count_as_such(stage: Stage) -> None:
    installed, anna, _ = stage
    installed.takes_part(
        OELDE, option=Option.REDIRECT, redirect_url="https://bau.oelde.example/", adapter="", settings={}
    )
    counted = (await anna.get("/overview")).json()
    assert counted["participation"] == {"1": 2, "2": 0, "3a": 1, "3b": 209, "sum": 212}
    assert (counted["live"], counted["test"]) == (1, 1)
