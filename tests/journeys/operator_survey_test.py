"""Surveys at the operator API: whatever comes as a file is answered, and what is applied is applied whole."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.domain.calendar import local_date
from gateway.domain.participation import Option
from tests.kit.installation import MUENSTER, OELDE, WARENDORF, Installation, installation
from tests.kit.operating import Door, door, problem
from tests.kit.surveys import csv_bytes, xlsx_bytes

BECAUSE = {"reason": "Umfrage Herbst"}
HEAD = ("Behörde", "Option", "Bemerkung")
ROWS = (HEAD, ("Münster", "2", ""), ("Oelde", "3b", "später"), ("Kreis Warendorf", "2", ""), ("Atlantis", "1", ""))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("surveys")) as installed:
        yield installed


@pytest.fixture(scope="module")
def entrance(shared: Installation) -> Iterator[Door]:
    with door(shared) as opened:
        yield opened


@pytest.fixture
def anna(entrance: Door) -> httpx.AsyncClient:
    return entrance.client("anna", "bearbeiten")


async def upload(client: httpx.AsyncClient, octets: bytes, name: str = "umfrage.csv") -> httpx.Response:
    return await client.post("/survey", params={"filename": name}, content=octets)


def bomb() -> bytes:
    """Return a workbook whose sheet unpacks to 100 MB."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/worksheets/sheet1.xml", b"\0" * 100_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"   \r\n", id="blank"),
        pytest.param(b"\x00\x01\x02" * 50, id="binary"),
        pytest.param(b"PK\x03\x04kaputt", id="broken-zip"),
        pytest.param(b"\xd0\xcf\x11\xe0alt", id="old-excel"),
        pytest.param(b'"' + b"x" * 1_000_000 + b'"', id="one-cell-of-1-mb"),
        pytest.param(csv_bytes([("Farbe", "Form"), ("rot", "rund")]), id="no-authority"),
        pytest.param(csv_bytes([("Behörde", "Farbe"), ("Münster", "rot")]), id="no-answer"),
        pytest.param(b"x" * 10_000_001, id="too-large"),
    ],
)
async def test_a_file_that_is_no_table_of_answers_is_refused_in_german(anna: httpx.AsyncClient, octets: bytes) -> None:
    before = len((await anna.get("/survey")).json())
    answer = await upload(anna, octets)
    assert answer.status_code in (400, 413)
    found = problem(answer)
    assert found["code"] in ("body-unreadable", "body-too-large")
    assert len((await anna.get("/survey")).json()) == before


async def test_a_zip_bomb_is_refused_before_it_unpacks(anna: httpx.AsyncClient) -> None:
    answer = await upload(anna, bomb(), "umfrage.xlsx")
    assert answer.status_code in (400, 413)
    problem(answer)


