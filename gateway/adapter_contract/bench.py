"""What the checks of the contract need to know about an adapter and about the far side it delivers to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from gateway.adapter import Adapter, Envelope, Plugin


class Trouble(StrEnum):
    """What can go wrong on the way; a far side need not know each."""

    ABSENT = "absent"
    """Nobody is there: no folder, no listener."""

    CUT = "cut"
    """The way breaks in the middle of the next transfer."""

    ANSWER_LOST = "answer lost"
    """The next message is stored there, but the answer does not come back."""

    REFUSES = "refuses"
    """The far side says no."""

    GARBAGE = "garbage"
    """The far side answers something that is no answer."""


class NotApplicable(Exception):
    """This adapter, far side or machine cannot be held against this check; the text says why."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A complete message as the receiver finds it; `digests` are the SHA-256 of its parts in lower-case hex."""

    message_id: str
    digests: frozenset[str]


class FarSide(Protocol):
    """The receiver's end, as the author of an adapter shows it to the checks."""

    def stored(self) -> Sequence[Stored]:
        """Return every complete message the receiver has or had, one entry per time it was given to them."""

    def half(self) -> Sequence[str]:
        """Return what the receiver can see that is no complete message."""

    def take(self, message_id: str) -> bool:
        """Fetch an available message as the receiver does; False if this far side has no fetching."""

    def restart(self) -> None:
        """Go off and on again."""

    def trouble(self, kind: Trouble, envelope: Envelope) -> AbstractContextManager[object] | None:
        """Return what makes `kind` happen while it is entered, or None if it cannot happen here."""


def sealed_digests(envelope: Envelope) -> frozenset[str]:
    """Return the digests a receiver of the sealed folder must find."""
    digests = set()
    for file in envelope.sealed():
        digest = hashlib.sha256()
        with file.open() as source:
            while piece := source.read(1 << 20):
                digest.update(piece)
        digests.add(digest.hexdigest())
    return frozenset(digests)


def clear_digests(envelope: Envelope) -> frozenset[str]:
    """Return the digests a receiver of the clear content must find: message and attachments."""
    content = envelope.clear()
    return frozenset(part.sha256 for part in (content.message, *content.attachments))


@dataclass(frozen=True, slots=True)
class Bench:
    """One adapter and its far side, both fresh: what one check runs on.

    `build` makes the adapter. `digests` says which parts the receiver must find. `memory` bounds, in bytes, what a
    60 MB message may add to this process (and to a far side that runs in it).
    """

    plugin: Plugin
    build: Callable[[], Adapter]
    far: FarSide
    protection: str = "end_to_end"
    digests: Callable[[Envelope], frozenset[str]] = sealed_digests
    memory: int = 40_000_000


def peak_growth(run: Callable[[], object], warm_up: Callable[[], object] | None = None) -> int:
    """Return by how many bytes the resident memory of this process rose at most during `run`. Linux only.

    Before that, `warm_up` (or `run` itself) loads what is loaded once and stays.
    """
    clear = Path("/proc/self/clear_refs")
    if not clear.exists():
        raise NotApplicable("Only Linux tells the peak of resident memory for a span of time.")
    (warm_up or run)()
    try:
        clear.write_text("5")
    except OSError as error:
        raise NotApplicable("The peak of resident memory cannot be reset here.") from error
    before = _status("VmRSS")
    run()
    return _status("VmHWM") - before


def _status(field: str) -> int:
    lines: Iterator[str] = iter(Path("/proc/self/status").read_text().splitlines())
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":"))
