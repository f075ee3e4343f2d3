"""Three operators at a real server: conflict, four eyes, a survey with nine mistakes, an option that changes later."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.domain.participation import Option, Phase
from tests.kit.installation import AHLEN, MUENSTER, WARENDORF, Installation, MovingClock, installation
from tests.kit.operating import operator_token
from tests.kit.operator_server import running
from tests.kit.survey_of_212 import MISTAKES, survey_of_212
from tests.kit.testing_authority import answer_test

BECAUSE = {"reason": "Absprache"}
CONTACTS = [
    {"role": "Technischer Kontakt", "name": "IT", "email": "it@ahlen.example", "phone": ""},
    {"role": "Fachlich", "name": "Bauamt", "email": "bau@ahlen.example", "phone": ""},
]

SATURDAY = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MONDAY = "2026-11-23"
"""The Monday after it."""


@dataclass
class House:
    """A running server, two operators, a portal, and the clock that all of them live by."""

    installed: Installation
    clock: Path
    anna: httpx.Client
    bernd: httpx.Client
    carla: httpx.Client
    portal: httpx.Client

    def move_to(self, moment: datetime) -> None:
        """Let it be another time, for the server and for the worker here."""
        self.installed.clock.at = moment
        self.clock.write_text(moment.isoformat(), encoding="ascii")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = tmp_path / "clock"
    with ExitStack() as stack:
        moving = MovingClock(datetime.now(UTC).replace(microsecond=0))
        installed = stack.enter_context(installation(tmp_path, clock=moving))
        clock.write_text(moving.at.isoformat(), encoding="ascii")
        address = stack.enter_context(running(installed.settings.state, clock))

        def client(path: str, token: str) -> httpx.Client:
            headers = {"Authorization": f"Bearer {token}"}
            return stack.enter_context(httpx.Client(base_url=address + path, headers=headers, timeout=30))

        anna, bernd = (operator_token(installed.world, name, "freigeben") for name in ("anna", "bernd"))
        yield House(
            installed,
            clock,
            client("/operator/v1", anna),
            client("/operator/v1", bernd),
            client("/operator/v1", operator_token(installed.world, "carla", "freigeben")),
            client("/v1", installed.token(days=400)),
        )


@pytest.mark.slow
def test_two_operators_never_overwrite_each_other(house: House) -> None:
    where = f"/authorities/{WARENDORF}"
    seen_by_anna = house.anna.get(where)
    seen_by_bernd = house.bernd.get(where)
    body: dict[str, Any] = {"contacts": CONTACTS, **BECAUSE}
    first = house.anna.put(f"{where}/contacts", json=body, headers={"If-Match": seen_by_anna.headers["etag"]})
    assert first.status_code == 200, first.text
    body["contacts"] = []
    second = house.bernd.put(f"{where}/contacts", json=body, headers={"If-Match": seen_by_bernd.headers["etag"]})
    assert (second.status_code, second.json()["code"]) == (412, "etag-stale")
    assert house.bernd.get(where).json()["contacts"] == CONTACTS
    again = house.bernd.put(
        f"{where}/contacts", json=body, headers={"If-Match": house.bernd.get(where).headers["etag"]}
    )
    assert again.json()["contacts"] == []


@pytest.mark.slow
def test_an_authority_goes_live_only_by_the_second_person(house: House) -> None:
    house.installed.takes_part(AHLEN, phase=Phase.NOT_CONNECTED)
    where = f"/authorities/{AHLEN}"
    tag = house.anna.get(where).headers["etag"]
    house.anna.put(f"{where}/contacts", json={"contacts": CONTACTS, **BECAUSE}, headers={"If-Match": tag})
    for stage in ("details", "connected"):
        moved = house.anna.post(f"{where}/onboarding/advance", json={"to": stage, **BECAUSE})
        assert moved.status_code in (200, 409)
        house.anna.post(f"{where}/onboarding/check", json={})
    house.anna.post(f"{where}/onboarding/advance", json={"to": "connected", **BECAUSE})
    sent = house.anna.post(f"{where}/onboarding/test-message", json=BECAUSE).json()
    answer_test(house.installed, AHLEN, sent["test_message"])
    house.anna.post(f"{where}/onboarding/check", json={})
    verified = house.anna.post(f"{where}/onboarding/advance", json={"to": "verified", **BECAUSE})
    assert verified.status_code == 200, verified.text
    assert house.anna.post(f"{where}/onboarding/propose", json=BECAUSE).status_code == 200
    body = {"typed_name": "Ahlen", **BECAUSE}
    alone = house.anna.post(f"{where}/onboarding/approve", json=body)
    assert (alone.status_code, alone.json()["code"]) == (403, "four-eyes")
    assert house.portal.get(f"/responsibility?municipality={AHLEN}").json()["accepts"] is False
    with ThreadPoolExecutor(2) as two:
        asked = [two.submit(who.post, f"{where}/onboarding/approve", json=body) for who in (house.bernd, house.carla)]
    won, lost = sorted((one.result() for one in asked), key=lambda one: one.status_code)
    assert won.json()["stage"] == "live", won.text
    assert (lost.status_code, lost.json()["code"]) == (409, "state-conflict")
    assert (
        lost.json()["detail"] == f"Ahlen ist schon freigegeben, von {won.json()['approver'].removeprefix('operator:')}."
    )
    with house.installed.world.store.reading() as tx:
        words = [entry.act.what for entry in tx.journal.read(subject=AHLEN)]
    assert words.count("onboarding.approved") == 1
    assert house.portal.get(f"/responsibility?municipality={AHLEN}").json()["accepts"] is True


@pytest.mark.slow
def test_a_survey_of_212_rows_with_nine_mistakes_is_applied_and_taken_back(house: House) -> None:
    before = house.anna.get("/overview").json()["participation"]
    plan = house.anna.post("/survey?filename=umfrage.csv", content=survey_of_212()).json()
    assert plan["counts"] == {"rows": 212, "changed": 202, "unchanged": 0, "faulty": 10}
    faulty = {row["line"] for row in plan["rows"] if not row["apply"]}
    own_line = next(row["line"] for row in plan["rows"] if row["authority"] == WARENDORF and row["line"] != 130)
    assert faulty == {*MISTAKES, own_line}
    assert all(row["faults"] for row in plan["rows"] if not row["apply"])
    assert house.anna.get("/overview").json()["participation"] == before
    day = house.anna.get("/authorities").json()["on"]
    done = house.bernd.post(f"/survey/{plan['id']}/apply", json={"valid_from": day, **BECAUSE})
    assert (done.json()["applied"], done.json()["state"]) == (202, "applied"), done.text
    assert house.anna.get("/overview").json()["participation"]["2"] == 202
    twice = house.anna.post(f"/survey/{plan['id']}/apply", json={"valid_from": day, **BECAUSE})
    assert twice.status_code == 409
    undone = house.anna.post(f"/survey/{plan['id']}/undo", json=BECAUSE).json()
    assert (undone["state"], len(undone["restored"]), undone["left_alone"]) == ("undone", 202, [])
    assert house.anna.get("/overview").json()["participation"] == before
    words = [row["what"] for row in house.anna.get(f"/journal?about={plan['batch']}").json()["rows"]]
    assert words == ["participation.batch_undone", "participation.batch_applied"]


@pytest.mark.slow
def test_muenster_goes_from_option_2_to_option_1_next_monday_and_the_portal_sees_it_that_day(house: House) -> None:
    house.move_to(SATURDAY)
    house.installed.takes_part(MUENSTER, option=Option.WITHOUT_PLANS)
    where = f"/authorities/{MUENSTER}"
    shown = house.anna.get(where)
    current = shown.json()["history"][0]
    keep = {name: value for name, value in current.items() if name not in ("authority", "changed_by", "changed_at")}
    value = keep | {"option": "1", "valid_from": MONDAY}
    put = house.anna.put(
        f"{where}/participation",
        json={"participation": value, "reason": "Beschluss des Rates"},
        headers={"If-Match": shown.headers["etag"]},
    )
    assert put.status_code == 200, put.text
    assert put.json()["next_change"] == {
        "valid_from": MONDAY, "option": "1", "release": "2.6", "adapter": "file_drop"
    }  # fmt: skip
    assert told(house) == ("2", "overview_only")
    house.move_to(datetime(2026, 11, 22, 22, 59, tzinfo=UTC))
    assert told(house) == ("2", "overview_only")
    house.move_to(datetime(2026, 11, 22, 23, 1, tzinfo=UTC))
    assert told(house) == ("1", "everything")
    assert house.anna.get(where).json()["option"] == "1"


def told(house: House) -> tuple[str, str]:
    """Return what a portal is told about Münster: option, and what to upload."""
    found = house.portal.get(f"/responsibility?municipality={MUENSTER}").json()
    return found["option"], found["upload"]
