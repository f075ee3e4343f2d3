"""A delivery of 250 MB by file drop, against copying the same bytes with fsync; and how many bytes it enciphers."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from bench.figures import Figure, ratios
from bench.site import Service, Site, line, service, site
from bench.uploads import FILE_BYTES, FILES, announced, submit
from gateway.flow import dispatch
from tests.kit.pdfs import plain_pdf


def run(quick: bool) -> list[Figure]:
    """Measure deliveries and copies in turns."""
    megabytes = FILES * FILE_BYTES / 1e6
    ours, floors = [], []
    with site() as where, service(where, "serve", "--port", "0") as server:
        work = announced(plain_pdf(pages=4, size_bytes=FILE_BYTES))
        for number in range(2 if quick else 5):
            _accept(where, server, work)
            floors.append(megabytes / _copied(where, number))
            ours.append(megabytes / _delivered(where))
            _clear(where)
    return [
        Figure("ablage.rate", "250 MB aus dem Tresor in den Ablageordner, sichtbar und sicher", "MB/s", tuple(ours)),
        Figure("ablage.boden", "dieselben Dateien mit fsync kopiert", "MB/s", tuple(floors)),
        Figure("ablage.verhaeltnis", "Rate gegen Kopie, paarweise", "", ratios(ours, floors)),
    ]  # fmt: skip


def _accept(where: Site, server: Service, work: tuple[bytes, bytes]) -> None:
    with line(server, where) as portal:
        submit(portal, work)


def _copied(where: Site, number: int) -> float:
    """Return the seconds for a plain copy of the sealed parts, each with fsync, and the folder's fsync."""
    parts = [path for path in (where.settings.state / "vault").rglob("*.bin") if path.stat().st_size > FILE_BYTES]
    target = where.home / f"copy-{number}"
    target.mkdir()
    started = time.perf_counter()
    for part in parts[-FILES:]:
        with part.open("rb") as source, (target / part.name).open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
            sink.flush()
            os.fsync(sink.fileno())
    _sync(target)
    spent = time.perf_counter() - started
    shutil.rmtree(target)
    return spent


def _delivered(where: Site) -> float:
    started = time.perf_counter()
    (delivery,) = dispatch.claim(where.world, "bench", 1)
    after = dispatch.dispatch(where.world, delivery)
    spent = time.perf_counter() - started
    if not (where.warendorf / after.message_id / "envelope.xml").is_file():
        raise RuntimeError(f"not delivered: {after.reason}")
    return spent


def _clear(where: Site) -> None:
    """Remove what was delivered and what it was delivered from: the next round finds the same disk."""
    for folder in (where.warendorf, where.settings.state / "vault"):
        for entry in folder.iterdir():
            shutil.rmtree(entry)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
