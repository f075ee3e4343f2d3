"""Rehearsals: what a later day would bring, found in what is set up today."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from gateway.api.app import build_app
from gateway.api.operator.roles import PREFIX as OPERATOR
from gateway.domain.calendar import at_local, local_date, written_date
from gateway.domain.case import Client
from gateway.domain.delivery import PlansState, State
from gateway.domain.errors import SubmissionError
from gateway.domain.participation import Option
from gateway.domain.rehearsal import Finding, day_asked
from gateway.domain.tokens import token_digest
from gateway.flow import clocks
from gateway.flow.participation import set_edition
from gateway.flow.rehearse import rehearse
from gateway.main import app
from tests.kit.installation import ACTOR, MUENSTER, WARENDORF, Installation, installation
from tests.kit.stores import a_case, a_delivery


def of(kind: str, found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.kind == kind]


def ahead(installed: Installation, days: int) -> date:
    return local_date(installed.clock.now()) + timedelta(days=days)


def test_certificates_keys_and_switches_are_found_for_the_day_they_break(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        switch = ahead(installed, 20)
        installed.takes_part(WARENDORF, release="2.5", valid_from=switch)
        soon = rehearse(installed.world, ahead(installed, 60))
        (release,) = of("release", soon)
        assert (release.on, release.authority) == (switch, WARENDORF)
        assert release.sentence == f"Ab {written_date(switch)} gilt: XBau-Version 2.6 → 2.5."
        assert of("certificate", soon) == []
        later = rehearse(installed.world, ahead(installed, 500))
        (ended,) = of("certificate", later)
        assert ended.breaks
        assert ended.on in (ahead(installed, 370), ahead(installed, 371))
        assert "wird nicht mehr verschlüsselt" in ended.sentence
        much_later = rehearse(installed.world, ahead(installed, 800))
        assert {one.sentence.split(" gültigen ")[1].split(";")[0] for one in of("key", much_later)} == {
            "Signaturschlüssel", "Verschlüsselungsschlüssel", "TLS-Schlüssel",
        }  # fmt: skip


def test_a_key_that_follows_too_late_is_found_and_one_with_four_weeks_is_not(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        end = 730
        rotate = installed.world.keyring.rotate  # type: ignore[attr-defined]
        rotate("sign", name="Neu", at=installed.clock.now() + timedelta(days=end - 10), days=900)
        rotate("wrap", name="Neu", at=installed.clock.now() + timedelta(days=end - 40), days=900)
        ended, tight = of("key", rehearse(installed.world, ahead(installed, 800)))
        assert tight.sentence == "Der nächste Signaturschlüssel überlappt den alten um weniger als 28 Tage."
        assert not tight.breaks
        assert "keinen gültigen TLS-Schlüssel; das Postfach ist nicht mehr erreichbar" in ended.sentence
        assert ended.breaks
        rotate("tls", name="Neu", at=installed.clock.now() + timedelta(days=end - 40), days=900)
        assert of("key", rehearse(installed.world, ahead(installed, 800))) == [tight]


def test_holidays_plans_pickups_and_editions_are_found(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        world, now = installed.world, installed.clock.now()
        installed.takes_part(MUENSTER, option=Option.WITHOUT_PLANS)
        due = ahead(installed, 14)
        with world.store.writing() as tx:
            waiting = replace(a_case(1), option="2", plans=PlansState.EXPECTED, plans_due=due, authority=MUENSTER)
            lying = replace(a_case(2), authority=WARENDORF)
            for case in (waiting, lying):
                tx.cases.add(case)
            tx.deliveries.add(
                a_delivery(2, lying, authority=WARENDORF, state=State.AVAILABLE, available_at=now, next_at=None)
            )
        clocks.set_closed_days(world, {ahead(installed, 370): "Betriebsausflug"}, ACTOR, "Test")
        set_edition(world, "215", ahead(installed, 30), ACTOR, "Test")
        found = rehearse(world, ahead(installed, 380))
        assert [one.on for one in of("plans", found)] == [due]
        assert of("plans", found)[0].authority == MUENSTER
        (pickup,) = of("pickup", found)
        assert "Arbeitstage versäumt" in pickup.sentence
        assert of("edition", found)
        days = {one.on for one in of("holiday", found)}
        assert any((day.month, day.day) in ((1, 1), (5, 1), (12, 25), (12, 26)) for day in days)
        assert found == sorted(found)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2027-05-03", date(2027, 5, 3)),
        ("03.05.2027", date(2027, 5, 3)),
        ("+60d", date(2027, 1, 30)),
        (" + 1 T ", date(2026, 12, 2)),
        ("morgen", None),
        ("2027-02-30", None),
        ("+99999d", None),
        ("", None),
    ],
)
def test_a_day_is_asked_for_as_a_date_or_a_span(text: str, day: date | None) -> None:
    assert day_asked(text, date(2026, 12, 1)) == day


def test_a_day_in_the_past_or_too_far_ahead_is_refused(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        for days in (-1, 4000):
            with pytest.raises(SubmissionError, match="Geprobt wird ein Tag von heute an"):
                rehearse(installed.world, ahead(installed, days))


async def test_operators_rehearse_keep_the_calendar_and_see_who_is_overdue_by_api(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        installed.clock.at = at_local(ahead(installed, 1), time(9))
        now = installed.clock.now()
        with installed.world.store.writing() as tx:
            lying = replace(a_case(2), authority=WARENDORF)
            tx.cases.add(lying)
            before = now - timedelta(days=12)
            tx.deliveries.add(
                a_delivery(2, lying, authority=WARENDORF, state=State.AVAILABLE, available_at=before, next_at=None)
            )
            holder = Client("anna", frozenset({"bearbeiten"}), now + timedelta(days=1), "t-1")
            token = f"{OPERATOR}anna"
            tx.clients.add(holder, token_digest(token))
        transport = httpx.ASGITransport(app=build_app(installed.world))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://g.test/operator/v1", headers={"Authorization": f"Bearer {token}"}
        ) as client:
            days = [{"date": "2027-12-24", "name": "Heiligabend"}, {"date": "2026-12-31", "name": "Silvester"}]
            seen = {"If-Match": (await client.get("/calendar")).headers["etag"]}
            kept = await client.put("/calendar/closed", json={"dates": days, "reason": "Jahresplanung"}, headers=seen)
            assert kept.json()["closed"] == days[::-1]
            assert (await client.get("/calendar")).json()["closed"] == days[::-1]
            stale = await client.put("/calendar/closed", json={"dates": [], "reason": "x"}, headers=seen)
            assert stale.status_code == 412
            bad = await client.put(
                "/calendar/closed", json={"dates": [{"date": "31.12.2026"}], "reason": "x"}, headers=seen
            )
            assert bad.status_code == 422
            found = await client.get("/rehearse", params={"at": "+400d"})
            assert found.status_code == 200, found.text
            assert {"on", "authority", "authority_name", "kind", "sentence"} <= found.json()["findings"][0].keys()
            assert (await client.get("/rehearse", params={"at": "bald"})).status_code == 422
            (row,) = (await client.get("/overdue")).json()["pickups"]
            assert (row["authority"], row["count"], row["level"]) == (WARENDORF, 1, 5)


def test_the_commands_for_calendar_rehearsal_and_overdue(tmp_path: Path) -> None:
    with installation(tmp_path):
        pass
    runner, state = CliRunner(), ["--state", str(tmp_path / "state")]

    def run(*arguments: str) -> tuple[int, str]:
        done = runner.invoke(app, [*state, *arguments])
        return done.exit_code, done.output

    assert run("calendar", "add", "24.12.2027", "--name", "Heiligabend", "--reason", "Plan")[0] == 0
    code, listed = run("calendar", "list", "--year", "2027", "--json")
    assert code == 0
    rows = {row["date"]: row for row in json.loads(listed)}
    assert rows["2027-12-24"] == {"date": "2027-12-24", "kind": "geschlossen", "name": "Heiligabend"}
    assert rows["2027-03-26"]["name"] == "Karfreitag"
    assert run("calendar", "remove", "2027-12-24", "--reason", "Irrtum")[0] == 0
    assert run("calendar", "remove", "2027-12-24", "--reason", "Irrtum")[0] == 3
    assert run("rehearse", "--at", "+30d")[0] == 0
    assert run("rehearse", "--at", "+900d")[0] == 1
    assert run("rehearse", "--at", "irgendwann")[0] == 2
    assert run("rehearse", "--at", "2020-01-01")[0] == 1
    assert "Nichts überfällig" in run("overdue")[1]
