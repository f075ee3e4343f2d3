"""How long one bundle of evidence takes to make and to check while the journal grows to that of 100 000 cases."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import process_time

import structlog

from gateway.domain.ids import CaseNumber
from gateway.flow.evidence import anchor_journal, bundle
from gateway.seal.evidence_check import check
from tests.journeys.evidence_journey_test import handed_over, trust
from tests.kit.evidence_made import lengthen
from tests.kit.installation import installation

ENTRIES = 7
"""Journal entries of one case, about."""


def main() -> None:
    """Print per number of cases the milliseconds of processor time to make and to check one bundle, and its size."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as installed:
        case = asyncio.run(handed_over(installed))
        number, believed = CaseNumber(str(case["case_number"])), trust(installed)
        cases = 0
        print(f"{'cases':>8} {'make ms':>9} {'check ms':>9} {'bytes':>8}")
        for target in map(int, sys.argv[1:] or ("100", "1000", "10000", "100000")):
            lengthen(Path(folder) / "state" / "bauweiche.db", (target - cases) * ENTRIES)
            cases = target
            while anchor_journal(installed.world):
                pass
            making, checking, data = [], [], b""
            for _ in range(15):
                begun = process_time()
                data = bundle(installed.world, number)
                between = process_time()
                check(data, believed)
                making.append(between - begun)
                checking.append(process_time() - between)
            print(f"{cases:>8} {median(making) * 1000:>9.1f} {median(checking) * 1000:>9.1f} {len(data):>8}")


if __name__ == "__main__":
    main()
