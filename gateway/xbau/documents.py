"""The attachments as a message lists them; their bytes travel beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gateway.domain import codes
from gateway.domain.errors import Fault
from gateway.domain.message import Document
from gateway.xbau.charset import file_names_for
from gateway.xbau.release import Release
from gateway.xbau.tree import Group, Leaf, Part, Tree


def attachments(documents: Sequence[Document], release: Release) -> Group:
    """Return the list of attachments, file names made valid and unique for the release."""
    names = file_names_for(tuple(document.file_name for document in documents), release.charset)
    build = _bauvorlage if release.attachments == "bauvorlage" else _anlage
    listed: list[Leaf | Group | Part] = [
        build(document, name, f"/attachments/{index}")
        for index, (document, name) in enumerate(zip(documents, names, strict=True))
    ]
    return Group({"anlage": listed}, "/attachments")


def attachment_faults(documents: Sequence[Document], needed: bool) -> Iterator[Fault]:
    """Yield what no schema sees: that a document is needed, and that ids are unique (XBau, dokumentid)."""
    if needed and not documents:
        detail = "Mindestens eine Anlage ist nötig, zum Beispiel die Antragsübersicht (1101)."
        yield Fault(codes.ATTACHMENTS_MISSING, "/attachments", detail)
    count = Counter(document.document_id for document in documents)
    for index, document in enumerate(documents):
        if count[document.document_id] > 1:
            yield Fault(
                codes.ATTACHMENT_DUPLICATE, f"/attachments/{index}", "Die Kennung der Anlage kommt mehrfach vor."
            )


def _anlage(document: Document, name: str, pointer: str) -> Group:
    """Return an attachment of 2.3.1 and later; a document sent by post has an id with no part behind it."""
    attached: dict[str, Tree] = {
        "dokumentid": Leaf(document.document_id, pointer),
        "dateiname": Leaf(name, f"{pointer}/file_name"),
    }
    if not document.by_post:
        if document.size:
            attached["@filesize"] = Leaf(str(document.size), f"{pointer}/size")
        if document.sha256:
            attached["@hashValue"] = Leaf(document.sha256, f"{pointer}/sha256")
    children = _described(document, pointer)
    children["anlageart"] = Leaf(document.kind, f"{pointer}/kind")
    children["anhangOderVerlinkung"] = Group({"anhang": Group(attached, pointer)}, pointer)
    if document.by_post:
        children["wirdNachgereicht"] = Leaf("true", f"{pointer}/by_post")
    return Group(children, pointer)


def _bauvorlage(document: Document, name: str, pointer: str) -> Group:
    """Return an attachment of 2.2, which knows neither size nor digest nor documents that follow by post."""
    children = _described(document, pointer)
    kind: dict[str, Tree] = {"vorlageAntragstellung": Leaf(document.kind, f"{pointer}/kind")}
    children["bauvorlageart"] = Group(kind, f"{pointer}/kind")
    children["referenzPrimaerdokument"] = Leaf(document.document_id, pointer)
    children["dateinameAnhang"] = Leaf(name, f"{pointer}/file_name")
    if document.by_post:
        children["wirdNachgereicht"] = Leaf("true", f"{pointer}/by_post")
    return Group(children, pointer)


def _described(document: Document, pointer: str) -> dict[str, Tree]:
    return {
        "bezeichnung": Leaf(document.title, f"{pointer}/title"),
        "versionsnummer": Leaf(str(document.version), f"{pointer}/version"),
        "datum": Leaf(document.date.isoformat(), f"{pointer}/date"),
        "mimeType": Leaf(document.mime_type, f"{pointer}/mime_type"),
    }
