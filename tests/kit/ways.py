"""A real installation with one authority on each way, and the strict far side of each: what the journeys run on."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.api.app import build_app
from gateway.domain.case import Case, Delivery
from gateway.domain.ids import AuthorityKey
from gateway.domain.participation import Protection
from gateway.edges.gate import Gate
from gateway.edges.keyring import FolderKeyring
from gateway.flow import operate
from gateway.flow.certificates import hold
from gateway.ports import World
from gateway.seal.keys import read_private_key
from tests.kit.installation import (
    ACTOR,
    AHLEN,
    MUENSTER,
    OELDE,
    WARENDORF,
    Installation,
    announcement,
    installation,
    overview_pdf,
)
from tests.kit.sftp_server import USER, SftpSide
from tests.kit.soap_server import SoapSide, http
from tests.kit.wire import Break, Wire
from tests.kit.xta_reference_server import Fault, Http, ReferenceServer
from tests.kit.xta_sides import PushSide
from tests.kit.xta_tls import Pki, serving

HAMM = AuthorityKey("05915000")
BIELEFELD = AuthorityKey("05711000")
TOWN = {WARENDORF: "05570012"}
"""A municipality of each authority that is not one itself."""

Trouble = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class FarEnd:
    """One authority's end of a way: how to get there, what it holds, and how it goes wrong by `troubles`."""

    authority: AuthorityKey
    adapter: str
    settings: dict[str, Any]
    stored: Callable[[], Sequence[str]]
    troubles: dict[str, Trouble]
    protection: Protection = Protection.END_TO_END


def token_client(installed: Installation, gate: Gate, token: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=build_app(installed.world, gate=gate))
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers=headers)


@dataclass
class Ways:
    """An installation, a portal at it, and the far ends by adapter."""

    installed: Installation
    gate: Gate
    token: str
    ends: dict[str, FarEnd]

    @property
    def world(self) -> World:
        return self.installed.world

    def hand_off(self, key: AuthorityKey, *sizes: int) -> Delivery:
        """Hand an application off as a portal does, with an overview and plans of these sizes; it is queued then."""
        return asyncio.run(self._hand_off(key, [overview_pdf(), *(overview_pdf(size) for size in sizes)]))

    async def _hand_off(self, key: AuthorityKey, files: Sequence[bytes]) -> Delivery:
        async with token_client(self.installed, self.gate, self.token) as client:
            asked = announcement(*files, municipality=TOWN.get(key, key))
            begun = await client.post("/v1/submissions", json=asked, headers={"Idempotency-Key": str(uuid4())})
            assert begun.status_code == 201, begun.text
            case = begun.json()
            for slot, octets in zip(case["attachments"], files, strict=True):
                sent = {"Content-Type": "application/pdf"}
                put = await client.put(slot["upload_url"], content=octets, headers=sent)
                assert put.status_code == 200, put.text
            done = await client.post(f"/v1/submissions/{case['id']}/complete")
            assert done.status_code == 201, done.text
        return self.delivery(done.json()["message_id"])

    def get(self, path: str) -> Any:
        """Return what a portal reads."""

        async def read() -> Any:
            async with token_client(self.installed, self.gate, self.token) as client:
                return (await client.get(path)).raise_for_status().json()

        return asyncio.run(read())

    def delivery(self, message_id: str) -> Delivery:
        with self.world.store.reading() as tx:
            found = tx.deliveries.get(message_id)  # type: ignore[arg-type]  # an id from JSON
        assert found is not None
        return found

    def case(self, delivery: Delivery) -> Case:
        with self.world.store.reading() as tx:
            found = tx.cases.get(delivery.case_id)
        assert found is not None
        return found

    def acts(self, subject: str) -> list[str]:
        with self.world.store.reading() as tx:
            return [entry.act.what for entry in tx.journal.read(subject=subject)]

    def work(self, **span: float) -> None:
        """Let some time pass and a worker do what is due then."""
        self.installed.clock.pass_by(**span)
        self.installed.work()

    def takes_part(self, key: AuthorityKey, adapter: str, **choices: Any) -> None:
        """Let an authority take part by the way of a far end, whosever that is, from today on."""
        end = self.ends[adapter]
        chosen = {"adapter": adapter, "settings": end.settings, "protection": end.protection}
        self.installed.takes_part(key, **(chosen | choices))

    def forgive(self, key: AuthorityKey) -> None:
        """Close an authority's breaker, so that one test does not stand in another's way."""
        operate.resume(self.world, key, ACTOR, "nächster Versuch")


@contextmanager
def ways(home: Path, pki: Pki, wanted: Sequence[str] = ("xta_push", "sftp", "soap_push")) -> Iterator[Ways]:
    """Set an installation up with one authority on file drop (Warendorf) and one on each wanted way."""
    with ExitStack() as stack:
        installed = stack.enter_context(installation(home, allow_hosts=("localhost",)))
        gate = Gate()
        stack.callback(gate.close)
        made = Ways(installed, gate, installed.token(days=3000), {"file_drop": file_drop_end(installed)})
        for adapter in wanted:
            end = stack.enter_context(_ENDS[adapter](installed, home, pki))
            made.ends[adapter] = end
            made.takes_part(end.authority, adapter)
        yield made


