"""What lies in a return folder and cannot be taken: operators hear of it once, and no other reply waits for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from itertools import count
from pathlib import Path
from shutil import rmtree
from typing import BinaryIO

import pytest

from adapters.folder.adapter import FolderAdapter
from adapters.folder.local import local_shelf
from gateway.adapter import Adapter, Returned, Unreachable, Unusable
from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.journal import Act
from gateway.domain.reply import Reply, ReplyState
from gateway.flow import collect_left
from gateway.flow.replies import assign, discard
from tests.kit.installation import WARENDORF, Installation, installation, overview_pdf
from tests.kit.replying import known_case, leave, next_round

NUMBERS = count(1)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        yield made


def way_back(place: Installation) -> Path:
    return place.inboxes[WARENDORF] / "rueckweg"


def waiting(place: Installation) -> list[Reply]:
    with place.world.store.reading() as tx:
        return list(tx.replies.in_states({ReplyState.QUARANTINED}, limit=1000))


def acts(place: Installation, what: str) -> list[Act]:
    with place.world.store.reading() as tx:
        return [entry.act for entry in tx.journal.read() if entry.act.what == what]


def taken(place: Installation) -> int:
    with place.world.store.reading() as tx:
        return len(tx.replies.in_states({ReplyState.MATCHED}, limit=1000))


def two_messages(made: Path) -> None:
    (made / "envelope.xml").write_text("")


def no_message(made: Path) -> None:
    (made / "message.xml").rename(made / "brief.xml")


def huge(made: Path) -> None:
    os.truncate(made / "message.xml", 200_000_000)


def folder_in_it(made: Path) -> None:
    (made / "anlagen").mkdir()


def name_with_path(made: Path) -> None:
    (made / "..\\..\\plan Erika Mustermann.pdf").write_bytes(b"")


def odd_folder(made: Path) -> None:
    made.rename(made.with_name("Bescheid für Erika Mustermann"))


def a_link(made: Path) -> None:
    (made / "plan.pdf").symlink_to("/etc/hostname")


@pytest.mark.parametrize("spoil", [two_messages, no_message, huge, folder_in_it, name_with_path, odd_folder, a_link])
def test_an_entry_that_cannot_be_taken_is_journaled_once_and_waits_for_a_human(
    place: Installation, spoil: Callable[[Path], None]
) -> None:
    known = known_case(place, next(NUMBERS))
    spoil(leave(place, known.xml("1120"), name="a-bad"))
    leave(place, known.xml("1121"), name="b-good")
    for _ in range(3):
        next_round(place)
    (noted,) = waiting(place)
    assert (noted.authority, noted.via, noted.code) == (WARENDORF, "file_drop", codes.REPLY_UNUSABLE.name)
    (act,) = acts(place, "reply.unusable")
    assert (act.subject, act.why) == (noted.id, noted.reason)
    assert "Mustermann" not in f"{noted}{act}"
    assert taken(place) == 1
    with pytest.raises(SubmissionError) as caught:
        assign(place.world, noted.id, known.case.id, "operator:x", "Versuch")
    assert caught.value.code is codes.STATE_CONFLICT


def test_an_entry_that_was_mended_is_taken_and_leaves_the_list(place: Installation) -> None:
    known = known_case(place, next(NUMBERS))
    folder = leave(place, known.xml("1120"), name="antwort")
    (folder / "message.xml").rename(folder / "brief.xml")
    next_round(place)
    (folder / "brief.xml").rename(folder / "message.xml")
    next_round(place)
    assert (waiting(place), taken(place), len(acts(place, "reply.unusable_gone"))) == ([], 1, 1)
    leave(place, b"", name="antwort")
    (way_back(place) / "antwort" / "message.xml").unlink()
    next_round(place)
    assert len(waiting(place)) == 1, "the same name may be wrong again"


def test_what_an_operator_put_away_is_not_shown_again_while_it_lies_there(place: Installation) -> None:
    way_back(place).mkdir()
    (way_back(place) / "notiz.txt").write_text("bitte um Rückruf")
    next_round(place)
    discard(place.world, waiting(place)[0].id, "operator:x", "Behörde weiß Bescheid")
    for _ in range(2):
        next_round(place)
    assert (waiting(place), len(acts(place, "reply.unusable"))) == ([], 1)
    (way_back(place) / "notiz.txt").unlink()
    next_round(place)
    assert len(acts(place, "reply.unusable_gone")) == 1


def test_a_flood_of_entries_leaves_a_bounded_number_of_notes(place: Installation) -> None:
    for number in range(collect_left.MOST + 50):
        (way_back(place) / f"m-{number}").mkdir(parents=True)
    next_round(place)
    assert len(waiting(place)) == collect_left.MOST + 1
    assert sum(one.reason == collect_left.WHERE + collect_left.MORE for one in waiting(place)) == 1
    for number in range(50):
        (way_back(place) / f"a-{number}").mkdir()
    next_round(place)
    assert len(acts(place, "reply.unusable")) == collect_left.MOST + 1
    rmtree(way_back(place))
    next_round(place)
    assert waiting(place) == []


class _Torn(BytesIO):
    """A file that fails after some bytes."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError(5, "Input/output error")
        self.seek(10)
        return b"%PDF-1.7 x"


