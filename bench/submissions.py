"""A 20 KB submission without plans, complete over HTTP, against the floor: the same work in a straight line.

Ours, on the real `bauweiche serve` over kept-alive connections: announce, upload the application overview, complete;
and the same in one call that brings the overview along.
Floor: one process without framework builds and validates the same message, signs it once, seals it once, commits once
with FULL durability. Compared per core: the processor time of the server with its PDF gate against that of the floor.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.figures import Figure, ratios
from bench.site import WITHOUT_PLANS, Line, Service, Site, line, service, site
from gateway.api.bodies import shaped
from gateway.api.shapes import AnnouncementIn
from gateway.demo.applications import Application, applications, overview
from gateway.domain.case import Case, Client
from gateway.domain.ids import MessageId
from gateway.domain.message import Heading, Stamp
from gateway.flow import intake
from gateway.flow.composing import heading_for, sign_manifest
from gateway.seal.cipher import seal
from gateway.xbau.antrag import Antrag, parse_antrag
from gateway.xbau.compose import compose
from gateway.xbau.release import Release, release

CLIENTS = 8


def run(quick: bool) -> list[Figure]:
    """Measure floor, one client and eight clients in turns."""
    rounds, each = (3, 60) if quick else (7, 150)
    floors, alone, many, gate, whole = [], [], [], [], []
    with site() as where, service(where, "serve", "--port", "0") as server:
        application = without_plans()
        with floor_of(where, application) as straight, line(server, where) as portal:
            work = Work(server, where, application)
            work.alone(portal, 30)
            work.whole(portal, 30)
            work.together(8)
            for _ in range(rounds):
                floors.append(_cost(straight, each))
                alone.append(work.measured(lambda: work.alone(portal, each), each))
                many.append(work.measured(lambda: work.together(each), each))
                gate.append(alone[-1].gate)
                whole.append(work.measured(lambda: work.whole(portal, each), each))
    cpu = tuple(cost.cpu for cost in floors)
    return [
        Figure("einreichung.boden-cpu", "Boden: Prozessorzeit je Einreichung", "ms", cpu),
        Figure("einreichung.boden-wand", "Boden: Uhrzeit je Einreichung", "ms", tuple(c.wall for c in floors)),
        Figure("einreichung.cpu", "ein Portal: Server samt Schleuse, Prozessorzeit", "ms", tuple(c.cpu for c in alone)),
        Figure("einreichung.cpu-schleuse", "davon Prüfprozess der PDF-Schleuse", "ms", tuple(gate)),
        Figure("einreichung.wand", "ein Portal: Uhrzeit (drei Anfragen)", "ms", tuple(c.wall for c in alone)),
        Figure("einreichung.wand-8", f"{CLIENTS} Portale: Uhrzeit", "ms", tuple(c.wall for c in many)),
        Figure("einreichung.cpu-8", f"{CLIENTS} Portale: Prozessorzeit", "ms", tuple(c.cpu for c in many)),
        Figure(
            "einreichung.verhaeltnis", "Boden gegen Server je Kern, ein Portal", "",
            ratios(cpu, [c.cpu for c in alone]),
        ),
        Figure("einreichung.cpu-ein-aufruf", "in einem Aufruf: Prozessorzeit", "ms", tuple(c.cpu for c in whole)),
        Figure("einreichung.wand-ein-aufruf", "in einem Aufruf: Uhrzeit", "ms", tuple(c.wall for c in whole)),
        Figure(
            "einreichung.verhaeltnis-ein-aufruf", "Boden gegen Server je Kern, in einem Aufruf", "",
            ratios(cpu, [c.cpu for c in whole]), least=0.5,
        ),
        Figure("einreichung.verhaeltnis-8", f"dasselbe, {CLIENTS} Portale", "", ratios(cpu, [c.cpu for c in many])),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds per submission: processor, clock, and of the processor's the gate's share."""

    cpu: float
    wall: float
    gate: float = 0.0


def _cost(act: Callable[[], None], times: int) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        act()
    return Cost((time.process_time() - cpu) / times * 1000, (time.perf_counter() - wall) / times * 1000)


