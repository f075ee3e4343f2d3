"""The manifest: what an envelope holds and for whom, as one value and as XML of our own (`manifest.xsd`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from lxml import etree

from gateway.domain import codes
from gateway.domain.errors import SealError
from gateway.domain.ids import AuthorityKey, CaseNumber, DocumentId, MessageId
from gateway.xmlguard import compiled, safe_parse

NAMESPACE = "urn:bauweiche:manifest:1"
BYTES = 2_000_000
"""A manifest, at most: far above one with a thousand parts."""

_NSMAP: dict[str, str] = {None: NAMESPACE}  # type: ignore[dict-item]  # the stubs know no default namespace
_FIELDS = ("messageId", "caseNumber", "addressee", "route", "release", "procedure", "createdAt", "test")


@dataclass(frozen=True, slots=True)
class SealedPart:
    """One part: its file (`part-0001.bin`), role (message, attachment, antrag), size and digest of the clear bytes."""

    name: str
    role: str
    size: int
    sha256: str
    document_id: DocumentId | None = None
    media_type: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is signed. `route` binds the mailbox or folder the envelope was made for; `created_at` is aware."""

    message_id: MessageId
    case_number: CaseNumber
    addressee: AuthorityKey
    route: str
    release: str
    procedure: str
    created_at: datetime
    test: bool
    parts: tuple[SealedPart, ...]


def write_manifest(manifest: Manifest) -> bytes:
    """Return the one XML form of `manifest`: equal manifests give equal bytes.

    Raises: ValueError if a field is not what `manifest.xsd` allows; such a manifest is a fault of ours.
    """
    return etree.tostring(manifest_element(manifest), xml_declaration=True, encoding="UTF-8")


def manifest_element(manifest: Manifest) -> etree._Element:
    """Return `manifest` as an element that its schema accepts. Raises: ValueError as `write_manifest`."""
    root = etree.Element(_tag("manifest"), {"version": "1"}, nsmap=_NSMAP)
    instant = manifest.created_at.astimezone(UTC).isoformat()
    values = (manifest.message_id, manifest.case_number, manifest.addressee, manifest.route, manifest.release,
              manifest.procedure, instant, "true" if manifest.test else "false")  # fmt: skip
    for name, value in zip(_FIELDS, values, strict=True):
        etree.SubElement(root, _tag(name)).text = value
    parts = etree.SubElement(root, _tag("parts"))
    for part in manifest.parts:
        etree.SubElement(parts, _tag("part"), _attributes(part))
    schema = _schema()
    if not schema.validate(root):
        raise ValueError(f"not a manifest: {schema.error_log}")
    return root


def read_manifest(data: bytes) -> Manifest:
    """Return the manifest that `data` is; give it only bytes that a signature check has returned.

    Raises: SealError ENVELOPE_INVALID if the schema does not accept it; SubmissionError as `safe_parse`.
    """
    root = safe_parse(data, limit=BYTES)
    if not _schema().validate(root):
        raise SealError(codes.ENVELOPE_INVALID, "Das Inhaltsverzeichnis des Umschlags entspricht nicht seinem Schema.")
    field = {name: root.findtext(_tag(name), "") for name in _FIELDS}
    return Manifest(
        message_id=MessageId(field["messageId"]),
        case_number=CaseNumber(field["caseNumber"]),
        addressee=AuthorityKey(field["addressee"]),
        route=field["route"],
        release=field["release"],
        procedure=field["procedure"],
        created_at=datetime.fromisoformat(field["createdAt"]),
        test=field["test"] in ("true", "1"),
        parts=tuple(_part(part) for part in root.iterfind(f"{_tag('parts')}/{_tag('part')}")),
    )


def _attributes(part: SealedPart) -> dict[str, str]:
    known = {
        "name": part.name,
        "role": part.role,
        "size": str(part.size),
        "sha256": part.sha256,
        "mediaType": part.media_type,
    }
    return known if part.document_id is None else known | {"documentId": part.document_id}


def _part(element: etree._Element) -> SealedPart:
    attributes = {str(name): str(value) for name, value in element.items()}
    document_id = attributes.get("documentId")
    return SealedPart(
        name=attributes["name"],
        role=attributes["role"],
        size=int(attributes["size"]),
        sha256=attributes["sha256"],
        document_id=None if document_id is None else DocumentId(document_id),
        media_type=attributes["mediaType"],
    )


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


@cache
def _schema() -> etree.XMLSchema:
    return compiled(etree.fromstring(files(__package__).joinpath("manifest.xsd").read_bytes()))
