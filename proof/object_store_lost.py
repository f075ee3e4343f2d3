"""The object store goes away while applications are handed off: refused, silent, failing, slow; and comes back.

A real S3 server behind a wire that plays these parts; gateway, portals and authorities as in a storm.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum

from proof.frame import Figure, Finding, exactly
from proof.storm import Weather, finding, storm
from tests.kit.object_store import KEY_ID, SECRET, fresh_bucket, object_server, settings_of

SLOWLY = 1.0
"""Seconds a slow store takes before each piece of an answer."""

FAILING = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Mood(StrEnum):
    """How the object store behaves."""

    WELL = "well"
    REFUSED = "refuses connections"
    SILENT = "takes everything and says nothing"
    FAILING = "answers 503"
    SLOW = "takes a second for each piece of an answer"


SPANS = {Mood.REFUSED: 6.0, Mood.SILENT: 26.0, Mood.FAILING: 8.0, Mood.SLOW: 10.0}
"""Seconds each lasts; silence for longer than the gateway's patience with one call (20 s)."""


@dataclass
class StoreWire:
    """A wire to an object store, in a loop of its own, that changes its mood under open connections too."""

    target: int
    mood: Mood = Mood.WELL
    moods: Counter[str] = field(default_factory=Counter)
    port: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    @contextmanager
    def running(self) -> Iterator[StoreWire]:
        """Carry while entered."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._carry, "127.0.0.1", 0), self._loop)
        self.port = int(server.result(10).sockets[0].getsockname()[1])
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()

    def comes_and_goes(self, stop: threading.Event, progress: Callable[[], int], every: float) -> None:
        """Be in each mood in turn, whenever about `every` more applications are through."""
        draw, turns = random.Random(5), 0
        while not stop.is_set():
            wanted = progress() + draw.expovariate(1 / every)
            while progress() < wanted and not stop.wait(0.05):
                pass
            if not stop.is_set():
                mood = list(SPANS)[turns % len(SPANS)]
                self.moods[mood] += 1
                self.mood = mood
                stop.wait(SPANS[mood])
                self.mood = Mood.WELL
                turns += 1

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        if self.mood is Mood.REFUSED:
            back.transport.abort()
            return
        try:
            far, forth = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            back.transport.abort()
            return
        pumps = [asyncio.ensure_future(self._there(near, forth, back)), asyncio.ensure_future(self._back(far, back))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        for end in (forth, back):
            end.close()

    async def _there(self, near: asyncio.StreamReader, forth: asyncio.StreamWriter, back: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await near.read(1 << 16):
                if self.mood is Mood.REFUSED:
                    back.transport.abort()
                    return
                if self.mood is Mood.FAILING:
                    back.write(FAILING)
                    await back.drain()
                    return
                if self.mood is not Mood.SILENT:
                    forth.write(data)
                    await forth.drain()

    async def _back(self, far: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await far.read(1 << 16):
                if self.mood is Mood.SLOW:
                    await asyncio.sleep(SLOWLY)
                if self.mood is not Mood.SILENT:
                    back.write(data)
                    await back.drain()


def run(quick: bool) -> Finding:
    """Let the object store come and go, with nothing else going wrong."""
    weather = Weather(60 if quick else 400, 0, 0, 8 if quick else 30)
    rounds = 4 if quick else 16
    bucket = fresh_bucket()
    with StoreWire(object_server().port).running() as wire:
        settings = settings_of(bucket) | {"vault_endpoint": f"http://127.0.0.1:{wire.port}"}
        every = weather.count / rounds / 2
        outcome = storm(
            weather, disaster=lambda stop, progress: wire.comes_and_goes(stop, progress, every),
            settings=settings, vault=f"{KEY_ID}\n{SECRET}\n",
        )  # fmt: skip
        found = finding(weather, outcome, "an object store that comes and goes")
    calls = outcome.ledger.calls
    figures = (
        *(Figure(f"times the object store {mood}", wire.moods[mood], least=1 if quick else 2) for mood in SPANS),
        Figure("calls answered with 503 or 507", calls["503"] + calls["507"], least=1),
        exactly("calls answered with another 5xx", calls["500"] + calls["502"] + calls["504"], 0),
    )
    return replace(found, figures=(*figures, *found.figures))
