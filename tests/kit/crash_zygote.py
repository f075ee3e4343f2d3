"""Tells the crash story again and again from a warm process: each telling is a fork, which is struck where asked.

Reads lines of JSON (`Order`); answers `{"pid": …}` at once and `{"status": …, "journal": …}` when that fork has ended.
With `traced` the fork waits until a tracer lets it go; else the preloaded counter strikes (tests/kit/crash_shim.py).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.domain.errors import GatewayError
from gateway.edges.gate import Gate
from gateway.edges.gate_helper import Helper
from gateway.wiring import adapters
from tests.kit import crash_story
from tests.kit.crash_shim import Fault, Shim
from tests.kit.crash_story import STOPPED, Plan, Said, Teller, telling


@dataclass(frozen=True)
class Order:
    """One telling: where, by which plan, where what is said goes, and which call is struck how (0: none)."""

    home: str
    out: str
    way: str = "file_drop"
    option: str = "1"
    mailbox_port: int = 0
    number: int = 0
    fault: int = 0
    traced: bool = False


class SharedHelper(Helper):
    """The gate's helper of the zygote, which its forks use as theirs: it is not their child and outlives them."""

    def _alive(self) -> socket.socket:
        return self._control or super()._alive()

    def stop(self) -> None:
        """Leave it to the zygote."""


def main() -> None:
    """Serve until standard input ends."""
    helper = SharedHelper()
    warm(Gate(helper=helper))
    journal = Path(os.environ.get("TMPDIR", "/tmp")) / f"journal-{os.getpid()}"
    for line in sys.stdin:
        order = Order(**json.loads(line))
        journal.write_text("")
        child = os.fork()
        if child == 0:
            _tell(order, Gate(helper=helper), journal)
        if order.traced:
            os.waitpid(child, os.WUNTRACED)  # it has stopped itself: from now on a tracer can attach and let it go on
        _answer({"pid": child})
        _, status = os.waitpid(child, 0)
        _answer({"status": status, "journal": journal.read_text()})
    helper._discard()


def warm(gate: Gate) -> None:
    """Tell it once here: what is imported and read from then on, every fork has already."""
    for plugin in adapters().values():
        assert plugin.settings
    with TemporaryDirectory() as folder:
        home = Path(folder)
        crash_story.prepare(home)
        Teller(home, Plan(), lambda said: None, gate).tell()


def _tell(order: Order, gate: Gate, journal: Path) -> None:
    plan = Plan(order.way, order.option, order.mailbox_port)
    os.dup2(2, 1)  # what it logs goes where it can be looked through, not into the protocol

    def say(said: Said) -> None:
        Path(order.out).write_text(telling(said), "utf-8")

    try:
        if order.traced:
            os.kill(os.getpid(), signal.SIGSTOP)
            Teller(Path(order.home), plan, say, gate).tell()
            os._exit(0)
        shim = Shim.preloaded()

        def aside(act: Callable[[], None]) -> None:
            shim.pause()
            act()
            shim.resume()

        shim.arm(order.number, Fault(order.fault))
        Teller(Path(order.home), plan, lambda said: aside(lambda: say(said)), gate, lambda: shim.count, aside).tell()
        shim.pause()
        journal.write_text(shim.journal)
        os._exit(0)
    except GatewayError as error:  # `serve` and `worker` say so and end, too
        sys.stderr.write(f"{error.code.name}: {error.reason}\n")
        os._exit(STOPPED)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _answer(value: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
