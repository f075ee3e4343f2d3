"""multipart/related as MTOM uses it: a push reader that never holds a part, and a writer that knows its length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from adapters.xta_wire.faults import XtaFault

SOAP_TYPE = "application/soap+xml"
XOP_TYPE = "application/xop+xml"

_HEADER_LIMIT = 16_384
_PARTS_LIMIT = 2_000
_CONTENT_ID = re.compile(r"[A-Za-z0-9.-]+@[A-Za-z0-9.-]+")
_PARAMETER = re.compile(r';\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type in lower case and its parameters (names in lower case, quotes undone)."""

    media: str
    parameters: Mapping[str, str]


def read_content_type(value: str) -> ContentType:
    """Return the content type of a header value; spaces around `;` are optional, values may be quoted."""
    media, _, rest = value.partition(";")
    found = {
        match[1].lower(): re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        for match in _PARAMETER.finditer(";" + rest)
    }
    return ContentType(media.strip().lower(), found)


def content_id(value: str) -> str:
    """Return the bare id of a Content-ID header, a `start` parameter or a `cid:` reference, percent-signs undone."""
    return unquote(value.strip().removeprefix("cid:")).removeprefix("<").removesuffix(">")


class PartHandler(Protocol):
    """Takes the parts of a package in the order of the wire."""

    def begin(self, headers: Mapping[str, str]) -> None:
        """A part begins; header names in lower case."""

    def data(self, data: bytes) -> None:
        """Some bytes of the part."""

    def end(self) -> None:
        """The part is complete."""


