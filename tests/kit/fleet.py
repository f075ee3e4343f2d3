"""Several processes of the product on one database and one vault, of one version or of two, and portals beside them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner

from gateway.main import app
from tests.kit.installation import WARENDORF, Installation, announcement, installation
from tests.kit.object_store import KEY_ID, SECRET, fresh_bucket, settings_of
from tests.kit.stores import fresh_postgres

ROOT = Path(__file__).parents[2]
READY = "bereit: "
_NUMBERS = count(1)


@dataclass(frozen=True)
class Member:
    """One process of the fleet."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and see that it does so in order."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) in (0, -signal.SIGTERM), self.log.read_text()[-2000:]


@dataclass(frozen=True)
class Fleet:
    """An installation and the processes that were started on it."""

    installed: Installation
    members: list[Member]

    def start(self, *arguments: str, code: Path = ROOT) -> Member:
        """Start `bauweiche …` from a source tree and return once it is ready."""
        log = self.installed.home / f"{arguments[0]}-{next(_NUMBERS)}.log"
        command = [sys.executable, "-m", "gateway.main", "--state", str(self.installed.settings.state), *arguments]
        with log.open("w") as out:
            process = subprocess.Popen(command, cwd=code, stdout=out, stderr=out, env=_environment(code))
        self.members.append(Member(process, log, _said(process, log)))
        return self.members[-1]

    def delivered(self) -> list[str]:
        """Return the names of the folders that Kreis Warendorf finds in its inbox."""
        return sorted(entry.name for entry in self.installed.inboxes[WARENDORF].iterdir() if entry.name[0] != ".")

    def opened(self, name: str) -> dict[str, Any]:
        """Open what arrived with the authority's own tool, which must find nothing wrong."""
        installed = self.installed
        folder = installed.inboxes[WARENDORF] / name
        arguments = ["open", str(folder), "--json", "--key", str(installed.keys[WARENDORF]), "--authority", WARENDORF]
        into = installed.home / "opened" / name
        shown = [*arguments, "--gateway", str(installed.gateway_certificate()), "--to", str(into)]
        done = CliRunner().invoke(app, shown)
        assert done.exit_code == 0, done.output
        report: dict[str, Any] = json.loads(done.stdout)
        return report


@contextmanager
def fleet(home: Path, database: str = "", *, object_store: bool = True, **settings: Any) -> Iterator[Fleet]:
    """Set an installation up on a real PostgreSQL and S3 on this machine; end all its processes with the block."""
    chosen = {"database": database or fresh_postgres(empty=True), "look_every_seconds": 0.5, **settings}
    state = home / "state"
    (state / "secrets").mkdir(parents=True, mode=0o700)
    state.chmod(0o700)
    if object_store:
        chosen = settings_of(fresh_bucket()) | chosen
        write_secret(state / "secrets" / "vault", f"{KEY_ID}\n{SECRET}\n")
    chosen["disk_reserve_bytes"] = 0
    (state / "bauweiche.toml").write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in chosen.items()))
    with installation(home) as installed:
        made = Fleet(installed, [])
        try:
            yield made
        finally:
            for member in made.members:
                with suppress(ProcessLookupError):
                    member.kill()


def write_secret(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text)


def _environment(code: Path) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("BAUWEICHE_")} | {
        "PYTHONPATH": str(code),
        "PYTHONUNBUFFERED": "1",
    }


def _said(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith(READY):
                return line.removeprefix(READY)
        time.sleep(0.02)
    raise AssertionError(f"not ready: {log.read_text()[-2000:]}")


class Portal:
    """A portal that knows several addresses of the gateway and takes the next one whenever one does not answer."""

    def __init__(self, addresses: Sequence[str], token: str) -> None:
        self._addresses = list(addresses)
        self._lines = [
            httpx.Client(base_url=address, timeout=60, trust_env=False, headers={"Authorization": f"Bearer {token}"})
            for address in addresses
        ]
        self._next = 0

    def close(self) -> None:
        for line in self._lines:
            line.close()

    def call(self, method: str, target: str, **what: Any) -> httpx.Response:
        """Ask each address in turn, again and again for a minute, until one answers with other than 5xx."""
        until = time.monotonic() + 60
        while True:
            self._next = (self._next + 1) % len(self._lines)
            with suppress(httpx.TransportError):
                answer = self._lines[self._next].request(method, target, **what)
                if answer.status_code < 500:
                    return answer
            assert time.monotonic() < until, f"nobody answered {method} {target}"
            time.sleep(0.1)

    def hand_off(self, key: str, *files: bytes) -> dict[str, Any]:
        """Announce, upload and complete, every step wherever; return the acceptance."""
        asked = announcement(*files, portal_reference=key)
        announced = self.call("POST", "/v1/submissions", json=asked, headers={"Idempotency-Key": key})
        assert announced.status_code == 201, announced.text
        case = announced.json()
        for slot, octets in zip(case["attachments"], files, strict=True):
            put = self.call("PUT", slot["upload_url"], content=octets, headers={"Content-Type": "application/pdf"})
            assert put.status_code in (200, 409), put.text
        completed = self.call("POST", f"/v1/submissions/{case['id']}/complete")
        assert completed.status_code == 201, completed.text
        accepted: dict[str, Any] = completed.json()
        return accepted

    def status(self, case_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/v1/submissions/{case_id}").raise_for_status().json()
        return found
