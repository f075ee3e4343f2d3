"""Processor seconds: of this process, of others, of a database server, of the whole machine."""

from __future__ import annotations

import resource
from pathlib import Path

from bench.site import TICKS


def own_cpu() -> float:
    """Return the processor seconds of this process and the children it has buried."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def machine_cpu() -> float:
    """Return the processor seconds that all cores together have worked."""
    user, nice, system, _idle, _wait, *rest = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:])
    return (user + nice + system + sum(rest[:3])) / TICKS


def cpu(pids: list[int]) -> float:
    """Return the processor seconds of these processes; 0 for those that have ended."""
    return sum(_seconds(pid) for pid in pids)


def database_cpu(database: str) -> float:
    """Return the processor seconds of the database server with its children, ended ones too; 0 for a file."""
    if not database.startswith("postgresql"):
        return 0.0
    folder = database.partition("host=")[2]
    server = int((Path(folder) / "data" / "postmaster.pid").read_text().splitlines()[0])
    children = (Path("/proc") / str(server) / "task" / str(server) / "children").read_text().split()
    return cpu([server, *map(int, children)])


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS
