"""What the authority sends back: complete subfolders of the return folder, checked before anything is read."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import BinaryIO

from adapters.folder.shelf import Occupied, Odd, Shelf
from gateway.adapter import Returned

TAKEN = ".abgeholt"
NOTES = "HINWEISE.txt"
FILES = 1_000
BYTES = 260_000_000  # 250 MB of message and attachments (XBau kernel profile), and room for the envelope
MESSAGE_BYTES = 5_000_000
_MESSAGES = {"envelope.xml": "sealed", "message.xml": "clear"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)

Opener = Callable[[str], BinaryIO]


def returned(shelf: Shelf, folder: str, opener: Opener, done: Callable[[str], None]) -> Iterator[Returned]:
    """Yield every complete reply in `folder`, by name; what cannot be taken is named in HINWEISE.txt there.

    A reply is sealed (`envelope.xml` and its parts) or clear (`message.xml` and its attachments); `facts["form"]` says
    which. Entries that begin with a dot are still being written.
    """
    names = shelf.names(folder)
    if names is None:
        return
    faults: dict[str, str] = {}
    for name in sorted(names - {NOTES}):
        if name.startswith(".") or name.lower().endswith(".quittung"):
            continue
        fault, message, sizes = _inspect(shelf, folder, name)
        if fault:
            faults[name] = fault
            continue
        paths = {file: f"{folder}/{name}/{file}" for file in sizes}
        yield Returned(
            reference=name,
            message=partial(opener, paths.pop(message)),
            attachments={file: partial(opener, path) for file, path in sorted(paths.items())},
            done=partial(done, name),
            facts={"form": _MESSAGES[message]},
        )
    _leave_notes(shelf, folder, faults)


def put_aside(shelf: Shelf, folder: str, name: str) -> None:
    """Move a reply that we hold durably to `.abgeholt`; done before is fine, a name used twice gets a number."""
    with suppress(Occupied):
        shelf.make(f"{folder}/{TAKEN}")
    for suffix in ("", *(f".{number}" for number in range(2, 100))):
        with suppress(Occupied):
            shelf.move(f"{folder}/{name}", f"{folder}/{TAKEN}/{name}{suffix}")
            shelf.settle(f"{folder}/{TAKEN}")
            return


def _inspect(shelf: Shelf, folder: str, name: str) -> tuple[str, str, Mapping[str, int]]:
    """Return what is wrong with a reply (empty: nothing), the name of its message, and its files with their sizes."""
    if not _harmless(name):
        return "Der Ordnername enthält unzulässige Zeichen.", "", {}
    try:
        names = shelf.names(f"{folder}/{name}") or frozenset()
        if len(names) > FILES:
            return f"Der Ordner enthält mehr als {FILES} Dateien.", "", {}
        if odd := sorted(repr(file) for file in names if not _harmless(file)):
            return f"Unzulässige Dateinamen: {', '.join(odd)[:300]}.", "", {}
        sizes = {file: kept.size for file in names if (kept := shelf.kept(f"{folder}/{name}/{file}"))}
    except Odd:
        return "Erlaubt sind nur ein Ordner und gewöhnliche Dateien darin, keine Verknüpfungen.", "", {}
    messages = [file for file in _MESSAGES if file in sizes]
    if len(messages) != 1:
        return "Im Ordner muss genau eine der Dateien envelope.xml und message.xml liegen.", "", {}
    if sizes[messages[0]] > MESSAGE_BYTES or sum(sizes.values()) > BYTES:
        return "Die Dateien sind zu groß (Nachricht höchstens 5 MB, alles zusammen höchstens 250 MB).", "", {}
    return "", messages[0], sizes


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
