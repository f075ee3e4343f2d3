"""Large replies: flat memory in each direction, sizes limited, stored bytes that changed never pass as whole."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from itertools import count
from uuid import uuid4

import httpx
import pytest
import uvicorn

from gateway.api.app import build_app
from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.domain.reply import ReplyState
from gateway.flow.desk import MailboxDesk
from gateway.flow.reading import attachment
from tests.kit.installation import WARENDORF, Installation, installation
from tests.kit.replying import hand_in, journal_of, kept, known_case, leave, next_round, only_reply

NUMBERS = count(1)
LARGE = 60_000_000
CHUNK = bytes(1 << 20)


@pytest.fixture
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("large")) as made:
        yield made


@pytest.fixture
def measured() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.slow
def test_a_large_reply_is_taken_and_read_in_flat_memory(installed: Installation, measured: None) -> None:
    known = known_case(installed, next(NUMBERS))
    desk = MailboxDesk(installed.world, "xta_mailbox")
    arriving = desk.receive(frozenset({WARENDORF}), {"message_id": str(uuid4()), "authority": WARENDORF})
    sink = arriving.part("", "plan.pdf", "application/pdf")
    for _ in range(LARGE // len(CHUNK)):
        sink.write(CHUNK)
    sink.close()
    arriving.message(known.xml("1120"))
    reply = kept(installed, arriving.commit())
    part, pieces = attachment(installed.world, reply, 0)
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    assert digest.hexdigest() == part.sha256
    assert tracemalloc.get_traced_memory()[1] < 20_000_000


@pytest.mark.slow
def test_a_large_file_in_a_return_folder_is_collected_in_flat_memory(installed: Installation, measured: None) -> None:
    known = known_case(installed, next(NUMBERS))
    folder = leave(installed, known.xml("1120"))
    folder.rename(folder.with_name(".building"))
    with (folder.with_name(".building") / "plan.pdf").open("wb") as sparse:
        sparse.truncate(LARGE)
    folder.with_name(".building").rename(folder)
    next_round(installed)
    reply = only_reply(installed)
    assert (reply.state, reply.parts[0].size) == (ReplyState.MATCHED, LARGE)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000


def test_more_than_250_mb_is_turned_away_before_it_is_stored(installed: Installation) -> None:
    identity = str(uuid4())
    desk = MailboxDesk(installed.world, "xta_mailbox")
    arriving = desk.receive(frozenset({WARENDORF}), {"message_id": identity, "authority": WARENDORF})
    sink = arriving.part("", "plan.pdf", "application/pdf")
    with pytest.raises(SubmissionError) as caught:
        sink.write(bytes(250_000_001))
    assert caught.value.code is codes.SUBMISSION_TOO_LARGE
    assert journal_of(installed, identity) == ["reply.turned_away"]
    assert not [path for path in (installed.home / "state" / "vault").rglob("*") if path.is_file()]


def test_more_than_500_attachments_are_turned_away(installed: Installation) -> None:
    identity = str(uuid4())
    many = tuple(("", f"{number}.pdf", b"") for number in range(501))
    with pytest.raises(SubmissionError) as caught:
        hand_in(installed, b"<x/>", parts=many, message_id=identity)
    assert caught.value.code is codes.ATTACHMENTS_TOO_MANY
    assert journal_of(installed, identity) == ["reply.turned_away"]


def test_a_changed_byte_in_the_vault_cuts_the_download_before_its_end(installed: Installation) -> None:
    plan = bytes(3_000_000)
    known = known_case(installed, next(NUMBERS))
    reply_id = hand_in(installed, known.xml("1120"), parts=(("", "plan.pdf", plan),))
    (stored,) = (installed.home / "state" / "vault").rglob("part-0001.bin")
    octets = bytearray(stored.read_bytes())
    octets[1_000] ^= 1
    stored.write_bytes(octets)
    headers = {"Authorization": f"Bearer {installed.token()}"}
    received: list[int] = []
    with serving(installed) as port, httpx.Client(headers=headers) as client:
        url = f"http://127.0.0.1:{port}/v1/replies/{reply_id}/attachments/0"
        with pytest.raises(httpx.RemoteProtocolError):
            download(client, url, received)
    assert 0 < sum(received) < len(plan)


def download(client: httpx.Client, url: str, received: list[int]) -> None:
    with client.stream("GET", url) as answer:
        assert answer.headers["content-length"] == "3000000"
        for piece in answer.iter_bytes():
            received.append(len(piece))


class serving:
    """The HTTP API on a real socket."""

    def __init__(self, installed: Installation) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        app = build_app(installed.world)
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listening]})

    def __enter__(self) -> int:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return int(self._listening.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
