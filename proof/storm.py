"""A storm: thousands of applications, processes killed at random, every wire lossy; and a judge outside the product.

The judge knows two things only: what the portals were told (proof/portals.py), and what the authorities' tools found in
what arrived. Every acknowledged application arrives exactly once at the right authority with the right files; nothing
else arrives anywhere. Seeded; ends by itself.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from gateway.domain.ids import AuthorityKey
from gateway.wiring import SystemClock
from proof.frame import Figure, Finding, exactly
from proof.gateways import Gateways, ended
from proof.judge import OPEN, Outcome, folders, judged, look, opened_independently
from proof.lossy import Loss, Wires
from proof.portals import Ledger, Portals, wishes
from proof.zygote import nursery
from tests.kit.crash_ends import End, Place, free_port, settled
from tests.kit.installation import Installation, installation

AUTHORITIES = (
    ("05915000", "file_drop", "1"), ("05913000", "file_drop", "2"),
    ("05911000", "sftp", "1"), ("05914000", "sftp", "2"),
    ("05314000", "soap_push", "1"), ("05316000", "soap_push", "2"),
    ("05315000", "xta_push", "1"), ("05124000", "xta_push", "2"),
    ("05711000", "xta_mailbox", "1"), ("05112000", "xta_mailbox", "2"),
)  # fmt: skip
"""Key (also its municipality), way and option of every authority that takes part."""

SHARES = {"file_drop": 5, "xta_mailbox": 2}
"""How many times as many applications go to an authority of this way: sessions cost the machine the most."""

SETTINGS = {
    "BAUWEICHE_DISK_RESERVE_BYTES": "0",
    "BAUWEICHE_LEASE_SECONDS": "2",
    "BAUWEICHE_LOOK_EVERY_SECONDS": "2",
    "BAUWEICHE_BACKOFF_FIRST_SECONDS": "0.2",
    "BAUWEICHE_BACKOFF_CAP_SECONDS": "2",
    "BAUWEICHE_BREAKER_PAUSE_SECONDS": "0.5",
    "BAUWEICHE_ALLOW_HOSTS": '["localhost"]',
}
"""Waiting is shortened; everything else is as delivered."""


KILLS = 500
"""How many kills a full storm must have."""


@dataclass(frozen=True)
class Weather:
    """How hard it blows: applications, how many of them between two kills, share of connections lost, minutes."""

    count: int
    every: float
    share: float
    minutes: float
    portals: int = 8
    serves: int = 2
    workers: int = 2
    seed: int = 7


def weather(quick: bool) -> Weather:
    """Return the weather of a proof: so many applications, and more than 500 kills."""
    return Weather(300, 10, 0.1, 8) if quick else Weather(10_200, 18, 0.05, 150)


Disaster = Callable[[threading.Event, Callable[[], int]], None]
"""What goes wrong until it is stopped, by how many applications are through; by default, processes are killed."""


def storm(
    weather: Weather,
    database: str = "",
    searched: Sequence[Path] = (),
    disaster: Disaster | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
    vault: str = "",
) -> Outcome:
    """Let it blow over a new installation and return what is left; `searched` too is looked through for plaintext.

    `vault` are the credentials of an object store that `settings` name.
    """
    with TemporaryDirectory(prefix="bauweiche-storm-") as folder, ExitStack() as stack:
        installed = stack.enter_context(_installed(Path(folder), database, settings, vault))
        wires = stack.enter_context(Wires(weather.seed, weather.share).running())
        doors = [(free_port(), free_port()) for _ in range(weather.serves)]
        ends = authorities(installed, stack, wires, doors)
        young = stack.enter_context(nursery())
        environment = SETTINGS | {f"BAUWEICHE_{name.upper()}": value for name, value in settings.items()}
        environment |= {"BAUWEICHE_DATABASE": database} if database else {}
        gateways = stack.enter_context(
            ended(Gateways(young, installed.settings.state, installed.home / "gateway.log", environment))
        )
        for number, (door, mailbox) in enumerate(doors):
            gateways.add(f"serve {number}", "serve", "--port", str(door), BAUWEICHE_MAILBOX_PORT=str(mailbox))
        for number in range(weather.workers):
            gateways.add(f"worker {number}", "worker")
        outcome = _blow(
            weather, installed, gateways, wires, [wires.to(door, "portal") for door, _ in doors], ends, disaster
        )
        for key, end in ends.items():
            outcome.arrived[key] = list(end.arrived())
        outcome.independent = opened_independently(installed, ends, outcome.broken)
        gateways.end()
        look(installed.world, installed.settings.state, outcome, [installed.home / "gateway.log", *searched])
        return outcome


@contextmanager
def _installed(home: Path, database: str, settings: Mapping[str, str], vault: str) -> Iterator[Installation]:
    clock: Any = SystemClock()
    if vault:
        secret = home / "state" / "secrets" / "vault"
        secret.parent.mkdir(parents=True, mode=0o700)
        secret.touch(0o600)
        secret.write_text(vault)
    with installation(home, clock=clock, database=database, allow_hosts=("localhost",), **settings) as installed:
        yield installed


def authorities(
    installed: Installation,
    stack: ExitStack,
    wires: Wires,
    doors: Sequence[tuple[int, int]],
    apart: Path | None = None,
) -> dict[str, End]:
    """Let everybody take part, each behind a wire; `doors` are the ports of API and mailbox of each process."""
    ends: dict[str, End] = {}
    mailboxes = [wires.to(mailbox, "xta_mailbox") for _, mailbox in doors]
    for number, (key, way, option) in enumerate(AUTHORITIES):

        def through(port: int, way: str = way) -> int:
            return wires.to(port, way)

        place = Place(installed, AuthorityKey(key), stack, mailboxes[number % len(mailboxes)], 0.5, through, apart)
        ends[key] = settled(place, way, option)
    return ends


def _blow(
    weather: Weather, installed: Installation, gateways: Gateways, wires: Wires, doors: Sequence[int],
    ends: dict[str, End], disaster: Disaster | None,
) -> Outcome:  # fmt: skip
    begun, stop = time.monotonic(), threading.Event()
    until = begun + weather.minutes * 60
    ledger = Ledger()
    addressees = [(key, option) for key, way, option in AUTHORITIES for _ in range(SHARES.get(way, 1))]
    with ThreadPoolExecutor(2 + len(ends)) as pool:
        strikes = disaster or partial(gateways.storm, every=weather.every, seed=weather.seed)
        killer = pool.submit(strikes, stop, lambda: ledger.done)
        takers = [pool.submit(_take, installed.inboxes[end.key], end.taken, stop) for end in folders(ends)]
        try:
            portals = Portals(doors, installed.token(), ledger, until)
            portals.hand_off(wishes(weather.count, addressees, weather.seed), weather.portals)
            while time.monotonic() < until and not _everything_out(installed):
                time.sleep(0.5)
            wires.calm = True
        finally:
            stop.set()
        for future in (killer, *takers):
            future.result()
    minutes = (time.monotonic() - begun) / 60
    return Outcome(ledger, gateways.kills, gateways.exits, wires.losses, minutes)


def _take(inbox: Path, taken: Path, stop: threading.Event) -> None:
    """Take complete messages away as an authority does; a second of the same id would stand beside the first."""
    number = 0
    while True:
        last = stop.is_set()
        for folder in sorted(inbox.iterdir()):
            if not folder.name.startswith(".") and folder.is_dir():
                folder.rename(taken / f"{number}-{folder.name}")
                number += 1
        if last:
            return
        stop.wait(0.2)


def _everything_out(installed: Installation) -> bool:
    """Say whether nothing is on its way any more."""
    with installed.world.store.reading() as tx:
        return not any(tx.deliveries.counts().get(state, 0) for state in OPEN)


def finding(weather: Weather, outcome: Outcome, store: str, kills: int | None = None) -> Finding:
    """Return the outcome as figures; `kills` are promised at least."""
    lost, doubled, wrong = judged(outcome)
    ledger = outcome.ledger
    losses: Counter[str] = Counter()
    for (name, loss), count in outcome.losses.items():
        if loss is not Loss.WHOLE:
            losses[name] += count
    unanswered = sum(count for what, count in ledger.calls.items() if what.startswith("no answer"))
    bad = sum(1 for status in ledger.refused.values() if status == 422)
    figures = (
        Figure("applications handed off", ledger.done, least=weather.count),
        Figure("acknowledged with 201", len(ledger.acknowledged)),
        *_by_way(ledger),
        Figure("refused by the PDF gate, as they should be", bad),
        Figure("uploaded and never completed", len(ledger.dropped)),
        Figure("calls of the portals that got no answer and were repeated", unanswered),
        exactly("calls answered with 500", ledger.calls["500"], 0),
        Figure("kills (SIGKILL) of random processes", outcome.kills.total(), least=kills),
        Figure("of these, serve processes", outcome.kills["serve"]),
        *(Figure(f"connections lost on the wire: {name}", count) for name, count in sorted(losses.items())),
        exactly("acknowledged and not arrived", len(lost), 0),
        exactly("arrived twice", len(doubled), 0),
        exactly("arrived wrongly (not acknowledged, wrong authority, other files)", len(wrong), 0),
        exactly("still open or held at the end", outcome.queue_left, 0),
        exactly("files of the gateway with plaintext", len(outcome.readable), 0),
        Figure("sealed folders also opened by the independent implementation", outcome.independent),
        Figure("time", outcome.minutes, "min"),
    )
    twice = [f"{identity} arrived twice: {_where(outcome, identity)}" for identity in doubled[:5]]
    failures = [*ledger.odd, *outcome.broken, *lost[:5], *twice, *wrong[:5], *outcome.readable[:5]]
    danger = "whatever is killed and whichever wire breaks" if outcome.kills else "whichever wire breaks"
    promise = (
        f"On {store}: {danger}, every acknowledged application arrives exactly once at the right authority,"
        " and nothing else arrives."
    )
    return Finding(promise, figures, tuple(failures[:20]))


def _by_way(ledger: Ledger) -> list[Figure]:
    ways = {key: way for key, way, _ in AUTHORITIES}
    found = Counter(ways[one.authority] for one in ledger.acknowledged.values())
    return [Figure(f"of these, by {way}", count) for way, count in sorted(found.items())]


def _where(outcome: Outcome, identity: str) -> str:
    """Say at which authorities a message arrived, and by which way each takes part."""
    ways = {key: way for key, way, _ in AUTHORITIES}
    found = [key for key, messages in outcome.arrived.items() for one in messages if identity.encode() in one.message]
    return ", ".join(f"{key} ({ways.get(key)})" for key in found)
