"""The container of a bundle: a ZIP of the ASiC-E kind with one possible form, so that no byte of it can be changed.

`mimetype` first, everything stored, no times, no comments, no extra fields. Reading rebuilds the container from what
it holds and compares: whatever differs was not made here.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from gateway.domain import codes
from gateway.domain.errors import SealError

MIMETYPE = "mimetype"
MEDIA_TYPE = b"application/vnd.etsi.asic-e+zip"
BYTES = 64_000_000
ENTRIES = 20_000

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCAL_HEAD, _CENTRAL_HEAD, _END_HEAD = "<4s5H3I2H", "<4s6H3I5H2I", "<4s4H2IH"
_VERSION, _MIDNIGHT, _FIRST_DAY = 20, 0, 0x21
_HINT = "Bitte das Bündel beim Gateway neu abrufen; was Sie haben, beweist nichts."


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the one container that holds these files, `mimetype` first, the others by name."""
    ordered = [(MIMETYPE, MEDIA_TYPE), *sorted((name, data) for name, data in files.items() if name != MIMETYPE)]
    body, directory = bytearray(), bytearray()
    for name, data in ordered:
        written, checksum, offset = name.encode("ascii"), zlib.crc32(data), len(body)
        shared = (_VERSION, 0, 0, _MIDNIGHT, _FIRST_DAY, checksum, len(data), len(data), len(written))
        body += struct.pack(_LOCAL_HEAD, _LOCAL, *shared, 0) + written + data
        directory += struct.pack(_CENTRAL_HEAD, _CENTRAL, _VERSION, *shared, 0, 0, 0, 0, 0, offset) + written
    end = struct.pack(_END_HEAD, _END, 0, 0, len(ordered), len(ordered), len(directory), len(body), 0)
    return bytes(body + directory + end)


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the files of a container that is byte for byte as `pack` makes it; names are plain relative paths.

    Raises:
        SealError: EVIDENCE_INVALID; the German reason says what is wrong with it.
    """
    if len(data) > BYTES:
        raise _wrong("Die Datei ist größer, als ein Nachweisbündel sein kann.")
    if not data.startswith(_LOCAL):
        raise _wrong("Die Datei ist kein Nachweisbündel.")
    files = _walk(data)
    if files is None or pack(files) != data:
        raise _wrong(_what_is_wrong(data))
    for name in files:
        if not is_plain(name):
            raise _wrong(f"Das Bündel enthält den unzulässigen Pfad „{_shown(name)}“.")
    return files


def is_plain(name: str) -> bool:
    """Return whether a name is a relative path of plain characters that leads nowhere else."""
    steps = name.split("/")
    allowed = name.isascii() and all(character.isalnum() or character in "._-/" for character in name)
    return allowed and len(name) <= 200 and all(step.strip(".") for step in steps)


def _walk(data: bytes) -> dict[str, bytes] | None:
    """Return what the local headers say, in a straight line from the first byte; None where that line breaks."""
    files: dict[str, bytes] = {}
    position, head = 0, struct.calcsize(_LOCAL_HEAD)
    while data.startswith(_LOCAL, position):
        if len(files) >= ENTRIES or position + head > len(data):
            return None
        *_, size, length, _extra = struct.unpack_from(_LOCAL_HEAD, data, position)
        begin = position + head + length
        name = data[position + head : begin]
        if begin + size > len(data) or not name.isascii() or name.decode("ascii") in files:
            return None
        files[name.decode("ascii")] = data[begin : begin + size]
        position = begin + size
    return files


def _what_is_wrong(data: bytes) -> str:
    """Return in German why a ZIP is not one of ours; nothing of it is believed any more."""
    if data.rfind(_END) < 0:
        return "Die Datei ist unvollständig: Ihr Ende fehlt."
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as found:
            names = found.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error, EOFError):
        return "Die Datei ist beschädigt: Ihr Inhaltsverzeichnis passt nicht zum Inhalt."
    for name in names:
        if not is_plain(name.removesuffix("/")):  # folders of their own are what usual ZIP programs add
            return f"Das Bündel enthält den unzulässigen Pfad „{_shown(name)}“."
    doubled = sorted({name for name in names if names.count(name) > 1}) if len(names) < ENTRIES else []
    if doubled:
        return f"Das Bündel enthält „{_shown(doubled[0])}“ mehrmals."
    return "Die Datei wurde verändert oder neu verpackt: Sie ist nicht Byte für Byte, wie das Gateway sie ausgab."


def _shown(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)[:100]


def _wrong(reason: str) -> SealError:
    return SealError(codes.EVIDENCE_INVALID, reason, _HINT)
