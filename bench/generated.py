"""Thousands of generated submissions per procedure and release: composed, and valid for us and officially.

`python -m bench.generated [COUNT] [--jobs N]` takes COUNT submissions of every procedure (1000) through every release
and prints how many each release could say whole, with named losses, or not at all. The first message that is not valid,
or refusal without place and reason, ends it. The official schemas are asked where they lie beside the checkout.
"""

from __future__ import annotations

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

from gateway.domain.procedure import Procedure
from gateway.xbau.release import RELEASES
from tests.kit.xbau_generated import LOSSY, REFUSED, WHOLE, Outcome, tried
from tests.kit.xbau_official import FOLDER

SLICE = 100
"""Submissions that a process takes at a time."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.generated")
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    total: Counter[Outcome] = Counter()
    print(f"{'procedure':<12}" + "".join(f"{name:>20}" for name in RELEASES))
    with ProcessPoolExecutor(asked.jobs) as pool:
        for procedure in Procedure:
            starts = range(0, asked.count, SLICE)
            told = sum(pool.map(counted, repeat(procedure), starts, repeat(asked.count)), Counter[Outcome]())
            print(f"{procedure.number:<12}" + "".join(f"{cell(told, name):>20}" for name in RELEASES), flush=True)
            total += told
    by = Counter({how: sum(n for one, n in total.items() if one.how == how) for how in (WHOLE, LOSSY, REFUSED)})
    asked_too = "and officially" if FOLDER.is_dir() else "only (the official schemas are not here)"
    print(
        f"{by.total()} submissions tried: {by[WHOLE]} said whole, {by[LOSSY]} with named losses, {by[REFUSED]} refused;"
    )
    print(f"every one of the {by[WHOLE] + by[LOSSY]} messages is valid for us {asked_too}")


def counted(procedure: Procedure, start: int, end: int) -> Counter[Outcome]:
    """Return what became of one slice of submissions."""
    seeds = range(start, min(start + SLICE, end))
    return Counter(outcome for seed in seeds for outcome in tried(procedure, seed))


def cell(told: Counter[Outcome], release: str) -> str:
    """Return the counts of a release as whole/lossy/refused."""
    counts = [told[Outcome(release, how)] for how in (WHOLE, LOSSY, REFUSED)]
    return "/".join(map(str, counts)) if any(counts) else "-"


if __name__ == "__main__":
    main()
