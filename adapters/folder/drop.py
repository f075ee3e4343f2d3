"""Putting a sealed folder down exactly once, seeing that it was fetched, and taking it back."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapters.folder.faults import unconfirmed, unreachable
from adapters.folder.shelf import Occupied, Odd, Shelf, ShelfError
from gateway.adapter import Envelope, Handover, Outcome, Refused, SealedFile, Unconfirmed, Unreachable
from gateway.domain import codes
from gateway.domain.errors import SealError

if TYPE_CHECKING:
    from gateway.domain.ids import MessageId

MARKERS = ".abgelegt"
TRIES = 4  # how often another worker may get in between look and act before we leave it to the next attempt
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Place(Enum):
    """Where a message stands in the authority's folder."""

    NOWHERE = auto()
    STAGED = auto()
    LYING = auto()
    TAKEN = auto()
    RECALLED = auto()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a message stands; `staged` is the temporary folder its marker names, `marked` whether it has a marker."""

    place: Place
    staged: str = ""
    marked: bool = False


def standing(shelf: Shelf, message_id: MessageId) -> Standing:
    """Say where a message stands, as the protocol in the package text defines it."""
    name = checked_id(message_id)
    if shelf.exists(f".zurueck-{name}"):
        return Standing(Place.RECALLED)
    marker = shelf.names(f"{MARKERS}/{name}")
    staged = next((entry for entry in sorted(marker or ()) if entry.startswith(f".tmp-{name}-")), "")
    # the temporary folder is asked for first: if it became the message in between, the message is found next
    if staged and shelf.exists(staged):
        return Standing(Place.STAGED, staged, True)
    if shelf.exists(name):
        return Standing(Place.LYING, marked=marker is not None)
    return Standing(Place.TAKEN if marker is not None else Place.NOWHERE, marked=marker is not None)


def put_down(shelf: Shelf, envelope: Envelope) -> Handover:
    """Put the sealed folder down and return once it lies there durably; a message put down before is left alone.

    Raises Unreachable (nothing became visible), Unconfirmed (it may have), Refused (the name is used by something
    else) and whatever rendering the envelope raises.
    """
    name = checked_id(envelope.message_id)
    for _ in range(TRIES):
        now = _told(shelf, envelope.message_id)
        if now.place is Place.TAKEN:
            _tidy(shelf, envelope)
            return Handover(Outcome.HANDED_OVER, name, "Die Behörde hat den Ordner bereits abgeholt.")
        if now.place is Place.LYING:
            return _lying(shelf, envelope, now)
        with unreachable():
            if now.place is Place.RECALLED:
                _forget(shelf, name)
            elif now.place is Place.NOWHERE:
                _stage(shelf, envelope)
        if now.place is Place.STAGED and _publish(shelf, now.staged, name):
            _tidy(shelf, envelope)
            return Handover(Outcome.AVAILABLE, name, f"Liegt im Ordner {name} bereit.")
    raise Unreachable(
        codes.FAR_SIDE_UNREACHABLE, "Ein anderer Lauf legt dieselbe Nachricht gerade ab.", "Es wird erneut versucht."
    )


def take_back(shelf: Shelf, message_id: MessageId) -> bool:
    """Take a message back that was not fetched; False if it was. Afterwards it could be put down again."""
    name = checked_id(message_id)
    with unreachable():
        if shelf.move(name, f".zurueck-{name}"):
            shelf.settle("")
        now = standing(shelf, message_id)
        if now.place is Place.TAKEN:
            return False
        if now.place is not Place.NOWHERE:
            _forget(shelf, name)
        if now.staged:
            shelf.discard(now.staged)
        return True


def checked_id(message_id: MessageId) -> str:
    """Return a message id as the name of a folder; anything but a UUID would be a programming error on our side."""
    if not _ID.fullmatch(message_id):
        raise SealError(codes.ENVELOPE_INVALID, f"Die Nachrichtenkennung {message_id!r} ist keine UUID.")
    return str(message_id)


def checked_files(files: Sequence[SealedFile]) -> Sequence[SealedFile]:
    """Return the files of a sealed folder if every name is harmless, used once, and the envelope is among them."""
    names = [file.name for file in files]
    faults = sorted({repr(name) for name in names if not _PART.fullmatch(name) or names.count(name) > 1})
    if faults or "envelope.xml" not in names:
        raise SealError(
            codes.ENVELOPE_INVALID,
            f"Unzulässige Namen im Umschlag: {', '.join(faults) or 'envelope.xml fehlt'}.",
            "Es wurde nichts übermittelt.",
        )
    return files


def _stage(shelf: Shelf, envelope: Envelope) -> None:
    """Write the message under a temporary name, make it durable, then leave the marker that names it."""
    name, attempt = envelope.message_id, envelope.attempt
    temporary, marker = f".tmp-{name}-{attempt}", f"{MARKERS}/.neu-{name}-{attempt}"
    files = checked_files(envelope.sealed())
    shelf.discard(temporary)
    shelf.discard(marker)
    try:
        shelf.make(temporary)
        for file in files:
            with file.open() as source:
                shelf.write(f"{temporary}/{file.name}", source, file.size)
        shelf.settle(temporary)
        shelf.settle("")
    except BaseException:
        with suppress(ShelfError):  # the first failure is the one to tell; the next attempt tidies up too
            shelf.discard(temporary)
        raise
    _mark(shelf, temporary, marker, f"{MARKERS}/{name}")


def _mark(shelf: Shelf, temporary: str, marker: str, final: str) -> None:
    """Leave the marker in one step; if another worker left one meanwhile, our copy goes."""
    with suppress(Occupied):
        shelf.make(MARKERS)
        shelf.settle("")
    shelf.make(marker)
    shelf.write(f"{marker}/{temporary}", io.BytesIO(), 0)
    shelf.settle(marker)
    try:
        shelf.move(marker, final)
    except Occupied:
        shelf.discard(marker)
        shelf.discard(temporary)
    shelf.settle(MARKERS)


def _publish(shelf: Shelf, staged: str, name: str) -> bool:
    """Let the complete message appear under its name, durably; False if another worker did."""
    try:
        if not shelf.move(staged, name):
            return False
    except Occupied:
        with unreachable():
            if not shelf.exists(staged):  # it lies there: a rename of a worker that is gone came through meanwhile
                return False
        raise _in_the_way(name) from None
    except ShelfError as error:
        if error.sure:
            raise Unreachable(codes.FAR_SIDE_UNREACHABLE, error.reason, error.hint) from error
        raise Unconfirmed(codes.FAR_SIDE_UNCONFIRMED, error.reason, error.hint) from error
    with unconfirmed():
        shelf.settle("")
    return True


def _lying(shelf: Shelf, envelope: Envelope, now: Standing) -> Handover:
    """Confirm a message that lies there: by its marker, or without one by its files' names and sizes."""
    name = checked_id(envelope.message_id)
    if not now.marked and not _same(shelf, name, checked_files(envelope.sealed())):
        raise _in_the_way(name)
    with unconfirmed():
        shelf.settle("")
    _tidy(shelf, envelope)
    return Handover(Outcome.AVAILABLE, name, f"Lag bereits im Ordner {name} bereit.")