def without_plans() -> Application:
    """Return the demonstration's application without plans, with an overview of 20 KB."""
    found = next(one for one in applications() if one.municipality == WITHOUT_PLANS)
    return replace(found, files=(overview("Lagerhalle", 20_000),))


def enclosed(announced: dict[str, Any], files: Sequence[bytes]) -> bytes:
    """Return the body of the one call that brings the files along; `announced` is left as it is."""
    attachments = [
        entry | {"content": b64encode(octets).decode()}
        for entry, octets in zip(announced["attachments"], files, strict=True)
    ]
    return json.dumps(announced | {"attachments": attachments}).encode()


@dataclass(frozen=True)
class Work:
    """Submitting one application again and again."""

    server: Service
    where: Site
    application: Application

    @cached_property
    def enclosed(self) -> bytes:
        """The body of the one call."""
        return enclosed(self.application.announcement(), [file.octets for file in self.application.files])

    def alone(self, portal: Line, times: int) -> None:
        """Submit over one connection, one after the other."""
        for _ in range(times):
            self.once(portal)

    def whole(self, portal: Line, times: int) -> None:
        """Submit in one call each, one after the other."""
        for _ in range(times):
            portal.post("/v1/submissions", self.enclosed, Idempotency_Key=secrets.token_hex(8))

    def together(self, times: int) -> None:
        """Submit `times` in all over eight connections at once."""
        threads = [threading.Thread(target=self._share, args=(times // CLIENTS,)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def once(self, portal: Line) -> None:
        """Announce, upload the overview, complete."""
        announced = json.dumps(self.application.announcement()).encode()
        case = portal.post("/v1/submissions", announced, Idempotency_Key=secrets.token_hex(8))
        portal.put(case["attachments"][0]["upload_url"], self.application.files[0].octets)
        portal.post(f"/v1/submissions/{case['id']}/complete")

    def measured(self, act: Callable[[], None], times: int) -> Cost:
        """Return what `times` submissions cost the server."""
        cpu, gate, wall = self.server.cpu(), self.server.helper_cpu(), time.perf_counter()
        act()
        spent = time.perf_counter() - wall
        cpu, gate = self.server.cpu() - cpu, self.server.helper_cpu() - gate
        return Cost(cpu / times * 1000, spent / times * 1000, gate / times * 1000)

    def _share(self, times: int) -> None:
        with line(self.server, self.where) as portal:
            self.alone(portal, times)


@contextmanager
def floor_of(where: Site, application: Application) -> Iterator[Callable[[], None]]:
    """Yield the straight line: compose and validate, sign, seal, commit."""
    message = _message(where, application)
    database = sqlite3.connect(Path(where.home) / "floor.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE parts (id INTEGER PRIMARY KEY, message BLOB, manifest BLOB, overview BLOB)")
    key, octets = os.urandom(32), application.files[0].octets

    def straight() -> None:
        data = compose(message.antrag, message.heading, message.release)
        manifest = sign_manifest(where.world, message.case, message.heading.stamp, data)
        sealed = seal(octets + data, key, os.urandom(12))
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO parts (message, manifest) VALUES (?, ?)", (sealed, manifest))
        database.execute("COMMIT")

    try:
        yield straight
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class Message:
    """Everything the straight line composes from, read beforehand."""

    antrag: Antrag
    heading: Heading
    release: Release
    case: Case


def _message(where: Site, application: Application) -> Message:
    world = where.world
    asked = shaped(AnnouncementIn, application.announcement()).announcement()
    client = Client("bench", frozenset(), world.clock.now(), "bench")
    case, _ = intake.announce(world, client, asked, "floor", "0" * 64)
    stamp = Stamp(MessageId(str(world.chance.uuid())), world.clock.now().replace(microsecond=0))
    with world.store.reading() as tx:
        participation = intake.find_route(world, tx, asked).participation
    chosen = release(case.release)
    heading = heading_for(world, case, asked, participation, stamp, chosen)
    return Message(parse_antrag(asked.procedure, asked.antrag), heading, chosen, case)
