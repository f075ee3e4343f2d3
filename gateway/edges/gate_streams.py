"""How much a PDF becomes when it is unpacked: counted piece by piece, never held, stopped at a limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream

from gateway.edges.gate_verdict import Objection, bomb, damaged

_FLATE = frozenset({"/FlateDecode", "/Fl"})
_SWELLING = frozenset({*_FLATE, "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL"})
_PICTURE = frozenset({"/DCTDecode", "/DCT", "/JPXDecode", "/JBIG2Decode", "/CCITTFaxDecode", "/CCF"})
_COMPONENTS = {"/DeviceGray": 1, "/CalGray": 1, "/Indexed": 1, "/Separation": 1, "/DeviceCMYK": 4}
_PIECE = 1 << 18
_READ = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What a PDF may cost its reader, and its check us; sizes in bytes, `cpu` in seconds.

    An A0 sheet scanned at 300 dpi in colour is 418 MB unpacked, at 600 dpi as a picture 1.7 GB: both must pass.
    Memory is address space: the interpreter 40 MB, the file mapped and in pieces 60 MB, a million objects 500 MB.
    Drawing instructions, fonts and the like never reach `swollen` at more than `ratio` times their packed size.
    """

    filters: int = 4
    stream: int = 512 * 10**6
    total: int = 2 * 10**9
    picture: int = 2**31
    swollen: int = 64 * 10**6
    ratio: int = 200
    objects: int = 1_000_000
    nesting: int = 100
    cpu: int = 10
    memory: int = 768 << 20


class Unpacking:
    """Adds up what the streams of one document unpack to."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._total = 0

    def add(self, stream: Stream, *, drawn: bool) -> None:
        """Count one stream; `drawn` says that a page cannot be shown without it.

        Raises: Objection PDF_BOMB above a limit; PDF_DAMAGED if a drawn stream cannot be unpacked.
        """
        head = stream.stream_dict
        filters = _filters(head.get("/Filter"))
        if len(filters) > self._limits.filters:
            raise bomb(f"Die Datei enthält Inhalte mit {len(filters)} übereinandergelegten Packverfahren.")
        picture = head.get("/Subtype") == Name.Image
        if picture and _picture_bytes(head) > self._limits.picture:
            raise bomb("Die Datei enthält ein Bild mit übergroßen Abmessungen.")
        if _SWELLING.isdisjoint(filters):
            return
        try:
            self._count(stream, filters, picture)
        except (zlib.error, pikepdf.PdfError, pikepdf.DataDecodingError) as error:
            if drawn:
                raise damaged(f"Der Inhalt einer Seite ist beschädigt (Objekt {stream.objgen[0]}).") from error

    def _count(self, stream: Stream, filters: list[str], picture: bool) -> None:
        packed = memoryview(stream.get_raw_stream_buffer())
        size = 0
        for count in _unpacked_sizes(stream, packed, filters):
            size += count
            self._total += count
            if size > self._limits.stream or self._total > self._limits.total:
                raise _too_large()
            if not picture and size > self._limits.swollen and size > self._limits.ratio * len(packed):
                raise _too_large()


def _unpacked_sizes(stream: Stream, packed: memoryview, filters: list[str]) -> Iterator[int]:
    """Yield the sizes of the pieces that a stream unpacks to."""
    left = list(filters)
    pieces: Iterable[bytes | memoryview] = (packed[at : at + _READ] for at in range(0, len(packed), _READ))
    while left and left[0] in _FLATE:
        pieces = _inflated(pieces)
        left.pop(0)
    if not left or _PICTURE.issuperset(left):
        yield from map(len, pieces)
    elif not _PICTURE.intersection(left):
        # rare filters are left to qpdf, whose limits and those of the process bound it
        yield len(memoryview(stream.get_stream_buffer(pikepdf.StreamDecodeLevel.specialized)))
    else:
        raise bomb("Die Datei enthält ein Bild in einer unüblichen Folge von Packverfahren.")


def _inflated(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Unpack a Flate stream; what follows its end is ignored, as readers do. Raises: zlib.error if it is not whole."""
    machine = zlib.decompressobj()
    begun = False  # nothing at all unpacks to nothing: empty pages are written like that
    for piece in pieces:
        data: bytes | memoryview = piece
        begun = begun or len(data) > 0
        while data and not machine.eof:
            yield machine.decompress(data, _PIECE)
            data = machine.unconsumed_tail
    if begun and not machine.eof:
        raise zlib.error("incomplete")


def _filters(value: Object | None) -> list[str]:
    if isinstance(value, Array):
        return [str(item) for item in value]
    return [] if value is None else [str(value)]


def _picture_bytes(head: Dictionary) -> int:
    """Return the size of a picture in memory, from what it says of itself."""
    width, height = (_whole(head, key, 0) for key in ("/Width", "/Height"))
    space = head.get("/ColorSpace")
    name = str(space[0] if isinstance(space, Array) and len(space) > 0 else space)
    last = _filters(head.get("/Filter"))[-1:]
    if last in (["/JBIG2Decode"], ["/CCITTFaxDecode"], ["/CCF"]) or "/ImageMask" in head:
        return width * height // 8
    return width * height * _whole(head, "/BitsPerComponent", 8) * _COMPONENTS.get(name, 3) // 8


def _whole(head: Dictionary, key: str, default: int) -> int:
    return max(0, head.get_int(key, default))


def _too_large() -> Objection:
    return bomb("Die Datei entpackt sich auf ein Vielfaches ihrer Größe.")
