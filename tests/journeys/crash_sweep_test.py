"""Killed at any durable system call, nothing acknowledged is lost, doubled or readable (laws 1, 2, 3 and 5)."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.journal import verify
from gateway.seal.envelope import open_envelope
from gateway.seal.keys import read_private_key
from gateway.wiring import open_world
from tests.kit import crash_story
from tests.kit.installation import WARENDORF

DURABLE = ("fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "ftruncate")
CHUNKS = 6

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template") / "home"
    home.mkdir()
    crash_story.prepare(home)
    return home


def run(home: Path, *strace: str) -> subprocess.CompletedProcess[str]:
    story = [sys.executable, "-m", "tests.kit.crash_story", str(home)]
    return subprocess.run(["strace", *strace, *story], capture_output=True, text=True, timeout=60)


def copied(template: Path, target: Path) -> Path:
    """Copy a prepared home; the participation names the inbox by its path, so the copy lies at the same place."""
    shutil.copytree(template, target, symlinks=True)
    return target


@pytest.fixture(scope="module")
def calls(template: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int]]:
    """Every durable call of an undisturbed story: (system call, which time)."""
    folder = tmp_path_factory.mktemp("count")
    kept = folder / "kept"
    shutil.copytree(template, kept)
    log = folder / "calls"
    done = run(template, "-o", str(log), "-e", f"trace={','.join(DURABLE)}")
    assert done.returncode == 0, done.stderr[-2000:]
    shutil.rmtree(template)
    shutil.copytree(kept, template)
    names = Counter(match.group(1) for match in re.finditer(r"^(\w+)\(", log.read_text(), re.MULTILINE))
    return [(name, number) for name, count in sorted(names.items()) for number in range(1, count + 1)]


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_after_a_kill_at_any_durable_call_the_portal_repeats_and_all_is_well(
    template: Path, calls: list[tuple[str, int]], tmp_path: Path, chunk: int
) -> None:
    pristine = tmp_path / "pristine"
    shutil.copytree(template, pristine)
    assert len(calls) > 30
    for name, number in calls[chunk::CHUNKS]:
        shutil.rmtree(template)
        shutil.copytree(pristine, template)
        killed = run(
            template, "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=KILL:when={number}"
        )
        assert killed.returncode != 0, (name, number)
        told = json.loads(killed.stdout)["accepted"] if killed.stdout.strip() else ""
        assert plaintext(template) == [], (name, number)
        again = io.StringIO()
        said = crash_story.tell(template, again)
        assert told in ("", said.accepted), (name, number)
        assert_delivered_once(template, said.accepted, (name, number))
        assert plaintext(template) == [], (name, number)
    shutil.rmtree(template)
    shutil.copytree(pristine, template)


def assert_delivered_once(home: Path, message_id: str, where: object) -> None:
    folders = list((home / "taken").iterdir())
    assert [folder.name.partition("-")[2] for folder in folders] == [message_id], where
    key = read_private_key((home / "authorities" / WARENDORF / "key.pem").read_bytes())
    world = open_world(crash_story.settings(home))
    try:
        opened = open_envelope(
            folders[0], [key], world.trust, datetime.now(UTC), target=home / "opened", addressee=WARENDORF
        )
        assert opened.ok, where
        written = {path.read_bytes() for path in (home / "opened").iterdir()}
        assert set(crash_story.portal_files(home)) <= written, where
        with world.store.reading() as tx:
            assert verify(tx.journal.read()) is None, where
            assert tx.cases.find("p-1")[0].erased_at is not None, where
    finally:
        world.store.close()
        shutil.rmtree(home / "opened", ignore_errors=True)
    assert not [path for path in (home / "state" / "vault").rglob("*") if path.is_file()], where


def plaintext(home: Path) -> list[str]:
    """Return the files that hold a canary in clear, other than the portal's own."""
    needles = [text.encode() for text in (crash_story.FORM_CANARY, crash_story.PDF_CANARY, crash_story.NAME_CANARY)]
    found = []
    for folder in (home / "state", home / "authorities", home / "taken"):
        for path in folder.rglob("*") if folder.exists() else ():
            if path.is_file() and any(needle in path.read_bytes() for needle in needles):
                found.append(str(path))
    return found