def file_drop_end(installed: Installation) -> FarEnd:
    """Return the folder of Kreis Warendorf."""
    inbox = installed.inboxes[WARENDORF]
    troubles: dict[str, Trouble] = {"fault": lambda: _unwritable(inbox)}
    return FarEnd(WARENDORF, "file_drop", {"folder": str(inbox)}, lambda: names_in(inbox), troubles)


@contextmanager
def xta_push_end(installed: Installation, home: Path, pki: Pki) -> Iterator[FarEnd]:
    """An authority with the strict XTA server behind a wire that can break."""
    hold(installed.world, MUENSTER, "tls-anchor", pki.anchors.read_bytes(), ACTOR)
    server = ReferenceServer()
    with serving(server, pki, anchors=tls_certificate(installed)) as port, Wire(port).running() as wire:
        base = f"https://localhost:{wire.port}/"
        side = PushSide(server, port)
        given = {"management_url": base + "m", "send_url": base + "s", "patience": 1}

        @contextmanager
        def planned(trouble: Http | Fault) -> Iterator[None]:
            server.plan = {"SendMessage": [trouble]}
            yield
            assert server.plan == {"SendMessage": []}, "the fault did not happen"
            server.plan = {}

        troubles = wire_troubles(wire) | {
            "500": lambda: planned(Http(500)),
            "fault": lambda: planned(Fault("XTAWSTechnicalProblemException", "9030")),
            "garbage": lambda: planned(Http(200, b"\x00", "application/soap+xml", after=True)),
        }
        yield FarEnd(
            MUENSTER,
            "xta_push",
            given,
            lambda: [*(one.message_id for one in side.stored()), *server.complaints],
            troubles,
            Protection.TRANSPORT,
        )


@contextmanager
def soap_push_end(installed: Installation, home: Path, pki: Pki) -> Iterator[FarEnd]:
    """An authority with the example SOAP server behind a wire that can break."""
    hold(installed.world, AHLEN, "tls-anchor", pki.anchors.read_bytes(), ACTOR)
    side = SoapSide(home / "soap", replace(pki, anchors=tls_certificate(installed)))
    with side.running(), Wire(side.port).running() as wire:
        given = {"url": f"https://localhost:{wire.port}/uebergabe", "patience": 1}
        broken = http(b"<html>kaputt</html>", "text/html", "500 Internal Server Error")
        soap_fault = (
            b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code>'
            b"<s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang='de'>Platte voll</s:Text></s:Reason>"
            b"</s:Fault></s:Body></s:Envelope>"
        )
        troubles = wire_troubles(wire) | {
            "500": lambda: side.wrong(raw=broken),
            "fault": lambda: side.wrong(raw=http(soap_fault, status="500 Internal Server Error")),
            "garbage": lambda: side.wrong(raw=http(b"\x00\x01")),
        }
        yield FarEnd(AHLEN, "soap_push", given, lambda: names_in(side.folder), troubles, Protection.TRANSPORT)


@contextmanager
def sftp_end(installed: Installation, home: Path, pki: Pki) -> Iterator[FarEnd]:
    """An authority with a chrooted SFTP server behind a wire that can break."""
    side = SftpSide(home / "sftp", home / "abgeholt")
    with side.running(), Wire(side.port).running() as wire:
        secret = installed.settings.state / "secrets" / "sftp-ahlen"
        secret.touch(mode=0o600)
        secret.write_bytes(side.client_key.export_private_key())
        given = {
            "host": "localhost", "port": wire.port, "user": USER, "key": secret.name, "folder": "/eingang",
            "host_key": side.host_key.export_public_key().decode(), "patience": 1,
        }  # fmt: skip
        troubles = wire_troubles(wire) | {
            "answer lost after delivery": lambda: side._once(lose_rename_answer=True),
            "fault": lambda: _unwritable(side.side.folder),
        }
        del troubles[Break.NO_TLS]
        yield FarEnd(
            OELDE, "sftp", given, lambda: [*names_in(side.side.folder), *names_in(side.side.fetched)], troubles
        )


_ENDS = {"xta_push": xta_push_end, "soap_push": soap_push_end, "sftp": sftp_end}


def wire_troubles(wire: Wire) -> dict[str, Trouble]:
    def breaking(how: Break) -> Trouble:
        return lambda: wire.broken(how)

    return {how.value: breaking(how) for how in Break}


@contextmanager
def _unwritable(folder: Path) -> Iterator[None]:
    """Put a file in the folder's place, which nobody can write into; root can write into anything else."""
    away = folder.with_name("weg")
    folder.rename(away)
    folder.write_bytes(b"")
    try:
        yield
    finally:
        folder.unlink()
        away.rename(folder)


def names_in(folder: Path) -> list[str]:
    """Return the ids of the messages that lie in a folder, complete or not; what begins with a dot is not there."""
    found = sorted(entry.name.partition("@")[0] for entry in folder.iterdir() if not entry.name.startswith("."))
    return [name for name in found if name != "rueckweg"]


def tls_certificate(installed: Installation) -> Path:
    """Return a file with the certificate that the gateway shows to servers and clients."""
    assert isinstance(installed.world.keyring, FolderKeyring)
    entry = read_private_key(installed.world.keyring.tls_file(installed.clock.now()).read_bytes())
    assert entry.certificate is not None
    path = installed.home / "gateway-tls.pem"
    path.write_bytes(entry.certificate.public_bytes(Encoding.PEM))
    return path


def read_all(stream: io.IOBase) -> bytes:
    with stream:
        return bytes(stream.read())
