"""PDFs for tests: good ones of an exact size and of many kinds, and hostile ones with the code each must meet."""

from __future__ import annotations

import io
import random
import zlib
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Pdf, String

from gateway.domain.codes import Code

Built = tuple[bytes, Code]


def plain_pdf(pages: int = 1, size_bytes: int | None = None, text: str = "Bauvorlage", seed: int = 1) -> bytes:
    """Return a still PDF with `text` on each page; with `size_bytes` of exactly that size, padded incompressibly."""
    with blank(pages) as pdf:
        for number, page in enumerate(pdf.pages, 1):
            page.Contents = pdf.make_stream(f"BT /F1 24 Tf 72 720 Td ({text} {number}) Tj ET".encode())
            page.Resources = Dictionary(
                Font=Dictionary(F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
            )
        data = saved(pdf, compress_streams=False)
    return data if size_bytes is None else _padded(data, size_bytes, seed)


def blank(pages: int = 1) -> Pdf:
    """Return a new document with empty A4 pages."""
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page(page_size=(595, 842))
    return pdf


def saved(pdf: Pdf, **options: object) -> bytes:
    """Return a document as bytes."""
    buffer = io.BytesIO()
    pdf.save(buffer, deterministic_id="encryption" not in options, **options)  # type: ignore[arg-type]  # a caller's own options
    return buffer.getvalue()


def assembled(
    bodies: list[bytes],
    *,
    trailer: bytes = b"",
    header: bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    size: int | None = None,
) -> bytes:
    """Return a PDF of hand-written objects 1, 2, …; object 1 is the catalog. No library mends what is wrong in it."""
    out = bytearray(header)
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(bodies) + 1 if size is None else size
    out += b"trailer\n<< /Size %d /Root 1 0 R %b >>\nstartxref\n%d\n%%%%EOF\n" % (count, trailer, start)
    return bytes(out)


def stream_body(data: bytes, head: bytes = b"") -> bytes:
    """Return a hand-written stream object."""
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (head, len(data), data)


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents 4 0 R >>"
CONTENTS = stream_body(b"0 0 m 100 100 l S")
STILL = [CATALOG, PAGES, PAGE, CONTENTS]
"""The four objects of the smallest still page; more may be appended from number 5."""


def with_object_stream(members: list[bytes], swelling: int = 0) -> bytes:
    """Return STILL plus objects packed in an object stream (number 5; members from 6), `swelling` spaces after them."""
    out = bytearray(b"%PDF-1.7\n")
    entries = [(0, 0, 65535)]

    def write(number: int, body: bytes) -> None:
        entries.append((1, len(out), 0))
        out.extend(b"%d 0 obj\n%b\nendobj\n" % (number, body))

    for number, body in enumerate(STILL, 1):
        write(number, body)
    offsets = [0]
    for member in members:
        offsets.append(offsets[-1] + len(member) + 1)
    index = b"".join(b"%d %d " % (6 + place, offset) for place, offset in enumerate(offsets[:-1]))
    packed = swollen(index + b" ".join(members) + b" ", swelling)
    write(5, stream_body(packed, b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode" % (len(members), len(index))))
    entries.extend((2, 5, place) for place in range(len(members)))
    number, start = 6 + len(members), len(out)
    entries.append((1, start, 0))
    table = b"".join(
        kind.to_bytes(1, "big") + place.to_bytes(4, "big") + last.to_bytes(3, "big") for kind, place, last in entries
    )
    write(number, stream_body(table, b"/Type /XRef /W [1 4 3] /Size %d /Root 1 0 R" % (number + 1)))
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def swollen(start: bytes, swelling: int) -> bytes:
    """Return Flate data that unpacks to `start` and then at least `swelling` spaces; quick, whatever the size."""
    block = b" " * (1 << 20)
    machine = zlib.compressobj(9)
    head = machine.compress(start) + machine.flush(zlib.Z_FULL_FLUSH)
    check = zlib.adler32(start)
    packed = machine.compress(block) + machine.flush(zlib.Z_FULL_FLUSH)  # refers to nothing before it: may be repeated
    count = -(-swelling // len(block))
    for _ in range(count):
        check = zlib.adler32(block, check)
    return head + packed * count + b"\x03\x00" + check.to_bytes(4, "big")


def _padded(data: bytes, size: int, seed: int) -> bytes:
    """Append an incremental update whose one stream brings the file to `size` bytes."""
    number = int(data.rsplit(b"/Size ", 1)[1].split()[0])
    previous = int(data.rsplit(b"startxref", 1)[1].split()[0])
    root = data.rsplit(b"/Root ", 1)[1].split(b" R", 1)[0]

    def update(length: int) -> tuple[bytes, bytes]:
        head = b"%d 0 obj\n<< /Length %d >>\nstream\n" % (number, length)
        table = len(data) + len(head) + length + len(b"\nendstream\nendobj\n")
        tail = b"\nendstream\nendobj\nxref\n%d 1\n%010d 00000 n \n" % (number, len(data))
        tail += b"trailer\n<< /Size %d /Root %b R /Prev %d >>\n" % (number + 1, root, previous)
        return head, tail + b"startxref\n%010d\n%%%%EOF\n" % table

    length = size
    for _ in range(4):  # the digits of the length change the length
        head, tail = update(length)
        length -= len(data) + len(head) + length + len(tail) - size
    head, tail = update(length)
    spare = size - len(data) - len(head) - length - len(tail)
    if length < 0 or not 0 <= spare < 8:
        raise ValueError(f"a PDF of {size} bytes is too small to pad")
    return data + head + random.Random(seed).randbytes(length) + tail + b"\n" * spare


# --- good ones -------------------------------------------------------------------------------------------------------


def _object_streams() -> bytes:
    return saved(blank(3), object_stream_mode=ObjectStreamMode.generate)


def _linearized() -> bytes:
    return saved(blank(5), linearize=True)


def _pdf_2_0() -> bytes:
    return saved(blank(), force_version="2.0")


def _updated() -> bytes:
    return _padded(_padded(saved(blank()), 4000, 1), 8000, 2)


def _form() -> bytes:
    with blank() as pdf:
        field = pdf.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                FT=Name.Tx,
                T=String("Bauherr"),
                V=String("JavaScript /JS"),
                Rect=Array([10, 10, 200, 30]),
            )
        )
        pdf.pages[0].Annots = Array([field])
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
        return saved(pdf)


def _links() -> bytes:
    with blank(2) as pdf:
        link = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Link,
            Rect=Array([0, 0, 50, 50]),
            A=Dictionary(S=Name.URI, URI=String("https://www.bauportal.nrw/")),
        )
        jump = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Link,
            Rect=Array([0, 60, 50, 90]),
            A=Dictionary(S=Name.GoTo, D=Array([pdf.pages[1].obj, Name.Fit])),
        )
        pdf.pages[0].Annots = Array([link, jump])
        pdf.Root.OpenAction = Array([pdf.pages[0].obj, Name.Fit])
        return saved(pdf)


