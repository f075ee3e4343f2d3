"""With real processes and a real worker, nothing of form, file names or plans is readable anywhere on disk (law 2)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from gateway.demo.pdf import make_pdf
from tests.kit import crash_story
from tests.kit.installation import WARENDORF, Installation, MovingClock, announcement, installation

NEEDLES = [text.encode() for text in (crash_story.FORM_CANARY, crash_story.PDF_CANARY, crash_story.NAME_CANARY)]


@contextmanager
def process(home: Path, name: str, *arguments: str) -> Iterator[str]:
    """Run a gateway process whose log, temporary folder and core dumps lie below `home`."""
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = os.environ | {
        "TMPDIR": str(temporary),
        "BAUWEICHE_LOOK_EVERY_SECONDS": "0.1",
        "BAUWEICHE_DISK_RESERVE_BYTES": "0",
    }
    log = home / f"{name}.log"
    command = [sys.executable, "-m", "gateway.main", "--state", str(home / "state"), *arguments]
    with log.open("wb") as stderr, subprocess.Popen(command, stderr=stderr, env=environment, cwd=Path.cwd()) as running:
        try:
            until = time.monotonic() + 30
            while "bereit: " not in log.read_text() and time.monotonic() < until:
                time.sleep(0.05)
            yield log.read_text().partition("bereit: ")[2].split()[0]
        finally:
            running.terminate()


def hand_off(url: str, installed: Installation) -> None:
    files = [make_pdf([crash_story.PDF_CANARY], size) for size in (5_000, 300_000)]
    value = announcement(*files, antrag=crash_story.canary_antrag())
    value["attachments"][1]["file_name"] = f"{crash_story.NAME_CANARY}.pdf"
    headers = {"Authorization": f"Bearer {installed.token()}", "Idempotency-Key": "canary"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        case = client.post("/v1/submissions", json=value).raise_for_status().json()
        for slot, octets in zip(case["attachments"], files, strict=True):
            cut = client.put(slot["upload_url"], content=octets[:-1], headers={"Content-Type": "application/pdf"})
            assert cut.status_code == 422
            put = client.put(slot["upload_url"], content=octets, headers={"Content-Type": "application/pdf"})
            assert put.status_code == 200
        assert client.post(f"/v1/submissions/{case['id']}/complete").status_code == 201
        assert client.post("/v1/submissions", content=b'{"antrag": "' + NEEDLES[0] + b'"').status_code == 415


def readable(home: Path) -> list[str]:
    return [
        str(path)
        for path in home.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in NEEDLES)
    ]


def test_canaries_are_found_in_no_file_log_or_temporary_file_of_the_running_gateway(tmp_path: Path) -> None:
    with installation(tmp_path, clock=MovingClock()) as installed:
        with process(tmp_path, "serve", "serve", "--port", "0") as url:
            hand_off(url, installed)
            assert readable(tmp_path) == []
        with process(tmp_path, "worker", "worker"):
            inbox, until = installed.inboxes[WARENDORF], time.monotonic() + 20
            while not [entry for entry in inbox.iterdir() if entry.name[0] != "."] and time.monotonic() < until:
                time.sleep(0.05)
            assert [entry for entry in inbox.iterdir() if entry.name[0] != "."]
            assert readable(tmp_path) == []
    assert readable(tmp_path) == []
