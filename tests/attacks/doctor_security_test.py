"""`bauweiche doctor --security`: what it says of a sound installation, and that it notices each thing going wrong."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from gateway.commands import security_host, security_world
from gateway.domain.case import Client
from gateway.domain.participation import Protection
from gateway.domain.tokens import SCOPES
from gateway.edges.keys_issue import self_signed
from gateway.main import app
from gateway.settings import Settings
from tests.kit.clamd import clamd
from tests.kit.installation import AHLEN, WARENDORF, Installation, installation


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        yield made


def said(installed: Installation, **environment: str) -> tuple[dict[str, tuple[str, str]], int]:
    """Return level and detail by what was looked at, and the exit code."""
    chosen = {f"BAUWEICHE_{name.upper()}": value for name, value in environment.items()}
    command = ["--state", str(installed.settings.state), "doctor", "--security", "--json"]
    result = CliRunner().invoke(app, command, env=chosen)
    rows = json.loads(result.stdout)
    return {row["what"]: (row["level"], row["detail"]) for row in rows}, result.exit_code


def test_a_sound_installation_has_nothing_that_fails(installed: Installation) -> None:
    found, code = said(installed)
    assert [what for what, (level, _) in found.items() if level == "fail"] == []
    assert code == 0
    assert {"HTTP-Schnittstelle", "XTA-Postfach", "Dateirechte", "Prüfprozesse", "Virenscanner", "Auslagerung",
            "Datenträger", "Zeitabgleich", "Ziele", "Schlüssel sign-0001", "Zertifikate", "Klartext im Transport",
            "Token der Portale", "Token der Betreiber", "Protokoll", "Uhr",
            "Amtliche Schemas"} <= set(found)  # fmt: skip


def test_for_people_each_thing_is_one_line_with_its_sign(installed: Installation) -> None:
    shown = CliRunner().invoke(app, ["--state", str(installed.settings.state), "doctor", "--security"])
    lines = shown.stdout.splitlines()
    assert all(line[:2] in ("✓ ", "! ", "✕ ") for line in lines)
    assert "Ihr " not in shown.stdout


def test_an_open_port_without_tls_is_a_warning_in_test_and_a_fault_in_production(installed: Installation) -> None:
    assert said(installed, host="0.0.0.0")[0]["HTTP-Schnittstelle"][0] == "warn"  # nothing listens
    found, code = said(installed, host="0.0.0.0", environment="PROD")  # nothing listens
    assert (found["HTTP-Schnittstelle"][0], code) == ("fail", 1)


def test_a_state_folder_that_others_may_read_is_a_fault(installed: Installation) -> None:
    installed.settings.state.chmod(0o755)
    level, detail = said(installed)[0]["Dateirechte"]
    assert level == "fail"
    assert "bauweiche.toml" in detail


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_account_is_a_fault(installed: Installation) -> None:
    os.chown(installed.settings.state / "bauweiche.toml", 65534, 65534)
    assert said(installed)[0]["Besitz"][0] == "fail"


def test_a_scanner_that_does_not_answer_or_is_elsewhere_is_a_fault(installed: Installation) -> None:
    assert said(installed)[0]["Virenscanner"][0] == "warn"
    assert said(installed, scanner="/nonexistent")[0]["Virenscanner"][0] == "fail"
    assert said(installed, scanner="192.0.2.1:3310")[0]["Virenscanner"][0] == "fail"


def test_a_scanner_that_answers_is_named_with_its_version(installed: Installation) -> None:
    with clamd() as daemon:
        level, detail = said(installed, scanner=daemon.socket)[0]["Virenscanner"]
    assert (level, detail[:6]) == ("ok", "ClamAV")


def test_a_changed_journal_is_a_fault(installed: Installation) -> None:
    with closing(sqlite3.connect(installed.settings.state / "bauweiche.db")) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")  # who owns the file can take the lock off the table
        connection.execute("UPDATE journal SET why = 'x' WHERE number = 1")
        connection.commit()
    found, code = said(installed)
    assert (found["Protokoll"][0], code) == ("fail", 1)


def test_a_weak_and_an_expired_certificate_are_named_with_their_authority(installed: Installation) -> None:
    now = installed.clock.now()
    key: object = ec.generate_private_key(ec.SECP224R1())
    weak = self_signed(key, "wrap", name="alt", at=now, days=9)  # type: ignore[arg-type]  # weak on purpose
    with installed.world.store.writing() as tx:
        tx.certificates.add(AHLEN, "encrypt", weak)
    level, detail = said(installed)[0]["Zertifikate"]
    assert level == "fail"
    assert "05570004 (encrypt)" in detail
    installed.clock.pass_by(days=30)
    found = {one.what: one for one in security_world.look(installed.world, installed.settings)}
    assert found["Abgelaufen"].level == "warn"


def test_content_in_clear_within_tls_is_named_per_authority(installed: Installation) -> None:
    installed.takes_part(AHLEN, adapter="xta_mailbox", settings={}, protection=Protection.TRANSPORT)
    level, detail = said(installed)[0]["Klartext im Transport"]
    assert (level, AHLEN in detail, WARENDORF in detail) == ("warn", True, False)


def test_tokens_that_outlive_400_days_are_named(installed: Installation) -> None:
    installed.token(name="dauergast", days=700)
    level, detail = said(installed)[0]["Token der Portale"]
    assert level == "warn"
    assert "dauergast" in detail
    with installed.world.store.writing() as tx:
        for name in ("a", "b", "c"):
            end = installed.clock.now() + timedelta(days=1)
            tx.clients.add(Client(name, frozenset({"verwalten"}), end, name), name * 64)
    found = said(installed)[0]
    assert found["Höchste Berechtigung"] == ("warn", "a, b, c")
    assert frozenset({"submit"}) < SCOPES


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("", "ok"),
        ("postgresql+psycopg://u@localhost/b", "ok"),
        ("postgresql+psycopg:///b?host=/run/postgresql", "ok"),
        ("postgresql+psycopg://u@db.example/b?sslmode=verify-full", "ok"),
        ("postgresql+psycopg://u@db.example/b?sslmode=require", "fail"),
        ("postgresql+psycopg://u@db.example/b", "fail"),
    ],
)
def test_a_database_elsewhere_must_prove_who_it_is(url: str, level: str) -> None:
    assert security_world._database(Settings(database=url)).level == level


def test_swap_that_is_on_is_a_warning(tmp_path: Path) -> None:
    table = tmp_path / "swaps"
    table.write_text("Filename Type Size Used Priority\n")
    assert security_host._swap(table).level == "ok"
    table.write_text("Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n")
    assert security_host._swap(table).level == "warn"
    assert security_host._swap(tmp_path / "none").level == "warn"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_is_told_from_the_world(host: str) -> None:
    assert security_host.is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "gw.example", "192.0.2.1"])  # nothing listens
def test_the_world_is_told_from_this_machine(host: str) -> None:
    assert not security_host.is_loopback(host)
