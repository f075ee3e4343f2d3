"""The storm over one machine's default: SQLite and a folder vault, two serve and two worker processes."""

from __future__ import annotations

from proof.frame import Finding
from proof.storm import KILLS, finding, storm, weather


def run(quick: bool) -> Finding:
    """Let it blow over SQLite."""
    blowing = weather(quick)
    return finding(blowing, storm(blowing), "SQLite", None if quick else KILLS)
