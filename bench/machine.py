"""What was measured on: processors, Python, how long the disk takes to confirm, and how busy the machine was."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path


def described() -> str:
    """Return the machine in one line (German)."""
    load = os.getloadavg()[0]
    busy = f"Last {load:.1f} vor Beginn" + (" (nicht allein auf der Maschine)" if load > 0.5 else "")
    return (
        f"{os.cpu_count()} Kerne {_processor()}, Python {platform.python_version()}, Linux {platform.release()},"
        f" fsync von 4 KB {_fsync():.2f} ms (Median), {busy}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _fsync(times: int = 50) -> float:
    """Return the median milliseconds until 4 KB appended to a file are confirmed."""
    spent = []
    with tempfile.TemporaryFile(dir=os.environ.get("BENCH_DIR")) as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent)
