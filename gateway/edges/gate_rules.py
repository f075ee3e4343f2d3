"""The PDF gate's rules, in the order in which they are asked; runs in the limited child only.

A file passes if every reader will see in it the same still pages: nothing to mend, nothing that runs, nothing inside.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import pikepdf
from pikepdf import Dictionary, Object, Pdf, Stream

from gateway.domain import codes
from gateway.edges.gate_active import Finding, findings
from gateway.edges.gate_pages import ObjectId, contents_of, page_numbers, pages_of
from gateway.edges.gate_streams import Limits, Unpacking
from gateway.edges.gate_verdict import PASSED, Objection, Verdict, bomb, damaged, refuse

_HEAD = 1024
_PROGRAMS = b"MZ", b"\x7fELF", b"#!", b"%!PS"
_ARCHIVES = b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf"
_TEXTS = b"<!DOCTYPE", b"<!doctype", b"<html", b"<HTML", b"<script", b"<svg", b"<?xml", b"{\\rtf"
_PICTURES = b"GIF8", b"\x89PNG", b"\xff\xd8\xff"
_FOREIGN = (*_PROGRAMS, *_ARCHIVES, *_TEXTS, *_PICTURES)
"""How files begin that are something else first and a PDF second: some program would take them for the former."""

_ZIP_END = b"PK\x05\x06"
_TAIL = 22 + 65535
"""So far from the end an unpacker looks for the end of an archive."""

_OBJECT = re.compile(r"object (\d+) ")
_HARMLESS = "reported number of objects"
"""A wrong count in the trailer: many programs write it, no reader minds."""

_MOST_FINDINGS = 5
_AS_PDF = "Bitte nur PDF-Dateien hochladen; andere Formate vorher in PDF/A umwandeln."
_STILL = (
    "Bitte die Datei ohne diese Inhalte neu erzeugen, am besten als PDF/A-1 oder PDF/A-2, und noch einmal hochladen."
)


def limit_qpdf(limits: Limits) -> None:
    """Set qpdf's own limits for this process; they hold for object streams too, which we never see unpacked."""
    pikepdf.settings.set_qpdf_limits(
        parser_max_nesting=limits.nesting,
        max_stream_filters=limits.filters,
        flate_max_memory=limits.stream,
        run_length_max_memory=limits.stream,
        png_max_memory=limits.stream,
        tiff_max_memory=limits.stream,
        doc_max_warnings=100,
    )


def examine(descriptor: int, limits: Limits) -> Verdict:
    """Return what is wrong with the PDF in an open memory file, or PASSED.

    Raises: MemoryError if it needs more than this process may have.
    """
    try:
        _look_at_ends(descriptor)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            _look_inside(file, limits)
    except Objection as objection:
        return objection.verdict
    return PASSED


def _look_at_ends(descriptor: int) -> None:
    """Refuse what is no PDF, or is at the same time something else that a browser or an unpacker would run."""
    head = os.pread(descriptor, _HEAD + 8, 0)
    if b"%PDF-" not in head[: _HEAD + 5]:
        raise Objection(refuse(codes.NOT_A_PDF, "Die Datei ist keine PDF-Datei.", _AS_PDF))
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_FOREIGN):
        raise Objection(refuse(codes.NOT_A_PDF, "Die Datei gibt sich zugleich als eine andere Dateiart aus.", _AS_PDF))
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _TAIL, max(0, size - _TAIL))
    if _ZIP_END in tail[tail.rfind(b"%%EOF") + 1 :]:
        raise Objection(refuse(codes.NOT_A_PDF, "An das Ende der PDF-Datei ist ein Archiv angehängt.", _AS_PDF))


def _look_inside(file: BinaryIO, limits: Limits) -> None:
    try:
        with _opened(file) as pdf:
            if pdf.is_encrypted:
                raise _encrypted()
            pages = pages_of(pdf)
            _look_at_objects(pdf, pages, limits)
            _look_at_warnings(pdf)
    except pikepdf.PasswordError as error:
        raise _encrypted() from error
    except pikepdf.PdfError as error:
        raise _unreadable(str(error)) from error


def _opened(file: BinaryIO) -> Pdf:
    return pikepdf.open(
        file,
        attempt_recovery=False,
        suppress_warnings=True,  # they would go to stderr, with content
        inherit_page_attributes=False,
        access_mode=pikepdf.AccessMode.mmap,
        conversion_mode="explicit",
    )


def _look_at_objects(pdf: Pdf, pages: Sequence[Dictionary], limits: Limits) -> None:
    """Look at every object once; what is found is told together, what is too large at once."""
    drawn = contents_of(pages)
    unpacking = Unpacking(limits)
    found: list[Finding] = []
    if len(pdf.objects) > limits.objects:
        raise bomb(f"Die Datei besteht aus mehr als {limits.objects} Einzelteilen.")
    for item in pdf.objects:
        if not isinstance(item, Object):  # null objects come as None
            continue
        found.extend(findings(item))
        if isinstance(item, Stream):
            unpacking.add(item, drawn=item.objgen in drawn)
    if found:
        raise Objection(_told(found, page_numbers(pages)))


def _look_at_warnings(pdf: Pdf) -> None:
    """Refuse what qpdf had to guess or to leave out: another reader may guess differently."""
    for warning in map(str, pdf.get_warnings()):
        if _HARMLESS not in warning:
            raise _unreadable(warning)


def _told(found: Sequence[Finding], numbers: Mapping[ObjectId, int]) -> Verdict:
    """Return one verdict that names everything found, scripts before files."""
    told = list(dict.fromkeys(f"{finding.what} ({_place(finding.where, numbers)})" for finding in found))
    rest = f" und {len(told) - _MOST_FINDINGS} weitere Stellen" if len(told) > _MOST_FINDINGS else ""
    code = codes.PDF_ACTIVE if any(one.code is codes.PDF_ACTIVE for one in found) else codes.PDF_EMBEDDED
    return refuse(code, f"Die Datei enthält {', '.join(told[:_MOST_FINDINGS])}{rest}.", _STILL)


def _place(where: ObjectId, numbers: Mapping[ObjectId, int]) -> str:
    page = numbers.get(where)
    return f"Seite {page}, Objekt {where[0]}" if page else f"Objekt {where[0]}"


def _encrypted() -> Objection:
    return Objection(
        refuse(
            codes.PDF_ENCRYPTED,
            "Die Datei ist verschlüsselt oder mit einem Kennwort oder Nutzungsbeschränkungen versehen.",
            "Bitte die Datei ohne Kennwort und ohne Einschränkungen speichern und noch einmal hochladen.",
        )
    )


def _unreadable(message: str) -> Objection:
    """Return the objection behind a message of qpdf; its wording stays here, it may quote content."""
    if "bad_alloc" in message:
        return bomb("Die Prüfung der Datei braucht mehr Speicher als erlaubt.")
    if "limit" in message or "oop detected" in message:
        return bomb("Die Datei ist übermäßig tief verschachtelt, verweist auf sich selbst oder entpackt sich zu groß.")
    if "encrypt" in message:
        return _encrypted()
    if "startxref" in message:
        return damaged("Die Datei ist unvollständig: Ihr Ende fehlt.")
    if "no pages found" in message or "page tree" in message:
        return damaged("Die Datei hat keine einzige Seite.")
    place = _OBJECT.search(message)
    return damaged(f"Der Aufbau der Datei ist beschädigt{f' (Objekt {place[1]})' if place else ''}.")
