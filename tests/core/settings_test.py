"""Settings: the environment goes before the file, the file before the defaults; everything wrong is named at once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from gateway.domain.errors import ConfigurationError
from gateway.installing import set_up
from gateway.setting import read
from gateway.settings import FILE, PREFIX, Settings, load

SETTINGS = {one.name: one for one in fields(Settings)}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting in the environment but those of the test."""
    for name in os.environ:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


def test_environment_before_file_before_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / FILE).write_text('port = 1\nworkers = 7\nallow_hosts = ["a.example"]\n', encoding="utf-8")
    monkeypatch.setenv("BAUWEICHE_PORT", "2")
    monkeypatch.setenv("BAUWEICHE_MAIL_TO", '["leitung@example.nrw"]')
    found = load(tmp_path)
    assert (found.port, found.workers, found.gate_parallel) == (2, 7, 4)
    assert (found.allow_hosts, found.mail_to) == (("a.example",), ("leitung@example.nrw",))
    assert found.state == tmp_path


def test_without_a_file_everything_is_as_documented(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings(state=tmp_path)


def test_the_file_that_init_writes_says_the_defaults_when_every_line_counts(tmp_path: Path) -> None:
    set_up(Settings(state=tmp_path / "state"), "Test")
    path = tmp_path / "state" / FILE
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(re.sub(r"^# (\w+ = )", r"\1", line) for line in lines), encoding="utf-8")
    assert "\nport = 8480\n" in path.read_text(encoding="utf-8")
    assert load(tmp_path / "state") == Settings(state=tmp_path / "state")


def test_everything_that_is_wrong_is_named_at_once_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_text('porrt = 1\nport = "x"\nenvironment = "LIVE"\nlease_seconds = 0\n', encoding="utf-8")
    monkeypatch.setenv("BAUWEICHE_WORKERS", "900")
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path)
    for clause in (
        "„porrt“ ist keine Einstellung (bauweiche.toml)",
        "„port“: erwartet wird eine ganze Zahl (bauweiche.toml)",
        "„environment“: erlaubt ist PROD oder TEST (bauweiche.toml)",
        "„lease_seconds“: erlaubt ist mehr als 0, angegeben ist 0.0 (bauweiche.toml)",
        "„workers“: erlaubt ist ab 1 bis 256, angegeben ist 900 (BAUWEICHE_WORKERS)",
    ):
        assert clause in refused.value.reason


@pytest.mark.parametrize("octets", [b'port = = "x"\n', b"\xff\xfe", b"port = 1\nport = 2\n"])
def test_a_file_that_is_no_toml_is_refused_with_a_sentence(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / FILE).write_bytes(octets)
    with pytest.raises(ConfigurationError, match=r"bauweiche\.toml ist nicht lesbar"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("port", 0, 0),
        ("port", " 8480 ", 8480),
        ("mailbox_port", "", None),
        ("lease_seconds", 3, 3.0),
        ("vault_plain_http", "Yes", True),
        ("vault_plain_http", False, False),
        ("mail_anchors", "", None),
        ("mail_anchors", "ca.pem", Path("ca.pem")),
        ("mail_encryption", "implicit", "implicit"),
        ("sender_postcode", "", ""),
        ("mail_to", [], ()),
    ],
)
def test_what_is_written_is_read_as_what_it_is(name: str, given: object, value: object) -> None:
    assert read(SETTINGS[name], given) == value


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("port", True),
        ("port", 1.5),
        ("port", -1),
        ("port", ""),
        ("lease_seconds", "nan"),
        ("lease_seconds", "inf"),
        ("scanner_seconds", 601),
        ("host", 1),
        ("vault_plain_http", "vielleicht"),
        ("mail_encryption", "keine"),
        ("sender_postcode", "4814"),
        ("sender_number", "7\n"),
        ("sender_town", "x" * 101),
        ("mail_to", "a@b.example"),
        ("mail_to", '["a", 1]'),
        ("vault_anchors", 3),
    ],
)
def test_what_no_setting_may_be_is_refused(name: str, given: object) -> None:
    with pytest.raises(ValueError, match=r"^(erwartet wird|erlaubt)"):
        read(SETTINGS[name], given)


def test_a_command_that_meets_a_broken_file_says_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("port = 70000\n", encoding="utf-8")
    command = [sys.executable, "-m", "gateway.main", "--state", str(tmp_path), "serve"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "„port“: erlaubt ist ab 0 bis 65535, angegeben ist 70000" in ended.stderr
    assert "Traceback" not in ended.stderr
