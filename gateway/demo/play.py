"""The play: hand off, kill the worker in the middle, restart it, fetch, open, answer, and prove what happened."""

from __future__ import annotations

import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.demo import authority, law, table
from gateway.demo.applications import Application, applications
from gateway.demo.authority import FakeAuthority, Stage
from gateway.demo.checks import look
from gateway.demo.clerk import clear_up
from gateway.demo.ends import FolderEnd
from gateway.demo.portal import Handed, Portal
from gateway.demo.processes import GatewayProcess
from gateway.domain.case import Client
from gateway.domain.ids import CaseNumber
from gateway.domain.participation import Option
from gateway.domain.tokens import PREFIX, SCOPES, token_digest
from gateway.edges.keyring import FolderKeyring
from gateway.installing import set_up
from gateway.ports import World
from gateway.seal.keys import read_private_key
from gateway.settings import load
from gateway.wiring import open_world

Say = Callable[[str], None]

PATIENCE = 60.0

DAYS_LATER = 7
"""Days ahead at which it is shown who has not fetched: at least four working days, whatever day it is."""


def play(folder: Path | None, out: Say, say: Say) -> bool:
    """Play it in `folder` (or one that is removed afterwards), print the table, and return whether all went well."""
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the gateway's processes end with the play
    with _stage(folder) as stage, ExitStack() as stack:
        state = stage / "state"
        settings = load(state)
        set_up(settings, "Bauweiche Vorführung")
        server = GatewayProcess(state, "serve", "--port", "0")
        stack.callback(server.stop)
        made = stack.enter_context(ThreadPoolExecutor(1)).submit(applications)  # while everything else starts
        world = open_world(settings)
        stack.callback(world.store.close)
        home = Stage(stage / "behoerden", state / "secrets", *_certificates(world, stage))
        authorities = authority.set_up(world, home, stack)
        handed, killed = _act(world, state, server, authorities, made, say)
        outcome = look(world, handed, authorities, killed)
        out(table.render(handed, authorities))
        lawful = _law(world, handed, stage, out, say)
        out(table.foot(outcome, time.monotonic() - begun))
        well = outcome.well and lawful
        say("Was abgeholt wurde, ist geöffnet, geprüft und beim Gateway gelöscht." if well else "Etwas ging schief.")
        return well


@contextmanager
def _stage(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True)
        yield folder.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="bauweiche-demo-") as made:
        yield Path(made)


def _certificates(world: World, stage: Path) -> tuple[Path, Path]:
    """Write down what the authorities are given beforehand: the gateway's signing and its TLS certificate."""
    now = world.clock.now()
    assert isinstance(world.keyring, FolderKeyring)
    tls = read_private_key(world.keyring.tls_file(now).read_bytes()).certificate
    assert tls is not None
    signing = world.keyring.signer(now).certificate
    paths = stage / "gateway.pem", stage / "gateway-tls.pem"
    for path, certificate in zip(paths, (signing, tls), strict=True):
        path.write_bytes(certificate.public_bytes(Encoding.PEM))
    return paths


def _act(
    world: World,
    state: Path,
    server: GatewayProcess,
    authorities: list[FakeAuthority],
    made: Future[tuple[Application, ...]],
    say: Say,
) -> tuple[list[Handed], bool]:
    worker = GatewayProcess(state, "worker")
    try:
        authority.mailboxes(authorities, server.ready())
        portal = Portal(server.ready(), _token(world))
        worker.ready()
        taking_part = sum(entry["accepts"] for entry in portal.authorities())
        say(f"{taking_part} Behörden nehmen in der Vorführung teil, über {_ways(authorities)}.")
        handed, killed = [], False
        for application in _playable(made.result(), authorities):
            say(f"  gibt ab: {application.label}")
            handed.append(portal.hand_off(application))
            if not killed and not handed[-1].refused and sum(len(file.octets) for file in application.files) > 10**8:
                killed = _kill_in_the_middle(worker, authorities, say)
                worker = GatewayProcess(state, "worker")
        _until_done(world, portal, handed, authorities, say)
        for entry in handed:
            if not entry.refused and entry.answer["option"] == Option.WITHOUT_PLANS:
                law.plans_arrive(world, entry.case_number, say)
        for entry in handed:
            if "id" in entry.answer:
                entry.answer = portal.status(entry) | {"timeline": portal.timeline(entry)}
                entry.evidence = b"" if entry.refused else portal.evidence(entry)
        portal.close()
    finally:
        worker.stop()
    return handed, killed


def _law(world: World, handed: Sequence[Handed], stage: Path, out: Say, say: Say) -> bool:
    """Show who misses the fetch, and prove what became of the case whose plans came by post; True if both were so."""
    overdue = law.who_misses_the_fetch(world, DAYS_LATER, say)
    by_post = next(one for one in handed if not one.refused and one.answer["option"] == Option.WITHOUT_PLANS)
    number = CaseNumber(by_post.case_number)
    return law.prove(world, number, stage / "nachweis", stage / "gateway.pem", out, say) and len(overdue) == 1


def _ways(authorities: Sequence[FakeAuthority]) -> str:
    return ", ".join(dict.fromkeys(authority.WAYS[fake.wish.adapter] for fake in authorities))


def _playable(every: Sequence[Application], authorities: Sequence[FakeAuthority]) -> list[Application]:
    """Leave out what would go to an authority that could not be set up here (no SOAP server beside a wheel)."""
    absent = {wish.key for wish in authority.WISHES if wish.option.accepts}
    absent -= {fake.wish.key for fake in authorities}
    return [application for application in every if application.municipality not in absent]


def _token(world: World) -> str:
    token = PREFIX + secrets.token_urlsafe(32)
    client = Client("demo-portal", SCOPES, world.clock.now() + timedelta(hours=1), str(world.chance.uuid()))
    with world.store.writing() as tx:
        tx.clients.add(client, token_digest(token))
    return token


def _kill_in_the_middle(worker: GatewayProcess, authorities: list[FakeAuthority], say: Say) -> bool:
    """Kill the worker while it is writing into an inbox; True if it was caught in the act."""
    inboxes = [fake.end.inbox for fake in authorities if isinstance(fake.end, FolderEnd)]
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for inbox in inboxes:
            begun = [entry for entry in inbox.iterdir() if entry.name.startswith(".tmp-")]
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


def _until_done(world: World, portal: Portal, handed: list[Handed], authorities: list[FakeAuthority], say: Say) -> None:
    """Let the authorities fetch and answer until nothing is open: every case erased, every answer with its portal."""
    until = time.monotonic() + PATIENCE
    lax = {fake.wish.key for fake in authorities if not fake.wish.fetches}
    open_cases = [entry for entry in handed if not entry.refused and entry.answer["authority"]["key"] not in lax]
    expected = len(open_cases)
    while time.monotonic() < until:
        for fake in authorities:
            fake.fetch()
        clear_up(world, say)
        portal.take_replies(handed)
        sent = sum(len(fake.answered) for fake in authorities)
        told = sum(len(entry.replies) for entry in handed)
        if told == sent and sum(len(fake.read) for fake in authorities) == expected:
            open_cases = [entry for entry in open_cases if portal.status(entry)["erased_at"] is None]
            if not open_cases:
                return
        time.sleep(0.1)
