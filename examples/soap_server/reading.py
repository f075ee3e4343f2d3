"""Reads one `uebergeben` call as it arrives: texts into a small record, contents straight into files."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NoReturn
from xml.parsers import expat

SOAP = "http://www.w3.org/2003/05/soap-envelope"
OURS = "urn:bauweiche:uebergabe:1"
TEXT_LIMIT = 1_000
ATTACHMENTS = 1_000
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CALL = (f"{SOAP} Envelope", f"{SOAP} Body", f"{OURS} uebergeben")
_PLACES = {
    (*_CALL, f"{OURS} Nachricht"): "nachricht",
    (*_CALL, f"{OURS} Anlagen", f"{OURS} Anlage"): "anlage",
}
_SHELLS = {_CALL[:1], _CALL[:2], _CALL, (*_CALL, f"{OURS} Anlagen"), *_PLACES}
_TEXTS = {
    "nachricht": {"kennung", "vorgangsnummer", "leser", "autor", "release", "art", "erstelltAm", "test", "schutz",
                  "groesse", "inhalt", "sha256"},
    "anlage": {"kennung", "name", "medientyp", "groesse", "inhalt", "sha256"},
}  # fmt: skip


class BadRequest(Exception):
    """The call is not what the WSDL describes; the text goes into the fault."""


@dataclass
class Part:
    """The message or one attachment: its texts by element name, and the file its content was written to."""

    kind: str
    file: Path
    texts: dict[str, str] = field(default_factory=dict)
    size: int = 0
    digest: str = ""


class Reader:
    """Takes the bytes of a call in any pieces; `finish` returns the message and its attachments.

    File names are ours (`nachricht.xml`, `anlage-0001.bin`): names in the call are data and never become paths.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: tuple[str, ...] = ()
        self._parts: list[Part] = []
        self._text: list[str] | None = None
        self._content: _Content | None = None
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_size = 1 << 18
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = lambda *_: _bad("DOCTYPE ist nicht erlaubt")
        self._parser.ProcessingInstructionHandler = lambda *_: _bad("Verarbeitungsanweisungen sind nicht erlaubt")

    def feed(self, data: bytes) -> None:
        """Read on. Raises BadRequest."""
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            raise BadRequest(f"kein wohlgeformtes XML: {error}") from error

    def finish(self) -> tuple[Part, list[Part]]:
        """Return what was read once everything is there and agrees. Raises BadRequest."""
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise BadRequest(f"kein wohlgeformtes XML: {error}") from error
        if (
            not self._parts
            or self._parts[0].kind != "nachricht"
            or [p.kind for p in self._parts].count("nachricht") != 1
        ):
            _bad("genau eine Nachricht wird erwartet, vor den Anlagen")
        for part in self._parts:
            _check(part)
        message, *attachments = self._parts
        if not _ID.fullmatch(message.texts["kennung"]):
            _bad("die Kennung ist keine UUID in Kleinbuchstaben")
        return message, attachments

    def close(self) -> None:
        """Close a file that was being written; needed only if reading ended early."""
        if self._content is not None:
            self._content.close()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._text is not None or self._content is not None:
            _bad(f"unerwartetes Element {name}")
        place = _PLACES.get(self._path)
        self._path = (*self._path, name)
        if self._path in _SHELLS:
            if kind := _PLACES.get(self._path):
                self._begin(kind, attributes)
            return
        namespace, _, local = name.rpartition(" ")
        if place is None or namespace != OURS or local not in _TEXTS[place] or local in self._parts[-1].texts:
            _bad(f"unerwartetes Element {name}")
        self._parts[-1].texts.update({f"{local}@{key}": value[:TEXT_LIMIT] for key, value in attributes.items()})
        if local == "inhalt":
            self._content = _Content(self._parts[-1].file)
        else:
            self._text = []

    def _begin(self, kind: str, attributes: dict[str, str]) -> None:
        number = len(self._parts)
        if number > ATTACHMENTS:
            _bad("zu viele Anlagen")
        name = "nachricht.xml" if kind == "nachricht" else f"anlage-{number:04d}.bin"
        self._parts.append(Part(kind, self._folder / name, {f"@{key}": value for key, value in attributes.items()}))

    def _end(self, name: str) -> None:
        self._path = self._path[:-1]
        local = name.rpartition(" ")[2]
        if self._content is not None:
            part = self._parts[-1]
            part.size, part.digest = self._content.finish()
            part.texts[local] = ""
            self._content = None
        elif self._text is not None:
            self._parts[-1].texts[local] = "".join(self._text)
            self._text = None

    def _characters(self, data: str) -> None:
        if self._content is not None:
            self._content.add(data)
        elif self._text is not None:
            if sum(map(len, self._text)) + len(data) > TEXT_LIMIT:
                _bad("ein Text ist zu lang")
            self._text.append(data)
        elif data.strip():
            _bad("Text an unerwarteter Stelle")


class _Content:
    """One base64 text on its way into a file."""

    def __init__(self, file: Path) -> None:
        self._target: BinaryIO = file.open("xb")
        self._digest = hashlib.sha256()
        self._size = 0
        self._rest = ""

    def add(self, text: str) -> None:
        data = self._rest + "".join(text.split())
        whole = len(data) - len(data) % 4
        self._rest = data[whole:]
        self._write(data[:whole])

    def finish(self) -> tuple[int, str]:
        """Make the file durable and return its size and digest."""
        if self._rest:
            _bad("base64 ist unvollständig")
        self._target.flush()
        os.fsync(self._target.fileno())
        self._target.close()
        return self._size, self._digest.hexdigest()

    def close(self) -> None:
        self._target.close()

    def _write(self, text: str) -> None:
        try:
            data = base64.b64decode(text, validate=True)
        except binascii.Error:
            _bad("base64 ist fehlerhaft")
        self._target.write(data)
        self._digest.update(data)
        self._size += len(data)


def _check(part: Part) -> None:
    """Hold what arrived against what was announced."""
    missing = _TEXTS[part.kind] - part.texts.keys()
    if missing:
        _bad(f"es fehlt: {', '.join(sorted(missing))}")
    if part.texts["groesse"] != str(part.size) or part.texts["sha256"] != part.digest:
        _bad(f"Größe oder Prüfsumme von {part.texts['kennung']} stimmt nicht")


def _bad(why: str) -> NoReturn:
    raise BadRequest(why)
