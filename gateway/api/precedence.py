"""Short requests go before uploads: whoever asks waits a moment, whoever sends 30 MB does not notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from time import monotonic

MOMENT = 0.05
"""Seconds for which a request is given precedence, and for which an upload steps back between two chunks, at most:
neither a slow asker nor a crowd of them can bring uploads to a stand."""


class Precedence:
    """What goes on in one process; used by its event loop alone."""

    def __init__(self) -> None:
        self._asking = 0
        self._until = 0.0
        self._quiet = asyncio.Event()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Give a request precedence until it is answered, but no longer than a moment."""
        self._asking += 1
        self._until = monotonic() + MOMENT
        self._quiet.clear()
        try:
            yield
        finally:
            self._asking -= 1
            if not self._asking:
                self._quiet.set()

    async def behind(self, stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """Yield the chunks of a large body, each as soon as no request has precedence."""
        async for chunk in stream:
            await self._turn()
            yield chunk

    async def _turn(self) -> None:
        latest = min(self._until, monotonic() + MOMENT)
        while self._asking and (left := latest - monotonic()) > 0:
            try:
                await asyncio.wait_for(self._quiet.wait(), left)
            except TimeoutError:
                return
