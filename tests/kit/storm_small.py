"""A small storm as a program: prints what came out as JSON. Its broken connections and threads end with it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from proof.lossy import Loss
from proof.storm import Weather, finding, storm

SMALL = Weather(count=120, every=12, share=0.08, minutes=8)


def main() -> None:
    """Let it blow over SQLite."""
    outcome = storm(SMALL)
    found = finding(SMALL, outcome, "SQLite")
    said = asdict(found) | {
        "missed": [figure.what for figure in found.figures if not figure.kept],
        "kills": outcome.kills.total(),
        "acknowledged": len(outcome.ledger.acknowledged),
        "wires": sorted({name for name, loss in outcome.losses if loss is not Loss.WHOLE}),
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
