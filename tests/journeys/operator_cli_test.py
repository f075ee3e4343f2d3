"""Every screen's twin on the command line: the same answers as JSON, plain text for people, honest exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.api.operator.roles import Role
from gateway.commands.operators import RoleName
from gateway.domain.participation import Phase
from gateway.main import app
from tests.kit.installation import AHLEN, Installation, installation
from tests.kit.survey_of_212 import survey_of_212
from tests.kit.surveys import csv_bytes

BECAUSE = ("--reason", "Probe")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as installed:
        installed.takes_part(AHLEN, phase=Phase.NOT_CONNECTED)
        yield installed


def run(home: Installation, *arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(app, ["--state", str(home.settings.state), *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def told(home: Installation, *arguments: object) -> Any:
    return json.loads(run(home, *arguments, "--json").stdout)


def test_an_operators_token_is_shown_once_listed_without_value_and_revoked(home: Installation) -> None:
    made = run(home, "operator", "create", "anna", "--role", "freigeben", "--days", 10)
    token = made.stdout.strip()
    assert token.startswith("bo_")
    assert len(token) > 40
    run(home, "token", "create", "portal")
    listed = told(home, "operator", "list")
    assert [(one["name"], one["scopes"]) for one in listed] == [("anna", ["freigeben"])]
    assert token not in json.dumps(listed)
    assert "anna" not in [one["name"] for one in told(home, "token", "list")]
    run(home, "operator", "revoke", "anna")
    assert told(home, "operator", "list") == []
    run(home, "operator", "revoke", "anna", code=3)
    words = [json.loads(line)["what"] for line in run(home, "journal", "show", "--json").stdout.splitlines()]
    assert {"operator.created", "operator.revoked"} <= set(words)


@pytest.mark.parametrize(
    "arguments",
    [
        ("operator", "create", "Anna Groß", "--role", "lesen"),
        ("operator", "create", "anna", "--role", "kaiser"),
        ("operator", "create", "anna", "--role", "lesen", "--days", "0"),
        ("token", "create", "onboarding"),
        ("token", "create", "gateway"),
        ("map", "--procedure", "luftschloss"),
        ("report", "--format", "xlsx"),
        ("onboarding", "advance", "Ahlen", "himmel", "--reason", "x"),
    ],
)
def test_a_wrong_call_ends_with_2(home: Installation, arguments: tuple[str, ...]) -> None:
    run(home, *arguments, code=2)


def test_the_roles_of_the_command_are_those_of_the_api() -> None:
    assert [role.value for role in RoleName] == [role.word for role in Role]


def test_the_overview_and_the_map_say_what_the_api_says(home: Installation, tmp_path: Path) -> None:
    assert told(home, "overview")["participation"] == {"1": 2, "2": 0, "3a": 0, "3b": 210, "sum": 212}
    assert "live: 1" in run(home, "overview").stdout
    assert len(told(home, "map", "--view", "option")["tiles"]) == 53
    drawn = run(home, "map").stdout
    assert "WAF" in drawn
    assert "nicht dabei" in drawn
    assert max(len(line) for line in drawn.splitlines()[:-1]) <= 80
    page = tmp_path / "karte.html"
    run(home, "map", "--html", page, "--procedure", "baugenehmigung")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_an_onboarding_is_walked_on_the_command_line_up_to_the_second_person(home: Installation) -> None:
    run(home, "onboarding", "advance", "Ahlen", "details", *BECAUSE)
    missing = run(home, "onboarding", "advance", "Ahlen", "connected", *BECAUSE, code=1)
    assert "Kontakt vollständig" in missing.stderr
    for role in ("Technisch", "Fachlich"):
        who = ("--role", role, "--name", "N", "--email", f"{role}@ahlen.example")
        run(home, "onboarding", "contact", "Ahlen", *who, *BECAUSE)
    checked = told(home, "onboarding", "check", AHLEN)
    assert {one["check"] for one in checked["checks"] if one["holds"]} == {
        "details", "contact", "reachable", "certificate", "clock"
    }  # fmt: skip
    assert told(home, "onboarding", "advance", "Ahlen", "connected", *BECAUSE)["stage"] == "connected"
    sent = told(home, "onboarding", "test", "Ahlen", *BECAUSE)
    assert sent["test_message"]
    run(home, "worker", "--once")
    assert (home.inboxes[AHLEN] / sent["test_message"]).is_dir()
    shown = run(home, "onboarding", "show", "Ahlen")
    assert "✓ Gegenstelle erreichbar" in shown.stdout
    assert "Als Nächstes:" in shown.stderr
    run(home, "onboarding", "propose", "Ahlen", *BECAUSE, code=1)
    run(home, "onboarding", "approve", "Ahlen", "--name", "Ahlen", *BECAUSE, code=1)
    run(home, "onboarding", "show", "Atlantis", code=3)
    listed = {row["key"]: row for row in told(home, "onboarding", "list", "--stage", "connected")}
    assert list(listed) == [AHLEN]


def test_a_broken_email_address_is_refused(home: Installation) -> None:
    who = ("--role", "Technisch", "--name", "N", "--email", "kein at")
    refused = run(home, "onboarding", "contact", "Ahlen", *who, *BECAUSE, code=1)
    assert "/email" in refused.stderr


def test_ending_needs_the_name_typed(home: Installation) -> None:
    refused = run(home, "onboarding", "advance", "Ahlen", "ended", *BECAUSE, code=1)
    assert "genau eingeben: Ahlen" in refused.stderr
    assert told(home, "onboarding", "advance", "Ahlen", "ended", "--name", "Ahlen", *BECAUSE)["stage"] == "ended"


def test_a_survey_is_read_shown_applied_and_taken_back(home: Installation, tmp_path: Path) -> None:
    file = tmp_path / "umfrage.csv"
    file.write_bytes(survey_of_212())
    plan = told(home, "survey", "read", file)
    assert (plan["counts"]["rows"], plan["counts"]["faulty"]) == (212, 10)
    short = plan["id"][:8]
    assert "Option 3 ist nicht eindeutig" in run(home, "survey", "show", short).stdout
    assert told(home, "survey", "show", short)["id"] == plan["id"]
    assert told(home, "survey", "apply", short, *BECAUSE)["applied"] == 202
    run(home, "survey", "apply", short, *BECAUSE, code=1)
    assert len(told(home, "survey", "undo", short, *BECAUSE)["restored"]) == 202
    assert [one["state"] for one in told(home, "survey", "list")] == ["undone"]
    assert "zurückgenommen" in run(home, "survey", "list").stdout
    run(home, "survey", "show", "nichts-da", code=3)


@pytest.mark.parametrize("octets", [b"", b"\x00" * 10, csv_bytes([("Farbe",), ("rot",)])])
def test_a_file_that_is_no_survey_ends_with_1_and_a_sentence(home: Installation, tmp_path: Path, octets: bytes) -> None:
    file = tmp_path / "kaputt.csv"
    file.write_bytes(octets)
    refused = run(home, "survey", "read", file, code=1)
    assert refused.stderr.strip().endswith((".", "."))
    assert "Traceback" not in refused.output


def test_read_only_changes_nothing(home: Installation) -> None:
    done = CliRunner().invoke(app, ["--state", str(home.settings.state), "--read-only", "onboarding", "check", "Ahlen"])
    assert done.exit_code == 4
    assert "Nur-Lese-Betrieb" in done.stderr
