"""XFA forms, an XML application inside the PDF: a still one is data, one with scripts or without pages a program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pikepdf import Array, Boolean, Dictionary, Object, PdfError, Stream

_LONGEST = 32 << 20
_SCRIPT = re.compile(rb"<\s*(?:[\w.-]+:)?(?:script|exec|submit)[\s/>]", re.IGNORECASE)
_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)", re.IGNORECASE)
_READABLE = frozenset({b"utf-8", b"utf8", b"us-ascii", b"iso-8859-1", b"utf-16"})


def xfa_trouble(node: Dictionary) -> str:
    """Return what is wrong with the XFA form of a form or catalog dictionary, in German, or ""."""
    rendered = node.get("/NeedsRendering")
    if isinstance(rendered, Boolean) and rendered.as_bool():
        return "ein dynamisches XFA-Formular"
    form = node.get("/XFA")
    if form is None:
        return ""
    return "ein XFA-Formular mit Programmcode" if _runs(b"".join(_packets(form))) else ""


def _packets(form: Object) -> Iterator[bytes]:
    """Yield the XML of a form: one stream, or an array of names and streams; unreadable ones count as scripts."""
    for part in form if isinstance(form, Array) else [form]:
        if isinstance(part, Stream):
            try:
                octets = part.read_bytes()
            except PdfError:
                octets = b"<script>"
            yield octets[:_LONGEST]


def _runs(xml: bytes) -> bool:
    """Return whether the form has code, or is written so that we cannot tell."""
    plain = xml.replace(b"\0", b"")  # UTF-16 of markup is ASCII with zeros between
    strange = any(name.lower() not in _READABLE for name in _DECLARED.findall(plain))
    return strange or len(xml) >= _LONGEST or b"<!DOCTYPE" in plain or _SCRIPT.search(plain) is not None