def _same(shelf: Shelf, folder: str, files: Sequence[SealedFile]) -> bool:
    """Say whether a folder holds these files; `envelope.xml` may differ, since the key is wrapped anew each time."""
    with unreachable():
        try:
            for file in files:
                kept = shelf.kept(f"{folder}/{file.name}")
                if kept is None or (file.name != "envelope.xml" and kept.size != file.size):
                    return False
        except Odd:
            return False
    return True


def _forget(shelf: Shelf, name: str) -> None:
    """Finish taking back: first the marker in one step, then what it stood for."""
    shelf.discard(f"{MARKERS}/.weg-{name}")
    if shelf.move(f"{MARKERS}/{name}", f"{MARKERS}/.weg-{name}"):
        shelf.settle(MARKERS)
        shelf.discard(f"{MARKERS}/.weg-{name}")
    shelf.discard(f".zurueck-{name}")


def _tidy(shelf: Shelf, envelope: Envelope) -> None:
    """Remove what earlier attempts of this message left half done; failing to is no failure of the delivery."""
    if envelope.attempt == 1:
        return
    # never a later attempt's: that one may belong to a worker that took over from us
    numbered = re.compile(rf"\.(tmp|neu)-{re.escape(envelope.message_id)}-(\d+)")
    with suppress(ShelfError, Odd):
        for folder in ("", MARKERS):
            for left in shelf.names(folder) or ():
                found = numbered.fullmatch(left)
                if found and int(found[2]) < envelope.attempt:
                    shelf.discard(f"{folder}/{left}".lstrip("/"))


def _told(shelf: Shelf, message_id: MessageId) -> Standing:
    with unreachable():
        return standing(shelf, message_id)


def _in_the_way(name: str) -> Refused:
    return Refused(
        codes.FAR_SIDE_REFUSED,
        f"Im Ablageordner liegt unter dem Namen {name} bereits etwas anderes.",
        "Bitte klären Sie mit der Behörde, woher es stammt, und geben Sie die Übermittlung danach wieder frei.",
    )
