"""The machine's clock leaps, back and forth and by weeks, between any two steps, while workers die in the middle.

In one process with a clock of its own, so nobody else's is touched; messages, folders and the authorities' tools are
real.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.adapter import Adapter, Envelope, Handover, Pickup, Watching
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey, MessageId
from gateway.domain.journal import verify
from gateway.domain.participation import Participation
from gateway.flow.test_messages import send_test
from gateway.flow.worker import Worker
from gateway.ports import World
from gateway.seal.envelope import open_envelope
from gateway.seal.keys import read_private_key
from gateway.seal.trust import Trust
from proof.frame import Figure, Finding, exactly
from tests.kit.installation import ACTOR, MUENSTER, WARENDORF, Installation, installation
from tests.kit.recorder import PowerCut

PLACES = (WARENDORF, MUENSTER, AuthorityKey("05915000"), AuthorityKey("05913000"))
JUMPS = (-86_400 * 20, -86_400, -3_600, -61, -1, 1, 61, 3_600, 86_400, 86_400 * 20)
"""Seconds, times a number below 1, from the middle: so the clock leaps by up to forty days at a time."""

DEATHS = 0.1
MOVING = (State.ACCEPTED, State.UNDER_WAY, State.WAITING, State.AVAILABLE)


@dataclass(frozen=True, slots=True)
class Mortal:
    """A way on which the worker dies now and then, before or after the message was laid."""

    way: Adapter
    draw: random.Random
    deaths: Counter[str]

    def deliver(self, envelope: Envelope) -> Handover:
        """Deliver, or die."""
        fate = self.draw.random()
        if fate < DEATHS / 2:
            self.deaths["before"] += 1
            raise PowerCut
        handover = self.way.deliver(envelope)
        if fate < DEATHS:
            self.deaths["after"] += 1
            raise PowerCut
        return handover

    def look(self, message_id: MessageId, state: Mapping[str, str]) -> Pickup:
        """Look as the way itself does."""
        assert isinstance(self.way, Watching)
        return self.way.look(message_id, state)


def run(quick: bool) -> Finding:
    """Send, leap, work; then let the clock go on quietly and see what is where."""
    count, deaths, draw = 100 if quick else 1500, Counter[str](), random.Random(9)
    sent: dict[str, AuthorityKey] = {}
    with TemporaryDirectory(prefix="bauweiche-clock-") as folder, installation(Path(folder)) as installed:
        for key in PLACES:
            installed.takes_part(key)
        middle = installed.clock.at + timedelta(days=30)  # our own keys are valid from the first day on only
        world = _mortal(installed.world, draw, deaths)
        for number in range(count):
            to = draw.choice(PLACES)
            sent[send_test(installed.world, to, ACTOR, "Sprung").message_id] = to
            installed.clock.at = middle + timedelta(seconds=draw.choice(JUMPS) * draw.random())
            with suppress(PowerCut):
                Worker(world, f"worker-{number}").turn()
            if draw.random() < 0.3:
                _take(installed)
        _go_on_quietly(installed, middle)
        arrived = _arrived(installed)
        with installed.world.store.reading() as tx:
            counts = tx.deliveries.counts()
            chain = verify(tx.journal.read())
    times = Counter(name for name, _ in arrived)
    wrong = [f"{name} at {key}" for name, key in arrived if sent.get(name) != key]
    return Finding(
        "However far and often the clock leaps, every message arrives exactly once, and the journal's chain holds.",
        (
            Figure("messages, with a leap of the clock by up to 40 days after each", count, least=count),
            Figure("workers that died before the message was laid", deaths["before"]),
            Figure("workers that died after it was laid and before that was written down", deaths["after"]),
            exactly("sent and not arrived", len(sent.keys() - times.keys()), 0),
            exactly("arrived twice", sum(number > 1 for number in times.values()), 0),
            exactly("arrived wrongly", len(wrong), 0),
            exactly("not handed over at the end", sum(counts.values()) - counts.get(State.HANDED_OVER, 0), 0),
            exactly("breaks in the journal's chain", int(chain is not None), 0),
        ),
        tuple(wrong[:10]),
        ("Leaps of the system's own clock under running processes: the clock is handed in, as it is in the flow.",),
    )


def _mortal(world: World, draw: random.Random, deaths: Counter[str]) -> World:
    def build(key: AuthorityKey, participation: Participation) -> Adapter:
        return Mortal(world.build(key, participation), draw, deaths)

    return replace(world, build=build)


def _take(installed: Installation) -> None:
    """Let the authorities take what lies there; a second of the same id would stand beside the first."""
    for inbox in installed.inboxes.values():
        taken = inbox.with_name("taken")
        taken.mkdir(exist_ok=True)
        number = sum(1 for _ in taken.iterdir())
        for place, folder in enumerate(sorted(inbox.iterdir())):
            if not folder.name.startswith("."):
                folder.rename(taken / f"{number + place}_{folder.name}")


def _go_on_quietly(installed: Installation, middle: datetime) -> None:
    installed.clock.at = middle + timedelta(days=21)
    for _ in range(2000):
        Worker(installed.world, "last").turn()
        _take(installed)
        installed.clock.pass_by(minutes=30)
        with installed.world.store.reading() as tx:
            counts = tx.deliveries.counts()
        if not any(counts.get(state, 0) for state in MOVING):
            return


def _arrived(installed: Installation) -> list[tuple[str, str]]:
    """Open everything with the authorities' own keys and return message id and authority."""
    trust = Trust.of(installed.gateway_certificate().read_bytes())
    found = []
    for key, inbox in installed.inboxes.items():
        private = read_private_key(installed.keys[key].read_bytes())
        for folder in sorted(inbox.with_name("taken").iterdir()):
            target = installed.home / "opened" / key / folder.name
            opened = open_envelope(
                folder, [private], trust, installed.clock.at, target=target, addressee=AuthorityKey(key)
            )
            name = folder.name.partition("_")[2]
            good = not opened.findings and name.encode() in opened.message
            found.append((name if good else f"{name} ({opened.findings})", key))
    return found
