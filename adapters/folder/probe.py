"""Trying a shelf without leaving anything there: what a delivery will need, with one small dot file."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime

from adapters.folder.shelf import Occupied, Odd, Shelf, ShelfError
from gateway.adapter import CLOCK_SECONDS, Finding
from gateway.domain.errors import GatewayError

TRIAL, RENAMED = ".probe-bauweiche", ".probe-bauweiche-umbenannt"
_ODD = "Im Ablageordner liegt unter dem Namen der Probedatei etwas anderes. Bitte löschen Sie dort .probe-bauweiche*."


def probe_shelf(opened: Callable[[], AbstractContextManager[Shelf]], now: Callable[[], datetime]) -> Sequence[Finding]:
    """Return whether a file can be written, renamed and removed there, and how far its clock is from ours."""
    try:
        with opened() as shelf:
            return _tried(shelf, now)
    except ShelfError as error:
        return [Finding("reachable", False, f"{error.reason} {error.hint}".strip())]
    except GatewayError as error:  # an address or key of ours that does not fit
        return [Finding("reachable", False, f"{error.reason} {error.hint}".strip())]
    except (Occupied, Odd):
        return [Finding("reachable", False, _ODD)]


def _tried(shelf: Shelf, now: Callable[[], datetime]) -> list[Finding]:
    try:
        _clear(shelf)
        shelf.write(TRIAL, io.BytesIO(b"Probe"), 5)
        written_at = now()
        kept = shelf.kept(TRIAL)
        renamed = shelf.move(TRIAL, RENAMED)
    finally:
        with suppress(ShelfError, Odd):  # what went wrong before is what counts
            _clear(shelf)
    if kept is None or not renamed:
        text = "Eine geschriebene Probedatei war gleich darauf nicht mehr da. Greift dort ein anderes Programm zu?"
        return [Finding("reachable", False, text)]
    text = "Eine Probedatei ließ sich schreiben, umbenennen und löschen."
    return [Finding("reachable", True, text), clock_finding(kept.changed, written_at)]


def _clear(shelf: Shelf) -> None:
    for name in (TRIAL, RENAMED):
        shelf.discard(name)


def clock_finding(theirs: datetime, ours: datetime) -> Finding:
    """Return whether two clocks agree well enough."""
    apart = (theirs - ours).total_seconds()
    if abs(apart) <= CLOCK_SECONDS:
        return Finding("clock", True, f"Die Uhr der Gegenstelle weicht um {abs(apart):.0f} s ab.")
    ahead = "vor" if apart > 0 else "nach"
    text = f"Die Uhr der Gegenstelle geht um {abs(apart):.0f} s {ahead}; höchstens {CLOCK_SECONDS} s sind zulässig."
    return Finding("clock", False, f"{text} Bitte dort die Zeit über NTP abgleichen.")
