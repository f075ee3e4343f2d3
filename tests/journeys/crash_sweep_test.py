"""Killed at any durable system call, nothing acknowledged is lost, doubled or readable (laws 1, 2, 3 and 5)."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.journal import verify
from gateway.seal.envelope import open_envelope
from gateway.seal.keys import read_private_key
from gateway.wiring import open_world
from tests.kit import crash_story
from tests.kit.crash_story import Said
from tests.kit.crash_sweep import Zygote
from tests.kit.installation import WARENDORF

DURABLE = ("fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "ftruncate")
CHUNKS = 6

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("template") / "home"
    home.mkdir()
    crash_story.prepare(home)
    return home


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """A warm process that forks one telling of the story after the other."""
    with Zygote.running(tmp_path_factory.mktemp("zygote") / "tmp") as running:
        yield running


def traced(zygote: Zygote, home: Path, *options: str) -> tuple[int, Said]:
    """Tell the story under strace; return its wait status and what the portal was told."""
    out = home.parent / "told"
    out.write_text("")
    child = zygote.begin({"home": str(home), "out": str(out), "traced": True})
    command = ["strace", "-p", str(child), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        assert "attached" in strace.stderr.readline()
        os.kill(child, signal.SIGCONT)
        status, _ = zygote.end()
    return status, crash_story.told(out)


@pytest.fixture(scope="module")
def calls(template: Path, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int]]:
    """Every durable call of an undisturbed story: (system call, which time)."""
    folder = tmp_path_factory.mktemp("count")
    kept = folder / "kept"
    shutil.copytree(template, kept)
    log = folder / "calls"
    status, told = traced(zygote, template, "-o", str(log), "-e", f"trace={','.join(DURABLE)}")
    assert status == 0
    assert told.accepted
    shutil.rmtree(template)
    shutil.copytree(kept, template)
    names = Counter(match.group(1) for match in re.finditer(r"^(\w+)\(", log.read_text(), re.MULTILINE))
    return [(name, number) for name, count in sorted(names.items()) for number in range(1, count + 1)]


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_after_a_kill_at_any_durable_call_the_portal_repeats_and_all_is_well(
    template: Path, calls: list[tuple[str, int]], zygote: Zygote, tmp_path: Path, chunk: int
) -> None:
    pristine = tmp_path / "pristine"
    shutil.copytree(template, pristine)
    assert len(calls) > 30
    for name, number in calls[chunk::CHUNKS]:
        shutil.rmtree(template)
        shutil.copytree(pristine, template)
        inject = f"inject={name}:signal=KILL:when={number}"
        status, told = traced(zygote, template, "-o", "/dev/null", "-e", f"trace={name}", "-e", inject)
        assert os.WIFSIGNALED(status), (name, number)
        assert plaintext(template) == [], (name, number)
        said = crash_story.tell(template)
        assert told.accepted in ("", said.accepted), (name, number)
        assert_delivered_once(template, said.accepted, (name, number))
        assert plaintext(template) == [], (name, number)
    shutil.rmtree(template)
    shutil.copytree(pristine, template)


def assert_delivered_once(home: Path, message_id: str, where: object) -> None:
    folders = list(crash_story.taken_of(home).iterdir())
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
    for folder in (home / "state", home / "authorities"):
        for path in folder.rglob("*") if folder.exists() else ():
            if path.is_file() and any(needle in path.read_bytes() for needle in needles):
                found.append(str(path))
    return found
