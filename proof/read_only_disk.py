"""The disk turns read-only under the running processes, again and again, as ext4 does when it finds an error in itself.

Gateway, database, vault and the authorities' folders lie on a real file system on a loop device, which is told to find
an error (`trigger_fs_error`, `errors=remount-ro`). Some seconds later the processes are ended, the file system is
checked and mounted anew, and the gateway starts again, as an administrator would do it.
"""

from __future__ import annotations

import random
import signal
import time

from proof.frame import Figure, Finding, exactly
from proof.gateways import Gateways
from proof.portals import Ledger
from proof.power_cut import Disk, possible, struck_again_and_again, what_became

PROMISE = (
    "On a disk that turns read-only nothing is acknowledged and nothing is answered with 500; once it can be written"
    " again everything acknowledged before arrives exactly once, and nothing else arrives."
)


def run(quick: bool) -> Finding:
    """Let the disk turn read-only while applications are handed off."""
    if not possible():
        return Finding(PROMISE, (), (), ("Here: no root, no loop device or no ext4.",))
    count, turns = (40, 3) if quick else (300, 20)
    acknowledged: list[int] = []

    def strike(made: Disk, gateways: Gateways, ledger: Ledger, draw: random.Random, _number: int) -> None:
        made.turn_read_only()
        time.sleep(0.3)  # an answer to what was committed before may still be on its way
        before = len(ledger.acknowledged)
        time.sleep(1 + draw.random() * 2)
        acknowledged.append(len(ledger.acknowledged) - before)
        for one in gateways.running:
            gateways.exits[str(gateways.nursery.end(one.pid, signal.SIGKILL))] += 1
        gateways.running.clear()
        made.unmount()
        made.check()
        made.mount()

    outcome = struck_again_and_again(count, turns, 4 if quick else 30, strike)
    arrived, failures = what_became(outcome, count)
    calls = outcome.ledger.calls
    figures = (
        Figure("times the disk turned read-only", outcome.kills["struck"], least=turns),
        exactly("applications acknowledged while it was read-only", sum(acknowledged), 0),
        Figure("calls answered with 503 or 507", calls["503"] + calls["507"]),
        exactly("calls answered with another 5xx", calls["500"] + calls["502"] + calls["504"], 0),
        *arrived,
    )
    return Finding(PROMISE, figures, failures)
