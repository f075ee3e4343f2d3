"""The XTA mailbox over mutual TLS with 250 MB each way, against the same server streaming a static file of that size.

`python -m bench.mailbox` prints the rates, their ratio (at least 0.6 is promised) and the server's peak memory. The
parts lie sealed on disk and are decrypted on the way, as in the product; an upload is sealed as it arrives.
"""

from __future__ import annotations

import json
import multiprocessing
import secrets
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Mount, Route

from adapters.xta_mailbox import plugin
from gateway.adapter import ClearContent, ClearPart, Envelope
from gateway.adapter_contract.samples import Blob, clear_sample, sample_envelope
from gateway.domain.ids import AuthorityKey
from gateway.seal.cipher import SealingPass, unseal_chunks
from tests.kit.xta_desk import FakeDesk
from tests.kit.xta_raw import OSCI_ACTION, XTA_ACTION, RawClient, envelope, metadata, multipart
from tests.kit.xta_tls import Pki, make_pki, serving

FILES = 9
FILE_BYTES = 27_700_000
ROUNDS = 5
FETCH = OSCI_ACTION + "MsgBoxFetchRequest"
SEND = XTA_ACTION + "SendMessage"


@dataclass(frozen=True)
class Result:
    """Bytes per second (medians) and bytes."""

    static: float
    download: float
    upload: float
    cpu_ratio: float
    """The server's CPU for the static file against that for the download: says the same on a busy machine."""

    memory_before: int
    memory_peak: int

    @property
    def ratio(self) -> float:
        return self.download / self.static


class SealingSink:
    """Seals what is written into a file, as the vault does."""

    def __init__(self, path: Path) -> None:
        self._pass = SealingPass(secrets.token_bytes(32), secrets.token_bytes(12))
        self._file = path.open("wb")

    def write(self, data: bytes) -> None:
        self._file.write(self._pass.update(data))

    def close(self) -> None:
        self._file.write(self._pass.finish())
        self._file.close()


def run(rounds: int = ROUNDS) -> Result:
    """Serve in a child process, fetch and send from this one: once to warm up, then `rounds` times by the clock."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pki = make_pki(folder)
        context = multiprocessing.get_context("spawn")
        ready, told = context.Pipe(duplex=False)
        child = context.Process(target=_serve, args=(folder, pki, told), daemon=True)
        child.start()
        try:
            port = ready.recv()
            return _measure(port, pki.client(pki.authority), rounds)
        finally:
            child.terminate()
            child.join()


def _measure(port: int, tls: ssl.SSLContext, rounds: int) -> Result:
    with RawClient(port, tls) as client:
        before, _ = _server(client)
        static, download, upload = [], [], []
        _upload(client)
        _fetch(client)
        for _ in range(rounds):
            static.append(_timed(client, lambda: _get(client, "static")))
            download.append(_timed(client, lambda: _fetch(client)))
            upload.append(_timed(client, lambda: _upload(client)))
        peak, _ = _server(client)
    rates = [statistics.median([rate for rate, _ in found] or [0.0]) for found in (static, download, upload)]
    work = [statistics.median([cpu for _, cpu in found] or [1.0]) for found in (static, download)]
    return Result(rates[0], rates[1], rates[2], work[0] / work[1], before, peak)


def _timed(client: RawClient, act: Callable[[], int]) -> tuple[float, float]:
    """Return the rate of an exchange in bytes per second, and the server's CPU seconds for it."""
    _, before = _server(client)
    start = time.perf_counter()
    size = act()
    rate = size / (time.perf_counter() - start)
    _, after = _server(client)
    return rate, after - before


def _drain(client: RawClient) -> int:
    """Read an answer without keeping it."""
    head = client._until(b"\r\n\r\n").decode("latin-1")
    assert " 200 " in head.split("\r\n")[0], head
    length = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length"))
    left = length - len(client._rest)
    client._rest = b""
    buffer = memoryview(bytearray(1 << 18))
    while left > 0:
        left -= client.socket.recv_into(buffer)
    return length


def _get(client: RawClient, name: str) -> int:
    client.begin("text/plain", 0, port=name, method="GET")
    return _drain(client)


def _fetch(client: RawClient) -> int:
    body = envelope(FETCH, "<o:MsgBoxFetchRequest/>")
    client.begin("application/soap+xml", len(body))
    client.socket.sendall(body)
    return _drain(client)


