"""How the simulated authorities get at their messages, one kind of end per way, and how they answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_connection, create_server
from time import monotonic, sleep, time_ns
from typing import Protocol

from gateway.demo.identity import Identity
from gateway.demo.reading import Read, read_clear, read_sealed

EXAMPLES = Path(__file__).parents[2] / "examples"
"""Beside the source tree lies the SOAP server that an authority could start from; a wheel does not bring it."""

STARTING = 10.0


class End(Protocol):
    """One authority's end of its way."""

    def fetch(self) -> Sequence[Read]:
        """Take what has come since the last time, and read it."""

    def answer(self, message: bytes) -> bool:
        """Send an answer back by this way; False if the way has no way back."""


@dataclass(frozen=True)
class FolderEnd:
    """An inbox folder (file drop, or what an SFTP server shows): sealed folders, opened with the authority's tool."""

    inbox: Path
    home: Path
    authority: str
    gateway: Path

    def fetch(self) -> Sequence[Read]:
        """Move every complete message out of the inbox and open it."""
        found = []
        for folder in sorted(self.inbox.iterdir()):
            if folder.name.startswith(".") or not (folder / "envelope.xml").is_file():
                continue
            mine = self.home / "abgeholt" / folder.name
            folder.rename(mine)
            target = self.home / "geoeffnet" / folder.name
            found.append(read_sealed(mine, self.home / "schluessel.pem", self.gateway, self.authority, target))
        return found

    def answer(self, message: bytes) -> bool:
        """Lay an answer into the return folder; it appears there complete."""
        folder = self.inbox / "rueckweg"
        folder.mkdir(exist_ok=True)
        building = folder / f".{time_ns()}"  # names in order of time: the gateway takes them in order
        building.mkdir()
        (building / "message.xml").write_bytes(message)
        building.rename(folder / building.name[1:])
        return True


@dataclass
class SoapEnd:
    """The folder into which the example SOAP server puts messages."""

    inbox: Path
    port: int
    seen: set[str] = field(default_factory=set)

    def fetch(self) -> Sequence[Read]:
        """Read what the server has stored; it has checked every digest itself."""
        new = [path for path in self.inbox.glob("*/uebergabe.json") if path.parent.name not in self.seen]
        self.seen |= {path.parent.name for path in new}
        return [self._read(path) for path in new]

    def answer(self, message: bytes) -> bool:  # noqa: ARG002  the way has no way back
        """Return False: answers would go by XTA or a folder."""
        return False

    def _read(self, path: Path) -> Read:
        facts = json.loads(path.read_text(encoding="utf-8"))
        message = facts.pop("nachricht.xml")
        documents = {part["kennung"] for part in facts.values() if part["kennung"] != "manifest"}
        return read_clear(message["vorgangsnummer"], (path.parent / "nachricht.xml").read_bytes(), documents)


@contextmanager
def soap_server(inbox: Path, identity: Identity, gateway_tls: Path) -> Iterator[SoapEnd]:
    """Run the example server as an authority would: a process of its own with its certificate."""
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    files = ["--certificate", identity.certificate, "--key", identity.key, "--gateway", gateway_tls]
    command = [sys.executable, "-m", "examples.soap_server.server", "--folder", inbox, "--port", port, *files]
    with (inbox.parent / "soap-server.log").open("w") as log:
        server = subprocess.Popen([str(word) for word in command], cwd=EXAMPLES.parent, stderr=log)  # noqa: S603  our own
    try:
        yield SoapEnd(inbox, port)
    finally:
        server.terminate()
        server.wait()


def listening(port: int) -> None:
    """Return once somebody listens on a port of this machine."""
    until = monotonic() + STARTING
    while True:
        try:
            create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if monotonic() > until:
                raise
            sleep(0.02)
        else:
            return
