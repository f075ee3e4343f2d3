"""What is delivered for running the product names what is there: units, container, their commands and files."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.main import COMMANDS

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
CONTAINER = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_runs_a_command_that_exists_as_nobody_special(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    (found,) = re.findall(r"bauweiche --state /var/lib/bauweiche (\w+)", text)
    assert found in COMMANDS
    for line in (
        "User=bauweiche",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "UMask=0077",
    ):
        assert line in text.splitlines(), line


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_systemd_itself_calls_a_unit_hardened(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "offline" in done.stderr and "unrecognized" in done.stderr:
        pytest.skip("this systemd-analyze cannot look at files")
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


def test_the_container_copies_what_is_there_and_installs_only_what_has_a_digest() -> None:
    copied = [
        shlex.split(line)[1:-1] for line in CONTAINER.splitlines() if line.startswith("COPY ") and "--from" not in line
    ]
    assert copied
    assert [name for names in copied for name in names if not (ROOT / name).exists()] == []
    assert "--require-hashes" in CONTAINER
    installs = [line for line in CONTAINER.splitlines() if "pip install" in line]
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    assert re.search(r"^USER (?!0|root)", CONTAINER, re.MULTILINE)
    assert "ADD " not in CONTAINER


def test_the_container_starts_a_command_that_exists() -> None:
    (command,) = re.findall(r'^CMD \["(\w+)"\]$', CONTAINER, re.MULTILINE)
    assert command in COMMANDS
