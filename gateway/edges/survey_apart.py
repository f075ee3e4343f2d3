"""Survey files are read in a process of their own that can open nothing and talk to nobody (decision 7)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from gateway.domain.errors import RoutingError
from gateway.survey.table import FILE_BYTES, Table, unreadable
from gateway.survey.told import told_table

SECONDS = 30.0
"""Longer than the child's own processor time: its own limit comes first."""

CHILD = (sys.executable, "-P", "-m", "gateway.edges.survey_child")
_ROOT = Path(__file__).parents[2]


def read_table_apart(octets: bytes, command: tuple[str, ...] = CHILD, *, seconds: float = SECONDS) -> Table:
    """Return the table of a CSV or XLSX file, read by a confined process.

    Raises:
        RoutingError: BODY_UNREADABLE or BODY_TOO_LARGE, in German with what to do; also when the process ended
            without a word, for that is the file's doing.
    """
    said = os.memfd_create("told", os.MFD_CLOEXEC)
    with os.fdopen(said, "w+b", buffering=0) as answer:
        try:
            done = subprocess.run(  # noqa: S603  # our own interpreter and module
                command,
                input=octets[: FILE_BYTES + 1],
                stdout=answer,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": str(_ROOT)},  # nothing of ours: there may be secrets in it
                start_new_session=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _refused() from error
        if done.returncode != 0:
            raise _refused()
        answer.seek(0)
        return told_table(answer.read())


def _refused() -> RoutingError:
    return unreadable("Die Tabelle ist zu aufwendig oder beschädigt; sie wurde nicht eingelesen.")
