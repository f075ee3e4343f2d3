"""What a portal sends about a running case: to the authority that has it, in a release it reads, beside the case."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from typer.testing import CliRunner

from gateway.domain.case import FOLLOW_UP, Case, Delivery
from gateway.domain.delivery import State
from gateway.domain.errors import RoutingError
from gateway.domain.journal import verify
from gateway.domain.participation import Option, Phase
from gateway.flow.carry import content_of
from gateway.main import app
from gateway.seal.cipher import unseal
from tests.kit.installation import (
    AHLEN,
    BEELEN,
    WARENDORF,
    Installation,
    MovingClock,
    announcement,
    installation,
    overview_pdf,
    portal,
)
from tests.kit.replying import Answering, known_case
from tests.kit.xbau_samples import sample_followup

ADDRESS: dict[str, Any] = {
    "sender_street": "Musterstraße", "sender_number": "1", "sender_postcode": "40213",
    "sender_town": "Musterstadt", "sender_email": "post@portal.example",
}  # fmt: skip
PDF = {"Content-Type": "application/pdf"}
LETTER = {"anschreiben": {"text_unformatiert": "Guten Tag,\nanbei der geänderte Lageplan."}}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[tuple[Installation, httpx.AsyncClient]]:
    with installation(tmp_path, **ADDRESS) as installed:
        async with portal(installed) as client:
            yield installed, client


Stage = tuple[Installation, httpx.AsyncClient]


def running(installed: Installation, number: int = 1, **changes: Any) -> Answering:
    """Enter a case of a municipality of Kreis Warendorf that was handed over, unless `changes` say otherwise."""
    return known_case(installed, number, **({"municipality": BEELEN} | changes))


def attachment(octets: bytes, **changes: Any) -> dict[str, Any]:
    return {
        "file_name": "Lageplan neu.pdf", "bezeichnung": "Lageplan", "anlageart": "2001", "datum": "2026-05-11",
        "size": len(octets), "sha256": hashlib.sha256(octets).hexdigest(), **changes,
    }  # fmt: skip


async def send(
    client: httpx.AsyncClient,
    case_id: str,
    number: str = "1142",
    nachricht: object = None,
    *files: bytes,
    key: str = "m",
) -> httpx.Response:
    body = {
        "number": number,
        "nachricht": sample_followup(number) if nachricht is None else nachricht,
        "attachments": [attachment(octets) for octets in files],
    }
    return await client.post(f"/v1/submissions/{case_id}/messages", json=body, headers={"Idempotency-Key": key})


async def sent(client: httpx.AsyncClient, case_id: str, number: str, *files: bytes, key: str = "m") -> dict[str, Any]:
    """Announce, upload and complete a message; return the last answer."""
    announced = await send(client, case_id, number, None, *files, key=key)
    assert announced.status_code == 201, announced.text
    for slot, octets in zip(announced.json()["attachments"], files, strict=True):
        assert (await client.put(slot["upload_url"], content=octets, headers=PDF)).status_code == 200
    completed = await client.post(f"/v1/submissions/{announced.json()['id']}/complete")
    assert completed.status_code == 201, completed.text
    found: dict[str, Any] = completed.json()
    return found


def rows(installed: Installation, case_id: str) -> tuple[Case, Delivery]:
    with installed.world.store.reading() as tx:
        case, (delivery,) = tx.cases.get(case_id), tx.deliveries.of_case(case_id)
    assert case is not None
    return case, delivery


def xml_of(installed: Installation, case_id: str) -> etree._Element:
    content = content_of(installed.world, rows(installed, case_id)[1])
    return etree.fromstring(unseal(content.message, content.key))


def text(root: etree._Element, name: str) -> list[str]:
    return [element.text or "" for element in root.iter(f"{{*}}{name}", name)]


async def test_a_later_document_reaches_the_authority_as_a_message_of_its_own_about_the_same_case(
    stage: Stage, tmp_path: Path
) -> None:
    installed, client = stage
    known = running(installed, file_reference="63/B-2026/0815")
    plan = overview_pdf(50_000)
    message = await sent(client, known.case.id, "1142", plan)
    assert message["case_number"] == known.case.number
    assert message["follows"] == known.case.id
    assert message["file_reference"] == "63/B-2026/0815"
    case, delivery = rows(installed, message["id"])
    assert (delivery.kind, delivery.number, case.reference) == (FOLLOW_UP, "1142", known.case.reference)
    root = xml_of(installed, message["id"])
    assert text(root, "vorgang") == ["63/B-2026/0815"]
    assert text(root, "referenz") == [str(known.case.reference)]
    installed.work()
    taken = (installed.inboxes[WARENDORF] / message["message_id"]).rename(tmp_path / "taken")
    arguments = ["open", str(taken), "--json", "--key", str(installed.keys[WARENDORF]), "--authority", WARENDORF]
    done = CliRunner().invoke(app, [*arguments, "--gateway", str(installed.gateway_certificate())])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["ok"], report["case_number"]) == (True, known.case.number)
    assert (Path(report["folder"]) / "Lageplan neu.pdf").read_bytes() == plan
    installed.clock.pass_by(minutes=10)
    installed.work()
    assert rows(installed, message["id"])[0].state is State.HANDED_OVER
    assert rows(installed, known.case.id)[0].state is State.HANDED_OVER
    status = (await client.get(f"/v1/submissions/{message['id']}")).json()
    assert status["erased_at"] is not None
    with installed.world.store.reading() as tx:
        assert verify(tx.journal.read()) is None


async def test_what_becomes_of_a_message_does_not_change_the_case_it_follows(stage: Stage) -> None:
    installed, client = stage
    known = running(installed, state=State.CONFIRMED)
    message = await sent(client, known.case.id, "1130")
    installed.work()
    assert rows(installed, message["id"])[0].state is State.AVAILABLE
    assert rows(installed, known.case.id)[0] == known.case
    listed = (await client.get(f"/v1/submissions/{known.case.id}/messages")).json()
    assert [entry["id"] for entry in listed] == [message["id"]]
    withdrawn = await client.post(f"/v1/submissions/{message['id']}/withdraw", json={"reason": "versehen"})
    assert withdrawn.status_code == 200
    assert rows(installed, known.case.id)[0] == known.case
    installed.work()
    with installed.world.store.reading() as tx:
        told = [entry.act.what for entry in tx.journal.read(subject=known.case.number)]
    assert {"message.announced", "message.accepted", "message.withdrawn", "message.erased"} <= set(told)
    assert not any(what.startswith("case.") for what in told), "the case itself has lived through nothing"


async def test_every_message_about_a_case_has_documents_and_a_content_key_of_its_own(stage: Stage) -> None:
    installed, client = stage
    known = running(installed)
    first = await sent(client, known.case.id, "0202", overview_pdf(), key="m-1")
    second = await sent(client, known.case.id, "0202", overview_pdf(), key="m-2")
    ids = [text(xml_of(installed, one["id"]), "dokumentid") for one in (first, second)]
    assert ids[0] != ids[1]
    assert [[part["document_id"] for part in one["attachments"]] for one in (first, second)] == ids
    keys = {rows(installed, one["id"])[0].wrapped_key for one in (first, second)}
    assert len(keys) == 2
    assert None not in keys


async def test_the_same_call_twice_makes_one_message_and_a_key_stands_for_one_case_only(stage: Stage) -> None:
    installed, client = stage
    known, other = running(installed), running(installed, 2)
    first = await send(client, known.case.id)
    again = await send(client, known.case.id)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    elsewhere = await send(client, other.case.id)
    assert elsewhere.status_code == 422
    assert elsewhere.json()["code"] == "idempotency-key-reused"


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (State.DRAFT, "zurückziehen"),
        (State.AVAILABLE, "zurückziehen"),
        (State.HELD, "zurückziehen"),
        (State.REJECTED, "neu einreichen"),
        (State.WITHDRAWN, "neu einreichen"),
        (State.EXPIRED, "neu einreichen"),
    ],
)
async def test_what_the_authority_does_not_have_is_not_followed_and_the_portal_is_told_what_to_do(
    stage: Stage, state: State, advice: str
) -> None:
    installed, client = stage
    answer = await send(client, running(installed, state=state).case.id)
    assert answer.status_code == 409
    assert answer.json()["code"] == "state-conflict"
    assert advice in answer.json()["hint"]


async def test_a_message_about_a_message_is_referred_to_the_case(stage: Stage) -> None:
    installed, client = stage
    known = running(installed)
    message = (await send(client, known.case.id)).json()
    answer = await send(client, message["id"], key="m-2")
    assert answer.status_code == 409
    assert known.case.id in answer.json()["hint"]


async def test_another_portals_case_is_as_unknown_as_none(stage: Stage) -> None:
    installed, client = stage
    foreign = running(installed, client="somebody")
    for case_id in (foreign.case.id, "00000000-0000-4000-8000-000000000000"):
        assert (await send(client, case_id)).status_code == 404
        assert (await client.get(f"/v1/submissions/{case_id}/messages")).status_code == 404


async def test_everything_wrong_with_a_message_is_named_at_once_with_its_place(stage: Stage) -> None:
    installed, client = stage
    known = running(installed)
    small = overview_pdf()
    body = {
        "number": "1142",
        "nachricht": {"anschreiben": {"text_unformatiert": ""}, "unbekannt": 1},
        "attachments": [
            attachment(small, size=31_000_000),
            attachment(small, bezeichnung="Plan \u4e2d", anlageart="7777"),
        ],
    }
    answer = await client.post(f"/v1/submissions/{known.case.id}/messages", json=body, headers={"Idempotency-Key": "f"})
    assert answer.status_code == 422
    places = {(fault["code"], fault["pointer"]) for fault in answer.json()["errors"]}
    assert places == {
        ("attachment-too-large", "/attachments/0/size"),
        ("attachment-duplicate", "/attachments/1/file_name"),
        ("field-invalid", "/nachricht/anschreiben/text_unformatiert"),
        ("field-unknown", "/nachricht/unbekannt"),
    }
    body["nachricht"] = LETTER
    answer = await client.post(f"/v1/submissions/{known.case.id}/messages", json=body, headers={"Idempotency-Key": "f"})
    places = {(fault["code"], fault["pointer"]) for fault in answer.json()["errors"]}
    assert {("characters", "/attachments/1/bezeichnung"), ("code-unknown", "/attachments/1/anlageart")} <= places


@pytest.mark.parametrize("number", ["0200", "1120", "", None, 202])
async def test_only_the_three_messages_about_a_running_case_are_taken(stage: Stage, number: object) -> None:
    installed, client = stage
    body = {"number": number, "nachricht": {}}
    answer = await client.post(
        f"/v1/submissions/{running(installed).case.id}/messages", json=body, headers={"Idempotency-Key": "n"}
    )
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/number"]


async def test_a_message_goes_in_the_release_the_authority_has_migrated_to(stage: Stage) -> None:
    installed, client = stage
    known = running(installed, release="2.4.0.1")
    message = await sent(client, known.case.id, "1142")
    assert message["release"] == "2.6"
    root = xml_of(installed, message["id"])
    assert root.nsmap[root.prefix] == "http://www.xleitstelle.de/xbau/kernmodul/1/3/0"


async def test_what_the_new_release_cannot_say_goes_in_the_one_the_case_began_with(stage: Stage) -> None:
    installed, client = stage
    known = running(installed, release="2.6")
    installed.takes_part(WARENDORF, release="2.2")
    message = await sent(client, known.case.id, "1142")
    assert message["release"] == "2.6"
    assert (await sent(client, known.case.id, "1130", key="m-2"))["release"] == "2.2"


async def test_what_neither_release_can_say_is_refused_with_the_faults_of_the_one_in_force(stage: Stage) -> None:
    installed, client = stage
    known = running(installed, release="2.2")
    installed.takes_part(WARENDORF, release="2.2")
    answer = await send(client, known.case.id, "1142")
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "/nachricht"
    assert "2.2" in fault["detail"]


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        ({"option": Option.NONE, "adapter": "", "settings": {}}, "authority-not-participating"),
        ({"phase": Phase.ENDED}, "authority-not-participating"),
        ({"phase": Phase.PAUSED}, "authority-not-live"),
        ({"phase": Phase.TEST}, "authority-test-only"),
    ],
)
async def test_an_authority_that_takes_nothing_this_way_any_more_is_written_to_on_paper(
    stage: Stage, choices: dict[str, Any], code: str
) -> None:
    installed, client = stage
    known = running(installed)
    installed.takes_part(WARENDORF, **choices)
    answer = await send(client, known.case.id)
    assert answer.status_code == 409
    assert answer.json()["code"] == code
    assert known.case.number in answer.json()["hint"]


async def test_a_procedure_that_was_switched_off_still_lets_running_cases_be_written_about(stage: Stage) -> None:
    installed, client = stage
    known = running(installed, procedure="vorbescheid")
    assert (await sent(client, known.case.id, "1130"))["status"] == "accepted"


async def test_without_plans_only_forms_travel_and_no_second_clock_begins(stage: Stage) -> None:
    installed, client = stage
    known = running(installed, option="2")
    installed.takes_part(WARENDORF, option=Option.WITHOUT_PLANS)
    refused = await send(client, known.case.id, "1142", None, overview_pdf())
    assert [fault["code"] for fault in refused.json()["errors"]] == ["attachment-not-asked"]
    message = await sent(client, known.case.id, "1142")
    assert message["plans"] is None
    assert rows(installed, message["id"])[0].plans_due is None


async def test_the_file_reference_that_came_after_the_announcement_stands_in_the_message(stage: Stage) -> None:
    installed, client = stage
    known = running(installed)
    announced = (await send(client, known.case.id, "1130")).json()
    with installed.world.store.writing() as tx:
        case = tx.cases.get(known.case.id)
        assert case is not None
        tx.cases.save(replace(case, file_reference="63/7"))
    await client.post(f"/v1/submissions/{announced['id']}/complete")
    assert text(xml_of(installed, announced["id"]), "vorgang") == ["63/7"]


async def test_a_message_goes_to_whoever_has_taken_the_municipality_over_in_the_release_spoken_there(
    stage: Stage,
) -> None:
    installed, client = stage
    installed.takes_part(AHLEN, release="2.5")
    moved = running(installed, municipality=str(AHLEN), release="2.4")
    message = await sent(client, moved.case.id, "1142")
    assert (message["authority"]["key"], message["release"]) == (AHLEN, "2.5")
    installed.work()
    assert (installed.inboxes[AHLEN] / message["message_id"]).is_dir()
    assert not (installed.inboxes[WARENDORF] / message["message_id"]).exists()


async def test_the_announced_switch_of_an_authority_to_a_newer_release_happens_on_its_day_without_a_restart(
    tmp_path: Path,
) -> None:
    """A switch from 1 May on: German midnight decides, not the server's."""
    year = datetime.now(UTC).year + 1  # the installation's keys begin today
    clock = MovingClock(datetime(year, 4, 30, 21, 59, tzinfo=UTC))
    with installation(tmp_path, clock=clock) as installed:
        installed.takes_part(WARENDORF, release="2.4.0.1", valid_from=date(year, 4, 30))
        installed.takes_part(WARENDORF, release="2.6", valid_from=date(year, 5, 1))
        async with portal(installed) as client:
            before = await announce_first(client, "before")
            assert before["release"] == "2.4.0.1"
            clock.pass_by(minutes=1)
            after = await announce_first(client, "after")
            assert after["release"] == "2.6"
            for case, namespace in ((before, "2/4/0/1"), (after, "2/6")):
                completed = await client.post(f"/v1/submissions/{case['id']}/complete")
                assert completed.status_code == 201, completed.text
                root = xml_of(installed, case["id"])
                assert root.tag == f"{{http://www.xleitstelle.de/xbau/{namespace}}}baugenehmigung.antrag.0200"


async def announce_first(client: httpx.AsyncClient, key: str) -> dict[str, Any]:
    """Announce an application and upload its overview; return the answer to the announcement."""
    page = overview_pdf()
    answer = await client.post("/v1/submissions", json=announcement(page), headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert (await client.put(found["attachments"][0]["upload_url"], content=page, headers=PDF)).status_code == 200
    return found


async def test_without_our_own_address_no_authority_takes_part_with_a_release_that_asks_for_it(tmp_path: Path) -> None:
    """A portal could do nothing about it, so operators are told before any portal submits."""
    with installation(tmp_path, **ADDRESS | {"sender_street": "", "sender_email": ""}) as installed:
        with pytest.raises(RoutingError) as refused:
            installed.takes_part(WARENDORF, release="2.3.1")
        assert [fault.pointer for fault in refused.value.faults] == ["/release"]
        assert "sender_street" in refused.value.faults[0].detail
        installed.takes_part(WARENDORF, release="2.4.0.1")
