"""Hostile and broken PDFs: one builder per kind, made when asked for; the answer to each stands in the corpus."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import pikepdf
from pikepdf import Encryption, Permissions

from gateway.domain import codes
from gateway.domain.codes import Code
from tests.kit.corpus import corpus
from tests.kit.pdfs import (
    CATALOG,
    CONTENTS,
    PAGE,
    STILL,
    assembled,
    blank,
    plain_pdf,
    saved,
    stream_body,
    swollen,
    with_object_stream,
)

SCRIPT = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
_FILE = stream_body(b"MZ", b"/Type /EmbeddedFile")


def beside(*bodies: bytes) -> bytes:
    """Return a still page with further objects (from 5) that nothing refers to."""
    return assembled([*STILL, *bodies])


def in_catalog(entries: bytes, *bodies: bytes) -> bytes:
    """Return a still page with `entries` in the catalog, and further objects from 5."""
    return assembled([CATALOG[:-2] + entries + b" >>", *STILL[1:], *bodies])


def in_page(entries: bytes, *bodies: bytes) -> bytes:
    """Return a page with `entries`, and further objects from 5."""
    return assembled([*STILL[:2], PAGE[:-2] + entries + b" >>", CONTENTS, *bodies])


def in_annotation(entries: bytes, *bodies: bytes) -> bytes:
    """Return a page with one annotation (object 5) that has `entries`, and further objects from 6."""
    return in_page(b"/Annots [5 0 R]", b"<< /Type /Annot /Rect [0 0 9 9] " + entries + b" >>", *bodies)


def drawn(data: bytes, head: bytes) -> bytes:
    """Return a page drawn by a stream with `head`."""
    return assembled([*STILL[:3], stream_body(data, head)])


def _nested(levels: int, size: int) -> bytes:
    data = bytes(size)
    for _ in range(levels):
        data = zlib.compress(data, 9)
    return data


def _encrypted(user: str, **options: object) -> bytes:
    with blank() as pdf:
        return saved(pdf, encryption=Encryption(owner="owner", user=user, **options))  # type: ignore[arg-type]  # versions


def _page_tree_fan() -> bytes:
    """Thirty levels, each with the next level twice: a billion pages in thirty objects."""
    levels = [b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 2 >>" % (n, n) for n in range(6, 36)]
    return assembled([b"<< /Type /Catalog /Pages 5 0 R >>", *STILL[1:], *levels, PAGE])


def _many_objects() -> bytes:
    return with_object_stream([b"null"] * 1_000_100)


_REMOTE = b"<< /S /GoToR /F (\\\\\\\\server\\\\share) /D [0 /Fit] >>"
_PUBLIC_KEY = b"<< /Filter /Adobe.PubSec /V 1 /SubFilter /adbe.pkcs7.s4 /Recipients [] >>"
_LOOP = b"<< /S /GoTo /D [3 0 R /Fit] /Next 5 0 R >>"
_XFA = b"/AcroForm << /Fields [] /XFA 5 0 R >>"
_UTF_16 = "<?xml version='1.0' encoding='utf-16'?><t:script>x</t:script>".encode("utf-16")

_NOT_A_PDF: dict[str, Callable[[], bytes]] = {
    "text": lambda: b"Sehr geehrte Damen und Herren,\n" * 50,
    "an empty archive": lambda: b"PK\x05\x06" + bytes(18),
    "one byte": lambda: b"%",
    "a header that comes too late": lambda: bytes(2000) + plain_pdf(),
    "a program that is a PDF too": lambda: b"MZ\x90\x00" + bytes(60) + plain_pdf(),
    "a web page that is a PDF too": lambda: b"\n <html><script>/*" + plain_pdf() + b"*/</script>",
    "an archive behind the PDF": lambda: plain_pdf() + b"PK\x05\x06" + bytes(18),
    "a PDF inside an archive": lambda: b"PK\x03\x04" + bytes(26) + plain_pdf(),
}

_DAMAGED: dict[str, Callable[[], bytes]] = {
    "a header alone": lambda: b"%PDF-1.7\n",
    "the end cut off": lambda: plain_pdf(size_bytes=50_000)[:40_000],
    "the last bytes cut off": lambda: plain_pdf()[:-25],
    "the start cut off": lambda: b"%PDF-1.7\n" + plain_pdf(pages=3)[200:],
    "the middle cut out": lambda: plain_pdf(pages=9)[:400] + plain_pdf(pages=9)[900:],
    "a cross-reference that points nowhere": lambda: assembled(STILL).replace(b"startxref\n", b"startxref\n1"),
    "long rubbish at the end": lambda: plain_pdf() + b"x" * 5000,
    "no pages": lambda: saved(pikepdf.new()),
    "no page tree": lambda: assembled([b"<< /Type /Catalog >>", *STILL[1:]]),
    "a page tree of numbers": lambda: assembled([CATALOG, b"<< /Type /Pages /Kids [1 2] /Count 2 >>", *STILL[2:]]),
    "no catalog": lambda: assembled([b"[]", *STILL[1:]]),
    "a wrong stream length": lambda: assembled([*STILL[:3], CONTENTS.replace(b"/Length 17", b"/Length 12")]),
    "an object without end": lambda: plain_pdf().replace(b"endobj", b"endxxx", 1),
    "a broken object": lambda: assembled([*STILL, b"<< /A ( >>"]),
    "a key that says two things": lambda: beside(b"<< /S /JavaScript /S /GoTo >>"),
    "page contents that do not unpack": lambda: drawn(b"no flate at all", b"/Filter /FlateDecode"),
    "a bit turned in the page contents": lambda: drawn(
        (packed := zlib.compress(b"0 0 m 100 100 l S\n" * 99))[:-9] + bytes([packed[-9] ^ 255]) + packed[-8:],
        b"/Filter /FlateDecode",
    ),
}

_SEALED: dict[str, Callable[[], bytes]] = {
    "a password": lambda: _encrypted("user"),
    "restrictions without a password": lambda: _encrypted("", allow=Permissions(print_highres=False)),
    "the old RC4 cipher": lambda: _encrypted("", R=3, aes=False, metadata=False),
    "encryption for a certificate": lambda: assembled([*STILL, _PUBLIC_KEY], trailer=b"/Encrypt 5 0 R /ID [<00> <00>]"),
}

_ACTIVE: dict[str, Callable[[], bytes]] = {
    "a script on opening": lambda: in_catalog(b"/OpenAction 5 0 R", SCRIPT),
    "a script in the name tree": lambda: in_catalog(b"/Names << /JavaScript << /Names [(a) 5 0 R] >> >>", SCRIPT),
    "a script on closing": lambda: in_catalog(b"/AA << /WC " + SCRIPT + b" >>"),
    "a script on turning the page": lambda: in_page(b"/AA << /O " + SCRIPT + b" >>"),
    "a script behind a link": lambda: in_annotation(b"/Subtype /Link /A 6 0 R", SCRIPT),
    "a script in a field": lambda: in_annotation(b"/Subtype /Widget /FT /Tx /T (a) /AA << /K " + SCRIPT + b" >>"),
    "a script at the end of a chain": lambda: in_annotation(
        b"/Subtype /Link /A << /S /GoTo /D [3 0 R /Fit] /Next [<< /S /URI /URI (x) /Next " + SCRIPT + b" >>] >>"
    ),
    "a script in a bookmark": lambda: in_catalog(
        b"/Outlines 5 0 R",
        b"<< /First 6 0 R /Last 6 0 R /Count 1 >>",
        b"<< /Title (a) /Parent 5 0 R /A " + SCRIPT + b" >>",
    ),
    "a script in a media clip": lambda: in_annotation(b"/Subtype /Screen /A << /S /Rendition /OP 0 /JS (x) >>"),
    "a script in a stream": lambda: beside(b"<< /S /JavaScript /JS 6 0 R >>", stream_body(b"app.alert(1)")),
    "a script without its kind": lambda: in_catalog(b"/OpenAction << /JS (app.alert\\(1\\)) >>"),
    "a script that nothing refers to": lambda: beside(SCRIPT),
    "a script deep inside an array": lambda: beside(b"[" * 40 + SCRIPT + b"]" * 40),
    "a script in an object stream": lambda: with_object_stream([SCRIPT]),
    "a script with an escaped name": lambda: beside(b"<< /#53 /J#61vaScr#69pt /#4aS (x) >>"),
    "a script whose kind is another object": lambda: in_catalog(b"/OpenAction << /S 5 0 R >>", b"/JavaScript"),
    "a web page on opening whose kind is another object": lambda: in_catalog(
        b"/OpenAction << /S 5 0 R /URI (http://example.org) >>", b"/URI"
    ),
    "a script in a 3D scene": lambda: beside(
        stream_body(b"U3D", b"/Type /3D /Subtype /U3D /OnInstantiate 6 0 R"), stream_body(b"x")
    ),
    "a program to start": lambda: in_annotation(b"/Subtype /Link /A << /S /Launch /F (cmd.exe) >>"),
    "a program to start on opening": lambda: in_catalog(b"/OpenAction << /S /Launch /Win << /F (cmd.exe) >> >>"),
    "data to read in": lambda: in_annotation(b"/Subtype /Widget /A << /S /ImportData /F (a.fdf) >>"),
    "a web page on opening": lambda: in_catalog(b"/OpenAction << /S /URI /URI (http://example.org) >>"),
    "a web page after a jump on opening": lambda: in_catalog(
        b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next << /S /URI /URI (http://example.org) >> >>"
    ),
    "a form sent off on turning the page": lambda: in_page(
        b"/AA << /C << /S /SubmitForm /F (http://example.org) >> >>"
    ),
    "another file on opening": lambda: in_catalog(b"/OpenAction " + _REMOTE),
    "another file under the pointer": lambda: in_annotation(b"/Subtype /Link /AA << /E " + _REMOTE + b" >>"),
    "a chain of actions without end, then a script": lambda: in_catalog(b"/OpenAction 5 0 R", _LOOP, SCRIPT),
    "rich media": lambda: in_annotation(b"/Subtype /RichMedia /RichMediaContent << >>"),
    "a film": lambda: in_annotation(b"/Subtype /Movie /Movie << /F (film.avi) >>"),
    "PostScript": lambda: beside(stream_body(b"%!PS", b"/Type /XObject /Subtype /PS")),
    "data in another file": lambda: beside(b"<< /Length 0 /F (\\\\\\\\server\\\\share) >>\nstream\n\nendstream"),
    "a page of another file": lambda: beside(
        stream_body(b"", b"/Type /XObject /Subtype /Form /Ref << /F (b.pdf) /Page 0 >>")
    ),
    "an XFA form with a script": lambda: in_catalog(_XFA, stream_body(b"<t:event><t:script>x</t:script></t:event>")),
    "an XFA form in UTF-16": lambda: in_catalog(_XFA, stream_body(_UTF_16)),
    "an XFA form in pieces": lambda: in_catalog(
        b"/AcroForm << /Fields [] /XFA [(a) 5 0 R (b) 6 0 R] >>", stream_body(b"<scr"), stream_body(b"ipt >x</script>")
    ),
    "an XFA form in a strange encoding": lambda: in_catalog(
        _XFA, stream_body(b"<?xml version='1.0' encoding='utf-7'?>+ADw-script+AD4-x")
    ),
    "an XFA form without pages of its own": lambda: in_catalog(b"/NeedsRendering true " + _XFA, stream_body(b"<a/>")),
}

_EMBEDDED: dict[str, Callable[[], bytes]] = {
    "a file in the name tree": lambda: in_catalog(
        b"/Names << /EmbeddedFiles << /Names [(a) 5 0 R] >> >>",
        b"<< /Type /Filespec /F (a.exe) /EF << /F 6 0 R >> >>",
        _FILE,
    ),
    "a file that belongs to the document": lambda: in_catalog(
        b"/AF [5 0 R]", b"<< /Type /Filespec /UF (a.xml) /AFRelationship /Data /EF << /UF 6 0 R >> >>", _FILE
    ),
    "a file behind a paper clip": lambda: in_annotation(
        b"/Subtype /FileAttachment /FS << /F (a.exe) /EF << /F 6 0 R >> >>", _FILE
    ),
    "a paper clip without a file": lambda: in_annotation(b"/Subtype /FileAttachment /FS << /F (a.exe) >>"),
    "a file that nothing refers to": lambda: beside(_FILE),
    "a portfolio": lambda: in_catalog(b"/Collection << /View /D >>"),
}

_BOMBS: dict[str, Callable[[], bytes]] = {
    "twelve filters on one stream": lambda: drawn(_nested(12, 1000), b"/Filter [" + b"/FlateDecode " * 12 + b"]"),
    "contents that swell a thousandfold": lambda: drawn(swollen(b"", 100 << 20), b"/Filter /FlateDecode"),
    "contents that swell a millionfold": lambda: drawn(
        zlib.compress(swollen(b"", 100 << 20)), b"/Filter [/FlateDecode /FlateDecode]"
    ),
    "a swollen stream that nothing refers to": lambda: beside(
        stream_body(swollen(b"", 100 << 20), b"/Filter /FlateDecode")
    ),
    "an object stream that swells": lambda: with_object_stream([b"null"], swelling=600 << 20),
    "an object stream that swells to just below the limit": lambda: with_object_stream([b"null"], swelling=480 << 20),
    "run lengths that swell to just below the limit": lambda: beside(
        stream_body(b"\x81 " * 3_600_000 + b"\x80", b"/Filter /RunLengthDecode")
    ),
    "run lengths that swell beyond it": lambda: beside(
        stream_body(b"\x81 " * 5_000_000 + b"\x80", b"/Filter /RunLengthDecode")
    ),
    "a packed picture inside run lengths": lambda: beside(
        stream_body(b"\x81 " * 99, b"/Subtype /Image /Width 9 /Height 9 /Filter [/RunLengthDecode /DCTDecode]")
    ),
    "a picture as large as a village": lambda: beside(
        stream_body(
            b"x", b"/Type /XObject /Subtype /Image /Width 99999 /Height 99999 /BitsPerComponent 8 /Filter /JPXDecode"
        )
    ),
    "a page tree that contains itself": lambda: assembled(
        [CATALOG, b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 >>", *STILL[2:]]
    ),
    "a page tree that doubles at every level": _page_tree_fan,
    "a stream that is its own length": lambda: assembled([*STILL[:3], b"<< /Length 4 0 R >>\nstream\nxx\nendstream"]),
    "arrays nested without end": lambda: beside(b"[" * 100_000),
    "dictionaries nested too deep": lambda: beside(b"<< /A " * 200 + b"1" + b" >>" * 200),
    "cross-references in a circle": lambda: _circle(),
    "more than a million objects": _many_objects,
}


def _circle() -> bytes:
    draft = assembled(STILL, trailer=b"/Prev 0000000000")
    return draft.replace(b"/Prev 0000000000", b"/Prev %010d" % draft.rfind(b"xref\n0"))


BUILDERS = {**_NOT_A_PDF, **_DAMAGED, **_SEALED, **_ACTIVE, **_EMBEDDED, **_BOMBS}

HOSTILE: dict[str, tuple[Callable[[], bytes], Code]] = {
    kind: (BUILDERS[kind], codes.EVERY[attack["answer"]]) for kind, attack in corpus("pdf").items() if attack["answer"]
}
"""Kind -> how to make it, and the code it must be refused with (tests/attacks/corpus/pdf.json)."""
