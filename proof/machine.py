"""What a proof ran on."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def described() -> str:
    """Return the machine in one line."""
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    return (
        f"{os.cpu_count()} cores {_processor()}, {int(total.split()[1]) >> 20} GB memory,"
        f" Linux {platform.release().partition('-')[0]}, Python {platform.python_version()},"
        f" load {os.getloadavg()[0]:.1f} at the start"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
