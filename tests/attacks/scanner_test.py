"""The virus scanner before acceptance, with a real clamd: what it finds, what it never sees, what its silence does."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError, SubmissionError
from gateway.edges.gate import Gate
from gateway.edges.scanner import CHUNK, Clamd
from tests.kit.clamd import PATTERN, SIGNATURE, Daemon, clamd
from tests.kit.installation import Installation, announcement, installation, overview_pdf, portal
from tests.kit.pdfs import plain_pdf
from tests.kit.pdfs_hostile import HOSTILE


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with clamd() as running:
        yield running


@contextmanager
def memory_file(octets: bytes) -> Iterator[int]:
    file = os.memfd_create("upload")
    try:
        os.write(file, octets)
        yield file
    finally:
        os.close(file)


def outcome(scanner: Clamd, octets: bytes) -> str:
    """Return the code's name, or "" for a clean file."""
    with memory_file(octets) as file:
        try:
            scanner.scan(file)
        except SubmissionError as error:
            return error.code.name
    return ""


def infected_pdf() -> bytes:
    """Return a still, whole PDF with the pattern in a comment behind its header."""
    whole = overview_pdf()
    assert whole.startswith(b"%PDF")
    end = whole.rindex(b"%%EOF")
    return whole[:end] + b"%" + PATTERN + b"\n" + whole[end:]


def test_a_clean_file_passes_and_the_pattern_is_found_wherever_it_lies(daemon: Daemon) -> None:
    scanner = Clamd(daemon.socket)
    assert outcome(scanner, plain_pdf()) == ""
    for before in (0, CHUNK - 5, 3 * CHUNK):
        assert outcome(scanner, bytes(before) + PATTERN + b"x") == "malware-found"
    assert outcome(scanner, bytes(20_000_000)) == ""
    assert scanner.version().startswith("ClamAV")


def test_the_find_names_the_signature_and_nothing_else(daemon: Daemon) -> None:
    with memory_file(infected_pdf()) as file, pytest.raises(SubmissionError) as caught:
        Clamd(daemon.socket).scan(file)
    assert SIGNATURE in caught.value.reason
    assert caught.value.code.status == 422


def test_nothing_of_a_stream_stays_with_the_daemon(daemon: Daemon) -> None:
    outcome(Clamd(daemon.socket), plain_pdf())
    until = time.monotonic() + 30
    while list(daemon.temporary.rglob("*")):  # it answers first, then removes its file
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_stream_longer_than_the_daemon_takes_is_not_passed() -> None:
    with clamd(stream_max="1M") as small:
        assert outcome(Clamd(small.socket), bytes(3_000_000)) == "scanner-unavailable"


