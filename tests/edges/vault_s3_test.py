"""The vault in an object store: written once, pieces never left over, a lost store loses nothing, no secret said."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import obstore
import pytest

from gateway.domain import codes
from gateway.domain.errors import ConfigurationError, GatewayError
from gateway.edges.vault_s3 import S3Vault
from gateway.edges.vault_s3_bucket import Bucket, read_bucket
from gateway.edges.vault_s3_part import Pointer, read_pointer
from gateway.edges.vault_s3_uploads import Uploads
from tests.kit.object_store import KEY_ID, SECRET, ObjectServer, free_port, fresh_bucket, keys_in

CASE, PART = "case-1", "part-0001.bin"
PIECES = 9 << 20


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def bucket() -> Bucket:
    return fresh_bucket()


@pytest.fixture
def vault(bucket: Bucket) -> S3Vault:
    return S3Vault(bucket, now)


def store(vault: S3Vault, data: bytes, part: str = PART) -> None:
    writer = vault.create(CASE, part)
    writer.write(data)
    writer.commit()


def unfinished(bucket: Bucket) -> list[str]:
    return [upload.key for upload in Uploads(bucket, now).unfinished()]


def test_the_first_upload_of_a_part_stands_and_the_second_leaves_nothing(vault: S3Vault, bucket: Bucket) -> None:
    store(vault, b"first")
    before = keys_in(bucket)
    store(vault, bytes(PIECES))
    assert vault.open(CASE, PART).read() == b"first"
    assert keys_in(bucket) == before
    assert unfinished(bucket) == []


def test_everything_lies_under_the_prefix_and_is_named_by_us(vault: S3Vault, bucket: Bucket) -> None:
    store(vault, b"sealed")
    data, pointer = keys_in(bucket)
    assert data.startswith(f"land/nrw/{CASE}/data/{PART}.")
    assert pointer == f"land/nrw/{CASE}/parts/{PART}"


def test_an_aborted_upload_in_pieces_leaves_no_piece(vault: S3Vault, bucket: Bucket) -> None:
    writer = vault.create(CASE, PART)
    writer.write(bytes(2 * PIECES))
    assert len(unfinished(bucket)) == 1
    writer.abort()
    assert unfinished(bucket) == []
    assert keys_in(bucket) == []


def test_pieces_left_by_a_crash_go_with_the_sweep_and_those_of_others_stay(vault: S3Vault, bucket: Bucket) -> None:
    vault.create(CASE, PART).write(bytes(2 * PIECES))
    other = Bucket(bucket.name, "land/nrw2", bucket.endpoint, bucket.region, KEY_ID, SECRET)
    S3Vault(other, now).create(CASE, PART).write(bytes(2 * PIECES))
    assert vault.sweep(lambda _: True, now() - timedelta(hours=1)) == 0
    assert vault.sweep(lambda _: True, now() + timedelta(hours=1)) == 1
    assert unfinished(bucket) == []
    assert len(unfinished(other)) == 1


def test_an_object_without_a_pointer_goes_with_the_sweep(vault: S3Vault, bucket: Bucket) -> None:
    store(vault, b"sealed")
    obstore.put(bucket.store(), f"{CASE}/data/{PART}.lost", b"nobody points here", use_multipart=False)
    assert vault.sweep(lambda _: True, now() - timedelta(hours=1)) == 0
    assert vault.sweep(lambda _: True, now() + timedelta(hours=1)) == 1
    assert vault.open(CASE, PART).read() == b"sealed"


def test_a_pointer_whose_own_answer_was_lost_is_recognised(bucket: Bucket) -> None:
    at = now()
    vault = S3Vault(bucket, lambda: at, token=lambda: "mine")
    writer = vault.create(CASE, PART)
    writer.write(b"sealed")
    ours = Pointer(f"{PART}.{int(at.timestamp())}-mine", 6)
    obstore.put(bucket.store(), f"{CASE}/parts/{PART}", ours.octets(), use_multipart=False)
    writer.commit()
    writer.abort()
    assert vault.open(CASE, PART).read() == b"sealed"


def test_a_pointer_to_nothing_does_not_count_and_is_mended_by_the_next_upload(vault: S3Vault, bucket: Bucket) -> None:
    obstore.put(bucket.store(), f"{CASE}/parts/{PART}", Pointer(f"{PART}.gone", 6).octets(), use_multipart=False)
    assert not vault.exists(CASE, PART)
    store(vault, b"sealed")
    assert vault.exists(CASE, PART)
    assert vault.open(CASE, PART).read() == b"sealed"


def test_a_pointer_that_is_none_is_a_fault_of_the_store_and_no_missing_part(vault: S3Vault, bucket: Bucket) -> None:
    for nonsense in (b"", b"null", b"{}", b'{"object": 1}', b"\xff"):
        obstore.put(bucket.store(), f"{CASE}/parts/{PART}", nonsense, use_multipart=False)
        with pytest.raises(ConfigurationError) as told:
            vault.exists(CASE, PART)
        assert told.value.code is codes.DRAINING
    assert read_pointer(bucket.store(), f"{CASE}/parts/other") is None


@pytest.fixture
def server() -> Iterator[ObjectServer]:
    server = ObjectServer(free_port())
    server.start()
    yield server
    server.stop()


def test_a_lost_store_is_said_by_every_call_and_no_secret_with_it(server: ObjectServer) -> None:
    bucket = fresh_bucket(server)
    vault = S3Vault(bucket, now)
    small, large = vault.create(CASE, PART), vault.create(CASE, "part-0002.bin")
    small.write(b"sealed")
    large.write(bytes(PIECES))
    store(vault, b"there", "part-0003.bin")
    stream = vault.open(CASE, "part-0003.bin")
    server.stop()
    calls = (
        lambda: vault.exists(CASE, PART),
        lambda: vault.size(CASE, PART),
        lambda: vault.open(CASE, PART),
        lambda: stream.read(),
        lambda: vault.erase(CASE),
        lambda: vault.sweep(lambda _: True, now()),
        small.commit,
        lambda: [large.write(bytes(PIECES)) for _ in range(4)],
        lambda: store(vault, b"new", "part-0004.bin"),
    )
    for call in calls:
        with pytest.raises(GatewayError) as lost:
            call()
        assert lost.value.code is codes.DRAINING
        assert lost.value.__cause__ is None
        assert SECRET not in repr(lost.value) + str(lost.value.__context__)
    small.abort()
    large.abort()
    server.start()
    server.make_bucket(bucket.name)
    store(vault, b"new")
    assert vault.open(CASE, PART).read() == b"new"


class Refusing(BaseHTTPRequestHandler):
    """An object store that answers everything with one status and one word."""

    status, word = 403, "AccessDenied"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = f"<Error><Code>{self.word}</Code></Error>".encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("status", "word", "code", "said"),
    [
        (403, "AccessDenied", codes.DRAINING, "Zugangsdaten"),
        (401, "Unauthorized", codes.DRAINING, "Zugangsdaten"),
        (404, "NoSuchBucket", codes.DRAINING, "Bucket"),
        (507, "XMinioStorageFull", codes.STORAGE_FULL, "keinen Platz"),
        (400, "QuotaExceeded", codes.STORAGE_FULL, "keinen Platz"),
        (307, "TemporaryRedirect", codes.DRAINING, "nicht erreichbar"),
    ],
)
def test_a_store_that_refuses_is_told_apart_by_what_must_be_done(
    status: int, word: str, code: codes.Code, said: str
) -> None:
    handler = type("Handler", (Refusing,), {"status": status, "word": word})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as refusing:
        threading.Thread(target=refusing.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{refusing.server_port}"
        vault = S3Vault(Bucket("tresor", "", endpoint, "eu-central-1", KEY_ID, SECRET), now)
        with pytest.raises(ConfigurationError) as told:
            store(vault, b"sealed")
        assert told.value.code is code
        assert said in told.value.reason
        refusing.shutdown()


class Elsewhere(Refusing):
    """Sends every reader to another host, which would answer."""

    target = ""
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        if self.headers["Host"].startswith("localhost"):
            self.seen.append(self.path)
        self.send_response(302)
        self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/there")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET


def test_whoever_sends_a_reader_to_another_host_sends_it_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as sending:
        threading.Thread(target=sending.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{sending.server_port}"
        monkeypatch.setenv("HTTP_PROXY", f"http://localhost:{sending.server_port}")
        vault = S3Vault(Bucket("tresor", "", endpoint, "eu-central-1", KEY_ID, SECRET), now)
        for read in (lambda: vault.size(CASE, PART), lambda: vault.exists(CASE, PART), lambda: vault.erase(CASE)):
            with pytest.raises(ConfigurationError) as told:
                read()
            assert told.value.code is codes.DRAINING
        assert Elsewhere.seen == []
        sending.shutdown()


def test_memory_stays_flat_however_large_a_part_is(bucket: Bucket, tmp_path: Path) -> None:
    """40 MB more must not cost what 60 MB weigh; `python -m bench --only scale` does it with 250 MB."""
    peaks = [_peak(bucket, f"part-000{number}.bin", size << 20) for number, size in enumerate((20, 60))]
    assert peaks[1] - peaks[0] < 20_000, peaks


def _peak(bucket: Bucket, part: str, size: int) -> int:
    """Return the peak memory in KB of a process that stores and reads a part."""
    program = f"""
