"""Tells the crash story again and again from a warm process: each telling is a fork that waits until it is traced.

Reads lines of JSON `{"home": …, "out": …}`; answers `{"pid": …}` at once and `{"status": …}` when that fork has ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from tests.kit import crash_story


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
            with Path(asked["out"]).open("w", encoding="utf-8") as out:
                crash_story.tell(Path(asked["home"]), out)
            os._exit(0)
        os.waitpid(child, os.WUNTRACED)  # it has stopped itself: from now on a tracer can attach and let it go on
        print(json.dumps({"pid": child}), flush=True)  # noqa: T201  the protocol
        _, status = os.waitpid(child, 0)
        print(json.dumps({"status": status}), flush=True)  # noqa: T201  the protocol


if __name__ == "__main__":
    main()
