"""Which turned-away callers get a journal entry: all of them, but nobody can flood the journal with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock

WINDOW = timedelta(hours=1)
UNKNOWN = 60
"""Entries within an hour about certificates that belong to nobody: anyone can make as many of them as they like."""

KNOWN = 20
"""Entries within an hour about one certificate that is held for an authority."""

FULL = "Bis zum Ablauf einer Stunde werden weitere Abweisungen dieser Art nicht einzeln vermerkt."


class Refusals:
    """Remembers what was noted within the hour, bounded; one per process, for any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._begun: datetime | None = None
        self._noted: set[tuple[str, str]] = set()
        self._counts: dict[str, int] = {}

    def is_new(self, fingerprint: str, why: str, now: datetime) -> bool:
        """Tell whether this caller was not noted for this reason within the hour."""
        with self._lock:
            if self._begun is None or not timedelta() <= now - self._begun < WINDOW:
                self._begun = now
                self._noted.clear()
                self._counts.clear()
            return (fingerprint, why) not in self._noted

    def note(self, fingerprint: str, why: str, *, known: bool) -> str | None:
        """Return the words to journal, None when the hour's share of such callers is used up."""
        share, most = (fingerprint, KNOWN) if known else ("", UNKNOWN)
        with self._lock:
            count = self._counts.get(share, 0) + 1
            if count > most:
                return None
            self._counts[share] = count
            self._noted.add((fingerprint, why))
        return f"{why} {FULL}" if count == most else why
