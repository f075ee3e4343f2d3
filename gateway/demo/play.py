"""The play: hand off, kill the worker in the middle, restart it, fetch, open, and show what happened."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.api.auth import PREFIX, SCOPES, token_digest
from gateway.demo import authority, table
from gateway.demo.applications import applications
from gateway.demo.authority import FakeAuthority
from gateway.demo.portal import Handed, Portal
from gateway.demo.processes import GatewayProcess
from gateway.domain.case import Client
from gateway.domain.journal import verify
from gateway.installing import set_up
from gateway.ports import World
from gateway.settings import load
from gateway.wiring import open_world

Say = Callable[[str], None]

PATIENCE = 30.0


def play(folder: Path | None, out: Say, say: Say) -> bool:
    """Play it in `folder` (or one that is removed afterwards), print the table, and return whether all went well."""
    begun = time.monotonic()
    with _stage(folder) as stage:
        state = stage / "state"
        settings = load(state)
        set_up(settings, "Bauweiche Vorführung")
        world = open_world(settings)
        try:
            certificate = stage / "gateway.pem"
            certificate.write_bytes(world.keyring.signer(world.clock.now()).certificate.public_bytes(Encoding.PEM))
            authorities = authority.set_up(world, stage / "behoerden", certificate)
            handed, killed = _act(world, state, authorities, say)
            out(table.render(handed, authorities, killed, time.monotonic() - begun))
            return _all_well(world, handed, authorities, killed, say)
        finally:
            world.store.close()


@contextmanager
def _stage(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True)
        yield folder.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="bauweiche-demo-") as made:
        yield Path(made)


def _act(world: World, state: Path, authorities: list[FakeAuthority], say: Say) -> tuple[list[Handed], bool]:
    server = GatewayProcess(state, "serve", "--port", "0")
    worker = GatewayProcess(state, "worker")
    try:
        portal = Portal(server.ready(), _token(world))
        worker.ready()
        directory = portal.authorities()
        taking_part = sum(entry["accepts"] for entry in directory)
        say(f"Das Portal kennt {len(directory)} Behörden, {taking_part} nehmen in der Vorführung teil.")
        handed, killed = [], False
        for application in applications():
            say(f"  gibt ab: {application.label}")
            handed.append(portal.hand_off(application))
            if not killed and sum(len(file.octets) for file in application.files) > 10**8:
                killed = _kill_in_the_middle(worker, authorities, say)
                worker = GatewayProcess(state, "worker")
        _until_fetched(portal, handed, authorities)
        for entry in handed:
            if "id" in entry.answer:
                entry.answer = portal.status(entry) | {"timeline": portal.timeline(entry)}
        portal.close()
    finally:
        worker.stop()
        server.stop()
    return handed, killed


def _token(world: World) -> str:
    token = PREFIX + secrets.token_urlsafe(32)
    client = Client("demo-portal", SCOPES, world.clock.now() + timedelta(hours=1), str(world.chance.uuid()))
    with world.store.writing() as tx:
        tx.clients.add(client, token_digest(token))
    return token


def _kill_in_the_middle(worker: GatewayProcess, authorities: list[FakeAuthority], say: Say) -> bool:
    """Kill the worker while it is writing into an inbox; True if it was caught in the act."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for fake in authorities:
            begun = [entry for entry in fake.inbox.iterdir() if entry.name.startswith(".tmp-")]
            if any(_size(folder) > 10**7 for folder in begun):
                worker.kill()
                say("  kill -9: der Worker stirbt mitten in der Übermittlung; ein neuer startet.")
                return True
    return False


def _size(folder: Path) -> int:
    try:
        return sum(entry.stat().st_size for entry in folder.iterdir())
    except FileNotFoundError:
        return 0


def _until_fetched(portal: Portal, handed: list[Handed], authorities: list[FakeAuthority]) -> None:
    """Let the authorities fetch until the portal sees every accepted application erased at the gateway."""
    until = time.monotonic() + PATIENCE
    open_cases = [entry for entry in handed if not entry.refused]
    while open_cases and time.monotonic() < until:
        for fake in authorities:
            fake.fetch()
        open_cases = [entry for entry in open_cases if portal.status(entry)["erased_at"] is None]
        time.sleep(0.05)


def _all_well(world: World, handed: list[Handed], authorities: list[FakeAuthority], killed: bool, say: Say) -> bool:
    accepted = [entry for entry in handed if not entry.refused]
    read = {report["case_number"]: report for fake in authorities for report in fake.opened.values() if report["ok"]}
    opened = sum(len(fake.opened) for fake in authorities)
    with world.store.reading() as tx:
        broken = verify(tx.journal.read())
    well = (
        killed
        and broken is None
        and opened == len(accepted)
        and all(entry.case_number in read for entry in accepted)
        and all(entry.answer["erased_at"] for entry in accepted)
    )
    say("Alles angekommen, geöffnet, geprüft und beim Gateway gelöscht." if well else "Etwas ging schief.")
    return well
