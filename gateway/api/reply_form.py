"""A multipart/form-data body read as it comes: the message into memory, every file straight to the vault.

The framework's own form reader would put files on disk in clear (law 2).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.adapter import PartSink
from gateway.domain import codes
from gateway.domain.errors import SubmissionError
from gateway.flow.receiving import Arriving, too_large_message
from gateway.xmlguard import BYTES

MESSAGE = "message"


@dataclass
class _Part:
    """The part that is being read: its headers, and where its bytes go."""

    headers: dict[str, bytes] = field(default_factory=dict)
    name: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    sink: PartSink | None = None


class ReplyForm:
    """Feeds a reply from form data: the field `message` is the XBau XML, every other field a file by its dokumentid."""

    def __init__(self, arriving: Arriving, content_type: str) -> None:
        media_type, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if media_type != b"multipart/form-data" or not 1 <= len(boundary) <= 200:
            raise SubmissionError(codes.CONTENT_TYPE, "Der Inhalt muss als multipart/form-data gesendet werden.")
        self._arriving = arriving
        self._message = bytearray()
        self._part = _Part()
        self._whole = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._field,
                "on_header_value": self._value,
                "on_header_end": self._header,
                "on_headers_finished": self._open,
                "on_part_data": self._data,
                "on_part_end": self._close,
                "on_end": self._end,
            },
        )

    def feed(self, data: bytes) -> None:
        """Read the next bytes. Raises: SubmissionError, also BODY_UNREADABLE for what is no form data."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _unreadable() from error

    def finish(self) -> None:
        """Say that the body has ended. Raises: SubmissionError BODY_UNREADABLE if it was cut or has no message."""
        if not self._whole or not self._message:
            raise _unreadable()
        self._arriving.message(bytes(self._message))

    def _begin(self) -> None:
        self._part = _Part()

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._part.name += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]

    def _header(self) -> None:
        self._part.headers[self._part.name.decode("latin-1").lower()] = bytes(self._part.value)
        self._part.name.clear()
        self._part.value.clear()

    def _open(self) -> None:
        _, options = parse_options_header(self._part.headers.get("content-disposition", b""))
        name = _text(options.get(b"name", b""))
        if name == MESSAGE:
            return
        file_name = _text(options.get(b"filename", b"")) or name
        media_type = _text(self._part.headers.get("content-type", b""))
        self._part.sink = self._arriving.part(name, file_name, media_type)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.sink is not None:
            self._part.sink.write(data[start:end])
            return
        self._message += data[start:end]
        if len(self._message) > BYTES:
            self._arriving.turn_away(too_large_message())

    def _close(self) -> None:
        if self._part.sink is not None:
            self._part.sink.close()

    def _end(self) -> None:
        self._whole = True


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def _unreadable() -> SubmissionError:
    return SubmissionError(
        codes.BODY_UNREADABLE,
        "Erwartet wird multipart/form-data mit dem Feld „message“ (XBau-Nachricht) und je Anlage einem Feld.",
        "Das Feld einer Anlage heißt wie ihre dokumentid.",
    )
