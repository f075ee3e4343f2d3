"""What the authority sends back: complete subfolders of the return folder, checked before anything is read."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import BinaryIO

from adapters.folder.shelf import Occupied, Odd, Shelf, ShelfError
from gateway.adapter import Returned, Unusable

TAKEN = ".abgeholt"
NOTES = "HINWEISE.txt"
FILES = 1_000
BYTES = 260_000_000  # 250 MB of message and attachments (XBau kernel profile), and room for the envelope
MESSAGE_BYTES = 5_000_000
_MESSAGES = {"envelope.xml": "sealed", "message.xml": "clear"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LITTER = frozenset({"thumbs.db", "desktop.ini"})
"""What Windows leaves in a folder that somebody looks at."""

_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)

Opener = Callable[[str], BinaryIO]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What lies under a name: its files with their sizes and which is the message, or what is wrong with it.

    Without either it is no longer there. `fault` names no name that the far side chose, `names` lists those that are
    wrong, for the far side's own eyes.
    """

    fault: str = ""
    names: str = ""
    message: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)


def returned(shelf: Shelf, folder: str, opener: Opener, done: Callable[[str], None]) -> Iterator[Returned | Unusable]:
    """Yield every complete reply in `folder`, by name, and what cannot be taken; HINWEISE.txt there names the latter.

    A reply is sealed (`envelope.xml` and its parts) or clear (`message.xml` and its attachments); `facts["form"]` says
    which. Entries that begin with a dot are still being written.
    """
    names = shelf.names(folder)
    if names is None:
        return
    faults: dict[str, str] = {}
    for name in sorted(names - {NOTES}):
        if name.startswith(".") or name.lower() in _LITTER or name.lower().endswith(".quittung"):
            continue
        entry = _inspect(shelf, folder, name)
        if entry.fault:
            faults[name] = f"{entry.fault} {entry.names}".rstrip()
            yield Unusable(name, entry.fault)
        if not entry.message:
            continue
        paths = {file: f"{folder}/{name}/{file}" for file in entry.sizes}
        yield Returned(
            reference=name,
            message=partial(opener, paths.pop(entry.message)),
            attachments={file: partial(opener, path) for file, path in sorted(paths.items())},
            done=partial(done, name),
            facts={"form": _MESSAGES[entry.message]},
            left=partial(faults.__setitem__, name),
        )
    _leave_notes(shelf, folder, faults)


def put_aside(shelf: Shelf, folder: str, name: str) -> None:
    """Move a reply that we hold durably to `.abgeholt`; done before is fine, a name used again gets a number."""
    with suppress(Occupied):
        shelf.make(f"{folder}/{TAKEN}")
    with suppress(Occupied):
        _move_aside(shelf, folder, name, name)
        return
    taken = shelf.names(f"{folder}/{TAKEN}") or frozenset()
    for free in (f"{name}.{number}" for number in count(2) if f"{name}.{number}" not in taken):
        with suppress(Occupied):  # somebody was faster
            _move_aside(shelf, folder, name, free)
            return


def _move_aside(shelf: Shelf, folder: str, name: str, becomes: str) -> None:
    shelf.move(f"{folder}/{name}", f"{folder}/{TAKEN}/{becomes}")
    shelf.settle(f"{folder}/{TAKEN}")


def _inspect(shelf: Shelf, folder: str, name: str) -> _Entry:
    """Look at one entry without opening any file.

    Raises:
        ShelfError: not only this entry, the folder itself cannot be read.
    """
    if not _harmless(name):
        return _Entry("Der Ordnername enthält unzulässige Zeichen.")
    try:
        return _look(shelf, folder, name)
    except Odd:
        return _Entry("Erlaubt sind nur ein Ordner und gewöhnliche Dateien darin, keine Verknüpfungen.")
    except ShelfError:
        shelf.names(folder)
        return _Entry("Der Ordner oder eine Datei darin ist für das Gateway nicht lesbar.")


def _look(shelf: Shelf, folder: str, name: str) -> _Entry:
    names = shelf.names(f"{folder}/{name}")
    if names is None:
        return _Entry()
    if len(names) > FILES:
        return _Entry(f"Der Ordner enthält mehr als {FILES} Dateien.")
    if odd := sorted(repr(file) for file in names if not _harmless(file)):
        return _Entry("Unzulässige Dateinamen.", f"({', '.join(odd)[:300]})")
    sizes = {file: kept.size for file in names if (kept := shelf.kept(f"{folder}/{name}/{file}"))}
    messages = [file for file in _MESSAGES if file in sizes]
    if len(messages) != 1:
        return _Entry("Im Ordner muss genau eine der Dateien envelope.xml und message.xml liegen.")
    if sizes[messages[0]] > MESSAGE_BYTES or sum(sizes.values()) > BYTES:
        return _Entry("Die Dateien sind zu groß (Nachricht höchstens 5 MB, alles zusammen höchstens 250 MB).")
    return _Entry(message=messages[0], sizes=sizes)


def _harmless(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not _DEVICES.fullmatch(name)


def _leave_notes(shelf: Shelf, folder: str, faults: Mapping[str, str]) -> None:
    """Tell the authority's IT, where they will look, what could not be taken; nothing to tell leaves no file."""
    lines = [f"{name!r}: {fault}" for name, fault in sorted(faults.items())]
    text = "".join(f"{line}\r\n" for line in ["Diese Einträge konnte das Gateway nicht abholen:", *lines]).encode()
    path = f"{folder}/{NOTES}"
    try:
        before = shelf.kept(path)
        if before is not None:
            with shelf.open(path) as source:
                if faults and source.read(len(text) + 1) == text:
                    return
            shelf.discard(path)
        if faults:
            shelf.write(path, io.BytesIO(text), len(text))
    except (Odd, Occupied):
        return  # someone uses the name for something else: their folder, their name
