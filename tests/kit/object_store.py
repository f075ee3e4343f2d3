"""A real S3 server on loopback for the tests: moto, from its wheel, in a process of its own."""

from __future__ import annotations

import atexit
import socket
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from itertools import count
from time import monotonic, sleep
from typing import Any

import obstore
from obstore.store import S3Store

from gateway.edges.vault_s3_bucket import Bucket, read_bucket

KEY_ID, SECRET = "AKIATESTTESTTEST", "geheim-und-lang-0123456789"
_NUMBERS = count(1)


@dataclass
class ObjectServer:
    """One S3 server; `stop` takes it away with everything in it, `start` brings an empty one back to its port."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert monotonic() < until, "the object store did not start"
                sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def make_bucket(self, name: str) -> None:
        """Create a bucket by hand: the gateway itself never does."""
        import httpx

        httpx.put(f"{self.endpoint}/{name}", trust_env=False).raise_for_status()


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


@cache
def object_server() -> ObjectServer:
    """Return the server that all tests of a process share."""
    server = ObjectServer(free_port())
    server.start()
    atexit.register(server.stop)
    return server


def fresh_bucket(server: ObjectServer | None = None) -> Bucket:
    """Return a new, empty bucket; everything of ours lies under a prefix."""
    used = server or object_server()
    name = f"tresor-{next(_NUMBERS)}"
    used.make_bucket(name)
    return read_bucket(
        f"s3://{name}/land/nrw", used.endpoint, "us-east-1", f"{KEY_ID}\n{SECRET}\n", None, plain_http=False
    )


def settings_of(bucket: Bucket) -> dict[str, Any]:
    """Return the settings of an installation whose vault this is."""
    return {
        "vault": f"s3://{bucket.name}/{bucket.prefix}",
        "vault_endpoint": bucket.endpoint,
        "vault_region": bucket.region,
    }


def keys_in(bucket: Bucket) -> list[str]:
    """Return the names of everything in the bucket, ours or not."""
    whole: S3Store = Bucket(bucket.name, "", bucket.endpoint, bucket.region, KEY_ID, SECRET).store()
    return sorted(one["path"] for page in obstore.list(whole) for one in page)
