"""The file drop killed at every system call: the receiver never sees part of a message and gets it exactly once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.file_drop import Settings, build
from gateway.adapter import Outcome
from gateway.adapter_contract import Ledger, SampleLink, again, sample_envelope, sealed_digests
from tests.kit.file_drop_crash import SIZES
from tests.kit.folder_side import FolderSide

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One folder per kill, as the dead process left it."""
    root = tmp_path_factory.mktemp("crash")
    subprocess.run([sys.executable, "-m", "tests.kit.file_drop_crash", str(root)], check=True, cwd=ROOT)
    return sorted(folder for folder in root.iterdir() if folder.name.startswith("c_"))


def _deliver_again(folder: Path) -> Outcome:
    envelope = sample_envelope(sizes=SIZES)
    return build(Settings(folder=folder), SampleLink()).deliver(again(envelope, Ledger())).outcome


def test_there_are_many_places_to_die_at(crashed: list[Path]) -> None:
    assert len(crashed) > 80


def test_after_a_crash_anywhere_the_receiver_sees_all_or_nothing(crashed: list[Path], tmp_path: Path) -> None:
    expected = sealed_digests(sample_envelope(sizes=SIZES))
    seen = set()
    for folder in crashed:
        side = FolderSide(folder, tmp_path / "nowhere")
        assert not side.half(), folder.name
        assert all(stored.digests == expected for stored in side.stored()), folder.name
        seen.add(len(side.stored()))
    assert seen == {0, 1}, "some crashes must be before the message appeared, and some after"


def test_repeating_after_a_crash_anywhere_gives_the_message_once(crashed: list[Path], tmp_path: Path) -> None:
    for folder in crashed:
        copy = tmp_path / folder.name
        shutil.copytree(folder, copy, symlinks=True)
        assert _deliver_again(copy) is Outcome.AVAILABLE
        side = FolderSide(copy, tmp_path / "nowhere")
        assert [stored.digests for stored in side.stored()] == [sealed_digests(sample_envelope(sizes=SIZES))]
        assert not side.half(), folder.name
        leftovers = [entry.name for entry in copy.iterdir() if entry.name.startswith(".tmp-")]
        assert not leftovers, folder.name


def test_a_message_fetched_right_after_the_crash_is_not_given_twice(crashed: list[Path], tmp_path: Path) -> None:
    fetched_early = 0
    for folder in crashed:
        copy, away = tmp_path / folder.name, tmp_path / f"{folder.name}-fetched"
        shutil.copytree(folder, copy, symlinks=True)
        away.mkdir()
        side = FolderSide(copy, away)
        for stored in side.stored():
            side.take(stored.message_id)
            fetched_early += 1
        outcome = _deliver_again(copy)
        assert len(side.stored()) == 1, folder.name
        assert outcome is (Outcome.HANDED_OVER if any(away.iterdir()) else Outcome.AVAILABLE), folder.name
    assert fetched_early


def test_taking_back_after_a_crash_anywhere_leaves_nothing_to_fetch(crashed: list[Path], tmp_path: Path) -> None:
    message_id = sample_envelope().message_id
    for folder in crashed:
        copy = tmp_path / folder.name
        shutil.copytree(folder, copy, symlinks=True)
        adapter = build(Settings(folder=copy), SampleLink())
        assert adapter.recall(message_id, {}), folder.name
        side = FolderSide(copy, tmp_path / "nowhere")
        assert (side.stored(), side.half()) == ([], []), folder.name
        assert _deliver_again(copy) is Outcome.AVAILABLE, folder.name


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(("call", "when"), [("rename", 1), ("rename", 2), ("fsync", 1), ("fsync", 6)])
def test_a_kill_by_the_kernel_tells_the_same(call: str, when: int, tmp_path: Path) -> None:
    folder, vault = tmp_path / "ablage", tmp_path / "vault"
    folder.mkdir()
    program = (
        "from pathlib import Path; from tests.kit.file_drop_crash import _deliver; "
        "from tests.kit.adapter_samples import real_files, sample_envelope; "
        f"_deliver(Path({str(folder)!r}), Path({str(vault)!r}), 'never', 0)"
    )
    calls = "rename,renameat,renameat2" if call == "rename" else call
    inject = ["-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={when}"]
    done = subprocess.run(
        ["strace", "-f", "-o", os.devnull, *inject, sys.executable, "-B", "-c", program], cwd=ROOT, check=False
    )
    if done.returncode == 1:
        pytest.skip("this machine does not let strace trace")
    assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    side = FolderSide(folder, tmp_path / "nowhere")
    assert not side.half()
    assert _deliver_again(folder) is Outcome.AVAILABLE
    assert len(side.stored()) == 1
