"""The floor of an upload: a server that hashes, encrypts, writes and fsyncs a body, and does nothing else at all.

Same uvicorn, same loop, same threads as the product; no vault, no gate, no framework, no database.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from gateway.domain.limits import ATTACHMENT_BYTES
from gateway.edges.arrival import Arrival, receive
from gateway.seal.cipher import SealingPass

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class BareFile:
    """Writes to one file; `commit` is one fsync and nothing else."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        os.write(self._descriptor, data)

    def commit(self) -> None:
        os.fsync(self._descriptor)
        os.close(self._descriptor)

    def abort(self) -> None:
        os.close(self._descriptor)


class Application:
    """Takes `PUT /<sha256>/<name>`; the answer is the sealed size."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(16)

    async def __call__(self, scope: Scope, receive_event: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        _, digest, name = scope["path"].split("/")
        size = int(dict(scope["headers"])[b"content-length"])
        arrived = await receive(_body(receive_event), lambda: self._arrival(name, size, digest), self._pool)
        body = str(arrived.sealed_size).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    def _arrival(self, name: str, size: int, digest: str) -> Arrival:
        sealing = SealingPass(secrets.token_bytes(32), secrets.token_bytes(12))
        return Arrival(BareFile(self._folder / name), sealing, None, size, digest, ATTACHMENT_BYTES)


async def _body(receive_event: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        event = await receive_event()
        yield event["body"]
        more = event.get("more_body", False)


def main() -> None:
    """Serve on a free port, said on stdout, until terminated; files go below the folder named as argument."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    config = uvicorn.Config(
        Application(Path(sys.argv[1])),
        http="httptools",
        loop="uvloop",
        log_level="warning",
        access_log=False,
        lifespan="off",
    )
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def bare_server() -> Iterator[int]:
    """Run the floor in a process of its own and yield its port."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        command = [sys.executable, "-m", "bench.bare", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield int(process.stdout.readline())
            finally:
                process.terminate()


if __name__ == "__main__":
    main()
