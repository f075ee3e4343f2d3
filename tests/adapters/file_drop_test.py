"""The file drop on its own: settings, where a message is put, and what a failing disk means."""

from __future__ import annotations

import errno
import io
import os
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.file_drop import Settings, build, plugin
from adapters.folder.adapter import FolderAdapter
from adapters.folder.drop import put_down
from adapters.folder.local import REASONS, copy, local_shelf
from adapters.folder.shelf import ShelfError
from gateway.adapter import (
    Collecting,
    Envelope,
    Outcome,
    Recalling,
    Refused,
    SealedFile,
    Unconfirmed,
    Unreachable,
    Watching,
)
from gateway.adapter_contract import Ledger, SampleLink, again, sample_envelope
from gateway.adapter_contract.samples import Reader
from gateway.domain import codes
from gateway.domain.errors import SealError
from tests.kit.adapter_samples import real_files
from tests.kit.shaky_shelf import ShakyShelf, lose_the_answer

MESSAGE = sample_envelope()
ID = str(MESSAGE.message_id)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "ablage"
    made.mkdir()
    return made


def _adapter(folder: Path, **more: object) -> FolderAdapter:
    return build(Settings(folder=folder, **more), SampleLink())


# settings


@pytest.mark.parametrize("path", ["ablage", "./ablage", "/srv/../etc", ""])
def test_only_whole_paths_are_taken(path: str) -> None:
    with pytest.raises(ValidationError):
        Settings(folder=Path(path))


def test_every_setting_explains_itself_in_german() -> None:
    for name, field in Settings.model_fields.items():
        assert field.title, name
        assert field.description, name


def test_the_adapter_can_watch_recall_and_collect_and_is_built_without_a_disk() -> None:
    adapter = plugin.build(Settings(folder=Path("/nowhere/at/all")), SampleLink())
    assert isinstance(adapter, Watching)
    assert isinstance(adapter, Recalling)
    assert isinstance(adapter, Collecting)


# where it is put


def test_the_folder_holds_exactly_the_files_with_rights_for_the_group(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        _adapter(folder).deliver(MESSAGE)
    finally:
        os.umask(before)
    assert sorted(entry.name for entry in folder.iterdir()) == [".abgelegt", ID]
    assert sorted(file.name for file in (folder / ID).iterdir()) == ["envelope.xml", "part-0000.bin", "part-0001.bin"]
    assert stat.S_IMODE((folder / ID).stat().st_mode) == 0o750
    assert {stat.S_IMODE(file.stat().st_mode) for file in (folder / ID).iterdir()} == {0o640}


def test_a_linked_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    with pytest.raises(Unreachable, match="Verknüpfung"):
        _adapter(link).deliver(MESSAGE)
    assert not list(folder.iterdir())


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "ablage").write_text("")
    with pytest.raises(Unreachable, match="kein Ordner"):
        _adapter(tmp_path / "ablage").deliver(MESSAGE)


def test_nothing_is_put_down_where_the_network_drive_is_missing(folder: Path) -> None:
    adapter = _adapter(folder, mount_point=folder)
    with pytest.raises(Unreachable, match="nicht eingehängt"):
        adapter.deliver(MESSAGE)
    with pytest.raises(Unreachable, match="nicht eingehängt"):
        adapter.look(MESSAGE.message_id, {})
    assert not list(folder.iterdir())


