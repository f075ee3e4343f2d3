"""The folder protocol under crashes, lost answers, a second worker and an impatient receiver, in any order."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from adapters.folder.drop import Place, put_down, standing, take_back
from adapters.folder.local import LocalShelf, local_shelf
from adapters.folder.shelf import Occupied, Shelf
from gateway.adapter import Envelope, Outcome
from gateway.adapter_contract import Ledger, again, sample_envelope, sealed_digests
from gateway.domain.errors import DeliveryError, Unconfirmed, Unreachable
from tests.kit.folder_side import FolderSide
from tests.kit.shaky_shelf import Died, ShakyShelf, die, lose_the_answer

SIZES = (300, 10)
MESSAGE = sample_envelope(sizes=SIZES)
DIGESTS = sealed_digests(MESSAGE)
MOST_STEPS = 40


def _side(root: Path) -> FolderSide:
    side = FolderSide(root / "ablage", root / "geholt")
    side.folder.mkdir()
    side.fetched.mkdir()
    return side


def _put(side: FolderSide, envelope: Envelope, at: int = 0, **what: Callable[[], object]) -> Outcome:
    with local_shelf(side.folder) as shelf:
        return put_down(ShakyShelf(shelf, at, **what), envelope).outcome


def _fetch(side: FolderSide) -> bool:
    lying = (side.folder / MESSAGE.message_id).exists()
    return lying and side.take(MESSAGE.message_id)


class Protocol(RuleBasedStateMachine):
    """What may happen to one message, in any order; the receiver's view is checked after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.side = _side(self.root)
        self.attempt = 1
        self.fetched = False
        self.promised = False

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @rule()
    def deliver(self) -> None:
        self.deliver_badly(0, "before")

    @rule(at=st.integers(1, MOST_STEPS), how=st.sampled_from(["before", "after", "answer"]))
    def deliver_badly(self, at: int, how: str) -> None:
        envelope, self.attempt = _attempt(self.attempt), self.attempt + 1
        what = {"before": die} if how == "before" else {"after": die if how == "after" else lose_the_answer}
        try:
            outcome = _put(self.side, envelope, at, **what)
        except (Died, Unreachable, Unconfirmed):
            return
        assert outcome is (Outcome.HANDED_OVER if self.fetched else Outcome.AVAILABLE)
        self.promised = True

    @rule()
    def recall(self) -> None:
        self.recall_badly(0, "before")

    @rule(at=st.integers(1, 12), how=st.sampled_from(["before", "after"]))
    def recall_badly(self, at: int, how: str) -> None:
        with local_shelf(self.side.folder) as shelf:
            try:
                took_back = take_back(ShakyShelf(shelf, at, **{how: die}), MESSAGE.message_id)
            except Died:
                self.promised = self.promised and self.fetched  # it may be gone now, unless it was fetched before
                return
        assert took_back is not self.fetched
        self.promised = self.fetched

    @rule()
    def fetch(self) -> None:
        self.fetched = _fetch(self.side) or self.fetched

    @invariant()
    def the_receiver_sees_all_or_nothing_and_only_once(self) -> None:
        stored = self.side.stored()
        assert not self.side.half()
        assert len(stored) == (1 if self.promised else len(stored)) <= 1
        assert all(one.digests == DIGESTS for one in stored)

    @invariant()
    def only_a_fetched_message_counts_as_taken(self) -> None:
        with local_shelf(self.side.folder) as shelf:
            place = standing(shelf, MESSAGE.message_id).place
        assert (place is Place.TAKEN) is self.fetched


TestProtocol = Protocol.TestCase
TestProtocol.settings = settings(max_examples=50, stateful_step_count=12, deadline=None)


class LooksFirst:
    """A shelf that looks whether a name is free before it renames, as one over SFTP must."""

    def __init__(self, shelf: LocalShelf, between: Callable[[], object]) -> None:
        self._shelf, self._between = shelf, between

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shelf, name)

    def move(self, old: str, new: str) -> bool:
        if new == MESSAGE.message_id:
            self._between()
        if self._shelf.exists(new):
            raise Occupied(new)
        return self._shelf.move(old, new)


@pytest.mark.parametrize("fetched", [False, True])
def test_a_rename_of_a_dead_worker_that_comes_through_late_is_no_stranger_in_the_way(
    fetched: bool, tmp_path: Path
) -> None:
    side = _side(tmp_path)

    def late() -> None:
        for staged in side.folder.glob(".tmp-*"):
            staged.rename(side.folder / MESSAGE.message_id)
        if fetched:
            _fetch(side)

    with local_shelf(side.folder) as shelf:
        handover = put_down(cast(Shelf, LooksFirst(shelf, late)), MESSAGE)
    assert handover.outcome is (Outcome.HANDED_OVER if fetched else Outcome.AVAILABLE)
    assert len(side.stored()) == 1


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("fetch", [False, True])
def test_every_step_of_delivering_and_taking_back_may_be_the_last(how: str, fetch: bool) -> None:
    for put_dies_at in range(MOST_STEPS):
        for recall_dies_at in range(12) if put_dies_at in (0, 20, 21, 22) else (0,):
            history = Protocol()
            for step in (
                lambda history=history, at=put_dies_at: history.deliver_badly(at, how),
                history.fetch if fetch else history.deliver,
                lambda history=history, at=recall_dies_at: history.recall_badly(at, how),
                history.deliver,
                history.recall,
            ):
                step()
                history.the_receiver_sees_all_or_nothing_and_only_once()
                history.only_a_fetched_message_counts_as_taken()
            history.teardown()


def _attempt(number: int) -> Envelope:
    envelope = MESSAGE
    for _ in range(number - 1):
        envelope = again(envelope, Ledger())
    return envelope


@pytest.mark.parametrize("impatient", [False, True], ids=["receiver waits", "receiver fetches at once"])
@pytest.mark.parametrize("second_dies_at", [0, 3, 8, 12, 14, 16, 18])
def test_two_workers_at_once_put_a_message_down_once(impatient: bool, second_dies_at: int, tmp_path: Path) -> None:
    steps = _count_steps(tmp_path)
    for at in range(1, steps + 1):
        root = tmp_path / f"at-{at}"
        root.mkdir()
        side = _side(root)

        def second(side: FolderSide = side) -> None:
            try:
                _put(side, _attempt(2), second_dies_at, before=die)
            except Died:
                return
            finally:
                if impatient:
                    _fetch(side)

        try:
            _put(side, _attempt(1), at, before=second)
        except DeliveryError:
            _put(side, _attempt(3))
        if impatient:
            _fetch(side)
        _put(side, _attempt(4))
        assert [stored.digests for stored in side.stored()] == [DIGESTS], at
        assert not side.half()
        assert not [entry for entry in side.folder.iterdir() if entry.name.startswith(".tmp-")], at


def _count_steps(root: Path) -> int:
    (root / "count").mkdir()
    side = _side(root / "count")
    with local_shelf(side.folder) as shelf:
        counting = ShakyShelf(shelf)
        put_down(counting, MESSAGE)
    assert 15 < counting.steps < MOST_STEPS
    return counting.steps
