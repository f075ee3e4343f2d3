"""The one door for XML from outside: size, markup and shape are checked before lxml builds a tree (law 9)."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import SubmissionError

BYTES = 5_000_000
DEPTH = 64
ATTRIBUTES = 64
ELEMENTS = 200_000

_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb": "utf-8"}
_HINT = "Bitte senden Sie wohlgeformtes XML in UTF-8, ohne DOCTYPE und ohne Verarbeitungsanweisungen."


# libxml2 makes its built-in types ready with the first schema, and not safely among threads: two first requests at once
# can leave a process that compiles no schema any more. One thread alone imports, and by now it has been done.
etree.XMLSchema(etree.fromstring(b'<schema xmlns="http://www.w3.org/2001/XMLSchema"/>'))


def compiled(document: etree._Element | etree._ElementTree) -> etree.XMLSchema:
    """Return the schema that a document of ours, or of the official set, is; the one place where schemas are made."""
    return etree.XMLSchema(document)


def safe_parse(
    data: bytes, *, limit: int = BYTES, depth: int = DEPTH, attributes: int = ATTRIBUTES, elements: int = ELEMENTS
) -> etree._Element:
    """Return the root of `data`, comments dropped, once a streaming scan has found nothing unsafe in it.

    `limit` counts bytes, `depth` nested elements, `attributes` those of one element (namespace declarations included),
    `elements` the whole document.
    Raises: SubmissionError XML_UNSAFE (too large, DOCTYPE, processing instruction, other encoding than UTF-8/UTF-16,
    too deep or too wide) or XML_UNREADABLE (not well-formed).
    """
    if len(data) > limit:
        raise _unsafe(f"Das XML ist größer als erlaubt ({len(data)} von höchstens {limit} Byte).")
    _scan(bytes(data), depth, attributes, elements)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True, collect_ids=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(bytes(data), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _unreadable(str(error)) from error
    return root


def _scan(data: bytes, depth: int, attributes: int, elements: int) -> None:
    """Walk the markup with expat, building nothing, and stop at the first thing that is not allowed."""
    encoding = _BOMS.get(data[:2], "utf-8")
    shape = _Shape(depth, attributes, elements)
    parser = expat.ParserCreate(encoding)
    parser.ordered_attributes = True
    parser.StartElementHandler = shape.start
    parser.EndElementHandler = shape.end
    parser.StartDoctypeDeclHandler = _refuse("Das XML enthält eine Dokumenttyp-Angabe (DOCTYPE).")
    parser.ProcessingInstructionHandler = _refuse("Das XML enthält eine Verarbeitungsanweisung.")
    parser.XmlDeclHandler = _declaration(encoding)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise _unreadable(f"Zeile {error.lineno}, Zeichen {error.offset}: {expat.ErrorString(error.code)}") from error


class _Shape:
    """Counts what a scan has met; one per scan."""

    def __init__(self, depth: int, attributes: int, elements: int) -> None:
        self._depth, self._attributes, self._elements = depth, attributes, elements
        self._open = self._seen = 0

    def start(self, _name: str, attributes: list[str]) -> None:
        self._open += 1
        self._seen += 1
        if self._open > self._depth:
            raise _unsafe(f"Das XML ist tiefer als {self._depth} Ebenen geschachtelt.")
        if self._seen > self._elements:
            raise _unsafe(f"Das XML hat mehr als {self._elements} Elemente.")
        if len(attributes) > 2 * self._attributes:  # expat lists name and value in turn
            raise _unsafe(f"Ein Element des XML hat mehr als {self._attributes} Attribute.")

    def end(self, _name: str) -> None:
        self._open -= 1


def _declaration(encoding: str) -> Callable[..., None]:
    """Return a handler that refuses a declared encoding other than the one the first bytes show."""

    def handle(_version: str, declared: str | None, _standalone: int) -> None:
        if declared is not None and declared.lower() != encoding:
            raise _unsafe(f"Das XML nennt die Zeichenkodierung {declared!r}; erlaubt sind UTF-8 und UTF-16 mit BOM.")

    return handle


def _refuse(reason: str) -> Callable[..., None]:
    def handle(*_found: object) -> None:
        raise _unsafe(reason)

    return handle


def _unsafe(reason: str) -> SubmissionError:
    return SubmissionError(codes.XML_UNSAFE, reason, _HINT)


def _unreadable(detail: str) -> SubmissionError:
    return SubmissionError(codes.XML_UNREADABLE, f"Das XML ist nicht wohlgeformt ({detail}).", _HINT)