class _Spoiled(FolderAdapter):
    """A folder on a bad disk: what lies under some names cannot be read, wholly or in part, or not be moved."""

    spoiled = ""
    stuck = ""
    torn = ""

    def collect(self) -> Iterator[Returned | Unusable]:
        for found in super().collect():
            if isinstance(found, Returned) and found.reference == self.spoiled:
                yield replace(found, message=self._fail)
            elif isinstance(found, Returned) and found.reference == self.stuck:
                yield replace(found, done=self._refuse)
            elif isinstance(found, Returned) and found.reference == self.torn:
                yield replace(found, attachments=dict.fromkeys(found.attachments, _Torn))
            else:
                yield found

    def _fail(self) -> BinaryIO:
        raise OSError(5, "Input/output error")

    def _refuse(self) -> None:
        raise Unreachable(codes.FAR_SIDE_UNREACHABLE, "Das Laufwerk ist nur lesbar.")


def on_a_bad_disk(place: Installation, **names: str) -> None:
    inbox = place.inboxes[WARENDORF]

    def build(*_: object) -> Adapter:
        adapter = _Spoiled(
            lambda: local_shelf(inbox), place.clock.now, receipt_required=False, return_folder="rueckweg"
        )
        for what, name in names.items():
            setattr(adapter, what, name)
        return adapter

    place.world = replace(place.world, build=build)


@pytest.mark.parametrize("how", ["spoiled", "torn"])
def test_an_entry_that_cannot_be_read_keeps_no_other(place: Installation, how: str) -> None:
    known = known_case(place, next(NUMBERS))
    leave(place, known.xml("1120"), name="a-bad", plan_pdf=b"%PDF")
    leave(place, known.xml("1121"), name="b-good")
    on_a_bad_disk(place, **{how: "a-bad"})
    for _ in range(2):
        next_round(place)
    assert [one.reason for one in waiting(place)] == [collect_left.WHERE + collect_left.UNREADABLE]
    assert (taken(place), acts(place, "reply.broken_off")) == (1, [])
    assert "a-bad" in (way_back(place) / "HINWEISE.txt").read_text()


def test_a_reply_that_cannot_be_put_aside_is_taken_once_and_keeps_no_other(place: Installation) -> None:
    known = known_case(place, next(NUMBERS))
    leave(place, known.xml("1120"), name="a-stuck")
    leave(place, known.xml("1121"), name="b-good")
    on_a_bad_disk(place, stuck="a-stuck")
    for _ in range(2):
        next_round(place)
    assert [one.reason for one in waiting(place)] == [collect_left.WHERE + collect_left.STAYS]
    assert taken(place) == 2


def test_a_folder_that_cannot_be_looked_at_is_journaled_when_it_begins_and_ends(place: Installation) -> None:
    inbox = place.inboxes[WARENDORF]
    inbox.rename(inbox.with_name("away"))
    for _ in range(3):
        place.clock.pass_by(hours=2)
        place.work()
    inbox.with_name("away").rename(inbox)
    place.clock.pass_by(hours=2)
    place.work()
    (began,), (ended,) = acts(place, "return_folder.unreadable"), acts(place, "return_folder.readable")
    assert (began.subject, ended.subject, ended.facts["failures"]) == (WARENDORF, WARENDORF, 3)


def test_a_full_disk_keeps_replies_waiting_over_there_and_is_said_once(place: Installation) -> None:
    known = known_case(place, next(NUMBERS))
    leave(place, known.xml("1120"), name="antwort", plan_pdf=overview_pdf())
    full = replace(place, world=replace(place.world, policy=replace(place.world.policy, disk_reserve=10**18)))
    entries = []
    for _ in range(3):
        next_round(full)
        with place.world.store.reading() as tx:
            entries.append([entry.act.what for entry in tx.journal.read() if "repl" in entry.act.what])
            (round_,) = (one for one in tx.replies.rounds() if one.authority == WARENDORF)
        assert round_.reason.startswith("Der Speicher ist voll")
    assert entries == [[], [], []]
    assert len(acts(place, "return_folder.unreadable")) == 1
    for _ in range(2):
        next_round(place)
    assert (taken(place), len(acts(place, "return_folder.readable"))) == (1, 1)