async def test_a_form_with_a_file_is_as_good_as_a_raw_body(anna: httpx.AsyncClient) -> None:
    octets = xlsx_bytes(ROWS)
    answer = await anna.post("/survey?name=Herbst 2026", files={"datei": ("liste.xlsx", octets)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["name"] == "Herbst 2026"
    unnamed = await anna.post("/survey", files={"datei": ("liste.xlsx", octets)})
    assert unnamed.json()["name"] == "liste.xlsx"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--x\r\nkaputt", "multipart/form-data; boundary=x"),
        (b"irgendwas", "multipart/form-data"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n', "multipart/form-data; boundary=x"),
    ],
)
async def test_a_form_without_a_readable_file_is_refused(anna: httpx.AsyncClient, body: bytes, kind: str) -> None:
    answer = await anna.post("/survey", content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert "Formular" in problem(answer)["detail"]


async def test_a_name_with_control_characters_is_refused_in_the_address_and_made_harmless_in_a_form(
    anna: httpx.AsyncClient,
) -> None:
    answer = await upload(anna, csv_bytes(ROWS), "../\x1b[31m\u202eumfrage\r\n.csv")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in problem(answer)["errors"]] == ["/query/filename"]
    form = {"file": ("../\u202eumfrage\u2028.csv", csv_bytes(ROWS), "text/csv")}
    answer = await anna.post("/survey", files=form)
    assert answer.json()["name"] == "../ umfrage .csv"


async def test_the_plan_shows_every_cell_with_its_reason_and_nothing_is_applied(
    shared: Installation, anna: httpx.AsyncClient
) -> None:
    plan = (await upload(anna, csv_bytes(ROWS))).json()
    assert plan["state"] == "draft"
    assert [(one["header"], one["field"]) for one in plan["columns"]] == [
        ("Behörde", "name"),
        ("Option", "option"),
        ("Bemerkung", "note"),
    ]
    rows = {row["line"]: row for row in plan["rows"]}
    assert (rows[2]["authority"], rows[2]["apply"]) == (MUENSTER, True)
    assert {"field": "option", "before": "1", "after": "2"} in rows[4]["changes"]
    assert (rows[5]["authority"], rows[5]["apply"]) == ("", False)
    assert rows[5]["faults"][0]["severity"] == "error"
    assert "wanted" not in rows[2]
    assert plan == (await anna.get(f"/survey/{plan['id']}")).json()
    with shared.world.store.reading() as tx:
        assert tx.registry.history(MUENSTER) == ()


async def test_a_live_authority_stays_live_and_a_new_one_is_only_invited(tmp_path: Path) -> None:
    with installation(tmp_path) as installed, door(installed) as opened:
        client = opened.client("anna", "bearbeiten")
        plan = (await upload(client, csv_bytes(ROWS))).json()
        done = await apply(installed, client, plan["id"])
        assert done["applied"] == 3
        warendorf = (await client.get(f"/authorities/{WARENDORF}")).json()
        muenster = (await client.get(f"/authorities/{MUENSTER}")).json()
    assert (warendorf["option"], warendorf["phase"]) == ("2", "live")
    assert (muenster["option"], muenster["stage"]) == ("2", "invited")
    assert warendorf["history"][0]["source"] == plan["batch"]


async def apply(installed: Installation, client: httpx.AsyncClient, survey: str, days: int = 0, **more: Any) -> Any:
    day = (local_date(installed.clock.now()) + timedelta(days=days)).isoformat()
    answer = await client.post(f"/survey/{survey}/apply", json={"valid_from": day, **BECAUSE, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_chosen_lines_only_are_applied_from_a_later_day(tmp_path: Path) -> None:
    with installation(tmp_path) as installed, door(installed) as opened:
        client = opened.client("anna", "bearbeiten")
        plan = (await upload(client, csv_bytes(ROWS))).json()
        done = await apply(installed, client, plan["id"], days=30, rows=[4])
        assert done["applied"] == 1
        warendorf = (await client.get(f"/authorities/{WARENDORF}")).json()
        assert (warendorf["option"], warendorf["next_change"]["option"]) == ("1", "2")
        assert (await client.get(f"/authorities/{MUENSTER}")).json()["option"] == "3b"
        kept = (await client.get(f"/survey/{plan['id']}")).json()
        assert [row["line"] for row in kept["rows"] if row["status"] == "applied"] == [4]
        left_out = [row["line"] for row in kept["rows"] if row["status"] == "left_out"]
        assert left_out == [row["line"] for row in plan["rows"] if row["apply"] and row["line"] != 4]
        assert (kept["counts"]["changed"], kept["counts"]["left_out"]) == (1, len(left_out))
        assert (await client.get("/survey")).json()["rows"][0]["changes"] == 1


async def test_what_somebody_changed_since_the_reading_stops_the_whole_survey(tmp_path: Path) -> None:
    with installation(tmp_path) as installed, door(installed) as opened:
        client = opened.client("anna", "bearbeiten")
        plan = (await upload(client, csv_bytes(ROWS))).json()
        today = local_date(installed.clock.now())
        installed.takes_part(WARENDORF, option=Option.WITHOUT_PLANS, valid_from=today)
        answer = await client.post(f"/survey/{plan['id']}/apply", json={"valid_from": today.isoformat(), **BECAUSE})
        assert answer.status_code == 409
        assert ["Kreis Warendorf" in one["detail"] for one in problem(answer)["errors"]] == [True]
        assert (await client.get(f"/authorities/{MUENSTER}")).json()["option"] == "3b"
        assert (await client.get(f"/survey/{plan['id']}")).json()["state"] == "draft"


async def test_undoing_leaves_alone_what_was_changed_by_hand_since(tmp_path: Path) -> None:
    with installation(tmp_path) as installed, door(installed) as opened:
        client = opened.client("anna", "bearbeiten")
        plan = (await upload(client, csv_bytes(ROWS))).json()
        await apply(installed, client, plan["id"])
        installed.clock.pass_by(minutes=1)
        installed.takes_part(
            OELDE, option=Option.REDIRECT, redirect_url="https://oelde.example/", adapter="", settings={},
            valid_from=local_date(installed.clock.now()),
        )  # fmt: skip
        undone = (await client.post(f"/survey/{plan['id']}/undo", json=BECAUSE)).json()
        assert (set(undone["restored"]), undone["left_alone"]) == ({MUENSTER, WARENDORF}, [OELDE])
        assert (await client.get(f"/authorities/{WARENDORF}")).json()["option"] == "1"
        assert (await client.get(f"/authorities/{OELDE}")).json()["option"] == "3a"
        twice = await client.post(f"/survey/{plan['id']}/undo", json=BECAUSE)
        assert problem(twice)["code"] == "state-conflict"


async def test_another_release_for_a_live_authority_needs_the_right_to_approve(tmp_path: Path) -> None:
    table = csv_bytes([("Behörde", "XBau-Version"), ("Kreis Warendorf", "2.5")])
    with installation(tmp_path) as installed, door(installed) as opened:
        anna, bernd = opened.client("anna", "bearbeiten"), opened.client("bernd", "freigeben")
        plan = (await upload(anna, table)).json()
        day = local_date(installed.clock.now()).isoformat()
        refused = await anna.post(f"/survey/{plan['id']}/apply", json={"valid_from": day, **BECAUSE})
        assert problem(refused)["code"] == "role-missing"
        assert (await apply(installed, bernd, plan["id"]))["applied"] == 1
