"""The folder vault: what is committed is there and durable, what is not leaves nothing, names cannot lead elsewhere."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.edges.vault_disk import DiskCalls, DurabilityLost, StorageFull
from gateway.edges.vault_folder import FolderVault

CASE = "0b8f0c4e-6a0e-4b59-9a57-3f0d6a7f5a11"
FUTURE = datetime.now(UTC) + timedelta(hours=1)
PAST = datetime.now(UTC) - timedelta(hours=1)

# the children only make system calls and end; Python 3.12 warns because the test runner may have threads
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@pytest.fixture
def vault(tmp_path: Path) -> FolderVault:
    return FolderVault(tmp_path / "vault")


def store(vault: FolderVault, part: str, data: bytes, case: str = CASE) -> None:
    writer = vault.create(case, part)
    writer.write(data)
    writer.commit()


def read(vault: FolderVault, part: str, case: str = CASE) -> bytes:
    with vault.open(case, part) as stream:
        return stream.read()


def files(vault: FolderVault, tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "vault").rglob("*") if path.is_file())


class FailingDisk:
    """A disk that fails at the n-th call of one kind, and counts."""

    def __init__(self, *, write: int = 0, fsync: int = 0, error: int = errno.EIO) -> None:
        self.left = {"write": write, "fsync": fsync}
        self.calls = {"write": 0, "fsync": 0}
        self.error = error

    def _count(self, kind: str) -> None:
        self.calls[kind] += 1
        if self.left[kind] and self.calls[kind] == self.left[kind]:
            raise OSError(self.error, os.strerror(self.error))

    def disk(self) -> DiskCalls:
        def write(descriptor: int, data: memoryview) -> int:
            self._count("write")
            return os.write(descriptor, data[:1000])

        def fsync(descriptor: int) -> None:
            self._count("fsync")
            os.fsync(descriptor)

        return DiskCalls(write=write, fsync=fsync)


def test_short_writes_lose_nothing(tmp_path: Path) -> None:
    vault = FolderVault(tmp_path / "vault", FailingDisk().disk())
    store(vault, "part-0001.bin", bytes(range(256)) * 50)
    assert read(vault, "part-0001.bin") == bytes(range(256)) * 50


def test_nothing_is_visible_before_the_commit(vault: FolderVault, tmp_path: Path) -> None:
    writer = vault.create(CASE, "part-0001.bin")
    writer.write(b"sealed")
    assert not vault.exists(CASE, "part-0001.bin")
    writer.abort()
    writer.abort()
    assert files(vault, tmp_path) == []


def test_a_part_uploaded_again_replaces_the_first_at_once_and_whole(vault: FolderVault, tmp_path: Path) -> None:
    store(vault, "part-0001.bin", b"first")
    with vault.open(CASE, "part-0001.bin") as old:
        second = vault.create(CASE, "part-0001.bin")
        second.write(b"second")
        assert read(vault, "part-0001.bin") == b"first"
        second.commit()
        assert old.read() == b"first"
    assert read(vault, "part-0001.bin") == b"second"
    assert files(vault, tmp_path) == ["part-0001.bin"]


def test_files_and_folders_are_for_the_gateway_alone(vault: FolderVault, tmp_path: Path) -> None:
    store(vault, "part-0001.bin", b"sealed")
    for path in (tmp_path / "vault").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_erasing_frees_every_part_and_may_be_repeated(vault: FolderVault, tmp_path: Path) -> None:
    store(vault, "part-0001.bin", b"12345")
    store(vault, "part-0002.bin", b"678")
    store(vault, "part-0001.bin", b"other", case="another-case")
    assert vault.erase(CASE) == 8
    assert vault.erase(CASE) == 0
    assert files(vault, tmp_path) == ["part-0001.bin"]


def test_an_upload_into_a_case_that_is_erased_meanwhile_is_told_so(vault: FolderVault, tmp_path: Path) -> None:
    writer = vault.create(CASE, "part-0001.bin")
    writer.write(b"sealed")
    vault.erase(CASE)
    with pytest.raises(SubmissionError) as refused:
        writer.commit()
    assert refused.value.code is codes.STATE_CONFLICT
    writer.abort()
    assert files(vault, tmp_path) == []


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc", "A", "a\0", "a\n", ".hidden", "ä", "a" * 101, "a b"]
)
def test_a_name_that_is_not_ours_never_reaches_the_disk(vault: FolderVault, name: str) -> None:
    for ask in (vault.create, vault.open, vault.size, vault.exists):
        with pytest.raises(ValueError, match="not a name of ours"):
            ask(name, "part-0001.bin")
    with pytest.raises(ValueError, match="not a name of ours"):
        vault.erase(name)
    store(vault, "part-0001.bin", b"sealed")
    for ask in (vault.create, vault.open, vault.size, vault.exists):
        with pytest.raises(ValueError, match="not a name of ours"):
            ask(CASE, name)


def test_links_are_not_followed(vault: FolderVault, tmp_path: Path) -> None:
    store(vault, "part-0001.bin", b"sealed")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "part-0001.bin").write_bytes(b"foreign")
    (folder,) = (path.parent for path in (tmp_path / "vault").rglob("part-0001.bin"))
    (folder / "part-0002.bin").symlink_to(elsewhere / "part-0001.bin")
    with pytest.raises(OSError, match="symbolic"):
        vault.open(CASE, "part-0002.bin")
    (folder / "part-0001.bin").unlink()
    (folder / "part-0002.bin").unlink()
    folder.rmdir()
    folder.symlink_to(elsewhere)
    for ask in (vault.create, vault.open, vault.erase):
        with pytest.raises(OSError, match="irectory"):
            ask(*(CASE, "part-0001.bin")[: 1 if ask == vault.erase else 2])
    assert (elsewhere / "part-0001.bin").read_bytes() == b"foreign"


def test_a_failed_fsync_of_the_part_is_final(tmp_path: Path) -> None:
    failing = FailingDisk(fsync=3)  # the root once, the case's entry, then the part
    vault = FolderVault(tmp_path / "vault", failing.disk())
    writer = vault.create(CASE, "part-0001.bin")
    writer.write(b"sealed")
    with pytest.raises(DurabilityLost) as lost:
        writer.commit()
    assert lost.value.code is codes.DURABILITY_LOST
    assert failing.calls["fsync"] == 3, "never retried (law 1)"
    assert not vault.exists(CASE, "part-0001.bin")


def test_after_a_failed_fsync_nothing_more_is_promised(tmp_path: Path) -> None:
    for place in (1, 2, 3, 4):
        failing = FailingDisk(fsync=place)
        vault = FolderVault(tmp_path / f"vault-{place}", failing.disk())
        with pytest.raises(DurabilityLost):
            store(vault, "part-0001.bin", b"sealed")
        with pytest.raises(DurabilityLost):
            vault.create("another-case", "part-0001.bin")
        with pytest.raises(DurabilityLost):
            vault.erase(CASE)
        assert failing.calls["fsync"] == place


def test_a_disk_error_while_writing_is_as_final_as_a_failed_fsync(tmp_path: Path) -> None:
    vault = FolderVault(tmp_path / "vault", FailingDisk(write=2).disk())
    writer = vault.create(CASE, "part-0001.bin")
    with pytest.raises(DurabilityLost):
        writer.write(bytes(5000))
    with pytest.raises(DurabilityLost):
        vault.create(CASE, "part-0002.bin")


def test_a_disk_that_turned_read_only_is_said_although_nothing_can_be_tidied_there(tmp_path: Path) -> None:
    def write(_descriptor: int, _data: memoryview) -> int:
        (temporary,) = (tmp_path / "vault").rglob("*.tmp")
        temporary.unlink()
        temporary.mkdir()  # what cannot be unlinked stands for a name on a disk that refuses
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    vault = FolderVault(tmp_path / "vault", DiskCalls(write=write))
    writer = vault.create(CASE, "part-0001.bin")
    with pytest.raises(DurabilityLost):
        writer.write(b"sealed")
    writer.abort()
    with pytest.raises(DurabilityLost):
        vault.create(CASE, "part-0002.bin")


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_clearly_and_leaves_nothing(tmp_path: Path, error: int) -> None:
    vault = FolderVault(tmp_path / "vault", FailingDisk(write=3, error=error).disk())
    writer = vault.create(CASE, "part-0001.bin")
    with pytest.raises(StorageFull) as full:
        writer.write(bytes(5000))
    assert full.value.code is codes.STORAGE_FULL
    assert files(vault, tmp_path) == []
    store(vault, "part-0001.bin", b"there is room again")
    assert read(vault, "part-0001.bin") == b"there is room again"


def test_a_crash_before_the_rename_leaves_a_temporary_that_the_sweep_removes(tmp_path: Path) -> None:
    root = tmp_path / "vault"
    _crash(lambda: store(FolderVault(root, DiskCalls(fsync=_Bomb(3))), "part-0001.bin", b"sealed"))
    vault = FolderVault(root)
    assert not vault.exists(CASE, "part-0001.bin")
    (left,) = files(vault, tmp_path)
    assert left.startswith(".")
    assert vault.sweep(lambda _: True, PAST) == 0, "it may still be under way"
    assert vault.sweep(lambda _: True, FUTURE) == 1
    assert files(vault, tmp_path) == []


def test_a_crash_after_the_rename_leaves_the_whole_part(tmp_path: Path) -> None:
    root = tmp_path / "vault"
    _crash(lambda: store(FolderVault(root, DiskCalls(fsync=_Bomb(4))), "part-0001.bin", b"sealed"))
    assert read(FolderVault(root), "part-0001.bin") == b"sealed"


class _Bomb:
    """An fsync that ends the process at the n-th call, as a power cut would."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, descriptor: int) -> None:
        self.left -= 1
        if self.left == 0:
            os._exit(9)
        os.fsync(descriptor)


def _crash(work: Callable[[], None]) -> None:
    """Do `work` in a child and see it die."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 9
