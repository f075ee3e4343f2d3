"""What every vault promises, on a folder and on an object store: whole or not at all, once, gone when erased."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.domain import codes
from gateway.domain.errors import SealError, SubmissionError
from gateway.edges.vault_folder import FolderVault
from gateway.edges.vault_s3 import S3Vault
from gateway.ports import Vault
from tests.kit.object_store import fresh_bucket

CASE = "0b8f0c4e-6a0e-4b59-9a57-3f0d6a7f5a11"
PART = "part-0001.bin"
LARGE = 9 << 20
"""More than one piece of an upload in parts."""


def now() -> datetime:
    return datetime.now(UTC)


FUTURE = now() + timedelta(hours=1)
PAST = now() - timedelta(hours=1)


def a_folder(place: Path) -> Vault:
    return FolderVault(place / "vault")


def an_object_store(_place: Path) -> Vault:
    return S3Vault(fresh_bucket(), now)


@pytest.fixture(params=[a_folder, an_object_store], ids=["folder", "s3"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    make: Callable[[Path], Vault] = request.param
    return make(tmp_path)


def store(vault: Vault, part: str, data: bytes, case: str = CASE) -> None:
    writer = vault.create(case, part)
    for at in range(0, len(data), 1 << 18):
        writer.write(memoryview(data)[at : at + (1 << 18)])
    writer.commit()


def read(vault: Vault, part: str, case: str = CASE) -> bytes:
    with vault.open(case, part) as stream:
        return stream.read()


def left(vault: Vault) -> int:
    """Return how many things the vault still holds of anybody, by taking all of it away."""
    return vault.sweep(lambda _: False, FUTURE)


@pytest.mark.parametrize("size", [1, 65_537, LARGE], ids=["small", "middle", "several pieces"])
def test_a_committed_part_is_read_back_with_its_size(vault: Vault, size: int) -> None:
    data = (bytes(range(256)) * (size // 256 + 1))[:size]
    store(vault, PART, data)
    assert read(vault, PART) == data
    assert vault.size(CASE, PART) == size
    assert vault.exists(CASE, PART)


def test_a_part_can_be_read_piece_by_piece_and_from_anywhere(vault: Vault) -> None:
    data = bytes(range(256)) * (LARGE // 256)
    store(vault, PART, data)
    with vault.open(CASE, PART) as stream:
        assert stream.read(300) == data[:300]
        stream.seek(LARGE - 5)
        assert stream.read(100) == data[-5:]
        assert stream.read(1) == b""
        stream.seek(5 << 20)
        assert stream.read(7) == data[5 << 20 : (5 << 20) + 7]


@pytest.mark.parametrize("size", [6, LARGE], ids=["small", "several pieces"])
def test_nothing_is_visible_before_the_commit_and_nothing_remains_after_an_abort(vault: Vault, size: int) -> None:
    writer = vault.create(CASE, PART)
    writer.write(bytes(size))
    assert not vault.exists(CASE, PART)
    writer.abort()
    writer.abort()
    assert not vault.exists(CASE, PART)
    assert vault.erase(CASE) == 0


def test_an_abort_after_the_commit_changes_nothing(vault: Vault) -> None:
    writer = vault.create(CASE, PART)
    writer.write(b"sealed")
    writer.commit()
    writer.abort()
    assert read(vault, PART) == b"sealed"


def test_two_uploads_of_one_part_do_not_mix_and_leave_one(vault: Vault) -> None:
    one, two = vault.create(CASE, PART), vault.create(CASE, PART)
    one.write(b"one")
    two.write(b"two")
    two.commit()
    one.commit()
    assert read(vault, PART) in (b"one", b"two")
    assert vault.erase(CASE) == 3


def test_a_missing_part_and_an_erased_case_are_told_apart(vault: Vault) -> None:
    store(vault, PART, b"sealed")
    for ask in (vault.open, vault.size):
        with pytest.raises(SubmissionError) as missing:
            ask(CASE, "part-0002.bin")
        assert missing.value.code is codes.NOT_FOUND
    vault.erase(CASE)
    for ask in (vault.open, vault.size):
        with pytest.raises(SealError) as gone:
            ask(CASE, PART)
        assert gone.value.code is codes.KEY_ERASED
    assert not vault.exists(CASE, PART)


def test_erasing_frees_every_part_and_may_be_repeated(vault: Vault) -> None:
    store(vault, PART, b"12345")
    store(vault, "part-0002.bin", b"678")
    store(vault, PART, b"other", case=f"{CASE}-2")  # a name that begins alike
    assert vault.erase(CASE) == 8
    assert vault.erase(CASE) == 0
    assert read(vault, PART, f"{CASE}-2") == b"other"


def test_an_upload_into_a_case_that_is_erased_meanwhile_leaves_nothing_for_long(vault: Vault) -> None:
    writer = vault.create(CASE, PART)
    writer.write(b"sealed")
    vault.erase(CASE)
    with suppress(SubmissionError):  # a folder can tell, an object store cannot
        writer.commit()
    writer.abort()
    vault.sweep(lambda _: False, FUTURE)
    assert not vault.exists(CASE, PART)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc", "A", "a\0", "a\n", ".hidden", "ä", "a" * 101, "a b"]
)
def test_a_name_that_is_not_ours_goes_nowhere(vault: Vault, name: str) -> None:
    store(vault, PART, b"sealed")
    for ask in (vault.create, vault.open, vault.size, vault.exists):
        with pytest.raises(ValueError, match="not a name of ours"):
            ask(name, PART)
        with pytest.raises(ValueError, match="not a name of ours"):
            ask(CASE, name)
    with pytest.raises(ValueError, match="not a name of ours"):
        vault.erase(name)


@pytest.mark.parametrize("size", [6, LARGE], ids=["small", "several pieces"])
def test_what_a_crash_left_behind_goes_with_the_sweep_once_it_is_old(vault: Vault, size: int) -> None:
    store(vault, "part-0002.bin", b"sealed")
    abandoned = vault.create(CASE, PART)
    abandoned.write(bytes(size))
    assert vault.sweep(lambda _: True, PAST) == 0, "it may still be under way"
    assert vault.sweep(lambda _: True, FUTURE) == (0 if isinstance(vault, S3Vault) and size == 6 else 1)
    assert read(vault, "part-0002.bin") == b"sealed"
    assert vault.erase(CASE) == 6


def test_the_sweep_removes_cases_that_nobody_knows(vault: Vault) -> None:
    store(vault, PART, b"sealed")
    store(vault, PART, b"orphan", case="orphan")
    assert vault.sweep(lambda case: case == CASE, PAST) == 0, "it may have been announced just now"
    assert vault.sweep(lambda case: case == CASE, FUTURE) == 1
    assert vault.exists(CASE, PART)
    assert not vault.exists("orphan", PART)
    assert left(vault) == 1


def test_the_free_room_is_a_number_or_unknown(vault: Vault) -> None:
    free = vault.free_bytes()
    assert free is None or free > 0
