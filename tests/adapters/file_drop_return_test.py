"""What the authority sends back through a drop folder: taken whole, checked before it is read, put aside when done."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.file_drop import Settings, build
from adapters.folder.adapter import FolderAdapter
from adapters.folder.local import LocalShelf, local_shelf
from adapters.folder.returns import returned
from adapters.folder.shelf import ShelfError
from gateway.adapter import Returned, Unreachable, Unusable
from gateway.adapter_contract import SampleLink


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "ablage"
    made.mkdir()
    return made


def _adapter(folder: Path, **more: object) -> FolderAdapter:
    return build(Settings(folder=folder, **more), SampleLink())


def _brought(adapter: FolderAdapter) -> list[str]:
    return [found.reference for found in adapter.collect() if isinstance(found, Returned)]


def _replies(adapter: FolderAdapter) -> list[Returned]:
    return [found for found in adapter.collect() if isinstance(found, Returned)]


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
    replies = _replies(adapter)
    assert [(reply.reference, reply.facts["form"]) for reply in replies] == [("a-1", "sealed"), ("b-1", "clear")]
    with replies[1].message() as message, replies[1].attachments["plan.pdf"]() as plan:
        assert (message.read(), plan.read()) == (b"<x/>", b"PDF")
    assert list(replies[1].attachments) == ["plan.pdf"]
    replies[1].done()
    replies[1].done()
    assert _brought(adapter) == ["a-1"]
    assert (folder / "rueckweg" / ".abgeholt" / "b-1" / "plan.pdf").read_bytes() == b"PDF"


def test_a_name_used_again_is_put_aside_beside_the_first(folder: Path) -> None:
    for _ in range(103):
        _reply(folder, "antwort", message_xml=b"<x/>")
        for reply in _replies(_adapter(folder)):
            reply.done()
    aside = folder / "rueckweg" / ".abgeholt"
    assert {entry.name for entry in aside.iterdir()} == {"antwort", *(f"antwort.{number}" for number in range(2, 104))}


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
    assert _brought(adapter) == ["good"]
    (found,) = (one for one in adapter.collect() if isinstance(one, Unusable))
    assert found.reference == "bad"
    assert not any(name in found.reason for name in ("pl\n", "CON", "plan.pdf"))
    note = folder / "rueckweg" / "HINWEISE.txt"
    assert "'bad': " in note.read_text()
    before = note.stat().st_mtime_ns
    assert _brought(adapter) == ["good"]
    assert note.stat().st_mtime_ns == before, "an unchanged note is not written again"
    made.rename(folder / "rueckweg" / ".repariert")
    list(adapter.collect())
    assert not note.exists()


@pytest.mark.parametrize("name", ["mit leer", "ümlaut", "-rf", "nul", "x" * 101, "b\udcff"])
def test_a_reply_in_a_folder_with_an_odd_name_is_named_in_the_note(name: str, folder: Path) -> None:
    _reply(folder, name, message_xml=b"<x/>")
    (found,) = _adapter(folder).collect()
    assert found == Unusable(name, "Der Ordnername enthält unzulässige Zeichen.")
    assert "unzulässige Zeichen" in (folder / "rueckweg" / "HINWEISE.txt").read_text()


def test_links_in_the_place_of_replies_or_of_the_way_back_are_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = _reply(tmp_path, "outside", message_xml=b"<x/>")
    (folder / "rueckweg").mkdir()
    (folder / "rueckweg" / "link").symlink_to(outside)
    assert _brought(_adapter(folder)) == []
    (folder / "other").symlink_to(outside.parent)
    with pytest.raises(Unreachable):
        list(_adapter(folder, return_folder="other").collect())


class _Locked:
    """A shelf on which nothing below one folder can be read."""

    def __init__(self, shelf: LocalShelf, locked: str) -> None:
        self._shelf, self._locked = shelf, locked

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def step(path: str, *more: Any) -> Any:
            if path.startswith(self._locked):
                raise ShelfError("Das Gateway darf das nicht lesen.")
            return getattr(self._shelf, name)(path, *more)

        return step


def test_an_entry_that_may_not_be_read_keeps_no_other(folder: Path) -> None:
    _reply(folder, "a", message_xml=b"<x/>")
    _reply(folder, "b", message_xml=b"<x/>")
    with local_shelf(folder) as shelf:
        found = list(returned(_Locked(shelf, "rueckweg/a"), "rueckweg", shelf.open, print))
    assert [type(one) for one in found] == [Unusable, Returned]
    with local_shelf(folder) as shelf, pytest.raises(ShelfError):
        list(returned(_Locked(shelf, "rueckweg"), "rueckweg", shelf.open, print))


def test_what_windows_leaves_behind_is_passed_over(folder: Path) -> None:
    _reply(folder, "reply", message_xml=b"<x/>")
    for litter in ("Thumbs.db", "desktop.ini"):
        (folder / "rueckweg" / litter).write_bytes(b"")
    assert [found.reference for found in _adapter(folder).collect()] == ["reply"]
    assert not (folder / "rueckweg" / "HINWEISE.txt").exists()


def test_what_the_gateway_could_not_take_is_named_in_the_note_too(folder: Path) -> None:
    _reply(folder, "reply", message_xml=b"<x/>")
    for reply in _adapter(folder).collect():
        assert isinstance(reply, Returned)
        reply.left("Eine Datei darin ist nicht lesbar.")
    assert "'reply': Eine Datei" in (folder / "rueckweg" / "HINWEISE.txt").read_text()


def test_a_file_exchanged_for_a_link_after_the_look_is_not_read(folder: Path) -> None:
    made = _reply(folder, "reply", message_xml=b"<x/>", plan_pdf=b"PDF")
    for reply in _replies(_adapter(folder)):
        (made / "plan.pdf").unlink()
        (made / "plan.pdf").symlink_to("/etc/hostname")
        with pytest.raises(Unreachable):
            reply.attachments["plan.pdf"]()
