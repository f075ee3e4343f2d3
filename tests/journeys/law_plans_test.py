"""Option 2 from hand-off to the arrival of the plans, by command, by operator and by the authority's reply."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import pikepdf
import pytest
from typer.testing import CliRunner

from gateway.api.app import build_app
from gateway.api.operator.roles import PREFIX as OPERATOR
from gateway.demo import law
from gateway.domain.calendar import at_local, local_date, plans_deadline, written_date
from gateway.domain.case import Client
from gateway.domain.delivery import PlansState
from gateway.domain.dossier import Contact, Dossier
from gateway.domain.evidence import Fact
from gateway.domain.ids import CaseNumber
from gateway.domain.participation import Option
from gateway.domain.reply import Webhook
from gateway.domain.tokens import token_digest
from gateway.edges.holidays_nrw import closed_days as holidays
from gateway.flow import clocks, plans
from gateway.flow.evidence import bundle
from gateway.main import app
from gateway.seal.evidence_check import check
from gateway.seal.trust import Trust
from tests.journeys.chain_test import hand_off
from tests.kit.installation import (
    ACTOR,
    BEELEN,
    WARENDORF,
    Installation,
    MovingClock,
    announcement,
    installation,
    overview_pdf,
    portal,
)
from tests.kit.replying import answering, leave, next_round

POSTED = [
    {"bezeichnung": "Lageplan Straßenseite", "anlageart": "2001", "datum": "2026-05-04"},
    {"bezeichnung": "Grundrisse Obergeschoß", "anlageart": "2003", "datum": "2026-05-04"},
]
"""Titles as an applicant writes them: they must be gone after erasure."""


def monday() -> MovingClock:
    return MovingClock(at_local(next_monday(), time(9)))


def next_monday() -> date:
    today = datetime.now().astimezone().date()
    return today + timedelta(days=7 - today.weekday())


def due_day() -> date:
    monday = next_monday()
    return plans_deadline(monday, holidays(monday.year, monday.year + 1))


@contextmanager
def option_2(home: Path) -> Iterator[Installation]:
    with installation(home, clock=monday()) as installed:
        installed.takes_part(WARENDORF, option=Option.WITHOUT_PLANS)
        yield installed


async def handed_off(installed: Installation) -> dict[str, Any]:
    async with portal(installed) as client:
        return await hand_off(client, overview_pdf(), municipality=BEELEN, posted_plans=POSTED)


def fetched(installed: Installation) -> None:
    installed.work()
    inbox = installed.inboxes[WARENDORF]
    for folder in [one for one in inbox.iterdir() if not one.name.startswith(".")]:
        folder.rename(inbox.parent / folder.name)
    installed.clock.pass_by(minutes=10)
    installed.work()
    installed.work()


async def test_the_begleitschein_is_one_accessible_page_with_everything_on_it(tmp_path: Path) -> None:
    with option_2(tmp_path) as installed:
        address = Contact("Postanschrift", "Kreis Warendorf, Bauamt, Waldenburger Straße 2, 48231 Warendorf", "")
        with installed.world.store.writing() as tx:
            tx.dossiers.save(Dossier(WARENDORF, contacts=(address,)))
        case = await handed_off(installed)
        async with portal(installed) as client:
            got = await client.get(f"/v1/submissions/{case['id']}/cover-sheet")
            assert got.status_code == 200, got.text
            fetched(installed)
            later = await client.get(f"/v1/submissions/{case['id']}/cover-sheet")
    text = words(got.content)
    due = written_date(due_day())
    for wanted in (case["case_number"], due, "Waldenburger Straße 2", "48231 Warendorf", "Lageplan Straßenseite"):
        assert wanted in text
    assert "Lageplan" not in words(later.content)
    assert "bereits gelöscht" in words(later.content)
    with pikepdf.open(io.BytesIO(got.content)) as pdf, pdf.open_metadata() as metadata:
        assert len(pdf.pages) == 1
        assert metadata["pdfuaid:part"] == "1"
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
        assert str(pdf.Root.Lang) == "de-DE"
        assert pdf.Root.MarkInfo.Marked
        assert case["case_number"] in str(metadata["dc:title"])


async def test_the_case_counts_as_submitted_only_when_the_plans_have_arrived_and_the_portal_learns_the_day(
    tmp_path: Path,
) -> None:
    with option_2(tmp_path) as installed:
        case = await handed_off(installed)
        fetched(installed)
        async with portal(installed) as client:
            before = (await client.get(f"/v1/submissions/{case['id']}")).json()
            assert before["status"] == "handed_over"
            assert before["submitted_on"] is None
            assert before["plans"]["state"] == "plans_expected"
            installed.clock.pass_by(days=3)
            on = local_date(installed.clock.now())
            plans.plans_arrived(installed.world, case["case_number"].lower(), on, ACTOR, "Anruf")
        async with portal(installed) as client:
            after = (await client.get(f"/v1/submissions/{case['id']}")).json()
            assert after["plans"] | {"instruction": ""} == {
                "state": "plans_arrived", "announced": 2, "due": before["plans"]["due"], "arrived_on": on.isoformat(),
                "instruction": "",
            }  # fmt: skip
            assert after["submitted_on"] == on.isoformat()
            events = (await client.get(f"/v1/submissions/{case['id']}/timeline")).json()["events"]
            assert "plans.arrived" in [event["event"] for event in events]
        trust = Trust.of(installed.gateway_certificate().read_bytes())
        facts = check(bundle(installed.world, CaseNumber(case["case_number"])), trust).facts
        assert facts[-1].what is Fact.PLANS_ARRIVED
        assert facts[-1].facts == {"on": on.isoformat(), "due": before["plans"]["due"], "late": False}


async def test_the_portal_is_reminded_once_and_told_once_that_the_authority_may_reject(tmp_path: Path) -> None:
    with option_2(tmp_path) as installed:
        case = await handed_off(installed)
        seen: list[tuple[date, str]] = []
        for _ in range(24 * 24):
            installed.clock.pass_by(hours=1)
            clocks.tick(installed.world)
        with installed.world.store.reading() as tx:
            for entry in tx.journal.read(subject=case["case_number"]):
                if entry.act.what.startswith("plans."):
                    seen.append((local_date(entry.at), entry.act.what))
            assert [one.case_number for one in clocks.overdue_plans(installed.world, tx)] == [case["case_number"]]
        due = due_day()
        reminded, overdue = seen
        assert reminded[1] == "plans.reminded"
        assert reminded[0] <= due - timedelta(days=3)
        assert overdue == (due + timedelta(days=1), "plans.overdue")
        # late plans still make it a submission
        on = local_date(installed.clock.now())
        late = plans.plans_arrived(installed.world, case["case_number"], on, ACTOR)
        assert late.plans_arrived_on == on


async def test_each_impossible_arrival_has_its_own_answer(tmp_path: Path) -> None:
    with option_2(tmp_path) as installed:
        case = await handed_off(installed)
        today = local_date(installed.clock.now())

        def answer(number: str, on: date) -> str:
            with pytest.raises(Exception) as caught:
                plans.plans_arrived(installed.world, number, on, ACTOR)
            return str(getattr(caught.value, "reason", caught.value))

        assert answer("BW-2026-0000-0000", today) == "Den Vorgang BW-2026-0000-0000 gibt es nicht."
        assert answer("Unsinn", today) == "Den Vorgang Unsinn gibt es nicht."
        assert answer(case["case_number"], today - timedelta(days=1)).startswith(
            f"Der {written_date(today - timedelta(days=1))} liegt vor der Abgabe des Antrags am {written_date(today)}"
        )
        assert "liegt in der Zukunft" in answer(case["case_number"], today + timedelta(days=1))
        installed.clock.pass_by(days=1)
        plans.plans_arrived(installed.world, case["case_number"], today, ACTOR)
        assert plans.plans_arrived(installed.world, case["case_number"], today, ACTOR).plans_arrived_on == today
        assert answer(case["case_number"], today + timedelta(days=1)) == (
            f"Der Eingang der Pläne ist schon für den {written_date(today)} vermerkt."
        )
        with installed.world.store.reading() as tx:
            entries = [one.act.what for one in tx.journal.read(subject=case["case_number"])]
            assert entries.count("plans.arrived") == 1
        async with portal(installed) as client:
            draft = await client.post(
                "/v1/submissions", json=announcement(overview_pdf()), headers={"Idempotency-Key": "draft"}
            )
            number = draft.json()["case_number"]
            assert "ist noch nicht abgegeben" in answer(number, today)
            early = await client.get(f"/v1/submissions/{draft.json()['id']}/cover-sheet")
            assert early.status_code == 409
            installed.takes_part(WARENDORF, option=Option.WITH_PLANS)
            other = await hand_off(client, overview_pdf(), key="k-9")
            assert "Es werden keine Pläne per Post erwartet" in answer(str(other["case_number"]), today)
            none = await client.get(f"/v1/submissions/{other['id']}/cover-sheet")
            assert none.json()["code"] == "plans-not-expected"


async def test_a_clock_set_back_before_the_acceptance_is_named(tmp_path: Path) -> None:
    with option_2(tmp_path) as installed:
        case = await handed_off(installed)
        on = local_date(installed.clock.now())
        installed.clock.pass_by(days=-3)
        with pytest.raises(Exception, match="liegt in der Zukunft") as caught:
            plans.plans_arrived(installed.world, case["case_number"], on, ACTOR)
        assert "bitte die Uhr prüfen" in caught.value.hint  # type: ignore[attr-defined]


async def test_operators_record_the_arrival_by_api_and_by_command(tmp_path: Path) -> None:
    with option_2(tmp_path) as installed:
        case = await handed_off(installed)
        fetched(installed)
        today = local_date(installed.clock.now()).isoformat()
        token = f"{OPERATOR}x-{installed.world.chance.uuid()}"
        with installed.world.store.writing() as tx:
            holder = Client("anna", frozenset({"bearbeiten"}), installed.clock.now() + timedelta(days=1), "t-1")
            tx.clients.add(holder, token_digest(token))
        transport = httpx.ASGITransport(app=build_app(installed.world))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://gateway.test", headers={"Authorization": f"Bearer {token}"}
        ) as client:
            path = f"/operator/v1/cases/{case['case_number']}/plans-arrived"
            bad = await client.post(path, json={"on": "gestern", "reason": "x"})
            assert bad.status_code == 422
            done = await client.post(path, json={"on": today, "reason": "Begleitschein gescannt"})
            assert done.status_code == 200, done.text
            assert done.json()["submitted_on"] == today
            got = await client.get(f"/operator/v1/cases/{case['case_number']}/evidence")
            assert got.content.startswith(b"PK")
    runner = CliRunner()
    state = ["--state", str(tmp_path / "state")]
    again = runner.invoke(app, [*state, "plans-arrived", str(case["case_number"]), "--on", today, "--json"])
    assert again.exit_code == 1
    assert "bitte die Uhr prüfen" in again.output  # the machine's own clock stands before the journey's
    refused = runner.invoke(app, [*state, "plans-arrived", "BW-2026-0000-0000", "--on", today])
    assert refused.exit_code == 3
    assert "gibt es nicht" in refused.output
    read_only = runner.invoke(app, [*state, "--read-only", "plans-arrived", str(case["case_number"])])
    assert read_only.exit_code == 4


def words(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


@pytest.mark.parametrize(
    ("number", "before", "after", "recorded"),
    [
        ("1170", b"<code>17</code>", b"<code>18</code>", True),  # documents complete
        ("1170", b"<code>17</code>", b"<code>17</code>", False),  # documents asked for
        ("1120", b"", b"", False),  # the data have arrived; that says nothing of the plans
    ],
)
async def test_the_authoritys_reply_records_the_arrival_if_it_says_that_the_documents_are_complete(
    tmp_path: Path, number: str, before: bytes, after: bytes, recorded: bool
) -> None:
    with option_2(tmp_path) as installed:
        case = await handed_off(installed)
        fetched(installed)
        xml = answering(installed, case["id"]).xml(number)
        assert before in xml
        leave(installed, xml.replace(before, after) if before else xml)
        next_round(installed)
        with installed.world.store.reading() as tx:
            kept = tx.cases.get(case["id"])
            assert kept is not None
            said = [
                entry for entry in tx.journal.read(subject=case["case_number"]) if entry.act.what == "plans.arrived"
            ]
    assert (kept.plans is PlansState.ARRIVED) is recorded
    assert [entry.act.actor for entry in said] == ([f"authority:{WARENDORF}"] if recorded else [])


async def test_a_portal_with_a_webhook_is_told_of_arrival_reminder_and_delay(tmp_path: Path) -> None:
    with option_2(tmp_path) as installed:
        hook = Webhook("w-1", "portal", "https://portal.example/hook", b"x", installed.clock.now())
        with installed.world.store.writing() as tx:
            tx.webhooks.add(hook)
        case = await handed_off(installed)
        for _ in range(24 * 20):
            installed.clock.pass_by(hours=1)
            clocks.tick(installed.world)
        on = local_date(installed.clock.now())
        plans.plans_arrived(installed.world, case["case_number"], on, ACTOR)
        with installed.world.store.reading() as tx:
            told = [(one.event, dict(one.data)) for one in tx.webhooks.notices("w-1")]
    ids = {"submission_id": case["id"], "case_number": case["case_number"]}
    due = due_day().isoformat()
    assert [one for one in told if one[0].startswith("plans.")] == [
        ("plans.reminder", ids | {"due": due}),
        ("plans.overdue", ids | {"due": due, "authority_may_reject": "true"}),
        ("plans.arrived", ids | {"arrived_on": on.isoformat()}),
    ]


async def test_the_play_shows_arrival_a_missed_fetch_and_evidence_checked_offline(tmp_path: Path) -> None:
    said: list[str] = []
    with option_2(tmp_path) as installed:
        first = await handed_off(installed)
        fetched(installed)
        async with portal(installed) as client:
            await hand_off(client, overview_pdf(), key="k-2", municipality=BEELEN, posted_plans=POSTED)
        installed.work()
        assert law.plans_arrive(installed.world, first["case_number"], said.append)
        assert law.who_misses_the_fetch(installed.world, 4, said.append) == ["Kreis Warendorf"]
        certificate = installed.gateway_certificate()
        number = CaseNumber(first["case_number"])
        assert law.prove(installed.world, number, tmp_path / "nachweis", certificate, said.append, said.append)
    assert any("ECHT UND UNVERÄNDERT" in line for line in said)
    assert any("UNGÜLTIG" in line for line in said)
