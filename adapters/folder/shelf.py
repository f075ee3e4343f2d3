"""What the folder protocol needs from a place: a few operations on names below one root."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from gateway.domain import codes
from gateway.domain.errors import SealError


class ShelfError(Exception):
    """The place failed; `reason` and `hint` are German sentences. `sure`: the operation certainly did not happen."""

    def __init__(self, reason: str, hint: str = "", *, sure: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.hint, self.sure = reason, hint, sure


class Occupied(Exception):
    """The name is already in use."""


class Odd(Exception):
    """The name is not the kind of thing it must be: a symbolic link, a pipe, a file for a folder."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A regular file: `size` in bytes, `changed` aware UTC."""

    size: int
    changed: datetime


class Shelf(Protocol):
    """A place with one root. Paths are relative, parts joined by `/`, and never follow a symbolic link.

    Every operation raises ShelfError when the place fails.
    """

    def exists(self, path: str) -> bool:
        """Say whether anything has this name."""

    def names(self, folder: str) -> frozenset[str] | None:
        """Return the names in a folder (`""` is the root), None if it is missing. Raises Odd if it is no folder."""

    def kept(self, path: str) -> Kept | None:
        """Return a regular file's facts, None if it is missing. Raises Odd if it is no regular file."""

    def make(self, folder: str) -> None:
        """Create a folder. Raises Occupied."""

    def write(self, path: str, source: BinaryIO, size: int) -> None:
        """Create a file from exactly `size` bytes and make them durable. Raises Occupied, SealError."""

    def settle(self, folder: str) -> None:
        """Make the names in a folder durable."""

    def move(self, old: str, new: str) -> bool:
        """Rename a folder in one step; False if `old` is missing. Raises Occupied rather than replace content."""

    def discard(self, path: str) -> None:
        """Remove a file or a folder with its content; a missing one is fine."""

    def open(self, path: str) -> BinaryIO:
        """Open a regular file for reading. Raises Odd."""


def check_length(path: str, written: int, size: int) -> None:
    """Raise SealError unless a part gave the bytes it promised."""
    if written != size:
        raise SealError(
            codes.ENVELOPE_INVALID,
            f"Der Umschlagteil {path} hat {written} statt {size} Byte.",
            "Bitte prüfen Sie die Ablage des Gateways; an der Gegenstelle liegt es nicht.",
        )
