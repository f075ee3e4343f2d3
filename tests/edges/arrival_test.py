"""The arrival pass: what comes in is hashed, sealed and stored once; whatever fails, nothing of it remains."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import codes
from gateway.domain.codes import Code
from gateway.domain.errors import GatewayError, SubmissionError
from gateway.domain.limits import ATTACHMENT_BYTES
from gateway.edges.arrival import BATCH, Arrival, Arrived, receive
from gateway.edges.gate import Gate
from gateway.edges.vault_disk import DiskCalls, StorageFull
from gateway.edges.vault_folder import FolderVault
from gateway.seal.cipher import OVERHEAD, SealingPass, unseal
from tests.kit.pdfs import plain_pdf
from tests.kit.pdfs_hostile import HOSTILE

KEY, NONCE = bytes(range(32)), bytes(range(12))
CANARY = "Kanarienvogel-4711"


class Kept:
    """A part writer that remembers what happened to it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.events: list[str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data += data

    def commit(self) -> None:
        self.events.append("committed")

    def abort(self) -> None:
        self.events.append("aborted")


class Watcher:
    """A gate that says what it was told to."""

    def __init__(self, error: GatewayError | None = None) -> None:
        self.error = error
        self.data = bytearray()
        self.closed = 0

    def write(self, chunk: bytes | memoryview) -> None:
        self.data += chunk

    def verdict(self) -> None:
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.closed += 1


def arrival(
    writer: Kept, data: bytes, gate: Watcher | None = None, *, size: int | None = None, limit: int = ATTACHMENT_BYTES
) -> Arrival:
    """Return the arrival of `data`, announced with its digest and, if not told otherwise, its size."""
    expected = len(data) if size is None else size
    return Arrival(writer, SealingPass(KEY, NONCE), gate, expected, hashlib.sha256(data).hexdigest(), limit)


async def body(data: bytes, piece: int = 60_000, then: Exception | None = None) -> AsyncIterator[bytes]:
    """Send `data` in pieces, as a server hands them over, and end with an error if there is one."""
    for at in range(0, len(data), piece):
        await asyncio.sleep(0)
        yield data[at : at + piece]
    if then is not None:
        raise then


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()


@given(st.lists(st.binary(max_size=500), max_size=20))
def test_the_sealed_part_opens_to_what_was_sent_however_it_was_cut(chunks: list[bytes]) -> None:
    data = b"".join(chunks)
    writer, watcher = Kept(), Watcher()
    coming = arrival(writer, data, watcher)
    for chunk in chunks:
        coming.feed(chunk)
    arrived = coming.finish()
    assert unseal(bytes(writer.data), KEY) == data == bytes(watcher.data)
    assert arrived == Arrived(len(data), hashlib.sha256(data).hexdigest(), len(data) + OVERHEAD)
    assert (writer.events, watcher.closed) == (["committed"], 1)


def test_one_huge_chunk_is_taken_in_bites() -> None:
    writer, data = Kept(), os.urandom(3 * BATCH + 5)
    coming = arrival(writer, data)
    coming.feed(data)
    coming.finish()
    assert unseal(bytes(writer.data), KEY) == data


def refused(coming: Arrival, *chunks: bytes) -> Code:
    def send() -> None:
        for chunk in chunks:
            coming.feed(chunk)
        coming.finish()

    with pytest.raises(SubmissionError) as error:
        send()
    return error.value.code


def test_a_body_longer_than_announced_is_cut_before_the_surplus_is_stored() -> None:
    writer, watcher = Kept(), Watcher()
    assert refused(arrival(writer, b"12345", watcher), b"123", b"456") is codes.SIZE_MISMATCH
    assert writer.events == ["aborted"]
    assert len(writer.data) == len(NONCE) + 3
    assert watcher.closed == 1


def test_a_body_over_the_limit_is_refused_as_too_large_even_if_announced_so() -> None:
    writer = Kept()
    assert refused(arrival(writer, bytes(11), limit=10), bytes(11)) is codes.ATTACHMENT_TOO_LARGE
    assert (writer.events, len(writer.data)) == (["aborted"], 0)


def test_a_short_body_is_refused() -> None:
    writer = Kept()
    assert refused(arrival(writer, b"12345"), b"1234") is codes.SIZE_MISMATCH
    assert writer.events == ["aborted"]


def test_other_bytes_than_announced_are_refused_before_the_gate_looks() -> None:
    writer, watcher = Kept(), Watcher(AssertionError("not asked"))  # type: ignore[arg-type]  # must never be raised
    assert refused(arrival(writer, b"12345", watcher), b"12354") is codes.DIGEST_MISMATCH
    assert (writer.events, watcher.closed) == (["aborted"], 1)


def test_a_digest_in_capitals_is_the_same_digest() -> None:
    digest = hashlib.sha256(b"x").hexdigest().upper()
    coming = Arrival(Kept(), SealingPass(KEY, NONCE), None, 1, digest, 10)
    coming.feed(b"x")
    assert coming.finish().sha256 == digest.lower()


def test_what_the_gate_refuses_is_not_stored() -> None:
    writer = Kept()
    watcher = Watcher(SubmissionError(codes.PDF_ACTIVE, "Die Datei enthält JavaScript."))
    assert refused(arrival(writer, b"x", watcher), b"x") is codes.PDF_ACTIVE
    assert (writer.events, watcher.closed) == (["aborted"], 1)


def test_after_its_end_an_arrival_takes_no_more() -> None:
    writer = Kept()
    coming = arrival(writer, b"x")
    coming.feed(b"x")
    coming.finish()
    assert refused(coming, b"y") is codes.STATE_CONFLICT
    coming.abort()
    assert writer.events == ["committed"]


def test_aborting_twice_is_aborting_once() -> None:
    writer, watcher = Kept(), Watcher()
    coming = arrival(writer, b"x", watcher)
    coming.abort()
    coming.abort()
    assert (writer.events, watcher.closed) == (["aborted"], 1)


@pytest.mark.parametrize("size", [0, 1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH + 7])
async def test_a_body_of_any_size_arrives_whole(size: int) -> None:
    writer, data = Kept(), os.urandom(size)
    arrived = await receive(body(data), lambda: arrival(writer, data))
    assert unseal(bytes(writer.data), KEY) == data
    assert arrived.size == size
    assert writer.events == ["committed"]


async def test_a_small_body_costs_one_change_of_thread() -> None:
    class Counting(ThreadPoolExecutor):
        count = 0

        def submit(self, *args: object, **options: object) -> object:  # type: ignore[override]  # only counts
            self.count += 1
            return super().submit(*args, **options)  # type: ignore[arg-type]  # handed on as it came

    with Counting(1) as pool:
        await receive(body(bytes(20_000)), lambda: arrival(Kept(), bytes(20_000)), pool)
        assert pool.count == 1


async def test_while_a_thread_works_the_next_batch_is_collected_but_not_more() -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += BATCH
            yield bytes(BATCH)

    class Stuck(Kept):
        def commit(self) -> None:
            raise AssertionError("never whole")

    release = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait_for_release() -> Arrival:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()
        return arrival(Stuck(), bytes(10 * BATCH))

    coming = asyncio.create_task(receive(endless(), wait_for_release))
    await asyncio.sleep(0.05)
    assert taken == 2 * BATCH
    release.set()
    with pytest.raises(SubmissionError) as error:
        await coming
    assert error.value.code is codes.SIZE_MISMATCH
    assert taken <= 13 * BATCH


async def test_a_client_that_goes_away_leaves_nothing() -> None:
    for size in (10, 5 * BATCH):
        writer, watcher, data = Kept(), Watcher(), bytes(size)
        with pytest.raises(ConnectionResetError):
            await receive(body(data, then=ConnectionResetError()), lambda: arrival(writer, data, watcher))  # noqa: B023  # called at once
        assert writer.events in (["aborted"], []), "begun and undone, or never begun"
        assert watcher.closed == len(writer.events)


async def test_a_cancelled_request_leaves_nothing() -> None:
    writer, watcher = Kept(), Watcher()
    begun = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield bytes(BATCH)
        yield bytes(BATCH)
        begun.set()
        await asyncio.sleep(60)

    coming = asyncio.create_task(receive(slow(), lambda: arrival(writer, bytes(9 * BATCH), watcher)))
    await begun.wait()
    coming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await coming
    assert (writer.events, watcher.closed) == (["aborted"], 1)


async def test_a_writer_that_cannot_be_made_is_reported() -> None:
    def fail() -> Arrival:
        raise SubmissionError(codes.STATE_CONFLICT, "Der Vorgang ist abgeschlossen.")

    for size in (1, 3 * BATCH):
        with pytest.raises(SubmissionError, match="abgeschlossen"):
            await receive(body(bytes(size)), fail)


def everything_under(*folders: Path) -> bytes:
    return b"".join(path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file())


async def test_plaintext_is_found_nowhere_on_disk_whether_taken_or_refused(tmp_path: Path, gate: Gate) -> None:
    vault = FolderVault(tmp_path / "vault")
    good = plain_pdf(pages=30, text=CANARY, size_bytes=2 * BATCH)
    bad = HOSTILE["a script on opening"][0]() + CANARY.encode()

    def make(part: str, data: bytes, size: int) -> Callable[[], Arrival]:
        return lambda: Arrival(
            vault.create("case", part),
            SealingPass(KEY, NONCE),
            gate.feed(),
            size,
            hashlib.sha256(data).hexdigest(),
            ATTACHMENT_BYTES,
        )

    assert CANARY.encode() in good
    await receive(body(good), make("good.bin", good, len(good)))
    for part, data, size in (("bad.bin", bad, len(bad)), ("short.bin", good, len(good) + 1), ("long.bin", good, BATCH)):
        with pytest.raises(SubmissionError):
            await receive(body(data), make(part, data, size))
    assert [path.name for path in (tmp_path / "vault").rglob("*") if path.is_file()] == ["good.bin"]
    assert CANARY.encode() not in everything_under(tmp_path)
    with vault.open("case", "good.bin") as sealed:
        assert unseal(sealed.read(), KEY) == good


async def test_a_disk_that_fills_up_is_reported_and_nothing_remains(tmp_path: Path) -> None:
    room = BATCH

    def write(descriptor: int, data: memoryview) -> int:
        nonlocal room
        if room < len(data):
            raise OSError(28, "No space left on device")
        room -= len(data)
        return os.write(descriptor, data)

    vault = FolderVault(tmp_path / "vault", DiskCalls(write=write))
    data = bytes(4 * BATCH)
    coming = receive(
        body(data),
        lambda: Arrival(
            vault.create("case", "a.bin"), SealingPass(KEY, NONCE), None, len(data), "0" * 64, ATTACHMENT_BYTES
        ),
    )
    with pytest.raises(StorageFull):
        await coming
    assert [path for path in (tmp_path / "vault").rglob("*") if path.is_file()] == []


MEMORY_PROGRAM = """
import asyncio, hashlib, os, resource, sys
from pathlib import Path
from gateway.edges.arrival import Arrival, receive
from gateway.edges.gate import Gate
from gateway.edges.vault_folder import FolderVault
from gateway.seal.cipher import SealingPass
from tests.kit.pdfs import plain_pdf

source, size = Path(sys.argv[2]), int(sys.argv[3])
vault, gate = FolderVault(Path(sys.argv[1])), Gate()

async def body():
    with source.open("rb") as stream:
        while chunk := stream.read(65536):
            yield chunk

async def main():
    for number in range(9):
        await receive(body(), lambda: Arrival(
            vault.create("case", f"{number}.bin"), SealingPass(bytes(32), os.urandom(12)), gate.feed(), size,
            sys.argv[4], 30_000_000))

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
asyncio.run(main())
gate.close()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
def test_nine_large_uploads_hold_no_more_memory_than_a_batch_or_two(tmp_path: Path) -> None:
    data = plain_pdf(size_bytes=28_000_000)
    (tmp_path / "source.pdf").write_bytes(data)
    command = [sys.executable, "-c", MEMORY_PROGRAM, str(tmp_path / "vault"), str(tmp_path / "source.pdf")]
    done = subprocess.run(
        [*command, str(len(data)), hashlib.sha256(data).hexdigest()],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert int(done.stdout) < 20, "megabytes above the start"
