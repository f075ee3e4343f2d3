"""Uploads over HTTP, first byte to durable: the product's pass with vault and gate against the bare pass.

The bare pass is the floor: hash, encrypt, write and fsync, from the same server and loop, doing nothing else.
`python -m bench.ingest_pass` prints rates and their ratio, the server's peak memory, and how long other requests take
while two uploads run.
"""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import os
import resource
import secrets
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn

from gateway.domain.limits import ATTACHMENT_BYTES
from gateway.edges.arrival import Arrival, receive
from gateway.edges.gate import Gate
from gateway.edges.vault_folder import FolderVault
from gateway.seal.cipher import SealingPass
from tests.kit.pdfs import plain_pdf

FILES = 9
FILE_BYTES = 27_700_000
ROUNDS = 5
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


class Server:
    """An ASGI application with the paths /bare, /full, /ping and /peak."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._vault = FolderVault(folder / "vault")
        self._gate = Gate()
        self._pool = ThreadPoolExecutor(16)

    async def __call__(self, scope: Scope, receive_event: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path, query = scope["path"], scope["query_string"].decode()
        body = b"pong"
        if path in ("/bare", "/full"):
            digest, name = query.split("/")
            size = int(dict(scope["headers"])[b"content-length"])
            make = self._bare if path == "/bare" else self._full
            arrived = await receive(_body(receive_event), lambda: make(name, size, digest), self._pool)
            body = str(arrived.sealed_size).encode()
        elif path == "/peak":
            body = str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    def _bare(self, name: str, size: int, digest: str) -> Arrival:
        return Arrival(BareFile(self._folder / name), _sealing(), None, size, digest, ATTACHMENT_BYTES)

    def _full(self, name: str, size: int, digest: str) -> Arrival:
        writer = self._vault.create("case-1", f"{name}.bin")
        return Arrival(writer, _sealing(), self._gate.feed(), size, digest, ATTACHMENT_BYTES)


def _sealing() -> SealingPass:
    return SealingPass(secrets.token_bytes(32), secrets.token_bytes(12))


async def _body(receive_event: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        event = await receive_event()
        yield event["body"]
        more = event.get("more_body", False)


def serve(folder: Path, listening: socket.socket) -> None:
    """Run the server in this process until it is terminated."""
    config = uvicorn.Config(Server(folder), http="httptools", log_level="warning", lifespan="off")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


def call(port: int, method: str, target: str, body: bytes = b"") -> bytes:
    """Make one request on a new connection and return the body of the answer."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        head = f"{method} {target} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        line.sendall(head.encode())
        line.sendall(body)
        answer = b""
        while more := line.recv(1 << 16):
            answer += more
    status, _, content = answer.partition(b"\r\n\r\n")
    if b" 200 " not in status:
        raise RuntimeError(f"{target}: {status!r}")
    return content


def upload(port: int, path: str, files: list[tuple[str, bytes]], mark: str) -> float:
    """Upload files one after the other and return the seconds that took."""
    started = time.perf_counter()
    for number, (digest, data) in enumerate(files):
        call(port, "PUT", f"/{path}?{digest}/{mark}-{number}", data)
    return time.perf_counter() - started


def waits_during_uploads(port: int, files: list[tuple[str, bytes]]) -> list[float]:
    """Return how many milliseconds small requests took while two applications were being uploaded."""
    context = multiprocessing.get_context("fork")
    uploads = [context.Process(target=upload, args=(port, "full", files, f"busy{n}")) for n in range(2)]
    for process in uploads:
        process.start()
    waits = []
    while any(process.is_alive() for process in uploads):
        started = time.perf_counter()
        call(port, "GET", "/ping")
        waits.append((time.perf_counter() - started) * 1000)
        time.sleep(0.002)
    return waits


def main() -> int:
    """Measure and print."""
    data = plain_pdf(pages=4, size_bytes=FILE_BYTES)
    files = [(hashlib.sha256(data).hexdigest(), data)] * FILES
    megabytes = FILES * FILE_BYTES / 1e6
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(Path(folder), listening))
        server.start()
        try:
            for path in ("bare", "full"):
                upload(port, path, files[:1], "warm")
            rates: dict[str, list[float]] = {"bare": [], "full": []}
            for _ in range(ROUNDS):
                for path, found in rates.items():
                    found.append(megabytes / upload(port, path, files, path))
            waits = sorted(waits_during_uploads(port, files))
            peak = int(call(port, "GET", "/peak"))
        finally:
            server.terminate()
            server.join()
    bare, full = (statistics.median(rates[path]) for path in ("bare", "full"))
    middle, p99 = (waits[int(len(waits) * share)] for share in (0.5, 0.99))
    print(f"bare pass                    {bare:7.0f} MB/s")
    print(f"vault and gate               {full:7.0f} MB/s   ratio {full / bare:.2f} (at least 0.60)")
    print(f"others while two upload      {p99:7.1f} ms p99 of {len(waits)} (at most 25), median {middle:.1f}")
    print(f"server peak memory           {peak:7d} MB (below 200)")
    return 0 if full / bare >= 0.6 and p99 <= 25 and peak < 200 else 1


if __name__ == "__main__":
    sys.exit(main())
