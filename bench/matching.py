"""Matching a reply to its case among 250 and among 10 000 cases and stored replies: the ratio, and the query plans.

`python -m bench.matching` fills two databases in bulk, takes known and lost replies through every lookup in turns, and
prints median CPU milliseconds of both, their ratio, and the plan SQLite makes for each lookup: an index, never a scan.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from gateway.edges.store import open_store
from gateway.flow.matching import look_up, match
from gateway.ports import Store
from tests.kit.many_replies import filled, known_clues, lost_clues
from tests.kit.stores import AHLEN, StillClock

FEW, MANY, ROUNDS = 250, 10_000, 200


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        few, many = filled(Path(folder) / "few", FEW), filled(Path(folder) / "many", MANY)
        try:
            quick, slow = medians(few, many)
        finally:
            few.close()
            many.close()
        print(f"known and lost reply together: {quick:.2f} ms among {FEW}, {slow:.2f} ms among {MANY}")
        print(f"ratio {slow / quick:.2f}")
        found = plans(Path(folder) / "many")
    for query, plan in found:
        print(f"  {plan:<90} {query}")
    sys.exit(any("SCAN" in plan and "USING" not in plan for _, plan in found))


def medians(few: Store, many: Store) -> tuple[float, float]:
    """Return the median CPU milliseconds of one known and one lost reply, taken in turns from both stores."""
    pairs = [(spent(lambda n=n: taken(few, n)), spent(lambda n=n: taken(many, n))) for n in range(1, ROUNDS + 1)]  # type: ignore[misc]  # mypy cannot infer a default
    quick, slow = (statistics.median(times) for times in zip(*pairs, strict=True))
    return quick, slow


def taken(store: Store, number: int) -> None:
    """Look up and match one reply whose case is known and one whose case nobody knows."""
    with store.reading() as tx:
        known, lost = known_clues(number), lost_clues(number)
        assert match(known, look_up(tx, known)).case is not None
        assert match(lost, look_up(tx, lost)).case is None


def spent(work: Callable[[], None]) -> float:
    """Return the milliseconds of CPU time that work takes."""
    begun = time.process_time_ns()
    work()
    return (time.process_time_ns() - begun) / 1e6


def plans(folder: Path) -> list[tuple[str, str]]:
    """Return every query that taking and reading a reply really makes, shortened, with SQLite's plan for it."""
    asked: dict[str, Any] = {}

    def note(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            asked.setdefault(statement, parameters)

    store = open_store(f"sqlite:///{folder / 'x.db'}", StillClock())
    event.listen(Engine, "before_cursor_execute", note)
    try:
        read_all(store)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        store.close()
    connection = sqlite3.connect(folder / "x.db")
    found = []
    for statement, parameters in asked.items():
        rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        words = statement.partition(" FROM ")[2].split()
        found.append((" ".join(words)[:110], "; ".join(row[3] for row in rows)))
    connection.close()
    return found


def read_all(store: Store) -> None:
    """Make every lookup that a reply needs on its way in and out."""
    taken(store, 1)
    with store.reading() as tx:
        tx.replies.by_message_id(AHLEN, "m")
        tx.replies.by_transport_id(AHLEN, "t")
        tx.replies.released("portal", 5, 10)
        tx.replies.next_cursor()
        tx.cases.by_file_reference("63/1")


if __name__ == "__main__":
    main()