@contextmanager
def answering(octets: bytes, *, hold: bool = False) -> Iterator[str]:
    """A daemon on loopback TCP that says `octets` to everybody, or holds the line without a word."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, octets, hold, over), daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        over.set()
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, octets: bytes, hold: bool, over: threading.Event) -> None:
    while True:
        try:
            line, _ = server.accept()
        except OSError:
            return
        with line:
            if hold:
                over.wait(20)
            received = b""
            while not received.endswith(bytes(4)):
                more = line.recv(65_536)
                if not more:
                    break
                received += more
            line.sendall(octets)


@pytest.mark.parametrize(
    "said",
    [
        b"", b"\0", b"OK\0", b"stream: OK", b"stream: ok\0", b"stream: OK\n\0", b"other: OK\0", b"stream: OK FOUND!\0",
        b"INSTREAM size limit exceeded. ERROR\0", b"stream: Can't open file ERROR\0", b"UNKNOWN COMMAND\0",
        b"x" * 9000, b"\xff\xfe\0",
    ],
)  # fmt: skip
def test_whatever_is_not_a_clear_ok_is_no_pass(said: bytes) -> None:
    with answering(said) as address:
        assert outcome(Clamd(address), b"%PDF") == "scanner-unavailable"


def test_a_signature_with_a_strange_name_is_not_quoted() -> None:
    said = b"stream: <script>alert(1)</script> FOUND\0"
    with answering(said) as address, memory_file(b"x") as file, pytest.raises(SubmissionError) as caught:
        Clamd(address).scan(file)
    assert caught.value.code is codes.MALWARE_FOUND
    assert "script" not in caught.value.reason


def test_a_daemon_that_is_not_there_or_never_answers_is_no_pass() -> None:
    assert outcome(Clamd("/nonexistent/clamd.ctl"), b"x") == "scanner-unavailable"
    assert outcome(Clamd("127.0.0.1:9"), b"x") == "scanner-unavailable"
    assert Clamd("127.0.0.1:9").version() == ""
    with answering(b"", hold=True) as address:
        assert outcome(Clamd(address, patience=0.2), b"x") == "scanner-unavailable"


@pytest.mark.parametrize(
    "address",
    ["clamd", "192.0.2.1:3310", "scan.example:3310", "0.0.0.0:3310", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:x",
     "127.0.0.1:70000", ":3310", "[2001:db8::1]:3310"],
)  # fmt: skip
def test_a_scanner_beyond_this_machine_is_refused_when_it_is_set(address: str) -> None:
    with pytest.raises(ConfigurationError):
        Clamd(address)


@pytest.fixture
async def stage(tmp_path: Path, daemon: Daemon) -> AsyncIterator[tuple[Installation, httpx.AsyncClient]]:
    with installation(tmp_path) as installed:
        async with portal(installed, gate=Gate(scanner=Clamd(daemon.socket))) as client:
            yield installed, client


async def uploaded(client: httpx.AsyncClient, octets: bytes, key: str = "k") -> tuple[dict[str, Any], httpx.Response]:
    case = (await client.post("/v1/submissions", json=announcement(octets), headers={"Idempotency-Key": key})).json()
    address = case["attachments"][0]["upload_url"]
    return case, await client.put(address, content=octets, headers={"Content-Type": "application/pdf"})


def journaled(installed: Installation, number: str) -> list[str]:
    with installed.world.store.reading() as tx:
        return [entry.act.what for entry in tx.journal.read(subject=number)]


def vault_of(installed: Installation) -> list[Path]:
    return [path for path in (installed.settings.state / "vault").rglob("*") if path.is_file()]


async def test_an_infected_upload_is_refused_journaled_and_not_kept(
    stage: tuple[Installation, httpx.AsyncClient],
) -> None:
    installed, client = stage
    case, answer = await uploaded(client, infected_pdf())
    assert (answer.status_code, answer.json()["code"]) == (422, "malware-found")
    assert answer.json()["fehlerkennzahl"] == "A006"
    assert vault_of(installed) == []
    assert journaled(installed, case["case_number"]) == ["case.announced", "attachment.malware"]
    completed = await client.post(f"/v1/submissions/{case['id']}/complete")
    assert completed.json()["code"] == "attachments-missing"


async def test_a_clean_upload_is_accepted_through_the_scanner(stage: tuple[Installation, httpx.AsyncClient]) -> None:
    client = stage[1]
    case, answer = await uploaded(client, overview_pdf())
    assert answer.status_code == 200
    assert (await client.post(f"/v1/submissions/{case['id']}/complete")).status_code == 201


async def test_while_the_scanner_is_down_nothing_is_accepted_nothing_is_lost_and_the_journal_says_so(
    tmp_path: Path, daemon: Daemon
) -> None:
    way, clean = tmp_path / "s", overview_pdf()
    with installation(tmp_path) as installed:
        async with portal(installed, gate=Gate(scanner=Clamd(str(way)))) as client:
            case, answer = await uploaded(client, clean)
            address = case["attachments"][0]["upload_url"]
            assert (answer.status_code, answer.json()["code"]) == (503, "scanner-unavailable")
            assert answer.headers["retry-after"] == "30"
            await client.put(address, content=clean, headers={"Content-Type": "application/pdf"})
            assert vault_of(installed) == []
            assert journaled(installed, case["case_number"]) == ["case.announced", "attachment.unscanned"]
            way.symlink_to(daemon.socket)
            again = await client.put(address, content=clean, headers={"Content-Type": "application/pdf"})
            assert again.status_code == 200
            assert (await client.post(f"/v1/submissions/{case['id']}/complete")).status_code == 201


class Watching(Clamd):
    """The real client, counting what it is asked."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.asked = 0

    def scan(self, file: int) -> None:
        self.asked += 1
        super().scan(file)


async def test_embedded_files_never_reach_the_scanner_because_the_gate_refuses_them(
    tmp_path: Path, daemon: Daemon
) -> None:
    scanner = Watching(daemon.socket)
    embedding = {kind: build for kind, (build, code) in HOSTILE.items() if code is codes.PDF_EMBEDDED}
    assert len(embedding) >= 5
    with installation(tmp_path) as installed:
        async with portal(installed, gate=Gate(scanner=scanner)) as client:
            for kind, build in embedding.items():
                _, answer = await uploaded(client, build(), kind)
                assert answer.json()["code"] == "pdf-embedded-files", kind
            assert scanner.asked == 0
            assert (await uploaded(client, overview_pdf(), "clean"))[1].status_code == 200
            assert scanner.asked == 1
