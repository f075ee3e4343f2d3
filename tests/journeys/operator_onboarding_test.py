"""From invitation to live: evidence collected, tests answered by the authority's own tool, two persons decide."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.domain.calendar import local_date
from gateway.domain.delivery import State
from gateway.domain.ids import MessageId
from gateway.domain.journal import verify
from gateway.domain.participation import Option, Phase
from tests.kit.installation import AHLEN, MUENSTER, Installation, announcement, installation, portal
from tests.kit.operating import etag_of, operators, problem
from tests.kit.testing_authority import answer_test, later, run_command

Stage = tuple[Installation, httpx.AsyncClient, httpx.AsyncClient]
WHERE = f"/authorities/{AHLEN}/onboarding"
BECAUSE = {"reason": "Anbindung Ahlen"}
CONTACTS = [
    {"role": "Technischer Kontakt", "name": "IT Ahlen", "email": "it@ahlen.example", "phone": ""},
    {"role": "Fachlich", "name": "Bauamt", "email": "bau@ahlen.example", "phone": ""},
]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    with installation(tmp_path) as installed:
        installed.takes_part(AHLEN, phase=Phase.NOT_CONNECTED)
        async with operators(installed, anna="verwalten", bernd="freigeben") as (anna, bernd):
            yield installed, anna, bernd


def holds(shown: dict[str, Any]) -> dict[str, bool | None]:
    return {one["check"]: one["holds"] for one in shown["checks"]}


async def ready(stage: Stage) -> None:
    """Bring the authority as far as it comes without a test message."""
    _, anna, _ = stage
    await anna.put(
        f"/authorities/{AHLEN}/contacts", json={"contacts": CONTACTS, **BECAUSE}, headers=await etag_of(anna, AHLEN)
    )
    assert (await anna.post(f"{WHERE}/advance", json={"to": "details", **BECAUSE})).status_code == 200
    await anna.post(f"{WHERE}/check", json={})
    moved = await anna.post(f"{WHERE}/advance", json={"to": "connected", **BECAUSE})
    assert moved.status_code == 200, moved.text


async def an_answered_test(stage: Stage) -> None:
    """Let the authority fetch, open and answer a test message with its own tool."""
    installed, anna, _ = stage
    sent = (await anna.post(f"{WHERE}/test-message", json=BECAUSE)).json()
    answer_test(installed, AHLEN, sent["test_message"])


async def test_an_authority_comes_from_invitation_to_live_by_two_persons(stage: Stage) -> None:
    installed, anna, bernd = stage
    first = (await anna.get(WHERE)).json()
    assert (first["stage_label"], set(holds(first).values())) == ("eingeladen", {None})
    await ready(stage)
    await an_answered_test(stage)
    checked = (await anna.post(f"{WHERE}/check", json={})).json()
    assert set(holds(checked).values()) == {True}, checked["checks"]
    assert (await anna.post(f"{WHERE}/advance", json={"to": "verified", **BECAUSE})).json()["stage"] == "verified"
    proposed = (await anna.post(f"{WHERE}/propose", json=BECAUSE)).json()
    assert proposed["proposer"] == "operator:anna"
    assert proposed["next_step"] == "Freigabe durch eine zweite Person (vorgeschlagen von anna)."
    named = {"typed_name": "Ahlen", **BECAUSE}
    same = await anna.post(f"{WHERE}/approve", json=named)
    assert same.status_code == 403
    assert problem(same)["code"] == "four-eyes"
    misspelt = await bernd.post(f"{WHERE}/approve", json={"typed_name": "Aalen", **BECAUSE})
    assert problem(misspelt)["code"] == "name-mismatch"
    live = (await bernd.post(f"{WHERE}/approve", json=named)).json()
    assert (live["stage"], live["approver"]) == ("live", "operator:bernd")
    row = (await anna.get(f"/authorities/{AHLEN}")).json()
    assert (row["phase"], row["stage_label"]) == ("live", "live")
    assert row["history"][0]["changed_by"] == "operator:bernd"
    with installed.world.store.reading() as tx:
        words = [entry.act.what for entry in tx.journal.read(subject=AHLEN)]
        assert verify(tx.journal.read()) is None
    assert words[-2:] == ["participation.changed", "onboarding.approved"]
    async with portal(installed) as client:
        told = await client.post(
            "/v1/submissions", json=announcement(municipality=AHLEN), headers={"Idempotency-Key": "after-live"}
        )
    assert told.status_code == 201, told.text


async def test_before_live_a_real_application_is_refused_while_a_test_message_goes(stage: Stage) -> None:
    installed, anna, _ = stage
    await ready(stage)
    async with portal(installed) as client:
        told = await client.post(
            "/v1/submissions", json=announcement(municipality=AHLEN), headers={"Idempotency-Key": "too-early"}
        )
    assert told.status_code == 409
    sent = (await anna.post(f"{WHERE}/test-message", json=BECAUSE)).json()
    assert (sent["delivery"]["test"], sent["delivery"]["kind"]) == (True, "test")
    installed.work()
    assert (installed.inboxes[AHLEN] / sent["test_message"] / "envelope.xml").exists()


async def test_before_the_details_are_known_there_is_no_way_for_a_test_message(stage: Stage) -> None:
    _, anna, _ = stage
    answer = await anna.post(f"{WHERE}/test-message", json=BECAUSE)
    assert answer.status_code == 409
    assert "nicht angebunden" in problem(answer)["detail"]


async def test_a_stage_without_its_evidence_is_refused_and_names_every_gap(stage: Stage) -> None:
    _, anna, _ = stage
    await anna.post(f"{WHERE}/advance", json={"to": "details", **BECAUSE})
    answer = await anna.post(f"{WHERE}/advance", json={"to": "connected", **BECAUSE})
    assert answer.status_code == 409
    named = [one["pointer"] for one in problem(answer)["errors"]]
    assert named == ["/evidence/contact", "/evidence/reachable", "/evidence/certificate", "/evidence/clock"]


@pytest.mark.parametrize("target", ["approved", "live", "verified"])
async def test_no_stage_can_be_skipped(stage: Stage, target: str) -> None:
    _, anna, _ = stage
    answer = await anna.post(f"{WHERE}/advance", json={"to": target, **BECAUSE})
    assert answer.status_code in (403, 409)
    assert problem(answer)["code"] in ("four-eyes", "state-conflict")


async def test_nothing_is_proposed_or_approved_without_complete_evidence(stage: Stage) -> None:
    _, anna, bernd = stage
    await ready(stage)
    proposed = await anna.post(f"{WHERE}/propose", json=BECAUSE)
    assert problem(proposed)["code"] == "state-conflict"
    approved = await bernd.post(f"{WHERE}/approve", json={"typed_name": "Ahlen", **BECAUSE})
    assert problem(approved)["code"] == "state-conflict"
    assert "vorgeschlagen" in approved.json()["detail"]


async def test_evidence_that_broke_after_the_proposal_stops_the_approval(stage: Stage) -> None:
    _, anna, bernd = stage
    await ready(stage)
    await an_answered_test(stage)
    await anna.post(f"{WHERE}/check", json={})
    await anna.post(f"{WHERE}/advance", json={"to": "verified", **BECAUSE})
    await anna.post(f"{WHERE}/propose", json=BECAUSE)
    await anna.put(
        f"/authorities/{AHLEN}/contacts", json={"contacts": [], **BECAUSE}, headers=await etag_of(anna, AHLEN)
    )
    answer = await bernd.post(f"{WHERE}/approve", json={"typed_name": "Ahlen", **BECAUSE})
    assert answer.status_code == 409
    assert [one["pointer"] for one in problem(answer)["errors"]] == ["/evidence/contact"]
    assert (await anna.get(f"/authorities/{AHLEN}")).json()["phase"] == "test"


async def test_another_way_puts_the_authority_back_to_its_details(stage: Stage) -> None:
    installed, anna, _ = stage
    await ready(stage)
    await an_answered_test(stage)
    assert (await anna.post(f"{WHERE}/check", json={})).status_code == 200
    installed.takes_part(AHLEN, phase=Phase.TEST, release="2.5", valid_from=local_date(installed.clock.now()))
    shown = (await anna.get(WHERE)).json()
    assert shown["stage"] == "details"
    assert {check for check, held in holds(shown).items() if held is not None} == {"contact"}
    assert "neu zu erbringen" in shown["log"][0]["text"]
    assert shown["test_message"] == ""


async def test_another_procedure_leaves_what_was_proved(stage: Stage) -> None:
    installed, anna, _ = stage
    await ready(stage)
    installed.takes_part(
        AHLEN, phase=Phase.TEST, option=Option.WITHOUT_PLANS, valid_from=local_date(installed.clock.now())
    )
    shown = (await anna.get(WHERE)).json()
    assert (shown["stage"], holds(shown)["reachable"]) == ("connected", True)


async def test_a_pause_stops_real_applications_and_resuming_needs_no_second_person(stage: Stage) -> None:
    _, anna, bernd = stage
    await ready(stage)
    await an_answered_test(stage)
    await anna.post(f"{WHERE}/check", json={})
    await anna.post(f"{WHERE}/advance", json={"to": "verified", **BECAUSE})
    await anna.post(f"{WHERE}/propose", json=BECAUSE)
    await bernd.post(f"{WHERE}/approve", json={"typed_name": "Ahlen", **BECAUSE})
    paused = (await anna.post(f"{WHERE}/advance", json={"to": "paused", **BECAUSE})).json()
    assert (paused["stage"], paused["can_advance_to"]) == ("paused", ["details", "live", "ended"])
    assert (await anna.get(f"/authorities/{AHLEN}")).json()["phase"] == "paused"
    again = (await anna.post(f"{WHERE}/advance", json={"to": "live", **BECAUSE})).json()
    assert again["stage"] == "live"
    unnamed = await anna.post(f"{WHERE}/advance", json={"to": "ended", **BECAUSE})
    assert problem(unnamed)["code"] == "name-mismatch"
    ended = await anna.post(f"{WHERE}/advance", json={"to": "ended", "typed_name": "Ahlen", **BECAUSE})
    assert ended.json()["stage"] == "ended"


async def test_the_receipt_of_the_authoritys_tool_proves_that_it_opened_the_message(stage: Stage) -> None:
    installed, anna, _ = stage
    await ready(stage)
    sent = (await anna.post(f"{WHERE}/test-message", json=BECAUSE)).json()
    installed.work()
    lying = installed.inboxes[AHLEN] / sent["test_message"]
    before = (await anna.post(f"{WHERE}/check", json={})).json()
    assert (holds(before)["test_delivered"], holds(before)["test_opened"]) == (False, False)
    out = installed.home / "open"
    keys = ("--key", installed.keys[AHLEN], "--gateway", installed.gateway_certificate())
    run_command("open", lying, *keys, "--to", out, "--receipt")
    shutil.rmtree(lying)
    later(installed)
    after = (await anna.post(f"{WHERE}/check", json={})).json()
    assert (holds(after)["test_delivered"], holds(after)["test_opened"]) == (True, True)
    assert holds(after)["test_answered"] is False
    assert "1120" in next(one["detail"] for one in after["checks"] if not one["holds"])


async def test_a_plain_receipt_proves_only_that_it_was_taken(stage: Stage) -> None:
    installed, anna, _ = stage
    await ready(stage)
    sent = (await anna.post(f"{WHERE}/test-message", json=BECAUSE)).json()
    installed.work()
    (installed.inboxes[AHLEN] / f"{sent['test_message']}.quittung").write_text("angenommen")
    later(installed)
    shown = (await anna.post(f"{WHERE}/check", json={})).json()
    assert (holds(shown)["test_delivered"], holds(shown)["test_opened"]) == (True, False)


async def test_a_missing_folder_is_told_with_what_to_do(stage: Stage) -> None:
    installed, anna, _ = stage
    await anna.post(f"{WHERE}/advance", json={"to": "details", **BECAUSE})
    installed.inboxes[AHLEN].rmdir()
    shown = (await anna.post(f"{WHERE}/check", json={})).json()
    reachable = next(one for one in shown["checks"] if one["check"] == "reachable")
    assert reachable["holds"] is False
    assert reachable["detail"].startswith("Der Ablageordner fehlt.")
    assert reachable["next_step"].startswith("Bitte prüfen Sie")


async def test_the_probe_leaves_nothing_in_the_authoritys_folder(stage: Stage) -> None:
    installed, anna, _ = stage
    await anna.post(f"{WHERE}/advance", json={"to": "details", **BECAUSE})
    await anna.post(f"{WHERE}/check", json={})
    assert list(installed.inboxes[AHLEN].iterdir()) == []


async def test_a_certificate_that_ends_soon_keeps_an_authority_from_going_on(stage: Stage) -> None:
    installed, anna, _ = stage
    await ready(stage)
    installed.clock.pass_by(days=350)
    shown = (await anna.post(f"{WHERE}/check", json={})).json()
    certificate = next(one for one in shown["checks"] if one["check"] == "certificate")
    assert certificate["holds"] is False
    assert "Bitte ein neues einspielen." in certificate["detail"]


async def test_the_content_of_an_answered_test_message_is_erased_and_no_portal_sees_it(stage: Stage) -> None:
    installed, anna, _ = stage
    await ready(stage)
    await an_answered_test(stage)
    message = MessageId((await anna.get(WHERE)).json()["test_message"])
    with installed.world.store.reading() as tx:
        delivery = tx.deliveries.get(message)
        assert delivery is not None
        case = tx.cases.get(delivery.case_id)
        replies = tx.replies.of_case(delivery.case_id)
    assert case is not None
    assert (delivery.state, case.state, case.wrapped_key) == (State.CONFIRMED, State.CONFIRMED, None)
    assert [(reply.number, reply.wrapped_key) for reply in replies] == [("1120", None)]
    async with portal(installed) as client:
        assert (await client.get(f"/v1/submissions/{case.id}")).status_code == 404
        assert (await client.get("/v1/replies")).json()["replies"] == []


async def test_the_list_says_what_is_next_for_everybody(stage: Stage) -> None:
    _, anna, _ = stage
    await ready(stage)
    rows = {row["key"]: row for row in (await anna.get("/onboarding")).json()["rows"]}
    assert len(rows) == 212
    assert rows[AHLEN]["complete"] == 5
    assert rows[AHLEN]["next_step"].startswith("Für „geprüft“ fehlt: Testnachricht übergeben")
    assert rows["05570000"]["stage"] == "live"


async def test_the_first_step_follows_from_what_is_entered(stage: Stage) -> None:
    installed, anna, _ = stage
    nothing = {"procedures": frozenset(), "release": "", "adapter": "", "settings": {}}
    installed.takes_part(MUENSTER, option=Option.NONE, phase=Phase.NOT_CONNECTED, **nothing)
    rows = {row["key"]: row for row in (await anna.get("/onboarding")).json()["rows"]}
    silent = next(row for key, row in rows.items() if key not in (AHLEN, MUENSTER))
    assert rows[AHLEN]["next_step"] == "„Angaben da“ setzen: Option 1 ist eingetragen."
    assert rows[MUENSTER]["next_step"] == "Nichts zu tun: nimmt nichts über uns an (3b)."
    assert silent["next_step"] == "Teilnahme eintragen, sobald die Behörde geantwortet hat."
    assert (rows[AHLEN]["option"], rows[AHLEN]["kreis_abbr"], rows[AHLEN]["adapter"]) == ("1", "WAF", "file_drop")
    assert (rows[MUENSTER]["option"], rows[MUENSTER]["adapter"]) == ("3b", "")
    assert silent["option"] == "", "who has not answered has not declined"
    for key in (AHLEN, MUENSTER, silent["key"]):
        shown = (await anna.get(f"/authorities/{key}/onboarding")).json()
        assert shown["next_step"] == rows[key]["next_step"], "the checklist says the same as the list"
