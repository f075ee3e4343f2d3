"""The ministry's report: the same numbers as the screens, as JSON, as a workbook and on accessible paper."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any

import httpx
import pytest
import python_calamine
from typer.testing import CliRunner

from gateway.domain.participation import Option
from gateway.main import app
from gateway.reports.sheet import workbook
from tests.kit.installation import MUENSTER, installation
from tests.kit.operating import Door, door


@pytest.fixture(scope="module")
def entrance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with installation(tmp_path_factory.mktemp("report")) as installed:
        installed.takes_part(MUENSTER, option=Option.WITHOUT_PLANS)
        with door(installed) as opened:
            yield opened


@pytest.fixture
def client(entrance: Door) -> httpx.AsyncClient:
    return entrance.client("lena", "lesen")


async def test_the_report_has_the_numbers_of_the_overview(client: httpx.AsyncClient) -> None:
    report = (await client.get("/report")).json()
    overview = (await client.get("/overview")).json()
    assert report["participation"] == overview["participation"] == {"1": 1, "2": 1, "3a": 0, "3b": 210, "sum": 212}
    assert report["live"] == overview["live"] == 2
    assert report["attention"] == overview["attention"]
    assert report["deliveries"] == overview["today"]
    assert report["sections"][0]["rows"][-1] == ["Summe", 212, 2]
    assert report["sections"][1]["rows"][-1] == ["Summe", 1, 1, 0, 210, 212, 2]
    assert len(report["authorities"]) == 212
    shown = {label for section in report["sections"][2:] for label, _ in section["rows"]}
    assert shown <= {one["term"] for one in report["definitions"]}


async def test_the_workbook_says_the_same(client: httpx.AsyncClient) -> None:
    report = (await client.get("/report")).json()
    answer = await client.get("/report?format=xlsx")
    assert 'filename="bericht-' in answer.headers["content-disposition"]
    book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(answer.content))
    assert book.sheet_names == ["Zahlen", "Behörden", "Begriffe"]
    figures = book.get_sheet_by_name("Zahlen").to_python()
    assert ["Summe", 212.0, 2.0] in [row[:3] for row in figures]
    names = [row[0] for row in book.get_sheet_by_name("Behörden").to_python()[1:]]
    assert names == [one["name"] for one in report["authorities"]]


async def test_nothing_that_somebody_typed_becomes_a_formula_or_a_link(client: httpx.AsyncClient) -> None:
    report: dict[str, Any] = (await client.get("/report")).json()
    report["authorities"][0] |= {"name": "=HYPERLINK(1)", "kreis": "https://böse.example", "release": "+1"}
    book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(workbook(report)))
    first = book.get_sheet_by_name("Behörden").to_python()[1]
    assert first[0] == "=HYPERLINK(1)"
    with zipfile.ZipFile(BytesIO(workbook(report))) as parts:
        sheets = b"".join(parts.read(name) for name in parts.namelist() if "worksheets/" in name)
    assert b"<f>" not in sheets
    assert b"hyperlink" not in sheets


async def test_the_paper_is_tagged_declares_pdf_ua_and_shows_the_numbers(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    answer = await client.get("/report?format=pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert b"pdfuaid" in answer.content
    assert b"/MarkInfo" in answer.content
    assert b"/Lang" in answer.content
    if which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    (tmp_path / "r.pdf").write_bytes(answer.content)
    told = subprocess.run(["pdftotext", "-layout", str(tmp_path / "r.pdf"), "-"], capture_output=True, check=True)
    text = told.stdout.decode()
    assert "3b – keine" in text
    assert "Kreis Warendorf" in text
    assert "©" in text


async def test_a_period_without_anything_counts_nothing(client: httpx.AsyncClient) -> None:
    report = (await client.get("/report?from=2021-01-01&to=2021-12-31")).json()
    assert set(report["deliveries"].values()) == {0}
    assert report["period"].startswith("Zeitraum: 01.01.2021 bis 31.12.2021")


def test_the_command_writes_what_the_api_answers(tmp_path: Path) -> None:
    with installation(tmp_path) as installed:
        state = str(installed.settings.state)
    run = CliRunner()
    written = run.invoke(app, ["--state", state, "report"])
    assert json.loads(written.stdout)["participation"]["1"] == 1
    for form, begins in (("xlsx", b"PK"), ("pdf", b"%PDF")):
        target = tmp_path / f"bericht.{form}"
        done = run.invoke(app, ["--state", state, "report", "--format", form, "-o", str(target)])
        assert done.exit_code == 0, done.output
        assert target.read_bytes().startswith(begins)
    assert run.invoke(app, ["--state", state, "report", "--format", "pdf"]).exit_code == 2
