"""After erasure nothing personal remains anywhere, undelivered content never goes by age, and records go in time."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.demo.pdf import make_pdf
from gateway.domain.calendar import at_local, local_date, next_working_day
from gateway.domain.dossier import Contact
from gateway.domain.errors import SubmissionError
from gateway.domain.ids import CaseNumber
from gateway.domain.notice_mail import Mail
from gateway.domain.participation import Option
from gateway.edges.holidays_nrw import closed_days as holidays
from gateway.flow import clocks, mails, purge
from gateway.flow.contacts import set_contacts
from gateway.flow.evidence import bundle
from gateway.flow.worker import Worker
from gateway.main import app
from tests.journeys.chain_test import hand_off
from tests.journeys.law_plans_test import words
from tests.kit.installation import (
    ACTOR,
    BEELEN,
    WARENDORF,
    Installation,
    announcement,
    installation,
    overview_pdf,
    portal,
)
from tests.kit.xbau_samples import sample_antrag

CANARIES = ("Kanarienvogel", "Zaunkönigweg", "Rotkehlchen-Villa", "Wintergoldhähnchen", "Zilpzalp")


def personal() -> dict[str, Any]:
    """Return an announcement full of words that must be gone afterwards."""
    antrag = sample_antrag(size="minimal")
    text = antrag["bauvorhaben"]["beteiligte"]["bauherr"][0]["bauherr"]["natuerliche_person"]
    text["name"]["familienname"] = CANARIES[0]
    text["anschrift"]["strasse"] = CANARIES[1]
    antrag["bauvorhaben"]["bezeichnung_des_bauvorhabens"] = CANARIES[2]
    return antrag


def file_with_text() -> bytes:
    return make_pdf([f"Antragsübersicht von {CANARIES[4]}"], 3000)


def fetch(installed: Installation) -> None:
    inbox = installed.inboxes[WARENDORF]
    for folder in [one for one in inbox.iterdir() if not one.name.startswith(".")]:
        folder.rename(inbox.parent / folder.name)
    installed.clock.pass_by(minutes=10)
    installed.work()
    installed.work()


def found_in(octets: bytes) -> set[str]:
    """Return the canaries in some bytes, as they are or inside compressed streams, in any usual encoding."""
    spelled = {
        word: {word.encode(code) for code in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")} for word in CANARIES
    }
    every = [octets]
    for start in range(len(octets)):
        if octets[start : start + 1] == b"\x78" and octets[start + 1 : start + 2] in (b"\x01", b"\x9c", b"\xda"):
            try:
                every.append(zlib.decompressobj().decompress(octets[start:], 1_000_000))
            except zlib.error:
                continue
    return {word for word, forms in spelled.items() for form in forms if any(form in one for one in every)}


def working_day_after(moment: datetime) -> date:
    day = local_date(moment)
    return next_working_day(day, holidays(day.year, day.year + 1))


async def test_after_the_handover_no_personal_word_is_left_in_any_file_answer_evidence_or_mail(tmp_path: Path) -> None:
    sent: list[Mail] = []

    class Post:
        def send(self, mail: Mail) -> None:
            sent.append(mail)

    with installation(tmp_path) as installed:
        installed.takes_part(WARENDORF, option=Option.WITHOUT_PLANS)
        pdf = file_with_text()
        attachments = announcement(pdf)["attachments"]
        attachments[0] |= {"file_name": f"{CANARIES[3]}.pdf", "bezeichnung": f"Übersicht {CANARIES[3]}"}
        posted = [{"bezeichnung": f"Lageplan {CANARIES[2]}", "anlageart": "2001", "datum": "2026-05-04"}]
        async with portal(installed) as client:
            case = await hand_off(
                client, pdf, municipality=BEELEN, antrag=personal(), attachments=attachments, posted_plans=posted
            )
            assert CANARIES[2] in words((await client.get(f"/v1/submissions/{case['id']}/cover-sheet")).content)
            installed.work()
            fetch(installed)
            installed.clock.at = at_local(working_day_after(installed.clock.now() + timedelta(days=20)), time(10))
            contact = Contact("Technisch", "Frau Özdemir", "it@warendorf.example")
            set_contacts(installed.world, WARENDORF, [contact], ACTOR, "Test")
            world = replace(
                installed.world, mailer=Post(), policy=replace(installed.world.policy, mail_to=("op@nrw.example",))
            )
            with capture_logs() as logged:
                clocks.tick(world)
                mails.send_due(world)
                Worker(world, "w").turn()
            assert found_in(str(logged).encode()) == set()
        assert {mail.to for mail in sent} == {"op@nrw.example", "it@warendorf.example"}
        async with portal(installed) as client:
            paths = ("", "/timeline", "/receipt", "/receipt.pdf", "/evidence", "/cover-sheet")
            answers = [await client.get(f"/v1/submissions/{case['id']}{path}") for path in paths]
            answers.append(await client.get("/metrics"))
            assert all(answer.status_code == 200 for answer in answers)
            assert answers[0].json()["erased_at"]
            for answer in answers:
                assert found_in(answer.content) == set(), answer.url
                if answer.content.startswith(b"%PDF"):
                    assert found_in(words(answer.content).encode()) == set(), answer.url
        for mail in sent:
            assert found_in(f"{mail.subject} {mail.body}".encode()) == set()
        installed.world.store.scrub()
    for path in (tmp_path / "state").rglob("*"):
        if path.is_file():
            assert found_in(path.read_bytes()) == set(), path


def test_the_search_itself_would_find_them() -> None:
    assert found_in(file_with_text()) == {CANARIES[4]}
    assert found_in(zlib.compress("Zaunkönigweg".encode())) == {"Zaunkönigweg"}


async def test_what_is_undelivered_is_never_erased_by_age(tmp_path: Path) -> None:
    with installation(tmp_path, metadata_days=30, evidence_days=30) as installed:
        async with portal(installed) as client:
            case = await hand_off(client, overview_pdf())
        installed.work()
        installed.clock.pass_by(days=400)
        purge.expire(installed.world)
        purge.purge(installed.world)
        assert purge.forget(installed.world) == (0, 0)
        with installed.world.store.reading() as tx:
            kept = tx.cases.get(str(case["id"]))
            assert kept is not None
            assert kept.wrapped_key is not None
            assert tx.evidence.receipt(kept.id) is not None


async def test_records_and_evidence_go_when_their_time_is_over_and_the_journal_stays(tmp_path: Path) -> None:
    with installation(tmp_path, metadata_days=30, evidence_days=60) as installed:
        async with portal(installed) as client:
            case = await hand_off(client, overview_pdf())
        installed.work()
        fetch(installed)
        number = CaseNumber(str(case["case_number"]))
        installed.clock.pass_by(days=31)
        assert purge.forget(installed.world) == (0, 1)
        with installed.world.store.reading() as tx:
            assert tx.cases.get(str(case["id"])) is None
            assert tx.deliveries.of_case(str(case["id"])) == []
        assert bundle(installed.world, number)
        installed.clock.pass_by(days=30)
        assert purge.forget(installed.world) == (1, 0)
        with pytest.raises(SubmissionError, match="keinen Nachweis"):
            bundle(installed.world, number)
        with installed.world.store.reading() as tx:
            words = [entry.act.what for entry in tx.journal.read()]
        assert words.count("records.forgotten") == 2
        assert "case.erased" in words


async def test_a_layman_finds_the_case_by_the_overview_in_hand(tmp_path: Path) -> None:
    file = tmp_path / "meine Übersicht.pdf"
    file.write_bytes(overview_pdf())
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            case = await hand_off(client, file.read_bytes())
        installed.work()
        fetch(installed)
    runner, state = CliRunner(), ["--state", str(tmp_path / "state")]
    told = runner.invoke(app, [*state, "trace", "--file", str(file)])
    assert told.exit_code == 0, told.output
    assert str(case["case_number"]) in told.stdout
    assert "technisch übernommen" in told.stdout
    other = tmp_path / "andere.pdf"
    other.write_bytes(overview_pdf(5000))
    assert runner.invoke(app, [*state, "trace", "--file", str(other)]).exit_code == 3
    assert runner.invoke(app, [*state, "trace"]).exit_code == 2
    assert runner.invoke(app, [*state, "trace", "--file", str(tmp_path / "fehlt.pdf")]).exit_code == 3
