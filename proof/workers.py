"""What more worker processes bring while authorities take 200 ms each, and what a case costs; both databases."""

from __future__ import annotations

import logging
import statistics
from collections.abc import Iterator

from bench.workers import PLAN, Measured, measured
from gateway.logs import configure
from proof.frame import Figure, Finding

PROMISE = (
    "While authorities take 200 ms each, two worker processes with one place each carry 1.6 times as much as one, and"
    " four carry 2.5 times as much."
)
GAIN = {2: 1.6, 4: 2.5}
"""Worker processes with one place each → how many times what one carries."""

NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


def run(quick: bool) -> Finding:
    """Measure as `python -m bench --only workers` does, and hold the gain against what is promised."""
    configure(level=logging.CRITICAL)  # a line per request would drown the figures
    figures: list[Figure] = []
    for backend, name in NAMES.items():
        figures += _figures(name, measured(backend, quick))
    sixteen = "with sixteen places, as delivered, one process already fills a processor: more bring what is left of it"
    return Finding(PROMISE, tuple(figures), not_shown=(f"Growth without end: {sixteen}.",))


def _figures(name: str, found: Measured) -> Iterator[Figure]:
    alone = _rate(found, 1, 1)
    for places, processes in PLAN:
        rounds = found.rounds[places, processes]
        what = f"{name}, {processes} × {places} place{'s' if places > 1 else ''}"
        yield Figure(f"{what}: deliveries a second, median", _rate(found, places, processes), "/s")
        if places == 1 and processes > 1:
            gain = _rate(found, 1, processes) / alone
            yield Figure(f"{what}: times what one carries", gain, least=GAIN[processes])
        spent = [1000 * (one.workers + one.database) / one.backlog for one in rounds]
        yield Figure(f"{what}: processor time per delivery, with the database", statistics.median(spent), "ms")
        others = [one.others / one.seconds for one in rounds]
        yield Figure(f"{what}: cores busy with anything else meanwhile", statistics.median(others))
    cost = found.cost
    yield Figure(f"{name}, a case: handed off in one call, processor time with the database", cost.handed_off, "ms")
    yield Figure(f"{name}, a case: carried (1 × 1 place)", cost.carried, "ms")
    yield Figure(f"{name}, a case: looked after, proved and erased", cost.erased, "ms")
    yield Figure(f"{name}, a case: what it leaves in the database", cost.left, "KB")


def _rate(found: Measured, places: int, processes: int) -> float:
    return statistics.median(one.rate for one in found.rounds[places, processes])
