"""The page tree of a PDF, walked by us and not by qpdf, which would mend it; and on which page an object is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pikepdf import Array, Dictionary, Object, Pdf

from gateway.edges.gate_verdict import bomb, damaged

ObjectId = tuple[int, int]
"""Object and generation number; (0, 0) for an object that stands inside another."""


def pages_of(pdf: Pdf) -> list[Dictionary]:
    """Return the pages in order.

    Raises: Objection PDF_BOMB for a tree that meets itself, PDF_DAMAGED for a tree without pages or with other things.
    """
    pages: list[Dictionary] = []
    seen: set[ObjectId] = set()
    pending: list[Object | None] = [pdf.Root.get("/Pages")]
    while pending:
        node = pending.pop()
        if not isinstance(node, Dictionary):
            raise damaged("Das Seitenverzeichnis der Datei ist unlesbar.")
        kids = node.get("/Kids")
        if kids is None:
            pages.append(node)
            continue
        if not isinstance(kids, Array):
            raise damaged("Das Seitenverzeichnis der Datei ist unlesbar.")
        if node.objgen in seen:
            raise bomb("Das Seitenverzeichnis der Datei verweist auf sich selbst.")
        if node.is_indirect:
            seen.add(node.objgen)
        pending.extend(reversed(list(kids)))
    if not pages or (len(pages) == 1 and pages[0].get("/Type") == "/Pages"):
        raise damaged("Die Datei hat keine einzige Seite.")
    return pages


def contents_of(pages: Sequence[Dictionary]) -> frozenset[ObjectId]:
    """Return the ids of the streams that draw the pages."""
    return frozenset(stream.objgen for page in pages for stream in _listed(page.get("/Contents")))


def page_numbers(pages: Sequence[Dictionary]) -> Mapping[ObjectId, int]:
    """Return on which page (from 1) the objects lie that belong to exactly one: pages, contents and annotations."""
    numbers: dict[ObjectId, int] = {}
    for number, page in enumerate(pages, 1):
        for item in (page, *_listed(page.get("/Contents")), *_listed(page.get("/Annots"))):
            numbers.setdefault(item.objgen, number)
            if isinstance(item, Dictionary) and isinstance(action := item.get("/A"), Dictionary):
                numbers.setdefault(action.objgen, number)
    numbers.pop((0, 0), None)
    return numbers


def _listed(value: Object | None) -> Iterator[Object]:
    """Yield the members of an array, or the one thing that stands in its place."""
    if isinstance(value, Array):
        yield from (item for item in value if isinstance(item, Object))
    elif value is not None:
        yield value
