"""`python -m proof [--only NAME]… [--quick] [--list] [--page]`: run the proofs, record them, write docs/proof.md.

A proof is a module of this package with `run(quick: bool) -> Finding`, entered in SECTIONS. It may raise: that is
recorded as a failure, and the others still run.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module

from proof import page
from proof.frame import Finding, Record, lines
from proof.machine import described

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Faults": (
        "sweep",
        "storm_sqlite",
        "storm_postgresql",
        "power_cut",
        "disk_full",
        "read_only_disk",
        "clock_jumps",
        "database_restart",
        "object_store_lost",
        "neighbours",
        "restart",
    ),
    "More than one machine": ("workers",),
    "Attacks": ("attacks",),
    "Speed": (),
}
"""Section title → names of its proofs, in the order of the page; the name is that of the module."""


def main() -> int:
    """Run what is asked for; exit code 1 if a promise was not kept."""
    arguments = _arguments()
    if arguments.list:
        print("\n".join(_names()))
        return 0
    kept = True
    for name in () if arguments.page else arguments.only or _names():
        record = _run(name, arguments.quick)
        kept &= record.finding.kept
        print("\n".join(lines(record.finding)), flush=True)
        if not arguments.quick:
            record.save()
            page.write(SECTIONS)
    if arguments.page:
        page.write(SECTIONS)
    return 0 if kept else 1


def _run(name: str, quick: bool) -> Record:
    print(f"{name} …", flush=True)
    command = f"python -m proof --only {name}"
    machine, begun = described(), time.monotonic()
    date = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    try:
        finding: Finding = import_module(f"proof.{name}").run(quick)
    except Exception as error:  # the others still run, and the page says that this one did not
        traceback.print_exc()
        finding = Finding("(the proof did not come to its end)", (), (f"{type(error).__name__}: {error}",))
    return Record(name, command, date, machine, round(time.monotonic() - begun), finding)


def _names() -> list[str]:
    return [name for names in SECTIONS.values() for name in names]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof", description=__doc__)
    parser.add_argument("--only", action="append", choices=_names(), metavar="NAME", help="this proof; repeatable")
    parser.add_argument("--quick", action="store_true", help="a small share: a look, nothing is recorded")
    parser.add_argument("--list", action="store_true", help="the names of the proofs")
    parser.add_argument("--page", action="store_true", help="only write docs/proof.md from the records")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
