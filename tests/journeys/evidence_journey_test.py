"""Evidence from acceptance to erasure: given out, checked offline, and found out when a byte is changed."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import pikepdf
import pytest
from typer.testing import CliRunner

from gateway.domain.calendar import local_date
from gateway.domain.errors import GatewayError
from gateway.domain.evidence import SEGMENT, Fact
from gateway.domain.ids import CaseNumber
from gateway.domain.journal import Act, link
from gateway.flow.evidence import anchor_journal, bundle, sign_pending, verify_anchors
from gateway.main import app
from gateway.seal.evidence_check import check
from gateway.seal.trust import Trust
from tests.journeys.chain_test import hand_off
from tests.kit.evidence_made import lengthen
from tests.kit.installation import WARENDORF, Installation, installation, overview_pdf, portal


def trust(installed: Installation) -> Trust:
    return Trust.of(installed.gateway_certificate().read_bytes())


def fetch_all(installed: Installation) -> None:
    """Take what lies in the inbox, as the authority does, and let the gateway notice."""
    inbox = installed.inboxes[WARENDORF]
    for folder in list(inbox.iterdir()):
        if not folder.name.startswith("."):
            folder.rename(inbox.parent / folder.name)
    installed.clock.pass_by(minutes=10)
    installed.work()


async def handed_over(installed: Installation) -> dict[str, Any]:
    async with portal(installed) as client:
        case = await hand_off(client, overview_pdf(), overview_pdf(50_000))
    installed.work()
    fetch_all(installed)
    installed.work()
    return case


async def test_the_evidence_of_a_case_is_checked_offline_after_erasure_and_after_the_certificate_has_expired(
    tmp_path: Path,
) -> None:
    with installation(tmp_path) as installed:
        case = await handed_over(installed)
        async with portal(installed) as client:
            status = (await client.get(f"/v1/submissions/{case['id']}")).json()
            assert status["erased_at"]
            assert status["receipt"] is None
            handed = datetime.fromisoformat(status["handed_over_at"])
            assert status["submitted_on"] == local_date(handed).isoformat()
            got = await client.get(f"/v1/submissions/{case['id']}/evidence")
            receipt = await client.get(f"/v1/submissions/{case['id']}/receipt")
            assert receipt.text == case["receipt"]
        assert got.headers["content-type"] == "application/vnd.etsi.asic-e+zip"
        (tmp_path / "nachweis.asice").write_bytes(got.content)
        verified = check(got.content, trust(installed))
        assert [one.what for one in verified.facts] == [
            Fact.ACCEPTED, Fact.AVAILABLE, Fact.HANDED_OVER, Fact.ERASED,
        ]  # fmt: skip
        assert verified.case_number == case["case_number"]
        facts = verified.facts[0].facts
        assert [(part["size"], part["sha256"]) for part in facts["parts"]] == [
            (slot["size"], slot["sha256"]) for slot in case["attachments"]
        ]
        certificate = installed.gateway_certificate()
    # another process, in an empty folder, long after: no database, no keys, no network
    arguments = ["evidence", "verify", str(tmp_path / "nachweis.asice"), "--gateway", str(certificate)]
    done = subprocess.run(
        [sys.executable, "-m", "gateway.main", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"ECHT UND UNVERÄNDERT: Nachweis zum Vorgang {case['case_number']}" in done.stdout
    assert "der Behörde übergeben" in done.stdout
    assert "Inhalt gelöscht" in done.stdout


async def test_a_bundle_holds_no_personal_data_and_opens_with_any_zip_tool(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        case = await handed_over(installed)
        data = bundle(installed.world, CaseNumber(case["case_number"]))
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        assert names[0] == "mimetype"
        everything = b"".join(opened.read(name) for name in names)
    assert "META-INF/index.jws" in names
    for canary in ("Muster", "Antragsübersicht", "Plan 1", "Erika"):
        assert canary.encode() not in everything


async def test_an_operator_gets_the_same_evidence_by_command(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        case = await handed_over(installed)
        certificate = installed.gateway_certificate()
    target = tmp_path / "bundle.asice"
    state = ["--state", str(tmp_path / "state")]
    runner = CliRunner()
    given = runner.invoke(app, [*state, "evidence", str(case["case_number"]).lower(), "--to", str(target)])
    assert given.exit_code == 0, given.output
    again = runner.invoke(app, [*state, "evidence", str(case["case_number"]), "--to", str(target)])
    assert again.exit_code == 1
    assert "gibt es schon" in again.output
    verified = runner.invoke(app, ["evidence", "verify", str(target), "--gateway", str(certificate), "--json"])
    assert verified.exit_code == 0, verified.output
    assert [one["event"] for one in json.loads(verified.stdout)["facts"]][-1] == "erased"
    unknown = runner.invoke(app, [*state, "evidence", "BW-2020-0000-0000", "--to", str(tmp_path / "x")])
    assert unknown.exit_code == 3
    wrong = runner.invoke(app, ["evidence", "verify", str(certificate), "--gateway", str(certificate)])
    assert wrong.exit_code == 1
    assert "kein Nachweisbündel" in wrong.output


async def test_a_fact_without_a_valid_key_is_kept_and_signed_once_there_is_one(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            case = await hand_off(client, overview_pdf())
        installed.work()
        installed.clock.at += timedelta(days=800)  # the signing certificate has ended
        fetch_all(installed)
        with installed.world.store.reading() as tx:
            events = tx.evidence.of_case(CaseNumber(str(case["case_number"])))
        assert [bool(one.signature) for one in events] == [True, True, False, False]
        installed.world.keyring.rotate("sign", name="Neu", at=installed.clock.now(), days=30)  # type: ignore[attr-defined]
        assert sign_pending(installed.world) == 2
        data = bundle(installed.world, CaseNumber(str(case["case_number"])))
        old_and_new = installed.world.keyring.trust()  # type: ignore[attr-defined]
        verified = check(data, old_and_new)
        assert len(verified.signers) == 2 or len(verified.facts) == 4
        with pytest.raises(GatewayError, match="keinem anerkannten Aussteller"):
            check(data, trust(installed))


async def test_entries_in_anchored_and_in_fresh_segments_are_both_proved(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        case = await handed_over(installed)
        with installed.world.store.writing() as tx:
            for number in range(3 * SEGMENT):
                tx.journal.append(Act("gateway", "noise", str(number)))
        assert anchor_journal(installed.world) == 3
        assert anchor_journal(installed.world) == 0
        with installed.world.store.writing() as tx:
            tx.journal.append(Act("gateway", "case.remarked", str(case["case_number"])))
        verified = check(bundle(installed.world, CaseNumber(str(case["case_number"]))), trust(installed))
        assert verified.entries >= 7


async def test_a_journal_that_was_made_anew_from_some_entry_on_no_longer_matches_its_anchors(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        database = tmp_path / "state" / "bauweiche.db"
        lengthen(database, 2 * SEGMENT)
        assert anchor_journal(installed.world) == 2
        assert verify_anchors(installed.world) is None
    runner, state = CliRunner(), ["--state", str(tmp_path / "state")]
    assert runner.invoke(app, [*state, "journal", "verify"]).exit_code == 0
    forge(database, SEGMENT + 20)
    done = runner.invoke(app, [*state, "journal", "verify"])
    assert done.exit_code == 1
    assert f"die Einträge {SEGMENT + 1} bis {2 * SEGMENT} sind nicht mehr die damals signierten" in done.output


def forge(database: Path, place: int) -> None:
    """Change an entry and make every later link anew, as somebody with the database but without the key could."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DROP TRIGGER journal_never_changed")
        rows = connection.execute("SELECT * FROM journal WHERE number >= ? ORDER BY number", (place,)).fetchall()
        before = rows[0][7]
        for number, at, actor, what, subject, why, facts, _before, _digest in rows:
            act = Act(actor, what, "BW-2020-FALSCH" if number == place else subject, why, json.loads(facts))
            entry = link(number, datetime.fromisoformat(at).replace(tzinfo=UTC), act, before)
            connection.execute(
                "UPDATE journal SET subject = ?, before = ?, digest = ? WHERE number = ?",
                (act.subject, entry.before, entry.digest, number),
            )
            before = entry.digest
        connection.commit()