@pytest.mark.parametrize("name", [".abgelegt", f".tmp-{ID}-1", f".zurueck-{ID}"])
def test_links_planted_under_our_names_lead_nowhere(name: str, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep.txt").write_text("precious")
    (folder / name).symlink_to(outside)
    with suppress(Unreachable):  # or delivered, where the link was only in the way
        _adapter(folder).deliver(MESSAGE)
    assert [entry.name for entry in outside.iterdir()] == ["keep.txt"]


def test_an_empty_folder_of_the_same_name_is_filled_and_a_full_one_is_left_alone(folder: Path) -> None:
    (folder / ID).mkdir()
    with pytest.raises(Refused):
        _adapter(folder).deliver(MESSAGE)
    (folder / ID).rmdir()
    assert _adapter(folder).deliver(MESSAGE).outcome is Outcome.AVAILABLE


def test_a_message_without_its_marker_is_recognised_by_its_files(folder: Path) -> None:
    _adapter(folder).deliver(MESSAGE)
    (folder / ".abgelegt").rename(folder.with_name("gone"))
    assert _adapter(folder).deliver(again(MESSAGE, Ledger())).outcome is Outcome.AVAILABLE
    (folder / ID / "part-0001.bin").write_bytes(b"shorter")
    with pytest.raises(Refused, match="etwas anderes"):
        _adapter(folder).deliver(again(MESSAGE, Ledger()))


# the disk fails


def _failing(number: int) -> Envelope:
    def broken() -> BinaryIO:
        def pieces() -> bytes:
            raise OSError(number, "as the system says")

        return cast("BinaryIO", io.BufferedReader(Reader(iter(pieces, b""))))

    return replace(MESSAGE, sealed=lambda: [*MESSAGE.sealed(), SealedFile("part-9999.bin", 5, broken)])


@pytest.mark.parametrize("number", sorted(set(REASONS) - {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}))
def test_each_failure_of_the_disk_is_told_in_its_own_words(number: int, folder: Path) -> None:
    with pytest.raises(Unreachable) as caught:
        _adapter(folder).deliver(_failing(number))
    assert (caught.value.reason, caught.value.hint) == REASONS[number]
    assert not list(folder.iterdir()), "what was begun is gone"


def test_any_other_failure_is_told_with_the_systems_words(folder: Path) -> None:
    with pytest.raises(Unreachable, match="File name too long"):
        _adapter(folder).deliver(_failing(errno.ENAMETOOLONG))


def _steps(folder: Path) -> int:
    """Return how many steps a delivery takes in a folder that was used before."""
    with local_shelf(folder) as shelf:
        put_down(shelf, sample_envelope(2))
        counting = ShakyShelf(shelf)
        put_down(counting, sample_envelope(3))
    return counting.steps


def test_a_rename_of_unknown_outcome_is_unconfirmed_and_the_repeat_finds_out(folder: Path) -> None:
    last_rename = _steps(folder) - 1
    with local_shelf(folder) as shelf, pytest.raises(Unconfirmed):
        put_down(ShakyShelf(shelf, last_rename, after=lose_the_answer), MESSAGE)
    assert (folder / ID).exists()
    assert _adapter(folder).deliver(again(MESSAGE, Ledger())).outcome is Outcome.AVAILABLE


def test_a_name_that_may_not_survive_a_power_cut_is_unconfirmed(folder: Path) -> None:
    def fsync_fails() -> None:
        raise ShelfError("Das Laufwerk meldet einen Fehler.")

    steps = _steps(folder)
    with local_shelf(folder) as shelf, pytest.raises(Unconfirmed):
        put_down(ShakyShelf(shelf, steps, before=fsync_fails), MESSAGE)


def test_what_is_not_on_the_disk_before_the_rename_never_appears(folder: Path) -> None:
    def fsync_fails() -> None:
        raise ShelfError("Das Laufwerk meldet einen Fehler.")

    steps = _steps(folder)
    for step in range(1, steps - 1):
        with local_shelf(folder) as shelf, pytest.raises(Unreachable):
            put_down(ShakyShelf(shelf, step, before=fsync_fails), sample_envelope(10 + step))
        assert len([entry for entry in folder.iterdir() if entry.name[0] != "."]) == 2


def test_errors_of_rendering_pass_as_they_are(folder: Path) -> None:
    def expired() -> list[SealedFile]:
        raise SealError(codes.CERTIFICATE_EXPIRED, "Das Zertifikat der Behörde ist abgelaufen.")

    with pytest.raises(SealError):
        _adapter(folder).deliver(replace(MESSAGE, sealed=expired))
    assert not list(folder.iterdir())


# copying


@given(st.binary(max_size=5_000), st.integers(-3, 3), st.booleans())
def test_copying_gives_all_bytes_and_never_more_than_one_too_many(data: bytes, off: int, real: bool) -> None:
    size = max(0, len(data) + off)
    with memory_file(data) as source, memory_file(b"") as target:
        chosen = source if real else cast("BinaryIO", io.BytesIO(data))
        done = copy(chosen, target.fileno(), size)
        target.seek(0)
        assert target.read() == data[: size + 1]
    assert (done == size) is (len(data) == size)


def memory_file(data: bytes) -> BinaryIO:
    file = cast("BinaryIO", os.fdopen(os.memfd_create("test"), "r+b", buffering=0))
    file.write(data)
    file.seek(0)
    return file


def test_files_of_the_vault_arrive_as_they_are(folder: Path, tmp_path: Path) -> None:
    message = sample_envelope(sealed=real_files(tmp_path / "vault", MESSAGE.message_id, (5_000_000, 0)))
    _adapter(folder).deliver(message)
    for name in ("envelope.xml", "part-0000.bin", "part-0001.bin"):
        assert (folder / ID / name).read_bytes() == (tmp_path / "vault" / name).read_bytes()
