"""211 authorities that answer at once beside one that hangs: what its silence costs the others, in the same run."""

from __future__ import annotations

import statistics
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.adapter import Envelope, Handover
from gateway.domain.ids import AuthorityKey
from gateway.flow.test_messages import send_test
from gateway.flow.worker import Worker
from gateway.wiring import SystemClock
from proof.frame import Figure, Finding
from tests.kit.installation import ACTOR, MUENSTER, Installation, installation
from tests.kit.recorder import Book, handed_over, recording

FAST = 211
ANSWERS = 0.02
"""Seconds a fast authority takes."""


def run(quick: bool) -> Finding:
    """Measure, round by round, 211 deliveries beside a neighbour that hangs against 211 beside one that does not."""
    rounds = 2 if quick else 9
    clock: Any = SystemClock()
    with TemporaryDirectory() as folder, installation(Path(folder), clock=clock) as installed:
        book = recording(installed)
        keys = [key for key in _authorities(installed) if key != MUENSTER][:FAST]
        for key in (*keys, MUENSTER):
            installed.takes_part(key, adapter="book", settings={})
        for key in keys:
            book.behave[key] = _soon
        _round(installed, book, keys, hangs=False)
        free: list[float] = []
        beside: list[float] = []
        for number in range(rounds):
            for hangs in (False, True) if number % 2 else (True, False):
                (beside if hangs else free).append(_round(installed, book, keys, hangs=hangs))
    ratios = [one / other for one, other in zip(beside, free, strict=True)]
    return Finding(
        "One authority that hangs delays the 211 others by at most 5 %.",
        (
            Figure("authorities that answer", len(keys), least=FAST),
            Figure("rounds", rounds),
            Figure("211 deliveries beside one that answers, median", statistics.median(free), "s"),
            Figure("211 deliveries beside one that hangs with 8 deliveries, median", statistics.median(beside), "s"),
            Figure("median of the rounds' ratios", statistics.median(ratios), most=1.05),
            Figure("smallest ratio", min(ratios)),
            Figure("greatest ratio", max(ratios)),
        ),
    )  # fmt: skip


def _authorities(installed: Installation) -> list[AuthorityKey]:
    newest = list(installed.world.directory.editions.values())[-1]
    return sorted(newest.authorities)


def _soon(envelope: Envelope) -> Handover:
    time.sleep(ANSWERS)
    return handed_over(envelope)


def _round(installed: Installation, book: Book, keys: list[AuthorityKey], *, hangs: bool) -> float:
    """Return the seconds until every fast authority has one more message."""
    released = threading.Event()

    def silent(envelope: Envelope) -> Handover:
        released.wait(300)
        return handed_over(envelope)

    book.behave[MUENSTER] = silent if hangs else _soon
    for _ in range(8):
        send_test(installed.world, MUENSTER, ACTOR, "Nachbar")
    for key in keys:
        send_test(installed.world, key, ACTOR, "Runde")
    before = len(book.given)
    stop = threading.Event()
    thread = threading.Thread(target=Worker(installed.world, "w", stop=stop).run)
    begun = time.monotonic()
    thread.start()
    while sum(key != MUENSTER for key, _ in book.given[before:]) < len(keys):
        time.sleep(0.002)
    spent = time.monotonic() - begun
    released.set()
    while len(book.given) - before < len(keys) + 8:
        time.sleep(0.01)
    stop.set()
    thread.join()
    return spent
