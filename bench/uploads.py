"""250 MB in PDFs over HTTP, from the announcement to durable acceptance, against the bare pass; and who waits for it.

The product is the real `bauweiche serve` with vault, gate, database and sealing; the floor is `bench.bare`. Both are
fed over one kept-alive connection by the same client, in turns.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import secrets
import time
from collections.abc import Sequence
from typing import Any

from bench.bare import bare_server
from bench.figures import Figure, quantile, ratios
from bench.site import WITH_PLANS, Line, Service, Site, line, service, site
from tests.kit.installation import announcement
from tests.kit.pdfs import plain_pdf

FILES = 9
FILE_BYTES = 27_700_000
PAUSE = 0.01
"""Seconds between two small requests while uploads run."""


def run(quick: bool) -> list[Figure]:
    """Measure the rate of an upload, the server's memory, and the waits of others meanwhile."""
    data = plain_pdf(pages=4, size_bytes=FILE_BYTES)
    with site() as where, service(where, "serve", "--port", "0") as server, bare_server() as port:
        figures = _rates(where, server, port, data, 3 if quick else 7)
        figures += _waits(where, server, data, 2 if quick else 5)
        peak, helper = server.peak_memory(), server.helper_memory()
    return [
        *figures,
        Figure("upload.speicher", "Spitze des Servers (VmHWM) nach allen Uploads", "MB", (peak,), most=200),
        Figure("upload.speicher-pruefer", "Spitze des Prüfprozesses der PDF-Schleuse", "MB", (helper,)),
    ]


def _rates(where: Site, server: Service, port: int, data: bytes, rounds: int) -> list[Figure]:
    megabytes = FILES * FILE_BYTES / 1e6
    bare, full = [], []
    with line(server, where) as portal:
        floor = Line(port, "")
        _bare(floor, data)
        submit(portal, announced(data))
        for _ in range(rounds):
            bare.append(megabytes / _timed(_bare, floor, data))
            full.append(megabytes / _timed(submit, portal, announced(data)))
        floor.close()
    return [
        Figure("upload.rate", "250 MB angekündigt, hochgeladen, angenommen", "MB/s", tuple(full)),
        Figure("upload.boden", "dasselbe ohne alles: Hash, Verschlüsselung, write, fsync", "MB/s", tuple(bare)),
        Figure("upload.verhaeltnis", "Rate gegen Boden, paarweise", "", ratios(full, bare), least=0.6),
    ]


def _timed(act: Any, *arguments: Any) -> float:
    started = time.perf_counter()
    act(*arguments)
    return time.perf_counter() - started


def _bare(floor: Line, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    for number in range(FILES):
        floor.put(f"/{digest}/{number}", data)


def announced(data: bytes, files: int = FILES) -> tuple[bytes, bytes]:
    """Return the announcement of `files` times the same PDF, and the PDF."""
    value = announcement(*[data] * files, municipality=WITH_PLANS)
    return json.dumps(value).encode(), data


def submit(portal: Line, work: tuple[bytes, bytes]) -> Any:
    """Announce, upload and complete; return the last answer."""
    body, data = work
    case = portal.post("/v1/submissions", body, Idempotency_Key=secrets.token_hex(8))
    for slot in case["attachments"]:
        portal.put(slot["upload_url"], data)
    return portal.post(f"/v1/submissions/{case['id']}/complete")


def _waits(where: Site, server: Service, data: bytes, rounds: int) -> list[Figure]:
    """Return medians and p99 of small requests, a value per round, idle and while two portals upload 250 MB each."""
    work, small = announced(data), announced(plain_pdf(size_bytes=20_000), 1)
    idle, status, announce = [], [], []
    with line(server, where) as portal:
        known = portal.post("/v1/submissions", small[0], Idempotency_Key="known")["id"]
        for _ in range(rounds):
            idle.append(_ask(portal, known, small[0], time.monotonic() + 1, [])[0])
            uploads = [_uploading(server, where, work) for _ in range(2)]
            status_ms, announce_ms = _ask(portal, known, small[0], None, uploads)
            status.append(status_ms)
            announce.append(announce_ms)
    return [
        _wait("warten.stand-leerlauf", "GET Stand ohne Uploads, p99", idle, 0.99),
        _wait("warten.stand-p50", "GET Stand, während zwei Portale je 250 MB hochladen, p50", status, 0.5),
        _wait("warten.stand-p99", "dasselbe, p99", status, 0.99, most=25),
        _wait("warten.ankuendigen-p50", "POST Ankündigung währenddessen, p50", announce, 0.5),
        _wait("warten.ankuendigen-p99", "dasselbe, p99", announce, 0.99, most=25),
    ]


def _wait(name: str, what: str, rounds: Sequence[Sequence[float]], share: float, most: float | None = None) -> Figure:
    return Figure(name, what, "ms", tuple(quantile(values, share) for values in rounds), most=most)


def _uploading(server: Service, where: Site, work: tuple[bytes, bytes]) -> multiprocessing.Process:
    process = multiprocessing.get_context("fork").Process(target=_upload, args=(server.port, where.token, work))
    process.start()
    return process  # type: ignore[return-value]  # a ForkProcess is a Process


def _upload(port: int, token: str, work: tuple[bytes, bytes]) -> None:
    portal = Line(port, token)
    submit(portal, work)
    portal.close()


def _ask(
    portal: Line, known: str, small: bytes, until: float | None, uploads: Sequence[multiprocessing.Process]
) -> tuple[list[float], list[float]]:
    """Ask until a moment, or until the uploads are done; return the milliseconds of GETs and of POSTs."""
    status, announce = [], []
    while time.monotonic() < until if until else any(process.is_alive() for process in uploads):
        status.append(1000 * _timed(portal.get, f"/v1/submissions/{known}"))
        time.sleep(PAUSE)
        if uploads:
            body = json.dumps(json.loads(small) | {"portal_reference": secrets.token_hex(4)}).encode()
            announce.append(1000 * _timed(_announce, portal, body))
            time.sleep(PAUSE)
    for process in uploads:
        process.join()
    return status, announce


def _announce(portal: Line, body: bytes) -> None:
    portal.post("/v1/submissions", body, Idempotency_Key=secrets.token_hex(8))
