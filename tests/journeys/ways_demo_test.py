"""The demonstration plays to its end by itself, with one authority on each way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.long
def test_the_demonstration_ends_by_itself_and_everything_arrived_on_every_way(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway.main", "demo", "--keep", str(tmp_path / "demo")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr + done.stdout
    rows = [line for line in done.stdout.splitlines() if line.startswith("BW-")]
    assert len(rows) == 10
    for way in ("Ablage", "SFTP", "XTA-Postfach", "XTA-Push", "SOAP"):
        assert any(f" {way} " in row for row in rows), way
    assert "1120 · 1121" in done.stdout
    assert "Nachweise geprüft: 9" in done.stdout
    assert "FEHLER" not in done.stdout
    assert sum("bereitgestellt" in row for row in rows) == 1
    assert "Dortmund holt nicht ab" in done.stderr
    assert "ECHT UND UNVERÄNDERT" in done.stdout
    assert "Pläne bei der Behörde eingegangen am" in done.stdout
    assert "Ein einziges Bit geändert: UNGÜLTIG" in done.stderr
    assert "SIGKILL" in done.stdout