import resource
from datetime import UTC, datetime
from gateway.edges.vault_s3 import S3Vault
from gateway.edges.vault_s3_bucket import Bucket
vault = S3Vault(Bucket({bucket.name!r}, "", {bucket.endpoint!r}, "us-east-1", "k", "s"), lambda: datetime.now(UTC))
writer = vault.create("case", {part!r})
for _ in range({size} >> 18):
    writer.write(bytes(1 << 18))
writer.commit()
with vault.open("case", {part!r}) as stream:
    assert sum(len(piece) for piece in iter(lambda: stream.read(1 << 18), b"")) == {size}
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return int(shown.stdout)


GOOD = f"{KEY_ID}\n{SECRET}\n"


@pytest.mark.parametrize(
    ("address", "endpoint", "credentials"),
    [
        ("s3://", "https://s3.example.nrw", GOOD),
        ("tresor", "https://s3.example.nrw", GOOD),
        ("s3://Tresor", "https://s3.example.nrw", GOOD),
        ("s3://tresor/../x//y", "https://s3.example.nrw", GOOD),
        ("s3://tresor", "", GOOD),
        ("s3://tresor", "ftp://s3.example.nrw", GOOD),
        ("s3://tresor", "https://user@s3.example.nrw", GOOD),
        ("s3://tresor", "https://s3.example.nrw/pfad", GOOD),
        ("s3://tresor", "https://s3.example.nrw?x=1", GOOD),
        ("s3://tresor", "https://s3.example.nrw:99999", GOOD),
        ("s3://tresor", "https://s3.exämple.nrw", GOOD),
        ("s3://tresor", "http://s3.example.nrw", GOOD),
        ("s3://tresor", "http://10.0.0.1:9000", GOOD),
        ("s3://tresor", "https://s3.example.nrw", ""),
        ("s3://tresor", "https://s3.example.nrw", KEY_ID),
        ("s3://tresor", "https://s3.example.nrw", f"{KEY_ID}\n{SECRET}\nmehr"),
    ],
)
def test_an_unusable_way_to_the_store_is_refused_before_anything_is_sent(
    address: str, endpoint: str, credentials: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_bucket(address, endpoint, "eu-central-1", credentials, None, plain_http=False)
    assert refused.value.code is codes.CONFIGURATION
    assert SECRET not in str(refused.value) + refused.value.hint


def test_plain_http_leads_beyond_this_machine_only_by_choice() -> None:
    for near in ("http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"):
        assert not read_bucket("s3://tresor", near, "x", GOOD, None, plain_http=False).exposed
    chosen = read_bucket("s3://tresor", "http://10.0.0.1:9000", "x", GOOD, None, plain_http=True)
    assert chosen.exposed
    assert SECRET not in repr(chosen)
