"""The authority's receipt for a file drop: how it is written, when it counts, and when it does not."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.file_drop import Settings, build
from adapters.folder.adapter import FolderAdapter
from adapters.folder.receipts import LIMIT, read_text, refusal
from gateway.adapter import Outcome, Unreachable
from gateway.adapter_contract import Ledger, SampleLink, again, sample_envelope

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
MESSAGE = sample_envelope()
ID = str(MESSAGE.message_id)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "ablage"
    made.mkdir()
    return made


def _adapter(folder: Path, **more: object) -> FolderAdapter:
    return build(Settings(folder=folder, **more), SampleLink(at=AT))


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (b"", ""),
        (b"angenommen am 21.11.", ""),
        ("abgelehnt: nicht zuständig".encode(), "nicht zuständig"),
        ("Abgelehnt:  Größe\r\nzu groß\x1b[31m".encode("cp1252"), "Größe zu groß [31m"),
        ("abgelehnt: für Süd".encode("utf-16"), "für Süd"),
        ("\ufeffABGELEHNT: x".encode(), "x"),
        (b"abgelehnt:", "ohne Angabe von Gründen"),
        (b"\xff\xfe\x00", ""),
    ],
)
def test_a_receipt_is_read_however_it_was_written(inside: bool, content: bytes, refused: str, folder: Path) -> None:
    adapter = _adapter(folder)
    adapter.deliver(MESSAGE)
    path = folder / ID / ".quittung" if inside else folder / f"{ID}.quittung"
    path.write_bytes(content)
    os.utime(path, (0, (AT - timedelta(minutes=5)).timestamp()))
    pickup = adapter.look(MESSAGE.message_id, {})
    assert (pickup.taken, pickup.refused, pickup.at) == (True, refused, AT - timedelta(minutes=5))
    assert not adapter.recall(MESSAGE.message_id, {}), "what has a receipt is not taken back"


@pytest.mark.parametrize("text", ["", "abge", "ABGELEHNT:"])
def test_a_receipt_that_may_still_be_written_is_waited_for(text: str, folder: Path) -> None:
    adapter = _adapter(folder)
    adapter.deliver(MESSAGE)
    path = folder / f"{ID}.quittung"
    path.write_text(text)
    os.utime(path, (0, (AT - timedelta(seconds=3)).timestamp()))
    assert not adapter.look(MESSAGE.message_id, {}).taken
    path.write_text("abgelehnt: doppelt")
    os.utime(path, (0, (AT - timedelta(seconds=3)).timestamp()))
    assert adapter.look(MESSAGE.message_id, {}).refused == "doppelt"


def test_a_linked_receipt_is_no_receipt(folder: Path, tmp_path: Path) -> None:
    adapter = _adapter(folder)
    adapter.deliver(MESSAGE)
    secret = tmp_path / "secret"
    secret.write_text("abgelehnt: geheim")
    (folder / f"{ID}.quittung").symlink_to(secret)
    assert adapter.look(MESSAGE.message_id, {}).refused == ""


def test_where_a_receipt_is_required_a_missing_folder_proves_nothing(folder: Path) -> None:
    adapter = _adapter(folder, receipts="required")
    adapter.deliver(MESSAGE)
    (folder / ID).rename(folder.parent / "geholt")
    assert not adapter.look(MESSAGE.message_id, {}).taken
    assert adapter.deliver(again(MESSAGE, Ledger())).outcome is Outcome.AVAILABLE
    (folder / f"{ID}.quittung").write_text("angenommen")
    assert adapter.look(MESSAGE.message_id, {}).taken


def test_a_folder_that_knows_nothing_of_a_message_does_not_count_as_fetched(folder: Path) -> None:
    with pytest.raises(Unreachable, match="nichts bekannt"):
        _adapter(folder).look(MESSAGE.message_id, {})


@given(st.binary(max_size=LIMIT))
def test_any_bytes_of_a_receipt_become_one_harmless_line(data: bytes) -> None:
    text = read_text(data)
    assert text.isprintable()
    assert len(text) <= 500
    assert refusal(text).isprintable()
