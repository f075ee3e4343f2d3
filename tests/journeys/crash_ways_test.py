"""Struck at some durable calls on every way, killed or failed, nothing acknowledged is lost, doubled or readable.

A few strikes per way and option; `python -m proof --only sweep` strikes them all.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.kit import crash_shim
from tests.kit.crash_ends import OPTIONS, WAYS
from tests.kit.crash_shim import Fault
from tests.kit.crash_sweep import sweep

pytestmark = pytest.mark.skipif(
    crash_shim.COMPILER is None or sys.platform != "linux", reason=crash_shim.MISSING
)  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crash_shim.build(tmp_path_factory.mktemp("shim"))


@pytest.mark.long
@pytest.mark.parametrize(("way", "option"), [(way, OPTIONS[number % 2]) for number, way in enumerate(WAYS)])
def test_on_every_way_a_killed_or_failed_call_loses_doubles_and_shows_nothing(
    tmp_path: Path, library: Path, way: str, option: str
) -> None:
    with sweep(tmp_path, way, option, library) as struck:
        journal = struck.journal()
        assert {"F", "R", "P"} <= set(journal)
        assert ("S" in journal[journal.rindex("R") :]) is (way != "file_drop")
        draw = random.Random(way)
        points = [number for number, kind in enumerate(journal, 1) if kind in "FRUCS"]
        for fault in Fault:
            number = draw.choice(points)
            struck.strike(number, fault, journal[number - 1])


def test_a_folder_whose_names_are_not_confirmed_on_disk_stops_the_process_before_it_takes_anything(
    tmp_path: Path, library: Path
) -> None:
    """SQLite goes on when the fsync of its folder fails; we do not (law 1)."""
    with sweep(tmp_path, "file_drop", "1", library) as struck:
        first = struck.journal().index("D") + 1
        told = struck.strike(first, Fault.EIO, "D")
        assert told.stopped
        assert told.said.accepted == ""
