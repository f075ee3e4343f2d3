"""Raw HTTP against a real `bauweiche serve`: framing tricks, over-long and endless things, and who waits for whom."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import uvicorn

from gateway.edges.http_guard import GuardedProtocol
from tests.kit.corpus import corpus, octets
from tests.kit.installation import installation
from tests.kit.running import Process, process

ATTACKS = corpus("http")
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n"
PATIENCE = 30.0
QUIET = 0.3
"""Seconds to wait for what must not come."""

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, str]]:
    with installation(tmp_path_factory.mktemp("http")) as installed:
        token = installed.token()
        with process(installed, "serve", "--port", "0") as running:
            yield running, token


def port_of(running: Process) -> int:
    return int(running.address("http").rpartition(":")[2])


def spoken(port: int, sent: bytes, expected: int, closed: bool) -> tuple[list[int], bool]:
    """Return the statuses that come back and whether the other side hung up; waits for what is expected."""
    received, over = b"", False
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        with suppress(OSError):  # it may hang up before all is said
            line.sendall(sent)
        try:
            while not over:
                line.settimeout(PATIENCE if closed or len(_STATUS.findall(received)) < expected else QUIET)
                more = line.recv(65_536)
                received, over = received + more, not more
        except TimeoutError:
            pass
        except OSError:
            over = True
    return [int(status) for status in _STATUS.findall(received)], over


def test_every_attack_on_the_wire_gets_its_answer_and_the_server_stays_small(served: tuple[Process, str]) -> None:
    running, token = served

    def attack(name: str) -> tuple[list[int], bool]:
        sent = octets(ATTACKS[name]["send"]).replace(b"TOKEN", token.encode()).replace(b"KEY", name.encode())
        return spoken(port_of(running), sent, len(ATTACKS[name]["answers"]), ATTACKS[name]["closed"])

    with ThreadPoolExecutor(12) as together:
        found = dict(zip(ATTACKS, together.map(attack, ATTACKS), strict=True))
    expected = {name: (one["answers"], one["closed"]) for name, one in ATTACKS.items()}
    assert {name: came for name, came in found.items() if came != expected[name]} == {}
    assert running.peak_memory() < 250
    assert spoken(port_of(running), REQUEST, 1, False) == ([200], False)


def test_no_smuggled_request_is_ever_answered() -> None:
    for name, attack in ATTACKS.items():
        if any(status in (400, 431) for status in attack["answers"]):
            assert attack["closed"], name
            assert len(attack["answers"]) == 1, name


def test_what_a_log_line_says_carries_nothing_of_the_caller(served: tuple[Process, str]) -> None:
    running, _ = served
    sent = b"GET /geheim%0a%1b[31m?x=geheim HTTP/1.1\r\nHost: gateway\r\nX: geheim\r\n\r\n"
    assert spoken(port_of(running), sent, 1, False)[0] == [404]
    (log,) = {file.path for file in psutil.Process(running.pid).open_files() if file.path.endswith("serve.log")}
    text = Path(log).read_text(errors="replace")
    assert "404" in text
    assert "geheim" not in text


class Hasty(GuardedProtocol):
    """The protocol with little patience."""

    head_seconds = 0.3
    window_seconds = 0.3


async def swallowing(scope: dict[str, object], receive: object, send: object) -> None:
    """Read the body to its end, then answer 200."""
    while (await receive())["type"] == "http.request":  # type: ignore[operator]  # as ASGI has it
        if not scope.setdefault("endless", scope["method"] == "PUT"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]


@contextmanager
def hasty_server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(swallowing, http=Hasty, log_config=None, lifespan="off", timeout_keep_alive=30)  # type: ignore[arg-type]  # an ASGI application
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([], b"408"),
        ([b"G"], b"408"),
        ([b"GET / HTTP/1.1\r\n", *[b"X: y\r\n"] * 200], b"408"),
        ([b"PUT / HTTP/1.1\r\nHost: g\r\nContent-Length: 1000000\r\n\r\n", *[b"x"] * 200], b""),
        ([b"PUT / HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 200], b""),
    ],
    ids=["silence", "one byte", "a head without end", "a body by the byte", "chunks by the byte"],
)
def test_who_only_pretends_to_send_is_hung_up_on(pieces: list[bytes], status: bytes) -> None:
    with hasty_server() as port, socket.create_connection(("127.0.0.1", port)) as line:
        over = threading.Event()

        def dribble() -> None:
            with suppress(OSError):
                for piece in pieces:
                    line.sendall(piece)
                    if over.wait(0.02):
                        return

        sending = threading.Thread(target=dribble)
        sending.start()
        line.settimeout(20)
        received = b""
        with suppress(ConnectionResetError):
            while more := line.recv(4096):
                received += more
        over.set()
        sending.join()
        assert received[9:12] == status


def test_an_upload_that_keeps_its_pace_is_let_finish() -> None:
    with hasty_server() as port, socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: g\r\nContent-Length: 400000\r\n\r\n")
        for _ in range(10):
            line.sendall(bytes(40_000))
            time.sleep(0.1)
        line.settimeout(20)
        assert line.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_head_in_many_pieces_counts_as_one(served: tuple[Process, str]) -> None:
    with socket.create_connection(("127.0.0.1", port_of(served[0]))) as line:
        line.settimeout(20)
        with suppress(OSError):
            line.sendall(b"GET / HTTP/1.1\r\nX: ")
            for _ in range(100):
                line.sendall(bytes([97]) * 4096)
        received = b""
        with suppress(OSError):
            received = line.recv(4096)
    assert received[9:12] in (b"431", b"")