def _upload(client: RawClient) -> int:
    block = Blob("upload", FILE_BYTES)
    includes = "".join(
        f'<x:Attachment contentType="application/pdf" id="a{n}"><i:Include href="cid:p{n}@x"/></x:Attachment>'
        for n in range(FILES)
    )
    message = '<x:Message contentType="text/xml">PGEvPg==</x:Message>'
    content = f"<x:ContentContainer>{message}{includes}</x:ContentContainer>"
    content = f"<x:GenericContentContainer>{content}</x:GenericContentContainer>"
    root = envelope(SEND, content, headers=metadata(f"urn:uuid:{uuid4()}"))
    parts = [(f"p{n}@x", b"@@") for n in range(FILES)]
    kind, frame = multipart(root, parts, action=SEND)
    pieces = frame.split(b"\r\n\r\n@@")
    length = len(frame) + FILES * (FILE_BYTES - 2)
    client.begin(kind, length, port="SendXtaPort")
    for piece in pieces[:-1]:
        client.socket.sendall(piece + b"\r\n\r\n")
        for chunk in block.chunks():
            client.socket.sendall(chunk)
    client.socket.sendall(pieces[-1])
    answer = client.read()
    assert answer.status == 200, answer.body
    return length


def _server(client: RawClient) -> tuple[int, float]:
    """Return the server's peak memory in bytes and the CPU it has used in seconds."""
    client.begin("text/plain", 0, port="memory", method="GET")
    told = json.loads(client.read().body)
    return int(told["peak"]), float(told["cpu"])


def _serve(folder: Path, pki: Pki, told: Any) -> None:
    """Run in the child: the mailbox, a static file of the same size, and what memory was used at most."""
    key = AuthorityKey("05315000")
    desk = FakeDesk({pki.authority.fingerprint: frozenset({key})})
    desk.sink = lambda _: SealingSink(folder / "upload.bin")
    desk.lay(_sealed_message(folder))
    with (folder / "static.bin").open("wb") as file:
        for chunk in Blob("static", FILES * FILE_BYTES).chunks():
            file.write(chunk)
    assert plugin.endpoint is not None
    prefix, app = plugin.endpoint(desk, {"now": lambda: datetime.now(UTC), "new_id": uuid4})

    async def static(_: Request) -> FileResponse:
        return FileResponse(folder / "static.bin")

    async def memory(_: Request) -> JSONResponse:
        lines = Path("/proc/self/status").read_text().splitlines()
        peak = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
        return JSONResponse({"peak": peak, "cpu": time.process_time()})

    extra = [Route(f"{prefix}/static", static), Route(f"{prefix}/memory", memory)]
    with serving(Starlette(routes=[*extra, Mount(prefix, app)]), pki) as port:
        told.send(port)
        time.sleep(3_600)


def _sealed_message(folder: Path) -> Envelope:
    """Return a message whose attachments lie sealed in `folder` and are decrypted at every reading."""
    made = sample_envelope(1, protection="transport")
    sample = clear_sample(made.message_id, [FILE_BYTES] * FILES)
    secret = secrets.token_bytes(32)
    parts = []
    for number, part in enumerate(sample.attachments):
        path = folder / f"part-{number}.bin"
        sealing = SealingPass(secret, secrets.token_bytes(12))
        with path.open("wb") as file:
            file.write(sealing.nonce)
            for chunk in part.chunks():
                file.write(sealing.update(chunk))
            file.write(sealing.finish())
        parts.append(_stored(part, path, secret))
    content = ClearContent(sample.message, tuple(parts), sample.manifest)
    return replace(made, clear=lambda: content)


def _stored(part: ClearPart, path: Path, secret: bytes) -> ClearPart:
    return replace(part, chunks=partial(_unsealed, path, secret))


def _unsealed(path: Path, secret: bytes) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from unseal_chunks(file, secret, 1 << 18)


def main() -> int:
    """Print the figures; 0 if they keep what is promised."""
    found = run()
    print(f"static file        {found.static / 1e6:7.0f} MB/s")
    print(f"mailbox, download  {found.download / 1e6:7.0f} MB/s   ratio {found.ratio:.2f} (promised: 0.6)")
    print(f"                   server CPU: ratio {found.cpu_ratio:.2f}")
    print(f"mailbox, upload    {found.upload / 1e6:7.0f} MB/s")
    before, peak = found.memory_before / 1e6, found.memory_peak / 1e6
    print(f"server memory      {before:7.0f} MB before, {peak:.0f} MB at most (promised: 200)")
    return 0 if min(found.ratio, found.cpu_ratio) >= 0.6 and peak < 200 else 1


if __name__ == "__main__":
    sys.exit(main())
