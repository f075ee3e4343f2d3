"""`python -m bench [--quick] [--only NAME] [--record] [--markdown]`: run the benches and print a table."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path

from bench.figures import Figure, markdown, table
from bench.machine import described

HISTORY = Path(__file__).with_name("history.csv")
COLUMNS = ("date", "machine", "name", "unit", "median", "low", "high", "rounds", "promised", "kept")

Bench = Callable[[bool], list[Figure]]


def _later(module: str, function: str, quick: bool) -> list[Figure]:
    """Import a bench only when it is run: one that is broken does not keep the others from running."""
    found: list[Figure] = getattr(import_module(f"bench.{module}"), function)(quick)
    return found


BENCHES: Mapping[str, Bench] = {
    "uploads": partial(_later, "uploads", "run"),
    "submissions": partial(_later, "submissions", "run"),
    "file_drops": partial(_later, "file_drops", "run"),
    "long_history": partial(_later, "long_history", "run"),
    "wake_up": partial(_later, "wake_up", "run"),
    "peers": partial(_later, "peers", "run"),
    "nrw_year": partial(_later, "nrw_year", "run"),
    "workers": partial(_later, "workers", "run"),
    "compose": partial(_later, "neighbours", "composing"),
    "mailbox": partial(_later, "neighbours", "fetching"),
    "console": partial(_later, "console", "run"),
    "operator_lists": partial(_later, "operator_lists", "run"),
}


def main() -> int:
    """Run what is asked for; exit code 1 if a promise was not kept."""
    arguments = _arguments()
    machine = described()
    print(f"{machine}\n")
    figures: list[Figure] = []
    for name in arguments.only or BENCHES:
        try:
            found = BENCHES[name](arguments.quick)
        except ModuleNotFoundError as error:
            print(f"{name}: nicht vorhanden ({error.name})\n", file=sys.stderr)
            continue
        print(f"{name}\n{markdown(found) if arguments.markdown else table(found)}\n", flush=True)
        figures += found
    if arguments.record:
        record(figures, machine)
    return 0 if all(figure.kept for figure in figures) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds: a look, not a measurement")
    parser.add_argument("--only", action="append", choices=sorted(BENCHES), help="this bench; may be repeated")
    parser.add_argument("--record", action="store_true", help="append a line per figure to bench/history.csv")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/messungen.md")
    return parser.parse_args()


def record(figures: list[Figure], machine: str) -> None:
    """Append a line per figure to the history."""
    new = not HISTORY.exists()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with HISTORY.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(COLUMNS)
        for one in figures:
            spread = (f"{one.median:.4g}", f"{min(one.values):.4g}", f"{max(one.values):.4g}", len(one.values))
            writer.writerow((now, machine, one.name, one.unit, *spread, one.promised, one.kept))


if __name__ == "__main__":
    sys.exit(main())
