"""A clock that jumps, back and forth and far, loses nothing, doubles nothing and breaks no chain."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.delivery import State
from gateway.domain.journal import verify
from gateway.flow.test_messages import send_test
from tests.kit.installation import ACTOR, MUENSTER, WARENDORF, Installation, installation
from tests.kit.recorder import Book, PowerCut, handed_over, recording

JUMPS = (-86_400 * 20, -86_400, -3_600, -61, -1, 1, 61, 3_600, 86_400, 86_400 * 20)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        yield made


def ready(installed: Installation) -> Book:
    book = recording(installed)
    for key in (WARENDORF, MUENSTER):
        installed.takes_part(key, adapter="book", settings={})
    return book


@pytest.mark.parametrize("seed", range(3))
def test_whenever_and_however_far_the_clock_jumps_every_message_is_given_once(
    installed: Installation, seed: int
) -> None:
    book, draw, sent = ready(installed), random.Random(seed), []
    middle = installed.clock.at + timedelta(days=30)  # our own keys are valid from the first day on only
    for _ in range(40):
        sent.append(send_test(installed.world, draw.choice((WARENDORF, MUENSTER)), ACTOR, "Sprung").message_id)
        installed.clock.at = middle + timedelta(seconds=draw.choice(JUMPS) * draw.random())
        installed.work()
    installed.clock.at = middle + timedelta(days=21)
    while installed.work():
        pass
    assert Counter(name for _, name in book.given) == Counter(sent)
    with installed.world.store.reading() as tx:
        assert tx.deliveries.counts() == {State.HANDED_OVER: len(sent)}
        assert verify(tx.journal.read()) is None


@pytest.mark.parametrize("jump", [-7_200, 7_200])
def test_a_dead_workers_delivery_is_taken_over_once_its_lease_is_over_by_the_clock_of_then(
    installed: Installation, jump: int
) -> None:
    """After a jump back by two hours it waits two hours longer: late, and never twice."""
    book = ready(installed)

    def dies(envelope: object) -> None:
        raise PowerCut

    book.behave[WARENDORF] = dies  # type: ignore[assignment]  # never returns
    delivery = send_test(installed.world, WARENDORF, ACTOR, "Sprung")
    with pytest.raises(PowerCut):
        installed.work()
    book.behave[WARENDORF] = handed_over
    installed.clock.pass_by(seconds=jump)
    installed.work()
    installed.clock.pass_by(seconds=max(0, -jump) + installed.world.policy.lease + 1)
    installed.work()
    with installed.world.store.reading() as tx:
        found = tx.deliveries.get(delivery.message_id)
    assert found is not None
    assert found.state is State.HANDED_OVER
    assert book.names(WARENDORF) == [delivery.message_id] * 2