async def test_making_and_checking_a_bundle_does_not_slow_with_history(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        case = await handed_over(installed)
        number = CaseNumber(str(case["case_number"]))

        def best() -> tuple[float, float, int]:
            made, checked, data = [], [], b""
            for _ in range(9):
                begun = process_time()
                data = bundle(installed.world, number)
                between = process_time()
                check(data, believed)
                made.append(between - begun)
                checked.append(process_time() - between)
            return min(made), min(checked), len(data)

        believed = trust(installed)
        lengthen(tmp_path / "state" / "bauweiche.db", 2 * SEGMENT)
        making, checking, size = best()
        lengthen(tmp_path / "state" / "bauweiche.db", 30_000)
        making_later, checking_later, size_later = best()
        assert making_later < 2 * making + 0.005
        assert checking_later < 2 * checking + 0.005
        assert size_later < 1.1 * size


async def test_the_receipt_as_pdf_is_accessible_archivable_and_says_what_the_signature_says(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        async with portal(installed) as client:
            case = await hand_off(client, overview_pdf())
            got = await client.get(f"/v1/submissions/{case['id']}/receipt.pdf")
            assert got.status_code == 200, got.text
            announced = await client.get("/v1/submissions/unknown/receipt.pdf")
            assert announced.status_code == 404
    text = subprocess.run(["pdftotext", "-", "-"], input=got.content, capture_output=True, check=True).stdout.decode()
    assert str(case["case_number"]) in text
    assert case["attachments"][0]["sha256"] in text.replace("\n", "")  # type: ignore[index]
    with pikepdf.open(io.BytesIO(got.content)) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