class MultipartReader:
    """Splits a stream at its boundary and tells a handler; holds less than one boundary line of a part.

    Raises XtaFault 9022 for a broken package (also when the stream ends before the closing boundary).
    """

    def __init__(self, boundary: str, handler: PartHandler) -> None:
        if not 1 <= len(boundary) <= 200:
            raise XtaFault("9022", "Dem Content-Type multipart/related fehlt eine gültige boundary.")
        self._mark = b"\r\n--" + boundary.encode("latin-1", "replace")
        self._handler = handler
        # the first boundary may stand at the very beginning: as if a line end had gone before
        self._buffer = bytearray(b"\r\n")
        self._step: Callable[[], bool] = self._preamble
        self._parts = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self._buffer += data
        while self._step():
            pass

    def close(self) -> None:
        """The stream has ended."""
        if self._step != self._epilogue:
            raise XtaFault("9022", "Das MIME-Paket bricht vor seinem Ende ab.")

    def _preamble(self) -> bool:
        at = self._buffer.find(self._mark)
        if at < 0:
            del self._buffer[: -len(self._mark)]
            return False
        del self._buffer[: at + len(self._mark)]
        self._step = self._after_mark
        return True

    def _after_mark(self) -> bool:
        """Behind a boundary stands `--` (the end) or, after padding, a line end (another part)."""
        if len(self._buffer) < 2:
            return False
        if self._buffer[:2] == b"--":
            self._step = self._epilogue
            return True
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return self._more_up_to(_HEADER_LIMIT)
        if self._buffer[:end].strip(b" \t"):
            raise XtaFault("9022", "Hinter einer boundary des MIME-Pakets stehen fremde Zeichen.")
        del self._buffer[:end]
        self._step = self._headers
        return True

    def _headers(self) -> bool:
        """The buffer begins with the line end before the first header line, so an empty block ends at once."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return self._more_up_to(_HEADER_LIMIT)
        self._parts += 1
        if self._parts > _PARTS_LIMIT:
            raise XtaFault("9022", f"Das MIME-Paket hat mehr als {_PARTS_LIMIT} Teile.")
        headers = _read_headers(bytes(self._buffer[:end]))
        # the line end before a boundary belongs to the boundary: keep it, an empty part has nothing else
        del self._buffer[: end + 2]
        self._handler.begin(headers)
        self._step = self._first_content
        return True

    def _first_content(self) -> bool:
        if len(self._buffer) < len(self._mark):
            return False
        if self._buffer.startswith(self._mark):
            return self._part_ends(0)
        del self._buffer[:2]
        self._step = self._content
        return True

    def _content(self) -> bool:
        at = self._buffer.find(self._mark)
        if at >= 0:
            return self._part_ends(at)
        sure = len(self._buffer) - len(self._mark) + 1
        if sure > 0:
            self._handler.data(bytes(memoryview(self._buffer)[:sure]))
            del self._buffer[:sure]
        return False

    def _part_ends(self, at: int) -> bool:
        if at:
            self._handler.data(bytes(memoryview(self._buffer)[:at]))
        del self._buffer[: at + len(self._mark)]
        self._handler.end()
        self._step = self._after_mark
        return True

    def _epilogue(self) -> bool:
        self._buffer.clear()
        return False

    def _more_up_to(self, limit: int) -> bool:
        if len(self._buffer) > limit:
            raise XtaFault("9022", "Die Kopfzeilen eines MIME-Teils sind zu lang.")
        return False


def _read_headers(block: bytes) -> dict[str, str]:
    unfolded = re.sub(rb"\r\n[ \t]+", b" ", block)
    headers: dict[str, str] = {}
    for line in unfolded.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            headers[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")
    encoding = headers.get("content-transfer-encoding", "binary").lower()
    if encoding not in {"binary", "8bit", "7bit"}:
        raise XtaFault("9022", f"Ein MIME-Teil ist als {encoding} kodiert; XOP verlangt binary.")
    return headers


@dataclass(frozen=True, slots=True)
class Part:
    """A binary part to send: `size` bytes from `chunks()`; `identity` becomes its Content-ID."""

    identity: str
    size: int
    chunks: Callable[[], Iterator[bytes]]

    def __post_init__(self) -> None:
        if not _CONTENT_ID.fullmatch(self.identity):  # some clients unquote a cid, others do not: nothing to unquote
            raise ValueError(f"content id {self.identity!r}")


@dataclass(frozen=True, slots=True)
class Package:
    """A body ready to send: content type, exact length in bytes, and its bytes (a new stream at each call)."""

    content_type: str
    length: int
    chunks: Callable[[], Iterator[bytes]]


def plain(root: bytes, action: str = "") -> Package:
    """Return an envelope without parts as `application/soap+xml`."""
    suffix = f'; action="{action}"' if action else ""
    return Package(f"{SOAP_TYPE}; charset=utf-8{suffix}", len(root), lambda: iter((root,)))


def package(root: bytes, parts: Sequence[Part], *, boundary: str, root_id: str, action: str) -> Package:
    """Return the MTOM package: root part first, then the parts in order (RFC 2387, XOP 1.0)."""
    inner = f'{SOAP_TYPE}; action="{action}"'.replace('"', '\\"')
    content_type = (
        f'multipart/related; type="{XOP_TYPE}"; boundary="{boundary}"; start="<{root_id}>"; start-info="{inner}"'
    )
    root_type = f'{XOP_TYPE}; charset=UTF-8; type="{inner}"'
    heads = [
        _head(boundary, root_id, root_type),
        *(_head(boundary, part.identity, "application/octet-stream") for part in parts),
    ]
    tail = f"\r\n--{boundary}--\r\n".encode()

    def chunks() -> Iterator[bytes]:
        yield heads[0] + root
        for head, part in zip(heads[1:], parts, strict=True):
            yield b"\r\n" + head
            yield from part.chunks()
        yield tail

    framing = sum(map(len, heads)) + 2 * len(parts) + len(tail)
    return Package(content_type, len(root) + framing + sum(part.size for part in parts), chunks)


def _head(boundary: str, identity: str, content_type: str) -> bytes:
    lines = (
        f"--{boundary}",
        f"Content-Type: {content_type}",
        "Content-Transfer-Encoding: binary",
        f"Content-ID: <{identity}>",
        "",
        "",
    )
    return "\r\n".join(lines).encode()
