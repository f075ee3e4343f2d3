"""Small real PDFs for the demonstration: a page of text, and as many bytes of plan as wanted."""

from __future__ import annotations

import os
from collections.abc import Sequence

_LINE = 16

BLOCK = 1 << 20
"""Bytes of a picture that are drawn anew; random numbers for every byte of 200 MB would be most of the work."""


def make_pdf(lines: Sequence[str], size: int = 0, *, script: str = "") -> bytes:
    """Return a one-page PDF that shows `lines`; padded with an unused image to about `size` bytes.

    `script` is JavaScript that would run when it is opened: what the gate must refuse.

    Characters outside Latin-1 are shown as `?`.
    """
    shown = "\n".join(f"({_escaped(line)}) Tj T*" for line in lines)
    text = f"BT /F1 12 Tf {_LINE} TL 60 780 Td\n{shown}\nET".encode("latin-1", "replace")
    action = f"/OpenAction << /S /JavaScript /JS ({_escaped(script)}) >> " if script else ""
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {action}>>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> /XObject << /Plan 6 0 R >> >> >>",
        _stream(b"", text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        _plan(max(size - len(text) - 1200, 3)),
    ]
    return _file(objects)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _plan(size: int) -> bytes:
    width = 1000 if size >= 3000 else 1
    height = max(size // (3 * width), 1)
    kind = b"/Type /XObject /Subtype /Image /ColorSpace /DeviceRGB /BitsPerComponent 8 "
    return _stream(kind + f"/Width {width} /Height {height} ".encode(), _noise(3 * width * height))


def _noise(size: int) -> bytes:
    """Return a picture that does not compress and is no other's: its first block is new, the rest repeats it."""
    block = os.urandom(min(size, BLOCK))
    return (block * (size // len(block) + 1))[:size]


def _stream(entries: bytes, octets: bytes) -> bytes:
    return b"<< " + entries + f"/Length {len(octets)} >>\nstream\n".encode() + octets + b"\nendstream"


def _file(objects: Sequence[bytes]) -> bytes:
    parts = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"]
    table = len(parts[0])
    entries = []
    for number, octets in enumerate(objects, start=1):
        entries.append(f"{table:010d} 00000 n \n".encode())
        parts += [f"{number} 0 obj\n".encode(), octets, b"\nendobj\n"]
        table += sum(map(len, parts[-3:]))
    parts += [f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode(), *entries]
    parts.append(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n".encode())
    return b"".join(parts)
