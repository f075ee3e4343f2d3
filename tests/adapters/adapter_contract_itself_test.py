"""The contract has teeth: adapters that break a promise fail the check of that promise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.adapter import AdapterSettings, Envelope, Handover, Outcome, Pickup, Plugin, Refused
from gateway.adapter_contract import CHECKS, Bench, NotApplicable
from gateway.domain import codes
from gateway.domain.ids import MessageId
from tests.kit.folder_side import FolderSide

DONE = Handover(Outcome.HANDED_OVER)


class _Careless:
    """Writes straight into the visible folder; subclasses would be tidier, but each fault is one function."""

    def __init__(self, folder: Path, deliver: Callable[[Path, Envelope], Handover]) -> None:
        self._folder, self._deliver = folder, deliver

    def deliver(self, envelope: Envelope) -> Handover:
        return self._deliver(self._folder, envelope)


def _write(target: Path, envelope: Envelope) -> Handover:
    target.mkdir()
    for file in envelope.sealed():
        with file.open() as source, (target / file.name).open("wb") as out:
            while piece := source.read(1 << 20):
                out.write(piece)
    return DONE


def _in_the_open(folder: Path, envelope: Envelope) -> Handover:
    return _write(folder / envelope.message_id, envelope)


def _to_be_fetched(folder: Path, envelope: Envelope) -> Handover:
    _in_the_open(folder, envelope)
    return Handover(Outcome.AVAILABLE)


def _each_time_anew(folder: Path, envelope: Envelope) -> Handover:
    hidden = folder / f".{envelope.attempt}"
    _write(hidden, envelope)
    hidden.rename(folder / f"{envelope.message_id}@{envelope.attempt}")
    return DONE


def _all_in_memory(folder: Path, envelope: Envelope) -> Handover:
    held = [file.open().read() for file in envelope.sealed()]
    return Handover(Outcome.HANDED_OVER, str(len(held)))


def _nothing_at_all(folder: Path, envelope: Envelope) -> Handover:
    return DONE


def _always_no(folder: Path, envelope: Envelope) -> Handover:
    raise Refused(codes.FAR_SIDE_REFUSED, "Nein.")


def _only_the_envelope(folder: Path, envelope: Envelope) -> Handover:
    hidden = folder / ".new"
    hidden.mkdir()
    (hidden / "envelope.xml").write_text("<envelope/>")
    hidden.rename(folder / envelope.message_id)
    return DONE


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (_in_the_open, "stores_exactly_once"),
        (_in_the_open, "a_broken_part_shows_nothing"),
        (_in_the_open, "a_cut_shows_nothing"),
        (_in_the_open, "hostile_names_do_no_harm"),
        (_in_the_open, "nobody_there_is_unreachable"),
        (_each_time_anew, "repeats_are_stored_once"),
        (_all_in_memory, "large_messages_need_little_memory"),
        (_nothing_at_all, "stores_exactly_once"),
        (_nothing_at_all, "keeps_messages_apart"),
        (_nothing_at_all, "survives_a_restart"),
        (_nothing_at_all, "a_no_is_refused"),
        (_always_no, "nobody_there_is_unreachable"),
        (_always_no, "a_broken_part_shows_nothing"),
        (_only_the_envelope, "stores_exactly_once"),
    ],
)
def test_a_broken_promise_is_found(fault: Any, check: str, tmp_path: Path) -> None:
    side = FolderSide(tmp_path / "ablage", tmp_path / "geholt")
    side.folder.mkdir()
    side.fetched.mkdir()
    plugin = Plugin(AdapterSettings, lambda _settings, _link: _Careless(side.folder, fault), "Test", repeatable=True)
    bench = Bench(plugin, lambda: _Careless(side.folder, fault), side)
    chosen = next(one for one in CHECKS if one.run.__name__ == check)
    with pytest.raises((AssertionError, OSError)):
        chosen.run(bench)


class _Blind(_Careless):
    """Watches, but sees everything as taken."""

    def look(self, message_id: MessageId, state: Mapping[str, str], at: datetime | None = None) -> Pickup:
        return Pickup(True, at)


def test_a_watcher_that_sees_too_much_is_found(tmp_path: Path) -> None:
    side = FolderSide(tmp_path / "ablage", tmp_path / "geholt")
    side.folder.mkdir()
    plugin = Plugin(AdapterSettings, lambda _settings, _link: _Blind(side.folder, _to_be_fetched), "Test")
    bench = Bench(plugin, lambda: _Blind(side.folder, _to_be_fetched), side)
    chosen = next(one for one in CHECKS if one.run.__name__ == "pick_up_is_seen")
    with pytest.raises(AssertionError, match="not fetched yet"):
        chosen.run(bench)


def test_an_adapter_that_is_not_repeatable_is_not_asked_to_repeat(tmp_path: Path) -> None:
    side = FolderSide(tmp_path / "ablage", tmp_path / "geholt")
    plugin = Plugin(AdapterSettings, lambda _settings, _link: _Careless(side.folder, _always_no), "Test")
    chosen = next(one for one in CHECKS if one.run.__name__ == "repeats_are_stored_once")
    with pytest.raises(NotApplicable):
        chosen.run(Bench(plugin, lambda: _Careless(side.folder, _always_no), side))


def test_every_check_states_its_promise() -> None:
    assert all(check.promise.endswith(".") for check in CHECKS)
    assert len({check.promise for check in CHECKS}) == len(CHECKS)
