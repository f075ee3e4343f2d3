"""One year of North Rhine-Westphalia: 24 000 applications from hand-off to receipt and erasure, as fast as they go.

Half of them with plans (the overview and six plans, three calls as a portal makes them), half without (one call); to
ten authorities, two per way, one per option; the realistic form of 22 KB as XBau 2.6. Sizes of plans are spread as real
ones are (median 3 MB, at most 30 MB), scaled down to a hundredth. Every authority has its own software at its end:
folders are emptied, mailboxes fetched and closed, pushes answered with receipts. The year is over when nothing is on
its way any more and every content is erased. Authorities and portals run on the same machine; their processor time is
not the gateway's and is not counted. BENCH_YEAR says how many applications, if not a year's.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.site import Line, Service, Site, line, service, site, sited
from bench.submissions import enclosed, floor_of, without_plans
from gateway.demo.pdf import make_pdf
from gateway.domain.delivery import State
from gateway.domain.ids import AuthorityKey
from gateway.wiring import SystemClock
from proof.storm import AUTHORITIES
from tests.kit.crash_ends import End, FolderEnd, Place, free_port, settled
from tests.kit.installation import announcement, installation
from tests.kit.xbau_samples import sample_antrag

YEAR = 24_000
PORTALS = 4
PLANS = 6
MEDIAN, LARGEST, SCALE = 3_000_000, 30_000_000, 100
PATIENCE = 7200
"""Seconds after which a year that has not ended counts as broken."""

ON_THE_WAY = (State.ACCEPTED, State.UNDER_WAY, State.WAITING, State.AVAILABLE)


@dataclass(frozen=True, slots=True)
class Spent:
    """What the year cost: seconds, processor seconds of the two processes, MB of memory, MB of disk."""

    seconds: float
    serve: float
    worker: float
    serve_memory: float
    worker_memory: float
    disk_peak: float
    disk_left: float


def run(quick: bool) -> list[Figure]:
    """Live through one year, or through the hundredth part of one."""
    count = int(os.environ.get("BENCH_YEAR", "0")) or (YEAR // 100 if quick else YEAR)
    floor = _floor()
    with tempfile.TemporaryDirectory(prefix="bauweiche-bench-", dir=os.environ.get("BENCH_DIR")) as folder:
        spent, arrived, received = _year(Path(folder), count)
    cost = 1000 * (spent.serve + spent.worker) / count
    return [
        Figure("jahr.antraege", "Anträge, angenommen, übergeben und gelöscht", "", (count,)),
        Figure("jahr.angekommen", "davon bei der richtigen Behörde, jeder einmal", "", (arrived,), least=count),
        Figure("jahr.belegt", "davon mit Beleg über Annahme und Übergabe", "", (received,), least=count),
        Figure("jahr.minuten", "Dauer auf dieser Maschine, samt Portalen und Behörden", "min", (spent.seconds / 60,)),
        Figure("jahr.cpu-serve", "serve: Prozessorzeit je Antrag", "ms", (1000 * spent.serve / count,)),
        Figure("jahr.cpu-worker", "worker: Prozessorzeit je Antrag", "ms", (1000 * spent.worker / count,)),
        Figure("jahr.boden-cpu", "Boden: ein Antrag ohne Pläne in gerader Linie", "ms", (floor,)),
        Figure("jahr.verhaeltnis", "Boden gegen alles bis zur Löschung, je Kern", "", (floor / cost,)),
        Figure("jahr.speicher-serve", "Spitze von serve (VmHWM)", "MB", (spent.serve_memory,), most=200),
        Figure("jahr.speicher-worker", "Spitze des Workers", "MB", (spent.worker_memory,), most=200),
        Figure("jahr.platte-spitze", "Spitze des Zustandsordners", "MB", (spent.disk_peak,)),
        Figure("jahr.platte", "Zustandsordner danach, je Antrag", "KB", (1000 * spent.disk_left / count,)),
    ]


def _floor() -> float:
    """Return the milliseconds of processor time of the straight line."""
    with site() as where, floor_of(where, without_plans()) as straight:
        for _ in range(20):
            straight()
        begun = time.process_time()
        for _ in range(100):
            straight()
        return (time.process_time() - begun) * 10


def _year(folder: Path, count: int) -> tuple[Spent, int, int]:
    """Return what it cost, how many arrived where they belong, and how many have both receipts."""
    clock: Any = SystemClock()
    mailbox = free_port()
    with (
        installation(folder, clock=clock, allow_hosts=("localhost",)) as installed,
        ExitStack() as stack,
    ):
        ends = {
            key: settled(Place(installed, AuthorityKey(key), stack, mailbox, pause=0.2), way, option)
            for key, way, option in AUTHORITIES
        }
        where = sited(installed)
        more = {
            "BAUWEICHE_MAILBOX_PORT": str(mailbox),
            "BAUWEICHE_ALLOW_HOSTS": '["localhost"]',
            "BAUWEICHE_LOOK_EVERY_SECONDS": "5",
        }
        server = stack.enter_context(service(where, "serve", "--port", "0", **more))
        worker = stack.enter_context(service(where, "worker", **more))
        with _emptied(where, ends), _watched(where.settings.state) as disk:
            begun = time.monotonic()
            _hand_off(server, where, count)
            _wait(where, begun)
        spent = Spent(
            time.monotonic() - begun, server.cpu(), worker.cpu(), server.peak_memory(), worker.peak_memory(),
            max(disk), disk[-1],
        )  # fmt: skip
        return spent, _arrived(where, ends), _received(where)


def _hand_off(server: Service, where: Site, count: int) -> None:
    """Let four portals hand everything off."""
    draw = random.Random(24)
    plans = [make_pdf([f"Plan {number}"], _size(draw)) for number in range(200)]
    wishes = iter([(draw.choice(AUTHORITIES), draw.sample(plans, PLANS)) for _ in range(count)])
    overview = make_pdf(["Antragsübersicht"], 20_000)
    taking = threading.Lock()

    def portal() -> None:
        with line(server, where) as opened:
            while True:
                with taking:
                    wish = next(wishes, None)
                if wish is None:
                    return
                (key, _, option), files = wish
                _submit(opened, key, [overview, *files] if option == "1" else [overview])

    with ThreadPoolExecutor(PORTALS) as pool:
        for done in [pool.submit(portal) for _ in range(PORTALS)]:
            done.result()


def _size(draw: random.Random) -> int:
    """Return the size of a plan: log-normal around the median, a hundredth of a real one."""
    return int(min(draw.lognormvariate(0, 1) * MEDIAN, LARGEST)) // SCALE


def _submit(portal: Line, municipality: str, files: Sequence[bytes]) -> None:
    asked = announcement(*files, municipality=municipality, antrag=sample_antrag())
    key = secrets.token_hex(8)
    if len(files) == 1:
        asked["posted_plans"] = [{"bezeichnung": "Lageplan", "anlageart": "2001", "datum": "2026-05-04"}]
        portal.post("/v1/submissions", enclosed(asked, files), Idempotency_Key=key)
        return
    case = portal.post("/v1/submissions", json.dumps(asked).encode(), Idempotency_Key=key)
    for slot, octets in zip(case["attachments"], files, strict=True):
        portal.put(slot["upload_url"], octets)
    portal.post(f"/v1/submissions/{case['id']}/complete")


@contextmanager
def _emptied(where: Site, ends: dict[str, End]) -> Iterator[None]:
    """Take messages out of the folders as authorities do."""
    stop = threading.Event()

    def take(end: FolderEnd) -> None:
        while not stop.wait(0.5):
            for found in where.inboxes[end.key].iterdir():
                if not found.name.startswith("."):
                    found.rename(end.taken / found.name)

    takers = [threading.Thread(target=take, args=(end,)) for end in ends.values() if isinstance(end, FolderEnd)]
    for taker in takers:
        taker.start()
    try:
        yield
    finally:
        stop.set()
        for taker in takers:
            taker.join()


@contextmanager
def _watched(state: Path) -> Iterator[list[float]]:
    """Yield the sizes of a folder in MB, one every two seconds, the last at the end."""
    sizes = [0.0]
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(2):
            sizes.append(_megabytes(state))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield sizes
    finally:
        stop.set()
        watcher.join()


def _megabytes(folder: Path) -> float:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except FileNotFoundError:  # erased while we looked
                continue
    return total / 1e6


def _wait(where: Site, begun: float) -> None:
    """Return once nothing is on its way and nothing lies in the vault any more."""
    while _left(where):
        if time.monotonic() - begun > PATIENCE:
            raise RuntimeError("the year does not end")
        time.sleep(0.5)


def _left(where: Site) -> int:
    with where.world.store.reading() as tx:
        counts = tx.deliveries.counts()
        return sum(counts.get(state, 0) for state in ON_THE_WAY) + len(tx.cases.erasable(1))


def _arrived(where: Site, ends: dict[str, End]) -> int:
    """Count the messages that lie at the authority they were for, each once."""
    found = 0
    with _database(where) as database:
        for key, end in ends.items():
            wanted = database.execute("SELECT count(*) FROM cases WHERE authority = ?", (key,)).fetchone()[0]
            there = len(list(end.taken.iterdir())) if isinstance(end, FolderEnd) else len(end.arrived())
            found += wanted if there == wanted else 0
    return found


def _received(where: Site) -> int:
    """Count the cases with a signed event of acceptance and one of handover."""
    asked = (
        "SELECT count(*) FROM (SELECT case_id FROM events WHERE signature <> '' AND what IN ('accepted', 'handed_over')"
        " GROUP BY case_id HAVING count(DISTINCT what) = 2)"
    )
    with _database(where) as database:
        return int(database.execute(asked).fetchone()[0])


def _database(where: Site) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(where.settings.database_url.removeprefix("sqlite:///")))
