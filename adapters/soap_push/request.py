"""A message as arguments of the operation `uebergeben`; where content belongs stand numbers into `Content`s."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from adapters.soap_push.body import CHUNK, Content
from gateway.adapter import ClearPart, Envelope, SealedFile
from gateway.domain import codes
from gateway.domain.errors import SealError

PROTECTIONS: Mapping[str, str] = {"transport": "transport", "end_to_end": "ende-zu-ende"}
ENVELOPE = "envelope.xml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Request:
    """The two arguments, and what their numbers stand for."""

    message: Mapping[str, Any]
    attachments: Mapping[str, Any]
    contents: tuple[Content, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    kind: str
    identity: str
    name: str
    media_type: str
    content: Content


def make_request(envelope: Envelope) -> Request:
    """Render the message for its protection: in clear, or as the sealed folder's files."""
    main, parts = _clear(envelope) if envelope.protection == "transport" else _sealed(envelope)
    return Request(
        message={
            "kennung": envelope.message_id,
            "vorgangsnummer": envelope.case_number,
            "leser": {"_value_1": envelope.addressee, "name": envelope.addressee_name},
            "autor": {"_value_1": envelope.sender, "name": envelope.sender_name},
            "release": envelope.release,
            "art": envelope.root,
            "erstelltAm": envelope.created_at,
            "test": envelope.test,
            "schutz": PROTECTIONS[envelope.protection],
            "groesse": main.size,
            "inhalt": "0",
            "sha256": "0",
        },
        attachments={"Anlage": [_attachment(number, part) for number, part in enumerate(parts, start=1)]},
        contents=(main, *(part.content for part in parts)),
    )


def _attachment(number: int, part: _Part) -> Mapping[str, Any]:
    return {
        "art": part.kind,
        "kennung": part.identity,
        "name": part.name,
        "medientyp": part.media_type,
        "groesse": part.content.size,
        "inhalt": str(number),
        "sha256": str(number),
    }


def _clear(envelope: Envelope) -> tuple[Content, list[_Part]]:
    clear = envelope.clear()
    parts = [_clear_part("bauvorlage", part.identity, part) for part in clear.attachments]
    return _clear_content(clear.message), [*parts, _clear_part("manifest", "manifest", clear.manifest)]


def _clear_part(kind: str, identity: str, part: ClearPart) -> _Part:
    return _Part(kind, identity, part.file_name, part.media_type, _clear_content(part))


def _clear_content(part: ClearPart) -> Content:
    return Content(part.identity or "der Nachricht", part.size, part.chunks, part.sha256)


def _sealed(envelope: Envelope) -> tuple[Content, list[_Part]]:
    files = envelope.sealed()
    main = [file for file in files if file.name == ENVELOPE]
    rest = [file for file in files if file.name != ENVELOPE]
    if len(main) != 1 or len({file.name for file in rest}) != len(rest) or not all(map(_harmless, rest)):
        raise SealError(
            codes.ENVELOPE_INVALID, "Der versiegelte Ordner enthält unzulässige Namen.", "Es wurde nichts übermittelt."
        )
    return _content(main[0]), [
        _Part("umschlagteil", file.name, file.name, "application/octet-stream", _content(file)) for file in rest
    ]


def _harmless(file: SealedFile) -> bool:
    """A receiver may use these names for files: nothing that could lead anywhere."""
    return bool(_NAME.fullmatch(file.name))


def _content(file: SealedFile) -> Content:
    return Content(file.name, file.size, partial(_chunks, file))


def _chunks(file: SealedFile) -> Iterator[bytes]:
    with file.open() as source:
        while piece := source.read(CHUNK):
            yield piece
