"""A crash or a full disk at the worst moment of a reply's way in: nothing is lost, nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from gateway.domain.delivery import State
from gateway.domain.reply import ReplyState
from gateway.flow import purge
from gateway.flow.collect import collect_from
from gateway.ports import Store
from tests.kit.installation import WARENDORF, Installation, installation
from tests.kit.replying import Answering, hand_in, journal_of, kept, known_case, leave, only_reply, state_of

NUMBERS = count(1)


class Dies(Exception):
    """The process is gone."""


class Mortal:
    """A store whose process dies in the n-th writing block: before its commit, or right after it."""

    def __init__(self, store: Store, at: int, *, after: bool) -> None:
        self._store, self._left, self._after = store, at, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        self._left -= 1
        if self._left < 0:
            raise Dies
        with self._store.writing() as tx:
            yield tx
            if self._left == 0 and not self._after:
                raise Dies
        if self._left == 0:
            raise Dies


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("crash")) as made:
        yield made


@pytest.fixture
def known(installed: Installation) -> Answering:
    return known_case(installed, next(NUMBERS))


@contextmanager
def dying(installed: Installation, at: int = 1, *, after: bool) -> Iterator[None]:
    """Let the process die in a writing block, and go on with a new one afterwards."""
    living = installed.world
    mortal: Any = Mortal(living.store, at, after=after)
    installed.world = replace(living, store=mortal)
    try:
        yield
    finally:
        installed.world = living


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
def test_a_sender_that_got_no_answer_sends_again_and_it_counts_once(
    installed: Installation, known: Answering, after: bool
) -> None:
    message_id, xml, plan = str(uuid4()), known.xml("1120"), (("", "plan.pdf", b"%PDF plan"),)
    with dying(installed, after=after), pytest.raises(Dies):
        hand_in(installed, xml, parts=plan, message_id=message_id)
    assert state_of(known)[0] is (State.CONFIRMED if after else State.HANDED_OVER)
    reply = kept(installed, hand_in(installed, xml, parts=plan, message_id=message_id))
    assert (reply.state, reply.repeats) == (ReplyState.MATCHED, int(after))
    assert installed.world.vault.exists(reply.id, "part-0001.bin")
    assert state_of(known)[0] is State.CONFIRMED
    assert journal_of(installed, known.case.number).count("reply.received") == 1


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
def test_a_folder_is_put_aside_only_once_its_reply_is_durable(
    installed: Installation, known: Answering, after: bool
) -> None:
    folder = leave(installed, known.xml("1120"), name=f"crash-{after}", plan_pdf=b"%PDF plan")
    with dying(installed, after=after), pytest.raises(Dies):
        collect_from(installed.world, WARENDORF)
    assert folder.is_dir()
    assert collect_from(installed.world, WARENDORF) == 1
    assert not folder.exists()
    reply = only_reply(installed)
    assert (reply.case_id, reply.state) == (known.case.id, ReplyState.MATCHED)
    assert installed.world.vault.exists(reply.id, "part-0001.bin")
    assert journal_of(installed, known.case.number).count("reply.received") == 1


def test_what_a_crash_left_in_the_vault_is_swept(installed: Installation, known: Answering) -> None:
    with dying(installed, after=False), pytest.raises(Dies):
        hand_in(installed, known.xml("1120"), parts=(("", "plan.pdf", b"%PDF plan"),))
    before = sum(path.is_file() for path in (installed.home / "state" / "vault").rglob("*"))
    real, installed.clock.at = installed.clock.at, installed.clock.at.replace(year=installed.clock.at.year + 1)
    purge.sweep(installed.world)
    installed.clock.at = real
    assert sum(path.is_file() for path in (installed.home / "state" / "vault").rglob("*")) < before


def test_a_crash_while_erasing_is_made_up_for(installed: Installation, known: Answering) -> None:
    reply_id = hand_in(installed, b"<faulty/>", parts=(("", "plan.pdf", b"%PDF plan"),))
    with dying(installed, after=False), pytest.raises(Dies):
        purge.purge(installed.world)
    purge.purge(installed.world)
    assert kept(installed, reply_id).erased_at is not None
    assert not installed.world.vault.exists(reply_id, "part-0001.bin")
    assert journal_of(installed, reply_id) == ["reply.refused", "reply.erased"]
