"""The storm over PostgreSQL and a folder vault, two serve and two worker processes."""

from __future__ import annotations

from pathlib import Path

from proof.frame import Finding
from proof.storm import KILLS, finding, storm, weather
from tests.kit.stores import fresh_postgres


def run(quick: bool) -> Finding:
    """Let it blow over a PostgreSQL server of its own, whose files are searched for plaintext, too."""
    blowing = weather(quick)
    address = fresh_postgres()
    data = Path(address.partition("host=")[2]) / "data"
    return finding(blowing, storm(blowing, address, [data]), "PostgreSQL", None if quick else KILLS)
