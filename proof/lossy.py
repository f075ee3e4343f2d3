"""A lossy wire on the loopback: carries connections to a port and loses a share of them, by a seeded draw.

It sees bytes only. Of each connection it decides beforehand: whole; refused; stalled after some bytes and then broken;
cut on the way there; or answered into the void (all arrives, the answer does not come back).
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

BLOCK = 1 << 16


class Loss(StrEnum):
    """What becomes of a connection."""

    WHOLE = "whole"
    REFUSED = "refused"
    STALLED = "stalled"
    CUT = "cut"
    ANSWER_LOST = "answer lost"


FAULTS = (Loss.REFUSED, Loss.STALLED, Loss.CUT, Loss.ANSWER_LOST)


@dataclass
class Wires:
    """All wires of one storm, in a loop of their own; `losses` counts what was lost, by wire and kind."""

    seed: int
    share: float
    stall: float = 1.5
    losses: Counter[tuple[str, Loss]] = field(default_factory=Counter)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    calm: bool = False
    _pumps: set[asyncio.Future[None]] = field(default_factory=set)
    _servers: list[asyncio.Server] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[Wires]:
        """Carry while entered."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(_rest(self._servers), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def to(self, target: int, name: str, port: int = 0) -> int:
        """Return the port of a wire to a port of this machine."""
        draw = random.Random(f"{self.seed} {name} {target}")

        async def start() -> int:
            async def carried(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                with suppress(asyncio.CancelledError):  # the storm is over
                    await self._carry(name, target, draw, reader, writer)

            server = await asyncio.start_server(carried, "127.0.0.1", port, backlog=512)
            self._servers.append(server)
            return int(server.sockets[0].getsockname()[1])

        return asyncio.run_coroutine_threadsafe(start(), self._loop).result(10)

    async def _carry(
        self, name: str, target: int, draw: random.Random,
        near: asyncio.StreamReader, back: asyncio.StreamWriter,
    ) -> None:  # fmt: skip
        loss = draw.choice(FAULTS) if draw.random() < self.share and not self.calm else Loss.WHOLE
        self.losses[name, loss] += 1
        limit = int(10 ** draw.uniform(1, 4.3))  # from inside the handshake to far into the message
        if loss is Loss.REFUSED:
            _reset(back)
            return
        try:
            far, forth = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            _reset(back)
            return
        line = _Line(loss, limit, self.stall, back, forth)
        pumps = [
            asyncio.ensure_future(line.pump(near, forth, there=True)),
            asyncio.ensure_future(line.pump(far, back, there=False)),
        ]
        self._pumps.update(pumps)  # the loop itself would not keep them
        while not line.over and not all(pump.done() for pump in pumps):
            await asyncio.wait([pump for pump in pumps if not pump.done()], return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        self._pumps.difference_update(pumps)
        for end in (forth, back):
            end.close()


@dataclass
class _Line:
    loss: Loss
    limit: int
    stall: float
    back: asyncio.StreamWriter
    forth: asyncio.StreamWriter
    sent: int = 0
    over: bool = False

    async def pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, there: bool) -> None:
        with suppress(OSError, asyncio.CancelledError):
            while not self.over and (data := await source.read(BLOCK)):
                if there:
                    self.sent += len(data)
                if self.loss is not Loss.WHOLE and self.sent > self.limit and self._strikes(there):
                    await self._strike(data, target, there)
                    return
                target.write(data)
                await target.drain()
            with suppress(OSError, RuntimeError):
                target.write_eof()

    def _strikes(self, there: bool) -> bool:
        return there if self.loss is Loss.CUT else not there

    async def _strike(self, data: bytes, target: asyncio.StreamWriter, there: bool) -> None:
        if there:
            target.write(data[: len(data) // 2])
        if self.loss is Loss.STALLED:
            await asyncio.sleep(self.stall)
        self.over = True
        _reset(self.back)
        if self.loss is not Loss.ANSWER_LOST:
            _reset(self.forth)
        else:
            self.forth.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection without a word."""
    end = writer.get_extra_info("socket")
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _rest(servers: Sequence[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in others:
            task.cancel()
        await asyncio.wait(others, timeout=1)