def _outline_and_layers() -> bytes:
    with blank(2) as pdf:
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("Lageplan", 1))
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Grenzen")))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(Order=Array([layer])))
        return saved(pdf)


def _white_sheet() -> bytes:
    """An A0 sheet at 300 dpi, one bit, almost nothing on it: packed a thousandfold, and real."""
    width, height = 9933, 14043
    packed = zlib.compress(bytes((width + 7) // 8 * height), 9)
    picture = b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 1" % (width, height)
    return assembled([*STILL, stream_body(packed, picture + b" /ColorSpace /DeviceGray /Filter /FlateDecode")])


def _packed_twice() -> bytes:
    text = b"0 0 m 100 100 l S\n" * 500
    packed = zlib.compress(zlib.compress(text))
    return assembled([*STILL[:3], stream_body(packed, b"/Filter [/FlateDecode /FlateDecode]")])


def _old_filters() -> bytes:
    lzw = bytes([0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01])  # the example of ISO 32000-2, § 7.4.4.2
    hexed = stream_body(b"3020302030206d>", b"/Filter /ASCIIHexDecode")
    return assembled(
        [*STILL, stream_body(lzw, b"/Filter /LZWDecode"), hexed, stream_body(b"\x00a\x80", b"/Filter /RL")]
    )


def _empty_name_trees() -> bytes:
    with blank() as pdf:
        empty = Dictionary(Names=Array([]))
        pdf.Root.Names = Dictionary(JavaScript=empty, EmbeddedFiles=empty)
        return saved(pdf)


def _still_xfa() -> bytes:
    with blank() as pdf:
        form = pdf.make_stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template/></xdp:xdp>")
        pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=form)
        return saved(pdf)


GOOD: dict[str, Callable[[], bytes]] = {
    "a plain page": plain_pdf,
    "a hand-written page": lambda: assembled(STILL),
    "object streams": _object_streams,
    "linearised": _linearized,
    "PDF 2.0": _pdf_2_0,
    "PDF 1.1": lambda: assembled(STILL, header=b"%PDF-1.1\n"),
    "incremental updates": _updated,
    "a form without scripts": _form,
    "links to click": _links,
    "bookmarks and layers": _outline_and_layers,
    "a white A0 sheet": _white_sheet,
    "a stream packed twice": _packed_twice,
    "filters of the nineties": _old_filters,
    "empty name trees": _empty_name_trees,
    "a still XFA form": _still_xfa,
    "newlines at the end": lambda: plain_pdf() + b"\r\n\r\n",
    "zeros at the end": lambda: plain_pdf() + bytes(512),
    "a byte order mark before the header": lambda: b"\xef\xbb\xbf" + plain_pdf(),
    "a printer's preamble": lambda: b"\x1b%-12345X@PJL ENTER LANGUAGE=PDF\r\n" + plain_pdf(),
    "objects that are null": lambda: assembled([*STILL, b"null", b"[null << /A null >>]"]),
    "a wrong count in the trailer": lambda: assembled(STILL, size=9),
    "one megabyte": lambda: plain_pdf(size_bytes=10**6),
    "two hundred pages": lambda: plain_pdf(pages=200),
}
"""Files that must pass, each made when asked for."""
