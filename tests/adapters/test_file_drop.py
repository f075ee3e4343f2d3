"""The file drop on its own: settings, the disk's failures, receipts, and what the authority sends back."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
from adapters.folder.receipts import LIMIT, read_text, refusal
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


def test_a_rename_of_unknown_outcome_is_unconfirmed_and_the_repeat_finds_out(folder: Path) -> None:
    with local_shelf(folder) as shelf:
        counting = ShakyShelf(shelf)
        put_down(counting, sample_envelope(2))
    last_rename = counting.steps - 1
    with local_shelf(folder) as shelf, pytest.raises(Unconfirmed):
        put_down(ShakyShelf(shelf, last_rename, after=lose_the_answer), MESSAGE)
    assert (folder / ID).exists()
    assert _adapter(folder).deliver(again(MESSAGE, Ledger())).outcome is Outcome.AVAILABLE


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


# receipts


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


# the way back


def _reply(folder: Path, name: str, **files: bytes) -> Path:
    made = folder / "rueckweg" / name
    made.mkdir(parents=True)
    for file, data in files.items():
        (made / file.replace("_", ".")).write_bytes(data)
    return made


def test_replies_are_brought_in_both_forms_and_put_aside_when_done(folder: Path) -> None:
    _reply(folder, "b-1", message_xml=b"<x/>", plan_pdf=b"PDF")
    _reply(folder, "a-1", envelope_xml=b"<e/>", part_bin=b"sealed")
    _reply(folder, ".being-written", message_xml=b"<")
    adapter = _adapter(folder)
    replies = list(adapter.collect())
    assert [(reply.reference, reply.facts["form"]) for reply in replies] == [("a-1", "sealed"), ("b-1", "clear")]
    with replies[1].message() as message, replies[1].attachments["plan.pdf"]() as plan:
        assert (message.read(), plan.read()) == (b"<x/>", b"PDF")
    assert list(replies[1].attachments) == ["plan.pdf"]
    replies[1].done()
    replies[1].done()
    assert [reply.reference for reply in adapter.collect()] == ["a-1"]
    assert (folder / "rueckweg" / ".abgeholt" / "b-1" / "plan.pdf").read_bytes() == b"PDF"


def test_a_name_used_again_is_put_aside_beside_the_first(folder: Path) -> None:
    for _ in range(3):
        _reply(folder, "antwort", message_xml=b"<x/>")
        for reply in _adapter(folder).collect():
            reply.done()
    aside = folder / "rueckweg" / ".abgeholt"
    assert sorted(entry.name for entry in aside.iterdir()) == ["antwort", "antwort.2", "antwort.3"]


def test_a_missing_way_back_is_an_empty_one(folder: Path) -> None:
    assert list(_adapter(folder).collect()) == []


def _link(made: Path) -> None:
    (made / "plan.pdf").symlink_to("/etc/hostname")


def _pipe(made: Path) -> None:
    os.mkfifo(made / "plan.pdf")


def _inner_folder(made: Path) -> None:
    (made / "plan.pdf").mkdir()


def _two_messages(made: Path) -> None:
    (made / "envelope.xml").write_text("")


def _no_message(made: Path) -> None:
    (made / "message.xml").rename(made / "other.xml")


def _huge_message(made: Path) -> None:
    os.truncate(made / "message.xml", 6_000_000)


def _huge_file(made: Path) -> None:
    (made / "plan.pdf").write_bytes(b"")
    os.truncate(made / "plan.pdf", 270_000_000)


def _odd_name(made: Path) -> None:
    (made / "pl\nan.pdf").write_bytes(b"")


def _device(made: Path) -> None:
    (made / "CON.pdf").write_bytes(b"")


def _many(made: Path) -> None:
    for number in range(1_001):
        (made / f"{number}.pdf").touch()


@pytest.mark.parametrize(
    "spoil",
    [_link, _pipe, _inner_folder, _two_messages, _no_message, _huge_message, _huge_file, _odd_name, _device, _many],
)
def test_what_cannot_be_taken_is_left_and_named_in_a_note(spoil: Callable[[Path], None], folder: Path) -> None:
    made = _reply(folder, "bad", message_xml=b"<x/>")
    _reply(folder, "good", message_xml=b"<x/>")
    spoil(made)
    adapter = _adapter(folder)
    assert [reply.reference for reply in adapter.collect()] == ["good"]
    note = folder / "rueckweg" / "HINWEISE.txt"
    assert "'bad': " in note.read_text()
    before = note.stat().st_mtime_ns
    assert [reply.reference for reply in adapter.collect()] == ["good"]
    assert note.stat().st_mtime_ns == before, "an unchanged note is not written again"
    made.rename(folder / "rueckweg" / ".repariert")
    list(adapter.collect())
    assert not note.exists()


@pytest.mark.parametrize("name", ["mit leer", "ümlaut", "-rf", "nul", "x" * 101, "b\udcff"])
def test_a_reply_in_a_folder_with_an_odd_name_is_named_in_the_note(name: str, folder: Path) -> None:
    _reply(folder, name, message_xml=b"<x/>")
    assert list(_adapter(folder).collect()) == []
    assert "unzulässige Zeichen" in (folder / "rueckweg" / "HINWEISE.txt").read_text()


def test_links_in_the_place_of_replies_or_of_the_way_back_are_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = _reply(tmp_path, "outside", message_xml=b"<x/>")
    (folder / "rueckweg").mkdir()
    (folder / "rueckweg" / "link").symlink_to(outside)
    assert list(_adapter(folder).collect()) == []
    (folder / "other").symlink_to(outside.parent)
    with pytest.raises(Unreachable):
        list(_adapter(folder, return_folder="other").collect())


def test_a_file_exchanged_for_a_link_after_the_look_is_not_read(folder: Path) -> None:
    made = _reply(folder, "reply", message_xml=b"<x/>", plan_pdf=b"PDF")
    for reply in _adapter(folder).collect():
        (made / "plan.pdf").unlink()
        (made / "plan.pdf").symlink_to("/etc/hostname")
        with pytest.raises(Unreachable):
            reply.attachments["plan.pdf"]()
